/** What this signer knows of the cluster from its own roster file, and what it derives from it. Never from a command. */

import { type Identity, type Roster, signerAt } from '@holdfast/cluster/roster';
import { toHex } from '@holdfast/contract/wire';
import { type CurveName, verifyEd25519 } from '@holdfast/crypto/curves';
import { execIdDocument, sha512_256 } from '@holdfast/crypto/transcript';
import type { MpcEnv } from '@holdfast/mpc/runtime';
import type { PointMap } from '../store/index.ts';

/** Any three sign (mpc-protocols.md §0.1). */
export const THRESHOLD = 3;

/** Evaluation point → roster index of the parties of one run. */
export type Parties = ReadonlyMap<number, number>;

export interface ExecParts {
  readonly protocol: string;
  readonly keyId: string;
  readonly curve: CurveName;
  readonly parties: Parties;
  readonly runNonce: Uint8Array;
  /** Absent while the key does not exist. */
  readonly key?: { readonly epoch: Uint8Array; readonly publicKey: Uint8Array };
  readonly requestHash?: Uint8Array;
  readonly session?: Uint8Array;
}

export interface ClusterView {
  readonly roster: Roster;
  /** This signer's place, 1…5. */
  readonly index: number;
  readonly signerId: Uint8Array;
  readonly identity: Identity;
  /** All five; points of new keys equal roster indices. */
  everybody(): Parties;
  /** The roster as a point map, for new keys. */
  points(): PointMap;
  execId(parts: ExecParts): Uint8Array;
  /** What an id is the hash of, where it is one of the last that this process made: evidence has to show it. */
  documentOf(execId: Uint8Array): Uint8Array | undefined;
  mpcEnv(parties: Parties): MpcEnv;
}

/** Above the number of runs at a time, those of a group included. */
const DOCUMENTS_MAX = 1_024;

/** Version of the protocols' wire behaviour inside the execution id: two releases that differ never share a run. */
const PROTOCOL_VERSION = 1;
/** What has changed since: what engine H draws (docs/specs/honest-majority-ecdsa.md §7). */
const LATER_VERSIONS: Readonly<Record<string, number>> = { 'ecdsa-h': 2, 'group-columns': 2 };

export function createClusterView(o: {
  roster: Roster;
  index: number;
  identity: Identity;
  random: (n: number) => Uint8Array;
}): ClusterView {
  const { roster, index, identity } = o;
  const me = signerAt(roster, index);
  if (me === undefined) throw new Error('bug: the roster has no such signer');
  const everybody = new Map(roster.signers.map((s) => [s.index, s.index]));
  const documents = new Map<string, Uint8Array>();
  const remember = (document: Uint8Array): Uint8Array => {
    const id = sha512_256(document);
    documents.set(toHex(id), document);
    const oldest = documents.keys().next().value;
    if (documents.size > DOCUMENTS_MAX && oldest !== undefined) documents.delete(oldest);
    return id;
  };

  return {
    roster,
    index,
    signerId: me.signerId,
    identity,
    everybody: () => everybody,
    points: () => roster.signers.map((s) => ({ signerId: s.signerId, index: s.index })),
    documentOf: (execId) => documents.get(toHex(execId)),
    execId: (parts) =>
      remember(
        execIdDocument({
          protocol: parts.protocol,
          version: LATER_VERSIONS[parts.protocol] ?? PROTOCOL_VERSION,
          clusterId: roster.clusterId,
          clusterEpoch: roster.epoch,
          keyId: parts.keyId,
          keyEpoch: parts.key?.epoch ?? new Uint8Array(),
          curve: parts.curve,
          n: roster.signers.length,
          t: THRESHOLD,
          participants: [...parts.parties].map(([point, rosterIndex]) => {
            const signer = signerAt(roster, rosterIndex);
            if (signer === undefined) throw new Error('bug: a party outside the roster');
            return { index: point, signerId: signer.signerId, identityKey: signer.identityKey };
          }),
          publicKey: parts.key?.publicKey ?? new Uint8Array(),
          requestHash: parts.requestHash ?? new Uint8Array(),
          runNonce: parts.runNonce,
          ...(parts.session === undefined ? {} : { session: parts.session }),
        }),
      ),
    mpcEnv: (parties) => ({
      random: o.random,
      sign: (bytes) => identity.sign(bytes),
      // By libsodium where it is there: stricter than OpenSSL, which accepts whatever it accepts, and almost twice as
      // fast; key generation spends much of its time here.
      verify(party, bytes, signature) {
        const signer = signerAt(roster, parties.get(party) ?? 0);
        return signer !== undefined && verifyEd25519({ publicKey: signer.identityKey, message: bytes, signature });
      },
    }),
  };
}
