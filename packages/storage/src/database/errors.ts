/** What can go wrong between the records and an engine, with stable codes; the api decides what a caller sees. */
export type StorageCode =
  /** A unique constraint refused the row; `constraint` names it. */
  | 'E_STORAGE_CONFLICT'
  /** Another process has the data folder open. */
  | 'E_STORAGE_LOCKED'
  /** The wait for a lock or a connection passed its deadline. */
  | 'E_STORAGE_BUSY'
  /** A pagination token that this api did not issue for this list. */
  | 'E_STORAGE_CURSOR'
  /** The database cannot be used: unreachable, wrong version, unfinished migration. */
  | 'E_STORAGE_UNAVAILABLE';

export class StorageError extends Error {
  readonly code: StorageCode;
  readonly constraint: string | undefined;

  constructor(code: StorageCode, message: string, options: { constraint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'StorageError';
    this.code = code;
    this.constraint = options.constraint;
  }
}

/** Name of the violated unique constraint, or undefined when the error is something else. */
export function conflictOf(error: unknown): string | undefined {
  if (error instanceof StorageError) return error.code === 'E_STORAGE_CONFLICT' ? error.constraint : undefined;
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' ? String(constraint ?? '') : undefined;
}

/** Classes and codes of PostgreSQL that say "not now": no connection, no resources, shutting down, out of time. */
const NOT_NOW = /^(08|53)...$|^57P0[1-3]$|^57014$/;
/** Of Node.js: the server was not there, or its connection broke. */
const NOT_THERE = ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT'];
/** pg's own words, which have no code. */
const NO_CONNECTION = /^timeout exceeded when trying to connect$/;
const CONNECTION_LOST = /^Connection terminated|^Client has encountered a connection error/;

/** What is no fault of ours and may be over in a moment, by its stable code; undefined for everything else. */
export function unavailable(error: unknown): StorageError | undefined {
  if (!(error instanceof Error) || error instanceof StorageError) return undefined;
  const { code, message } = error as Error & { code?: unknown };
  if (NO_CONNECTION.test(message))
    return new StorageError('E_STORAGE_BUSY', 'No connection to the database came free in time.', { cause: error });
  const isAway =
    (typeof code === 'string' && (NOT_NOW.test(code) || NOT_THERE.includes(code))) || CONNECTION_LOST.test(message);
  if (!isAway) return undefined;
  return new StorageError('E_STORAGE_UNAVAILABLE', `The database cannot be used now: ${message}`, { cause: error });
}
