/**
 * Takes a key out of the platform: a fresh key pair here, one sealed share from each signer, the key recombined here
 * and compared with the public key before anybody trusts it. Same call shape as the public SDK's helper package.
 *
 * @example
 * const context = newWalletExportContext();
 * const reply = await dfns.wallets.exportWallet({ walletId, body: context.getConf() });
 * const privateKey = context.recoverSecretKey(reply); // 32 bytes, big-endian
 */

import { fromBase64, fromHex, toBase64 } from '@holdfast/contract/wire';
import { type CurveName, curve, type Scalar } from '@holdfast/crypto/curves-noble';
import { decodeExportShare, generateRecipient, open } from '@holdfast/crypto/envelope';
import { recombine } from '@holdfast/crypto/sharing';
import { randomBytes } from '../random.ts';

export interface SupportedScheme {
  readonly protocol: 'CGGMP21' | 'FROST' | 'FROST_BITCOIN';
  readonly curve: CurveName;
}

export interface ExportConf {
  readonly encryptionKey: string;
  readonly supportedSchemes: SupportedScheme[];
}

export interface ExportReply {
  readonly publicKey: string;
  readonly protocol: string;
  readonly curve: string;
  readonly minSigners: number;
  readonly encryptedKeyShares: readonly { readonly signerId: string; readonly encryptedKeyShare: string }[];
}

export interface WalletExportContext {
  /** The body of the export request. */
  getConf(): ExportConf;
  /**
   * The private scalar, 32 bytes big-endian (an ed25519 key has no seed any more: this is the scalar it signs with).
   * @throws Error when no three shares give the public key of the reply.
   */
  recoverSecretKey(reply: ExportReply): Uint8Array;
}

/** The only threshold the platform uses. */
const minSigners = 3;

const supportedSchemes: readonly SupportedScheme[] = [
  { protocol: 'CGGMP21', curve: 'secp256k1' },
  { protocol: 'CGGMP21', curve: 'stark' },
  { protocol: 'FROST', curve: 'ed25519' },
  { protocol: 'FROST_BITCOIN', curve: 'secp256k1' },
];

export function newWalletExportContext(): WalletExportContext {
  const { publicKey34, privateKey33 } = generateRecipient(randomBytes);
  return {
    getConf: () => ({ encryptionKey: toBase64(publicKey34), supportedSchemes: [...supportedSchemes] }),
    recoverSecretKey: (reply) => recover(reply, privateKey33),
  };
}

function recover(reply: ExportReply, privateKey: Uint8Array): Uint8Array {
  if (!supportedSchemes.some((each) => each.curve === reply.curve))
    throw new Error(`curve ${reply.curve} is not known`);
  const group = curve(reply.curve as CurveName);
  const publicKey = group.decodePoint(fromHex(reply.publicKey, { bytes: group.pointBytes }));

  const shares: { index: number; share: Scalar }[] = [];
  const failures: string[] = [];
  for (const { signerId, encryptedKeyShare } of reply.encryptedKeyShares) {
    try {
      const plaintext = open({ privateKey, sealed: fromBase64(encryptedKeyShare) });
      const { curve: shareCurve, index, secretShare } = decodeExportShare(plaintext);
      plaintext.fill(0);
      if (shareCurve !== reply.curve) throw new Error(`the share is on ${shareCurve}`);
      shares.push({ index, share: group.scalar.decode(secretShare) });
    } catch (cause) {
      // A liar among the signers must not block the rest: remember it, go on, fail only below three shares.
      failures.push(`${signerId}: ${cause instanceof Error ? cause.message : 'unreadable'}`);
    }
  }
  try {
    // With up to two liars among five, some three shares are honest (rulings 13): the public key tells which. A liar
    // may claim another's evaluation point, so points may repeat across triples, never within one.
    for (const three of triples(shares)) {
      if (new Set(three.map((share) => share.index)).size < minSigners) continue;
      try {
        return recombine(group, { shares: three, t: minSigners, publicKey });
      } catch {
        // These three do not give the key; others may.
      }
    }
  } finally {
    for (const { share } of shares) share.fill(0);
  }
  throw new Error(
    `no three of ${reply.encryptedKeyShares.length} shares give the private key of ${reply.publicKey}${failures.length > 0 ? ` (${failures.join('; ')})` : ''}`,
  );
}

function* triples<T>(items: readonly T[]): Generator<[T, T, T]> {
  for (const [i, a] of items.entries())
    for (const [j, b] of items.entries()) for (const [k, c] of items.entries()) if (i < j && j < k) yield [a, b, c];
}
