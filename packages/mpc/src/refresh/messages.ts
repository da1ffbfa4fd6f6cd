/**
 * Slots and formats of a resharing: docs/specs/refresh.md §2.3. A round machine waits for every slot from every party,
 * so that one without a part in a round sends its slot empty; what a role must and must not send is checked by the run.
 */
import type { Curve } from '@holdfast/crypto/curves';
import { f, type Item, i } from '@holdfast/crypto/transcript';
import { format, partiesMax, type Slot } from '../runtime/index.ts';

export interface Commitment {
  /** SHA-512 over the sharing to start from, the roles and the new parameters. */
  readonly h: Uint8Array;
  /** Of a dealer. */
  readonly V: Uint8Array | undefined;
  /** Of a dealer whose key has a chain code: SHA-512 over it. */
  readonly chainCodeHash: Uint8Array | undefined;
}

/** What V opens to. Of a dealer; empty otherwise. */
export interface Opening {
  readonly rid: Uint8Array | undefined;
  /** C_k = a_k·G for k = 0…t′−1. */
  readonly C: readonly Uint8Array[];
  readonly u: Uint8Array | undefined;
}

/** From a dealer to a receiver; empty otherwise. */
export interface Deal {
  /** g_i(j), 32 bytes. */
  readonly sigma: Uint8Array | undefined;
  readonly chainCode: Uint8Array | undefined;
}

/** Schnorr proof of x′_j. Of a receiver; empty otherwise. */
export interface Proof {
  readonly A: Uint8Array | undefined;
  readonly z: Uint8Array | undefined;
}

/** Of a receiver; empty otherwise. */
export interface Acknowledged {
  /** Identity signature over the key statement, 64 bytes. */
  readonly signature: Uint8Array | undefined;
}

export interface ReshareSlots {
  /** Round 1, echoed. */
  readonly commitment: Slot<Commitment>;
  /** Round 2, to all; bound by V. */
  readonly opening: Slot<Opening>;
  /** Round 2, to one, signed: the receiver can show it to others when it is wrong. */
  readonly deal: Slot<Deal>;
  /** Round 3. */
  readonly proof: Slot<Proof>;
  /** Round 4. */
  readonly acknowledgement: Slot<Acknowledged>;
}

export function reshareSlots(curve: Curve): ReshareSlots {
  return {
    commitment: {
      round: 1,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/reshare/1/commitment/v1',
        fields: [f.bytes(64), f.optional(f.bytes(64)), f.optional(f.bytes(64))],
        write: ({ h, V, chainCodeHash }: Commitment) => [i.bytes(h), bytesOf(V), bytesOf(chainCodeHash)],
        read: ([h, V, chainCodeHash]) => ({ h, V, chainCodeHash }),
      }),
    },
    opening: {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: 'mpc/reshare/2/opening/v1',
        // The count of C is checked by the protocol, which has a code for it.
        fields: [
          f.optional(f.bytes(32)),
          f.list(f.point(curve.pointBytes), { max: 2 * partiesMax }),
          f.optional(f.bytes(32)),
        ],
        write: ({ rid, C, u }: Opening) => [bytesOf(rid), i.list(C.map((C_k) => i.point(C_k))), bytesOf(u)],
        read: ([rid, C, u]) => ({ rid, C, u }),
      }),
    },
    deal: {
      round: 2,
      kind: 'p2p',
      signed: true,
      format: format({
        tag: 'mpc/reshare/2/deal/v1',
        fields: [f.optional(f.scalar()), f.optional(f.bytes(32))],
        write: ({ sigma, chainCode }: Deal) => [scalarOf(sigma), bytesOf(chainCode)],
        read: ([sigma, chainCode]) => ({ sigma, chainCode }),
      }),
    },
    proof: {
      round: 3,
      kind: 'bcast',
      format: format({
        tag: 'mpc/reshare/3/proof/v1',
        fields: [f.optional(f.point(curve.pointBytes)), f.optional(f.scalar())],
        write: ({ A, z }: Proof) => [A === undefined ? i.absent : i.point(A), scalarOf(z)],
        read: ([A, z]) => ({ A, z }),
      }),
    },
    acknowledgement: {
      round: 4,
      kind: 'ack',
      format: format({
        tag: 'mpc/reshare/4/acknowledgement/v1',
        fields: [f.optional(f.bytes(64))],
        write: ({ signature }: Acknowledged) => [bytesOf(signature)],
        read: ([signature]) => ({ signature }),
      }),
    },
  };
}

function bytesOf(value: Uint8Array | undefined): Item {
  return value === undefined ? i.absent : i.bytes(value);
}

function scalarOf(value: Uint8Array | undefined): Item {
  return value === undefined ? i.absent : i.scalar(value);
}
