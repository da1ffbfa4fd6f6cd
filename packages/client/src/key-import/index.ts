/**
 * Splits a private key for the signers of a cluster, on the user's own machine: nobody else ever sees it whole.
 * Same call shape as the helper package of the public SDK, so that its examples run unchanged.
 *
 * @example
 * const { clusters } = await dfns.signers.listSigners();
 * const shares = splitPrivateKeyForSigners({ signers: clusters[0].signers, privateKey, keyCurve: 'secp256k1' });
 * await dfns.wallets.importWallet({ body: { network: 'Ethereum', ...shares } });
 */

import { fromBase64, toBase64 } from '@holdfast/contract/wire';
import type { CurveName } from '@holdfast/crypto/curves-noble';
import { curve } from '@holdfast/crypto/curves-noble';
import { ed25519ScalarOfSeed, encodeImportShare, seal } from '@holdfast/crypto/envelope';
import { split } from '@holdfast/crypto/sharing';
import { randomBytes } from '../random.ts';

export interface SignerInfo {
  /** base64 of 32 bytes. */
  readonly signerId: string;
  /** base64 of 34 bytes: 01 ‖ compressed secp256k1 point. */
  readonly encryptionKey: string;
}

export type KeyScheme = 'ECDSA' | 'EdDSA' | 'Schnorr';
export type ImportProtocol = 'CGGMP21' | 'FROST' | 'FROST_BITCOIN';

export interface SplitKey {
  readonly curve: CurveName;
  readonly protocol: ImportProtocol;
  readonly minSigners: number;
  readonly encryptedKeyShares: { readonly signerId: string; readonly encryptedKeyShare: string }[];
}

/** The only value the platform takes. */
const minSigners = 3;

/**
 * @param privateKey secp256k1 and stark: the scalar, 32 bytes big-endian; ed25519: the 32-byte seed of RFC 8032.
 * @param keyScheme secp256k1 only: `Schnorr` imports for BIP-340, the default is ECDSA.
 * @throws Error for a key that is out of range, a curve that does not fit the scheme, or fewer than three signers.
 */
export function splitPrivateKeyForSigners(input: {
  readonly signers: readonly SignerInfo[];
  readonly privateKey: Uint8Array;
  readonly keyCurve: CurveName;
  readonly keyScheme?: KeyScheme;
}): SplitKey {
  const { signers, privateKey, keyCurve, keyScheme } = input;
  const protocol = protocolOf(keyCurve, keyScheme);
  const group = curve(keyCurve);
  if (signers.length < minSigners)
    throw new Error(`a key is split for at least ${minSigners} signers, not ${signers.length}`);
  if (privateKey.length !== 32) throw new Error(`privateKey must be 32 bytes, not ${privateKey.length}`);

  const secret = group.scalar.decode(
    keyCurve === 'ed25519' ? ed25519ScalarOfSeed(privateKey) : Uint8Array.from(privateKey),
  );
  const ordered = [...signers]
    .map((signer) => ({ signer, id: fromBase64(signer.signerId, { bytes: 32 }) }))
    .sort((a, b) => compareBytes(a.id, b.id));
  const { shares, publicShares } = split(group, { secret, t: minSigners, n: ordered.length }, randomBytes);
  const points = publicShares.map((point) => group.encodeUncompressed(point));
  try {
    return {
      curve: keyCurve,
      protocol,
      minSigners,
      encryptedKeyShares: ordered.map(({ signer }, at) => {
        const share = shares[at];
        if (share === undefined) throw new Error('split returned too few shares');
        const plaintext = encodeImportShare({ curve: keyCurve, secretShare: share, publicShares: points });
        const sealed = seal({ to: fromBase64(signer.encryptionKey, { bytes: 34 }), plaintext, random: randomBytes });
        plaintext.fill(0);
        return { signerId: signer.signerId, encryptedKeyShare: toBase64(sealed) };
      }),
    };
  } finally {
    secret.fill(0);
    for (const share of shares) share.fill(0);
  }
}

function protocolOf(keyCurve: CurveName, scheme: KeyScheme | undefined): ImportProtocol {
  if (keyCurve === 'ed25519' && (scheme ?? 'EdDSA') === 'EdDSA') return 'FROST';
  if (keyCurve === 'stark' && (scheme ?? 'ECDSA') === 'ECDSA') return 'CGGMP21';
  if (keyCurve === 'secp256k1' && scheme === 'Schnorr') return 'FROST_BITCOIN';
  if (keyCurve === 'secp256k1' && (scheme ?? 'ECDSA') === 'ECDSA') return 'CGGMP21';
  throw new Error(`curve ${keyCurve} cannot be imported with scheme ${scheme}`);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
