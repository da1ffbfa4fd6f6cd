/**
 * Verifies what the cluster made with code the cluster did not use: the api answers with no signature that does not
 * pass here.
 */
import { createPublicKey, verify } from 'node:crypto';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { verify as starkVerify } from '@scure/starknet';
import { bytesToBigInt, concat, toHex0x } from '../families/bytes.ts';
import type { PublicKeyRef, RawSignature, SigningItem } from '../families/types.ts';

/** False for anything that is not a valid, canonical (low-s, RFC 8032 strict) signature by this key. */
export function verifyRaw(item: SigningItem, key: PublicKeyRef, raw: RawSignature): boolean {
  if (raw.signature.length !== 64) return false;
  try {
    switch (item.algorithm) {
      case 'ecdsa':
        return key.curve === 'stark' ? verifyStark(item.digest, key, raw) : verifyEcdsa(item.digest, key, raw);
      case 'eddsa':
        return verifyEd25519(item.message, key.publicKey, raw.signature);
      case 'bip340':
        return schnorr.verify(raw.signature, item.message, taprootKey(key.publicKey, item.taprootMerkleRoot));
      default:
        return item satisfies never;
    }
  } catch {
    // The libraries throw on undecodable input: to a verifier that is just a signature that is not valid.
    return false;
  }
}

/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 §4). */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

/** By OpenSSL, with R recomputed and compared as bytes: the signers made it on libsodium. */
function verifyEd25519(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const key = createPublicKey({ key: Buffer.concat([spkiHead, publicKey]), format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}

function verifyEcdsa(digest: Uint8Array, key: PublicKeyRef, raw: RawSignature): boolean {
  const { signature, recid } = raw;
  const options = { prehash: false, lowS: true } as const;
  if (recid === undefined) return secp256k1.verify(signature, digest, key.publicKey, options);
  // With the recovery id in front, verification also demands that it names the R it finds.
  return secp256k1.verify(concat(Uint8Array.of(recid), signature), digest, key.publicKey, {
    ...options,
    format: 'recovered',
  });
}

function verifyStark(digest: Uint8Array, key: PublicKeyRef, raw: RawSignature): boolean {
  return starkVerify(toHex0x(raw.signature).slice(2), toHex0x(digest).slice(2), toHex0x(key.publicKey).slice(2));
}

/** The x-only key the signature is under: P itself, or BIP-341's Q = lift_x(P) + t·G. */
function taprootKey(publicKey: Uint8Array, root: Uint8Array | undefined): Uint8Array {
  const internal = publicKey.subarray(1);
  if (root === undefined) return internal;
  const tweak = bytesToBigInt(schnorr.utils.taggedHash('TapTweak', concat(internal, root)));
  if (tweak >= secp256k1.Point.Fn.ORDER) throw new RangeError('taproot tweak out of range');
  return schnorr.utils
    .lift_x(bytesToBigInt(internal))
    .add(secp256k1.Point.BASE.multiply(tweak))
    .toBytes(true)
    .subarray(1);
}
