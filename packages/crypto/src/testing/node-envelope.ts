/**
 * A second implementation of docs/specs/share-envelope.md §2 on node:crypto alone, for the tests to compare with. It
 * shares no code with the one under test.
 */
import { createCipheriv, createDecipheriv, createECDH, ECDH, hkdfSync } from 'node:crypto';

export function nodeRecipient(privateScalar?: Uint8Array): { publicKey: Buffer; privateKey: Buffer } {
  const ecdh = createECDH('secp256k1');
  if (privateScalar === undefined) ecdh.generateKeys();
  else ecdh.setPrivateKey(privateScalar);
  const scalar = Buffer.from(ecdh.getPrivateKey('hex').padStart(64, '0'), 'hex');
  return {
    publicKey: Buffer.concat([Buffer.of(1), Buffer.from(ecdh.getPublicKey('hex', 'compressed'), 'hex')]),
    privateKey: Buffer.concat([Buffer.of(1), scalar]),
  };
}

export function nodeSeal(publicKey: Uint8Array, plaintext: Uint8Array, ephemeral?: Uint8Array): Buffer {
  const ecdh = createECDH('secp256k1');
  if (ephemeral === undefined) ecdh.generateKeys();
  else ecdh.setPrivateKey(ephemeral);
  const cipher = createCipheriv('aes-256-gcm', key(ecdh, publicKey.subarray(1)), Buffer.alloc(12));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([ciphertext, cipher.getAuthTag(), Buffer.from(ecdh.getPublicKey('hex', 'compressed'), 'hex')]);
}

export function nodeOpen(privateKey: Uint8Array, sealed: Uint8Array): Buffer {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(privateKey.subarray(1));
  const tagAt = sealed.length - 49;
  const decipher = createDecipheriv('aes-256-gcm', key(ecdh, sealed.subarray(tagAt + 16)), Buffer.alloc(12));
  decipher.setAuthTag(sealed.subarray(tagAt, tagAt + 16));
  return Buffer.concat([decipher.update(sealed.subarray(0, tagAt)), decipher.final()]);
}

/**
 * computeSecret gives x only, and the format hashes the compressed point. The parity of y follows from a second
 * product: with S = e·P, x((e+1)·P) is the x of S + P for one of the two candidates only.
 */
function key(ecdh: ECDH, P: Uint8Array): Uint8Array {
  const q = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const x = ecdh.computeSecret(P).toString('hex').padStart(64, '0');
  const next = createECDH('secp256k1');
  next.setPrivateKey(((BigInt(`0x${ecdh.getPrivateKey('hex')}`) + 1n) % q).toString(16).padStart(64, '0'), 'hex');
  const xNext = BigInt(`0x${next.computeSecret(P).toString('hex')}`);
  for (const prefix of ['02', '03']) {
    if (xOfSum(affine(`${prefix}${x}`), affine(Buffer.from(P).toString('hex'))) === xNext) {
      return new Uint8Array(
        hkdfSync('sha256', Buffer.from(prefix + x, 'hex'), 'DFNS_KEY_IMPORT', 'ENCRYPTION_KEY', 32),
      );
    }
  }
  throw new Error('neither parity fits');
}

function affine(compressed: string): [bigint, bigint] {
  const full = ECDH.convertKey(compressed, 'secp256k1', 'hex', 'hex', 'uncompressed') as string;
  return [BigInt(`0x${full.slice(2, 66)}`), BigInt(`0x${full.slice(66)}`)];
}

/** The chord rule. */
function xOfSum([x1, y1]: [bigint, bigint], [x2, y2]: [bigint, bigint]): bigint {
  const p = 2n ** 256n - 2n ** 32n - 977n;
  const slope = (y2 - y1) * power(x2 - x1, p - 2n, p);
  return (((slope * slope - x1 - x2) % p) + p) % p;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = ((base % modulus) + modulus) % modulus;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
