/**
 * The envelope in which key shares travel between a client and one signer: docs/specs/share-envelope.md §2. ECIES on
 * secp256k1 with HKDF-SHA-256 and AES-256-GCM, byte for byte as the public client libraries do it.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, isBytes } from '../bytes.ts';
import type { Point, Scalar } from '../curves/types.ts';
import { curve } from '../curves-noble/index.ts';
import { check, refuse } from '../errors.ts';

/** First byte of both key forms. */
const SCHEME = 1;
const SALT = new TextEncoder().encode('DFNS_KEY_IMPORT');
const INFO = new TextEncoder().encode('ENCRYPTION_KEY');
const TAG_BYTES = 16;
const EPHEMERAL_BYTES = 33;
/** Far above the largest share (32 signers: under 6 KiB), far below what could hurt. */
const PLAINTEXT_BYTES_MAX = 65536;

type Random = (n: number) => Uint8Array;

/** A fresh key pair to receive envelopes with: 01 ‖ compressed point, and 01 ‖ scalar. */
export function generateRecipient(random: Random): { publicKey34: Uint8Array; privateKey33: Uint8Array } {
  const secp = curve('secp256k1');
  const d = secp.scalar.random(random);
  const publicKey34 = concatBytes(Uint8Array.of(SCHEME), secp.encodePoint(secp.mulBase(d)));
  const privateKey33 = concatBytes(Uint8Array.of(SCHEME), d);
  d.fill(0);
  return { publicKey34, privateKey33 };
}

/** The public form of a private key, for a signer that stores only the latter. */
export function recipientPublicKey(privateKey33: Uint8Array): Uint8Array {
  const secp = curve('secp256k1');
  const d = readPrivateKey(privateKey33);
  const publicKey34 = concatBytes(Uint8Array.of(SCHEME), secp.encodePoint(secp.mulBase(d)));
  d.fill(0);
  return publicKey34;
}

/** ciphertext ‖ 16-byte tag ‖ 33-byte ephemeral public key. */
export function seal(o: {
  readonly to: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly random: Random;
}): Uint8Array {
  const secp = curve('secp256k1');
  const P = readPublicKey(o.to);
  check(isBytes(o.plaintext) && o.plaintext.length <= PLAINTEXT_BYTES_MAX, 'E_ENVELOPE', 'Too long for an envelope.');
  const e = secp.scalar.random(o.random);
  const E = secp.encodePoint(secp.mulBase(e));
  const key = deriveKey(secp.mulSecret(P, e));
  e.fill(0);
  // A zero nonce is safe because the key belongs to this one ephemeral scalar.
  const sealed = gcm(key, new Uint8Array(12)).encrypt(o.plaintext);
  key.fill(0);
  return concatBytes(sealed, E);
}

/** The plaintext, or CryptoError E_ENVELOPE with one message for everything that can be wrong with the envelope. */
export function open(o: { readonly privateKey: Uint8Array; readonly sealed: Uint8Array }): Uint8Array {
  const secp = curve('secp256k1');
  const d = readPrivateKey(o.privateKey);
  const { sealed } = o;
  const overhead = TAG_BYTES + EPHEMERAL_BYTES;
  const fits = isBytes(sealed) && sealed.length >= overhead && sealed.length <= overhead + PLAINTEXT_BYTES_MAX;
  check(fits, 'E_ENVELOPE', 'The envelope cannot be opened with this key.');
  const split = sealed.length - EPHEMERAL_BYTES;
  let key: Uint8Array | undefined;
  try {
    // Strict decoding: on the curve and not the identity, or a stranger could learn d from what opens.
    const E = secp.decodePoint(new Uint8Array(sealed.subarray(split)));
    key = deriveKey(secp.mulSecret(E, d));
    return gcm(key, new Uint8Array(12)).decrypt(new Uint8Array(sealed.subarray(0, split)));
  } catch (cause) {
    return refuse('E_ENVELOPE', 'The envelope cannot be opened with this key.', { cause });
  } finally {
    key?.fill(0);
    d.fill(0);
  }
}

function deriveKey(S: Point): Uint8Array {
  const shared = curve('secp256k1').encodePoint(S);
  const key = hkdf(sha256, shared, SALT, INFO, 32);
  shared.fill(0);
  return key;
}

function readPublicKey(bytes: Uint8Array): Point {
  check(
    isBytes(bytes) && bytes.length === 34 && bytes[0] === SCHEME,
    'E_ENVELOPE',
    'An encryption key is 34 bytes, the first 01.',
  );
  try {
    return curve('secp256k1').decodePoint(new Uint8Array(bytes.subarray(1)));
  } catch (cause) {
    refuse('E_ENVELOPE', 'An encryption key is 01 and a compressed secp256k1 point.', { cause });
  }
}

function readPrivateKey(bytes: Uint8Array): Scalar {
  check(
    isBytes(bytes) && bytes.length === 33 && bytes[0] === SCHEME,
    'E_ENVELOPE',
    'A decryption key is 33 bytes, the first 01.',
  );
  const { scalar } = curve('secp256k1');
  try {
    const d = scalar.decode(bytes.subarray(1));
    check(!scalar.isZero(d), 'E_SCALAR', 'A decryption key is not zero.');
    return d;
  } catch (cause) {
    refuse('E_ENVELOPE', 'A decryption key is 01 and a secp256k1 scalar.', { cause });
  }
}
