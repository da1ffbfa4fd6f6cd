/**
 * Checks what the api says about the cluster against the fingerprint the user pinned: a hostile api cannot hand out
 * import keys of its own, nor claim a key that the signers did not make (rulings 7).
 */

import { clusterFingerprint as fingerprintOf, signerId } from '@holdfast/authority/challenge';
import { deriveId } from '@holdfast/authority/ids';
import { importKeyBytes, keyStatementBytes } from '@holdfast/authority/log';
import { fromBase64, fromBase64Url, fromHex, toBase64, toBase64Url } from '@holdfast/contract/wire';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { SignerInfo } from '../key-import/index.ts';

export { followSuccessions } from './succession.ts';

export interface ListedSigners {
  readonly clusters: readonly {
    readonly clusterId: string;
    readonly signers: readonly ListedSigner[];
  }[];
}

export interface ListedSigner extends SignerInfo {
  readonly identityKey: string;
  readonly encryptionKeySignature: string;
  readonly expires: string;
}

export class ClusterRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterRefused';
  }
}

/** The epoch of a founding; part of the fingerprint. */
const firstEpoch = 0;

/** Who serves in a cluster today, as followSuccessions found them; kept beside the pinned fingerprint. */
export interface ClusterMembers {
  readonly epoch: number;
  /** base64url, of the roster of that epoch. */
  readonly fingerprint: string;
}

interface ClusterPins {
  /** Of the founding. */
  readonly clusterFingerprint: string;
  /** Absent where nobody was replaced, as far as is known here. */
  readonly members?: ClusterMembers;
}

/**
 * @returns the signers, each with an import key that its identity signed and that has not expired.
 * @throws ClusterRefused naming what is wrong.
 */
export function checkSigners(
  listed: ListedSigners,
  pins: ClusterPins & { readonly now: number },
): readonly ListedSigner[] {
  const [cluster] = listed.clusters;
  if (cluster === undefined || listed.clusters.length !== 1)
    throw new ClusterRefused('the api lists no single cluster');
  const identities = cluster.signers.map((signer) => fromBase64(signer.identityKey, { bytes: 32 }));
  checkFingerprint(identities, pins);

  for (const [at, signer] of cluster.signers.entries()) {
    const identity = identities[at] ?? new Uint8Array(32);
    const id = signerId(identity);
    if (toBase64(id) !== signer.signerId)
      throw new ClusterRefused(`signer ${signer.signerId} does not belong to its identity key`);
    if (!(Date.parse(signer.expires) > pins.now))
      throw new ClusterRefused(`the import key of signer ${signer.signerId} has expired; list the signers again`);
    const fingerprint = fromBase64Url(pins.members?.fingerprint ?? pins.clusterFingerprint, { bytes: 32 });
    const bytes = importKeyBytes(fingerprint, id, fromBase64(signer.encryptionKey, { bytes: 34 }), signer.expires);
    if (!verify(identity, bytes, fromBase64(signer.encryptionKeySignature, { bytes: 64 })))
      throw new ClusterRefused(`the import key of signer ${signer.signerId} is not signed by it`);
  }
  return cluster.signers;
}

/**
 * Checks that the signers of the pinned cluster made (or imported) this key for this organisation.
 * @throws ClusterRefused unless at least three distinct signers signed this very statement.
 */
export function checkKeyStatements(
  key: {
    readonly id: string;
    readonly curve: string;
    readonly publicKey: string;
    readonly epoch: string;
    readonly attestations: readonly { readonly signerId: string; readonly signature: string }[];
  },
  pins: ClusterPins & { readonly orgId: string; readonly identityKeys: readonly string[] },
): void {
  const identities = pins.identityKeys.map((text) => fromBase64(text, { bytes: 32 }));
  checkFingerprint(identities, pins);
  const byId = new Map(identities.map((identity) => [toBase64(signerId(identity)), identity]));
  const bytes = keyStatementBytes(
    pins.orgId,
    key.id,
    key.curve,
    fromHex(key.publicKey),
    fromHex(key.epoch, { bytes: 32 }),
  );
  const good = new Set<string>();
  for (const { signerId: id, signature } of key.attestations) {
    const identity = byId.get(id);
    if (identity !== undefined && verify(identity, bytes, fromBase64Url(signature, { bytes: 64 }))) good.add(id);
  }
  if (good.size < 3)
    throw new ClusterRefused(`only ${good.size} signers of the pinned cluster vouch for key ${key.id}`);
}

export interface ClaimedWallet {
  readonly id: string;
  readonly network: string;
  readonly address?: string;
  readonly signingKey: {
    readonly id: string;
    readonly scheme: string;
    readonly curve: string;
    readonly publicKey: string;
  };
}

/**
 * Checks a wallet that a signed request just made, before anybody pays to it: its ids derive from the challenge that
 * was signed, the pinned signers vouch for its key, and its address is the address of that key.
 * @param addressOf the chain's own rule, given by the application: this room knows no chains.
 * @throws ClusterRefused naming what does not fit.
 */
export function checkWallet(
  wallet: ClaimedWallet,
  key: Parameters<typeof checkKeyStatements>[0],
  pins: ClusterPins & {
    readonly orgId: string;
    readonly identityKeys: readonly string[];
    readonly nullifier: Uint8Array;
    addressOf(network: string, key: { scheme: string; curve: string; publicKey: Uint8Array }): string | undefined;
  },
): void {
  if (wallet.id !== deriveId('wa', pins.nullifier))
    throw new ClusterRefused(`wallet ${wallet.id} was not made by the request that was signed`);
  if (key.id !== deriveId('key', pins.nullifier))
    throw new ClusterRefused(`key ${key.id} was not made by the request that was signed`);
  const { id, scheme, curve, publicKey } = wallet.signingKey;
  if (id !== key.id || publicKey !== key.publicKey || curve !== key.curve)
    throw new ClusterRefused(`wallet ${wallet.id} shows another key than ${key.id}`);
  checkKeyStatements(key, pins);
  const address = pins.addressOf(wallet.network, { scheme, curve, publicKey: fromHex(publicKey) });
  if (wallet.address !== address)
    throw new ClusterRefused(`wallet ${wallet.id} shows the address ${wallet.address}, but its key has ${address}`);
}

function checkFingerprint(identities: readonly Uint8Array[], pins: ClusterPins): void {
  let found: string;
  try {
    found = toBase64Url(fingerprintOf(pins.members?.epoch ?? firstEpoch, identities));
  } catch (cause) {
    throw new ClusterRefused('these are not the signers of the pinned cluster: there are not five distinct ones', {
      cause,
    });
  }
  if (found !== (pins.members?.fingerprint ?? pins.clusterFingerprint))
    throw new ClusterRefused(
      'these are not the signers of the pinned cluster; if one was replaced, follow it: holdfast org follow',
    );
}

function verify(identity: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, bytes, identity, { zip215: false });
  } catch {
    // Undecodable key or signature: not a signature of this signer.
    return false;
  }
}
