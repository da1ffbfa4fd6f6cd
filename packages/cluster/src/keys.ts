/** Ed25519 and X25519 (RFC 8032, RFC 7748) on raw 32-byte keys, through the platform's own crypto. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto';

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** DER of SubjectPublicKeyInfo and PKCS#8 up to the 32 raw bytes (RFC 8410 §10). */
const spki = { ed25519: '302a300506032b6570032100', x25519: '302a300506032b656e032100' } as const;
const pkcs8 = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' } as const;
export type KeyKind = keyof typeof spki;

export function publicKeyObject(kind: KeyKind, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([Buffer.from(spki[kind], 'hex'), raw]), format: 'der', type: 'spki' });
}

/** The copy of the key that the encoding needs is erased before this returns. */
export function privateKeyObject(kind: KeyKind, raw: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(pkcs8[kind], 'hex'), raw]);
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    key.fill(0);
  }
}

export function rawPublicKey(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES));
}

export function signEd25519(privateKey: KeyObject, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, bytes, privateKey));
}

export function verifyEd25519(publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && verify(null, bytes, publicKey, signature);
}

/** Undefined for a public key of small order: OpenSSL refuses the all-zero result (RFC 7748 §6.1), and so do we. */
export function agreeX25519(privateKey: KeyObject, publicKey: KeyObject): Uint8Array | undefined {
  try {
    const shared = diffieHellman({ privateKey, publicKey });
    return shared.some((byte) => byte !== 0) ? shared : undefined;
  } catch {
    // The only failure with well-formed keys is the all-zero result; the caller names it.
    return undefined;
  }
}

const P = (1n << 255n) - 19n;

/** Whether 32 little-endian bytes are a field element in its only form; `signBit` allows the top bit of Ed25519. */
export function isCanonicalField(raw: Uint8Array, o: { readonly signBit: boolean }): boolean {
  const bytes = Uint8Array.from(raw).reverse();
  if (o.signBit) bytes[0] = (bytes[0] as number) & 0x7f;
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`) < P;
}

/**
 * y-coordinates of the eight points of small order of edwards25519. Under such a key OpenSSL accepts one signature
 * for many messages, so nobody may enrol one.
 */
const smallOrderY = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
]);

export function isSmallOrderEd25519(raw: Uint8Array): boolean {
  const y = Buffer.from(raw);
  y[31] = (y[31] as number) & 0x7f;
  return smallOrderY.has(y.toString('hex'));
}
