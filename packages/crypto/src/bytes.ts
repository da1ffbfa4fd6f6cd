/** Byte helpers shared by this room. No node imports: the browser uses them too. */
import { type CryptoErrorCode, check } from './errors.ts';

/** True for a Uint8Array of this or another realm, and for its subclasses such as Buffer. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]')
  );
}

/** A plain Uint8Array with its own memory; `slice` of a Buffer would share it. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads every byte whatever the contents are; lengths are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let k = 0; k < a.length; k++) difference |= (a[k] as number) ^ (b[k] as number);
  return difference === 0;
}

/** Reads every byte whatever the contents are. */
export function isAllZero(bytes: Uint8Array): boolean {
  let seen = 0;
  for (let k = 0; k < bytes.length; k++) seen |= bytes[k] as number;
  return seen === 0;
}

const HEX = Array.from({ length: 256 }, (_, k) => k.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let k = 0; k < bytes.length; k++) text += HEX[bytes[k] as number] as string;
  return text;
}

/** Strict: an even number of hex digits of either case, nothing else. */
export function fromHex(text: unknown, code: CryptoErrorCode): Uint8Array {
  check(typeof text === 'string' && text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text), code, 'Not hex.');
  const bytes = new Uint8Array(text.length / 2);
  for (let k = 0; k < bytes.length; k++) bytes[k] = Number.parseInt(text.slice(2 * k, 2 * k + 2), 16);
  return bytes;
}

/** Big-endian, variable time in the value: public values, and secrets only where docs/specs/curves.md says so. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** Big-endian, left-padded to exactly `length` bytes; the value must fit. */
export function bigIntToBytes(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const text = value.toString(16).padStart(2 * length, '0');
  for (let k = 0; k < length; k++) bytes[k] = Number.parseInt(text.slice(2 * k, 2 * k + 2), 16);
  return bytes;
}
