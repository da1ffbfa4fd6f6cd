/**
 * What a server-signed application signs of each request (docs/specs/api-signature.md): all that the request says, and
 * for whom, so that a signature serves for no other request. The nonce makes it serve once.
 */
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';

export interface ApiRequest {
  readonly method: string;
  /** As sent, with the query if there is one. */
  readonly target: string;
  /** The exact bytes of the body; empty when there is none. */
  readonly body: Uint8Array;
  /** Value of `authorization`; empty when there is none. */
  readonly authorization: string;
  readonly appId: string;
  /** Value of `x-dfns-nonce`. */
  readonly nonce: string;
}

/** The bytes under the signature: seven lines, of which none can hold a line break, each with its end. */
export function apiSignatureBytes(request: ApiRequest): Uint8Array {
  const { method, target, body, authorization, appId, nonce } = request;
  const lines = [
    'holdfast/api-signature/v1',
    method,
    target,
    toBase64Url(sha256(body)),
    toBase64Url(sha256(utf8(authorization))),
    appId,
    nonce,
    '',
  ];
  if (lines.some((line) => /[\r\n]/.test(line))) throw new RangeError('a line break in a request that is to be signed');
  return utf8(lines.join('\n'));
}
