/**
 * Codes that let a browser found an organisation: for a while each stands for the operator's token, for that one
 * operation. Whoever can read the token makes one; the api keeps none. docs/specs/genesis.md.
 */
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { enc, equalBytes, i, sha256 } from '@holdfast/crypto/transcript';

/** As long as `org create` waits for operators of other machines to pin a genesis. */
export const SETUP_CODE_SECONDS = 3600;
/** A clock ahead of the api's by a minute does not make a code that lasts longer than was meant. */
const SECONDS_MAX = SETUP_CODE_SECONDS + 60;
const MAC_BYTES = 16;

/** `expires`: seconds since 1970. The code is made for links: letters, digits, `-` and `_` only. */
export function setupCode(operatorToken: string, expires: number): string {
  return `setup_${expires.toString(36)}_${toBase64Url(macOf(operatorToken, expires))}`;
}

/** Whether this is a code of that token which has not expired at `now`, seconds since 1970. */
export function isSetupCode(code: string, operatorToken: string, now: number): boolean {
  const [, expiry, mac] = /^setup_([0-9a-z]{1,9})_([A-Za-z0-9_-]{22})$/.exec(code) ?? [];
  if (expiry === undefined || mac === undefined) return false;
  const expires = Number.parseInt(expiry, 36);
  const isRight = equalBytes(utf8(mac), utf8(toBase64Url(macOf(operatorToken, expires))));
  return isRight && expires > now && expires <= now + SECONDS_MAX;
}

/** The encoding gives every part its length, so that no longer text shares a code's beginning. */
function macOf(operatorToken: string, expires: number): Uint8Array {
  const text = enc('holdfast/setup-code/v1', i.bytes(utf8(operatorToken)), i.uint(expires));
  return sha256(text).subarray(0, MAC_BYTES);
}
