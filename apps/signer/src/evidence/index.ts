/**
 * Evidence files (docs/specs/evidence.md §4): what a signer kept of a run in which somebody deviated, as anybody can judge it
 * who has the cluster's roster. Offline; needs no secret.
 */

import { clusterFingerprint } from '@holdfast/authority/challenge';
import { clusterIdOf } from '@holdfast/authority/ids';
import { parseChain, type Roster, signerId } from '@holdfast/cluster/roster';
import { verifyEd25519 } from '@holdfast/crypto/curves';
import { equalBytes } from '@holdfast/crypto/transcript';
import { decodeEvidence, verifyEvidence } from '@holdfast/mpc/evidence';
import { RefusedError } from '@holdfast/mpc/runtime';
import { check, refuse } from '../refusal/index.ts';

/** Far above what any run leaves behind. */
export const EVIDENCE_BYTES_MAX = 8 * 1024 * 1024;

export interface JudgedEvidence {
  /** Of the run, as its execution id names it. */
  readonly protocol: string;
  readonly code: string;
  readonly keyId: string;
  readonly execId: Uint8Array;
  readonly clusterEpoch: number;
  /** Identity keys of those it convicts: one or more. */
  readonly convicted: readonly Uint8Array[];
}

/**
 * Refuses E_EVIDENCE where it is no evidence, cut short or altered; E_EVIDENCE_ROSTER where it is about signers of another
 * cluster; E_EVIDENCE_NOTHING where it is coherent and convicts nobody.
 */
export function judgeEvidence(file: Uint8Array, roster: Roster): JudgedEvidence {
  check(file.length <= EVIDENCE_BYTES_MAX, 'E_EVIDENCE', `evidence is at most ${EVIDENCE_BYTES_MAX} bytes`);
  const evidence = reading(() => decodeEvidence(file));
  const { run, execId, proven } = reading(() =>
    verifyEvidence(evidence, (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature })),
  );
  const members = membersAt(roster, run.clusterEpoch);
  const isOurs =
    members !== undefined &&
    run.clusterId === clusterIdOf(clusterFingerprint(run.clusterEpoch, members)) &&
    run.participants.every(
      (each) =>
        equalBytes(signerId(each.identityKey), each.signerId) &&
        members.some((key) => equalBytes(key, each.identityKey)),
    );
  check(isOurs, 'E_EVIDENCE_ROSTER', `the evidence is about signers of another cluster, ${run.clusterId}`);
  check(
    proven.length > 0,
    'E_EVIDENCE_NOTHING',
    `the evidence is in its proper form and shows nothing (${evidence.code})`,
  );
  const { code } = evidence;
  // What the machine called itself, and the round it ended in, are under nobody's signature: not told.
  const { protocol, keyId, clusterEpoch } = run;
  const convicted = run.participants.filter(({ index }) => proven.includes(index)).map((each) => each.identityKey);
  return { protocol, code, keyId, execId, clusterEpoch, convicted };
}

/** Identity keys of the roster of that epoch: today's, or one that it followed from. */
function membersAt(roster: Roster, epoch: number): readonly Uint8Array[] | undefined {
  if (epoch === roster.epoch) return roster.signers.map(({ identityKey }) => identityKey);
  const chain = roster.successions === '' ? [] : parseChain(roster.successions);
  return chain.find(({ from }) => from.epoch === epoch)?.from.identityKeys;
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RefusedError)) throw cause;
    return refuse('E_EVIDENCE', cause.message);
  }
}
