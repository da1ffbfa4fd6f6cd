/** Raw public keys as PEM SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 8410, RFC 5480, RFC 3279). */
import { fromHex, toBase64 } from '@holdfast/contract/wire';

const prefixes = {
  Ed25519: fromHex('302a300506032b6570032100'),
  'P-256': fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'),
} as const;
const rsaEncryption = fromHex('300d06092a864886f70d0101010500');

export function pemOfEd25519(key: Uint8Array): string {
  if (key.length !== 32) throw new RangeError('an Ed25519 key is 32 bytes');
  return pem(concat(prefixes.Ed25519, key));
}

export function pemOfP256(point: { readonly x: Uint8Array; readonly y: Uint8Array }): string {
  if (point.x.length !== 32 || point.y.length !== 32) throw new RangeError('a P-256 coordinate is 32 bytes');
  return pem(concat(prefixes['P-256'], Uint8Array.of(4), point.x, point.y));
}

export function pemOfRsa(key: { readonly n: Uint8Array; readonly e: Uint8Array }): string {
  const pair = der(0x30, concat(derInteger(key.n), derInteger(key.e)));
  return pem(der(0x30, concat(rsaEncryption, der(0x03, concat(Uint8Array.of(0), pair)))));
}

function pem(bytes: Uint8Array): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`;
}

function derInteger(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const minimal = first < 0 ? Uint8Array.of(0) : magnitude.subarray(first);
  return der(0x02, (minimal[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), minimal) : minimal);
}

function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.from(head), content);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
