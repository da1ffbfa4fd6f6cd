/** The one error of this room, and the two helpers through which every refusal goes (each call is a guard). */

/** Stable; the table of sentences and HTTP statuses lives in the contract. */
export type CryptoErrorCode =
  | 'E_SCALAR'
  | 'E_POINT'
  | 'E_CURVE'
  | 'E_BACKEND'
  | 'E_ENCODING'
  | 'E_EXEC_ID'
  | 'E_INTEGER'
  | 'E_SHARING'
  | 'E_KEY_SHARE'
  | 'E_ENVELOPE'
  | 'E_SHARE_FORMAT';

export class CryptoError extends Error {
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CryptoError';
    this.code = code;
  }
}

export function refuse(code: CryptoErrorCode, message: string, options?: ErrorOptions): never {
  throw new CryptoError(code, message, options);
}

export function check(holds: boolean, code: CryptoErrorCode, message: string): asserts holds {
  if (!holds) throw new CryptoError(code, message);
}
