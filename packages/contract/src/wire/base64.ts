/**
 * base64 with padding and base64url without (RFC 4648 §4, §5). Canonical only: a text is read if and only if it is
 * the one that the bytes would be written as, so unused trailing bits must be zero and nothing may be left out.
 */
import { refuse, type WireCode } from './error.ts';

type Options = { readonly bytes?: number; readonly name?: string };

const standard = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const urlSafe = `${standard.slice(0, 62)}-_`;

export function toBase64(bytes: Uint8Array): string {
  const text = encode(bytes, standard);
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

export function toBase64Url(bytes: Uint8Array): string {
  return encode(bytes, urlSafe);
}

export function fromBase64(text: string, o: Options = {}): Uint8Array {
  const name = o.name ?? 'value';
  const form = 'canonical base64 with padding';
  if (typeof text !== 'string' || text.length % 4 !== 0) refuse('E_BASE64', `${name} must be ${form}`, name);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode(text.slice(0, text.length - padding), standardValues, 'E_BASE64', form, o);
}

export function fromBase64Url(text: string, o: Options = {}): Uint8Array {
  const name = o.name ?? 'value';
  const form = 'canonical base64url without padding';
  if (typeof text !== 'string') refuse('E_BASE64URL', `${name} must be ${form}`, name);
  return decode(text, urlSafeValues, 'E_BASE64URL', form, o);
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += alphabet[(pending >> bits) & 63];
    }
    pending &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(pending << (6 - bits)) & 63] : text;
}

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let k = 0; k < 64; k++) values[alphabet.charCodeAt(k)] = k;
  return values;
}
const standardValues = valuesOf(standard);
const urlSafeValues = valuesOf(urlSafe);

/** `text` without padding. A length of 1 mod 4 carries no whole byte, and bits left over must be zero. */
function decode(text: string, values: Int8Array, code: WireCode, form: string, o: Options): Uint8Array {
  const name = o.name ?? 'value';
  if (text.length % 4 === 1) refuse(code, `${name} must be ${form}`, name);
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  if (o.bytes !== undefined && bytes.length !== o.bytes)
    refuse(code, `${name} must be ${o.bytes} bytes in ${form}`, name);
  let bits = 0;
  let pending = 0;
  let at = 0;
  for (let k = 0; k < text.length; k++) {
    const value = values[text.charCodeAt(k)] ?? -1;
    if (value < 0) refuse(code, `${name} must be ${form}`, name);
    pending = (pending << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = pending >> bits;
      pending &= (1 << bits) - 1;
    }
  }
  if (pending !== 0) refuse(code, `${name} must be ${form}`, name);
  return bytes;
}
