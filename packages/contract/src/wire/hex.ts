/** Hex without prefix. Either letter case is read, lower case is written. */
import { refuse } from './error.ts';

const hexText = /^(?:[0-9a-fA-F]{2})*$/;
const digits: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += digits[byte];
  return text;
}

/** Refuses a prefix, an odd count, white space and, when `bytes` is given, any other length. */
export function fromHex(text: string, o: { readonly bytes?: number; readonly name?: string } = {}): Uint8Array {
  const name = o.name ?? 'value';
  if (typeof text !== 'string' || !hexText.test(text)) {
    refuse('E_HEX', `${name} must be hex: an even number of digits, no prefix`, name);
  }
  if (o.bytes !== undefined && text.length !== 2 * o.bytes) {
    refuse('E_HEX', `${name} must be ${o.bytes} bytes of hex, ${2 * o.bytes} digits`, name);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let k = 0; k < bytes.length; k++) bytes[k] = Number.parseInt(text.slice(2 * k, 2 * k + 2), 16);
  return bytes;
}
