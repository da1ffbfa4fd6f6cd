/** Names of signers and of the cluster, as hashes of what they are. */
import { enc, i, sha256 } from '@holdfast/crypto/transcript';

/** SHA-256 of the raw Ed25519 identity key: pinning a signer's id pins its key. */
export function signerId(identityKey: Uint8Array): Uint8Array {
  if (identityKey.length !== 32) throw new RangeError('an identity key is 32 bytes');
  return sha256(identityKey);
}

/** Identity keys in roster order: ascending by the raw bytes of their signer ids. */
export function sortedBySignerId(identityKeys: readonly Uint8Array[]): Uint8Array[] {
  const keyed = identityKeys.map((key) => ({ key, id: signerId(key) }));
  keyed.sort((a, b) => compareBytes(a.id, b.id));
  return keyed.map(({ key }) => key);
}

/**
 * Field `c` of a challenge, 32 bytes: SHA-256 of enc("holdfast/cluster/v1", epoch, [identity keys by signer id]).
 * The order given does not matter; five distinct keys do.
 */
export function clusterFingerprint(epoch: number, identityKeys: readonly Uint8Array[]): Uint8Array {
  const sorted = sortedBySignerId(identityKeys);
  const distinct = sorted.every((key, k) => k === 0 || compareBytes(sorted[k - 1] ?? key, key) !== 0);
  if (sorted.length !== 5 || !distinct) throw new RangeError('a cluster has five distinct identity keys');
  return sha256(enc('holdfast/cluster/v1', i.uint(epoch), i.list(sorted.map((key) => i.bytes(key)))));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let k = 0; k < a.length; k++) {
    const difference = (a[k] ?? 0) - (b[k] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
