/** One-time codes of authenticator applications: RFC 6238 with SHA-1, six digits, thirty seconds, which is what all of them know. */
import { createHmac } from 'node:crypto';
import { equalSecret } from './tokens.ts';

/** RFC 4226 §4 recommends 160 bits. */
export const TOTP_SECRET_BYTES = 20;
const STEP_MS = 30_000;
const DIGITS = 6;
/** Steps before and after ours that count as well: clocks differ, and people type slowly (RFC 6238 §5.2). */
const DRIFT_STEPS = 1;

/** RFC 4226 §5.3, over the number of the step. */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const mac = createHmac('sha1', secret).update(new Uint8Array(counter.buffer)).digest();
  const truncated = mac.readUInt32BE((mac.at(-1) ?? 0) & 0x0f) & 0x7fff_ffff;
  return String(truncated % 10 ** DIGITS).padStart(DIGITS, '0');
}

/**
 * The step that a code is of; undefined: of none around now. Whoever takes it has to see that it is later than the last
 * one taken, so that a code counts once.
 */
export function stepOf(secret: Uint8Array, code: string, now: number): number | undefined {
  const current = Math.floor(now / STEP_MS);
  let found: number | undefined;
  // All of them are looked at, so that the time taken does not tell which.
  for (let step = current - DRIFT_STEPS; step <= current + DRIFT_STEPS; step += 1) {
    if (equalSecret(totpCode(secret, step), code.trim())) found = step;
  }
  return found;
}

/** What authenticator applications read from a QR code. */
export function otpUrl(o: { readonly issuer: string; readonly account: string; readonly secret: Uint8Array }): string {
  const [issuer, account] = [o.issuer, o.account].map(encodeURIComponent);
  const settings = `secret=${base32(o.secret)}&issuer=${issuer}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`;
  return `otpauth://totp/${issuer}:${account}?${settings}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}
