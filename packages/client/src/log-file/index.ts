/** Reads a log file with what an account file pins: docs/specs/log-file.md. Nothing here asks anybody. */
import { clusterFingerprint, sortedBySignerId } from '@holdfast/authority/challenge';
import { AuthorityError } from '@holdfast/authority/errors';
import type { ClusterLine, LogPins } from '@holdfast/authority/log-file';
import { fromBase64Url, toBase64Url, WireError } from '@holdfast/contract/wire';
import { type ClusterMembers, ClusterRefused, followSuccessions } from '../cluster/index.ts';

/** What `org create` writes into the file of an account. */
export interface LogReader {
  readonly orgId: string;
  /** Of the founding. */
  readonly clusterFingerprint: string;
  readonly members?: ClusterMembers;
  /** hex of 32 bytes. */
  readonly genesisHash?: string;
}

/**
 * The pins of an account, for `verifyLogFile`.
 *
 *     const log = await verifyLogFile(() => lines, logPins(account), { deps, signedBytes });
 */
export function logPins(account: LogReader, head?: string): LogPins {
  const { orgId: org, genesisHash } = account;
  return {
    ...{ org, members: (cluster) => membersOf(cluster, account) },
    ...(genesisHash === undefined ? {} : { genesisHash }),
    ...(head === undefined ? {} : { head }),
  };
}

/** The five of today, if the pinned founders lead to them. */
function membersOf(cluster: ClusterLine, account: LogReader): readonly Uint8Array[] {
  try {
    const today = followSuccessions(cluster.successions, account);
    const keys = cluster.identityKeys.map((text) => fromBase64Url(text, { bytes: 32 }));
    const found = toBase64Url(clusterFingerprint(cluster.epoch, keys));
    // The order is the roster's, so that an index names one signer only.
    const isInOrder = sortedBySignerId(keys).every((key, k) => key === keys[k]);
    if (cluster.epoch === today.epoch && found === today.fingerprint && isInOrder) return keys;
  } catch (cause) {
    if (!(cause instanceof ClusterRefused || cause instanceof WireError || cause instanceof RangeError)) throw cause;
    throw new AuthorityError('E_LOG_CLUSTER', cause.message, undefined, cause);
  }
  throw new AuthorityError('E_LOG_CLUSTER', 'the log file is of other signers than the pinned ones');
}
