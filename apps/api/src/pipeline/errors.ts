/** Turns whatever was thrown into the one error shape of the wire (reference/api/conventions.md §8). */
import { type ErrorDetails, isErrorCode, sentenceOf, statusOf, WalletError } from '@holdfast/contract/errors';

export interface ErrorReply {
  readonly error: {
    readonly id: string;
    readonly status: number;
    readonly message: string;
    readonly details: ErrorDetails;
  };
}

/** `details.code` is stable; the message is for people. */
export function errorReply(error: WalletError, requestId: string): ErrorReply {
  const details = { code: error.code, ...error.details };
  return { error: { id: requestId, status: error.status, message: error.message, details } };
}

/** Statuses of codes that are not in the contract's table, by the class that carries them. */
const statusByClass: Readonly<Record<string, number>> = {
  WireError: 400,
  ChainError: 400,
  NodeError: 503,
  AuthorityError: 403,
  CryptoError: 400,
  ClusterError: 503,
};

/** Errors of other rooms keep their code; anything unknown is our own fault and says nothing about itself. */
export function toWalletError(error: unknown): WalletError {
  if (error instanceof WalletError) return error;
  if (!(error instanceof Error)) return new WalletError('E_INTERNAL');
  const { code, path } = error as Error & { code?: unknown; path?: unknown };
  if (typeof code === 'string') {
    if (error.name === 'StorageError') return fromStorage(code, error);
    if (code.startsWith('FST_') || 'statusCode' in error) return fromFastify(code, error);
    const status = statusByClass[error.name];
    if (status !== undefined) {
      return new WalletError(code, error.message, {
        cause: error,
        status: isErrorCode(code) ? statusOf(code) : status,
        details:
          typeof path === 'string' && path !== '' ? { path: path.startsWith('body') ? path : `body.${path}` } : {},
      });
    }
  }
  return new WalletError('E_INTERNAL', undefined, { cause: error });
}

function fromStorage(code: string, cause: Error): WalletError {
  switch (code) {
    case 'E_STORAGE_CURSOR':
      return new WalletError('E_PAGINATION_TOKEN', undefined, { cause, details: { path: 'query.paginationToken' } });
    case 'E_STORAGE_CONFLICT':
      return new WalletError('E_CONFLICT', undefined, { cause });
    case 'E_STORAGE_BUSY':
    case 'E_STORAGE_UNAVAILABLE':
      return new WalletError('E_CLUSTER_BUSY', 'the database is busy; try again later', { cause });
    default:
      return new WalletError('E_INTERNAL', undefined, { cause });
  }
}

function fromFastify(code: string, cause: Error): WalletError {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new WalletError('E_TOO_LARGE', undefined, { cause });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new WalletError('E_CONTENT_TYPE', undefined, { cause });
    case 'FST_ERR_BAD_URL':
      return new WalletError('E_NO_ENDPOINT', undefined, { cause });
    default: {
      const status = (cause as { statusCode?: unknown }).statusCode;
      if (typeof status === 'number' && status >= 400 && status < 500) {
        return new WalletError('E_HTTP', sentenceOf('E_HTTP'), { cause, status });
      }
      return new WalletError('E_INTERNAL', undefined, { cause });
    }
  }
}
