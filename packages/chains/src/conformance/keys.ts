/** Keys whose secret the test holds, signing as the cluster does: low-s ECDSA, RFC 8032, BIP-340 with BIP-341's tweak. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { getPublicKey as starkPublicKey, sign as starkSign } from '@scure/starknet';
import { bytesToBigInt, concat, toHex0x } from '../families/bytes.ts';
import type { CurveName, PublicKeyRef, RawSignature, Scheme, SigningItem } from '../families/types.ts';

export interface LocalKey extends PublicKeyRef {
  /** 32 bytes: the Ed25519 seed, or the scalar, big-endian. */
  readonly secret: Uint8Array;
}

export function localKey(scheme: Scheme, curve: CurveName, secret: Uint8Array): LocalKey {
  return { scheme, curve, secret, publicKey: publicKeyOf(curve, secret) };
}

export function signItem(key: LocalKey, item: SigningItem): RawSignature {
  switch (item.algorithm) {
    case 'ecdsa': {
      if (key.curve === 'stark') {
        const made = starkSign(toHex0x(item.digest).slice(2), toHex0x(key.secret).slice(2));
        return { signature: made.toBytes('compact'), recid: made.recovery ?? 0 };
      }
      const bytes = secp256k1.sign(item.digest, key.secret, { prehash: false, format: 'recovered' });
      return { signature: bytes.subarray(1), recid: bytes[0] ?? 0 };
    }
    case 'eddsa':
      return { signature: ed25519.sign(item.message, key.secret) };
    case 'bip340':
      return { signature: schnorr.sign(item.message, tweaked(key, item.taprootMerkleRoot)) };
    default:
      return item satisfies never;
  }
}

function publicKeyOf(curve: CurveName, secret: Uint8Array): Uint8Array {
  if (curve === 'ed25519') return ed25519.getPublicKey(secret);
  return curve === 'stark' ? starkPublicKey(toHex0x(secret).slice(2), true) : secp256k1.getPublicKey(secret, true);
}

/** BIP-341: d is the scalar whose point has an even y, plus the tweak. */
function tweaked(key: LocalKey, root: Uint8Array | undefined): Uint8Array {
  if (root === undefined) return key.secret;
  const order = secp256k1.Point.Fn.ORDER;
  const scalar = bytesToBigInt(key.secret);
  const even = key.publicKey[0] === 3 ? order - scalar : scalar;
  const tweak = bytesToBigInt(schnorr.utils.taggedHash('TapTweak', concat(key.publicKey.subarray(1), root)));
  return secp256k1.Point.Fn.toBytes((even + tweak) % order);
}
