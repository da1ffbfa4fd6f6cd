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
