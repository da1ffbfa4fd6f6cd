/** Slots and formats of a joint sharing: docs/specs/key-generation.md §3, docs/specs/import.md §2 and docs/specs/refresh.md §1. */
import type { Curve } from '@holdfast/crypto/curves';
import { f, i } from '@holdfast/crypto/transcript';
import { format, partiesMax, type Slot } from '../runtime/index.ts';
import type { Opening } from './dealing.ts';

/** Names a joint sharing in every tag of it. */
export type SharingRunName = 'dkg' | 'import' | 'refresh';

export interface Commitment {
  /** SHA-512 over what all parties must already agree on: parameters, and in an import the public shares. */
  readonly h: Uint8Array;
  readonly V: Uint8Array;
}

export interface SharingSlots {
  /** Round 1, echoed. */
  readonly commitment: Slot<Commitment>;
  /** Round 2, to all; bound by V. */
  readonly opening: Slot<Opening>;
  /** Round 2, to one, signed: f_i(j), 32 bytes. The receiver can show it to others when it is wrong. */
  readonly subshare: Slot<Uint8Array>;
  /** Round 3: z of the Schnorr proof of x_i, 32 bytes. */
  readonly proof: Slot<Uint8Array>;
  /** Round 4: the identity signature over the key statement, 64 bytes. */
  readonly acknowledgement: Slot<Uint8Array>;
}

export function sharingSlots({ run, curve }: { run: SharingRunName; curve: Curve }): SharingSlots {
  const scalar = (tag: string) =>
    format({ tag, fields: [f.scalar()], write: (k: Uint8Array) => [i.scalar(k)], read: ([k]) => k });

  return {
    commitment: {
      round: 1,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: `mpc/${run}/1/commitment/v1`,
        fields: [f.bytes(64), f.bytes(64)],
        write: ({ h, V }: Commitment) => [i.bytes(h), i.bytes(V)],
        read: ([h, V]) => ({ h, V }),
      }),
    },
    opening: {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: `mpc/${run}/2/opening/v1`,
        // The count of C is checked by the protocol, which has a code for it.
        fields: [
          f.bytes(32),
          f.list(f.point(curve.pointBytes), { max: 2 * partiesMax }),
          f.point(curve.pointBytes),
          f.optional(f.bytes({ max: 32 })),
          f.bytes(32),
        ],
        write: ({ rid, C, A, chainCode, u }: Opening) => [
          i.bytes(rid),
          i.list(C.map((C_k) => i.point(C_k))),
          i.point(A),
          chainCode === undefined ? i.absent : i.bytes(chainCode),
          i.bytes(u),
        ],
        read: ([rid, C, A, chainCode, u]) => ({ rid, C, A, chainCode, u }),
      }),
    },
    subshare: { round: 2, kind: 'p2p', signed: true, format: scalar(`mpc/${run}/2/subshare/v1`) },
    proof: { round: 3, kind: 'bcast', format: scalar(`mpc/${run}/3/proof/v1`) },
    acknowledgement: {
      round: 4,
      kind: 'ack',
      format: format({
        tag: `mpc/${run}/4/acknowledgement/v1`,
        fields: [f.bytes(64)],
        write: (signature: Uint8Array) => [i.bytes(signature)],
        read: ([signature]) => signature,
      }),
    },
  };
}
