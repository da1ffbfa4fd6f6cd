/** Hex members of a request body: `0x` optional, digits of either case, whole bytes, bounded. */
import { check } from '../errors/index.ts';

const hexDigits = /^(?:0x)?((?:[0-9a-fA-F]{2})*)$/;

export function hexMember(
  body: Readonly<Record<string, unknown>>,
  name: string,
  limits: { readonly exactly?: number; readonly min?: number; readonly max?: number },
): Uint8Array {
  const value = body[name];
  check(typeof value === 'string', name, 'must be a hex string');
  const bytesMax = limits.exactly ?? limits.max ?? 65_536;
  check(value.length <= 2 * bytesMax + 2, name, `must be at most ${bytesMax} bytes of hex`);
  const digits = hexDigits.exec(value)?.[1];
  if (limits.exactly !== undefined)
    check(
      digits !== undefined && digits.length === 2 * limits.exactly,
      name,
      `must be 0x and ${2 * limits.exactly} hex digits`,
    );
  check(digits !== undefined, name, 'must be hex digits, two for each byte');
  check(
    digits.length >= 2 * (limits.min ?? 0) && digits.length <= 2 * bytesMax,
    name,
    `must be ${limits.min ?? 0} to ${bytesMax} bytes`,
  );
  return fromDigits(digits);
}

export function toHex0x(bytes: Uint8Array): string {
  let text = '0x';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function bytesToBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex0x(bytes));
}

function fromDigits(digits: string): Uint8Array {
  const out = new Uint8Array(digits.length / 2);
  for (let at = 0; at < out.length; at += 1) out[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  return out;
}
