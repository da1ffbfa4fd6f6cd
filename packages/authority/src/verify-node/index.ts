/** The verify port on node:crypto, and the rules a public key meets before it is enrolled (bad-inputs.md 81–84). */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { fromBase64, WireError } from '@holdfast/contract/wire';
import type { VerifyPort } from '../assertion/verify-port.ts';
import { refuse } from '../errors/index.ts';
import type { KeyAlgorithm } from '../types/index.ts';

const RSA_BITS_MIN = 2048;
/** Verification cost grows with the modulus, and everybody who signs in makes five signers pay it. */
const RSA_BITS_MAX = 8192;
const PEM_CHARS_MAX = 4096;

const notOneBlock = 'publicKey must be one PEM SubjectPublicKeyInfo block';

export const nodeVerify: VerifyPort = {
  verifySignature({ publicKey, algorithm, message, signature }) {
    const { key, algorithm: actual } = checkedKey(publicKey);
    if (actual !== algorithm) return false;
    switch (algorithm) {
      case 'Ed25519':
        return verify(null, message, key, signature);
      case 'P-256':
      case 'secp256k1':
        return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
      case 'RSA':
        return verify('sha256', message, key, signature);
      default:
        return algorithm satisfies never;
    }
  },
  parsePublicKey,
};

/** What a PEM public key is; refuses every text that is not exactly one key we verify with. */
export function parsePublicKey(pem: string): { readonly algorithm: KeyAlgorithm } {
  return { algorithm: checkedKey(pem).algorithm };
}

interface CheckedKey {
  readonly key: KeyObject;
  readonly algorithm: KeyAlgorithm;
}

/** Keys that passed every rule, by their text: reading one costs several times what a verification does. */
const CHECKED_MAX = 1000;
const checked = new Map<string, CheckedKey>();

function checkedKey(pem: string): CheckedKey {
  const known = checked.get(pem);
  if (known !== undefined) return known;
  const key = keyOf(pem);
  const fresh = { key, algorithm: algorithmOf(key) };
  const oldest = checked.keys().next();
  if (checked.size >= CHECKED_MAX && !oldest.done) checked.delete(oldest.value);
  checked.set(pem, fresh);
  return fresh;
}

function keyOf(pem: string): KeyObject {
  if (typeof pem !== 'string' || pem.length > PEM_CHARS_MAX) refuse('E_PUBLIC_KEY', notOneBlock);
  // Node would derive the public key and hide the accident (row 83). Nothing of the text may be echoed.
  if (/PRIVATE KEY/.test(pem))
    refuse('E_PRIVATE_KEY_SENT', 'you sent a private key; treat it as exposed and generate a new one');
  const type = pem.includes('RSA PUBLIC KEY') ? 'pkcs1' : 'spki';
  const label = type === 'pkcs1' ? 'RSA PUBLIC KEY' : 'PUBLIC KEY';
  const body = new RegExp(`^-----BEGIN ${label}-----\\n((?:[A-Za-z0-9+/=]{1,76}\\n)+)-----END ${label}-----\\n?$`).exec(
    pem,
  )?.[1];
  if (body === undefined) refuse('E_PUBLIC_KEY', notOneBlock);
  const der = readBase64(body.replaceAll('\n', ''));
  const { key, encoded } = readDer(der, type);
  // One key, one encoding: no trailing bytes, no parameters spelled out.
  if (!encoded.equals(der)) refuse('E_PUBLIC_KEY', notOneBlock);
  return key;
}

function algorithmOf(key: KeyObject): KeyAlgorithm {
  const details = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      checkEd25519(key);
      return 'Ed25519';
    case 'ec': {
      const algorithm =
        details.namedCurve === 'prime256v1' ? 'P-256' : details.namedCurve === 'secp256k1' ? 'secp256k1' : undefined;
      if (algorithm === undefined) return notSupported();
      // An uncompressed point is the last 65 bytes; the identity and compressed points have other forms.
      const der = key.export({ format: 'der', type: 'spki' });
      if (der.length !== (algorithm === 'P-256' ? 91 : 88) || der.at(-65) !== 4) refuse('E_PUBLIC_KEY', notOneBlock);
      return algorithm;
    }
    case 'rsa': {
      const bits = details.modulusLength ?? 0;
      if (bits < RSA_BITS_MIN || details.publicExponent !== 65537n)
        refuse('E_PUBLIC_KEY', 'RSA keys need at least 2048 bits and exponent 65537');
      if (bits > RSA_BITS_MAX) refuse('E_PUBLIC_KEY', 'RSA keys may have at most 8192 bits');
      return 'RSA';
    }
    default:
      return notSupported();
  }
}

const P25519 = 2n ** 255n - 19n;
/** y of the points whose order divides 8, the sign bit aside: under such a key anybody can sign. */
const smallOrderY: readonly bigint[] = [
  0n,
  1n,
  P25519 - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

/** RFC 8032 §5.1.3 with canonical y, and not of small order: node:crypto accepts both at import. */
function checkEd25519(key: KeyObject): void {
  const raw = key.export({ format: 'der', type: 'spki' }).subarray(-32);
  let y = 0n;
  for (const byte of raw.toReversed()) y = (y << 8n) | BigInt(byte);
  y &= 2n ** 255n - 1n;
  if (y >= P25519 || smallOrderY.includes(y)) refuse('E_PUBLIC_KEY', 'publicKey is not a valid Ed25519 key');
}

function readBase64(text: string): Buffer {
  try {
    return Buffer.from(fromBase64(text));
  } catch (error) {
    if (error instanceof WireError) refuse('E_PUBLIC_KEY', notOneBlock);
    throw error;
  }
}

function readDer(der: Buffer, type: 'spki' | 'pkcs1'): { readonly key: KeyObject; readonly encoded: Buffer } {
  try {
    const key = createPublicKey({ key: der, format: 'der', type });
    // The identity of an elliptic curve is read but cannot be written.
    return { key, encoded: key.export({ format: 'der', type }) };
  } catch {
    // OpenSSL's reason (bad tag, point not on curve) helps nobody who pastes a key.
    return refuse('E_PUBLIC_KEY', notOneBlock);
  }
}

function notSupported(): never {
  return refuse('E_PUBLIC_KEY', 'key type is not supported; use Ed25519, P-256, secp256k1 or RSA');
}
