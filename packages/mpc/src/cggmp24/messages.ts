/**
 * What the parties of a signature say to each other (docs/specs/cggmp24.md §3). Bodies are taken apart in two steps:
 * the machine checks the form, and whoever judges a message (a job, or a stranger with the evidence) decodes the points,
 * ciphertexts and proofs in it, so that a value outside its group is blamed by its own code.
 */
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import { enc, f, i, sha512_256 } from '@holdfast/crypto/transcript';
import { format, type Slot } from '../runtime/index.ts';
import { modulusBytes } from './parameters.ts';

/** Encoded Π^enc-elg is at most 2.6 kB long, Π^aff-g and Π^dec 5.3 kB, Π^elog 0.2 kB. */
const encElgBytesMax = 3_072;
const affGBytesMax = 6_144;
const elogBytesMax = 512;
const inN2 = f.bytes(2 * modulusBytes);

export interface Round1 {
  /** Hash of all that the parties must agree on before a nonce exists. */
  readonly context: Uint8Array;
  readonly K: Uint8Array;
  readonly G: Uint8Array;
  readonly Y: Uint8Array;
  readonly A1: Uint8Array;
  readonly A2: Uint8Array;
  readonly B1: Uint8Array;
  readonly B2: Uint8Array;
}

export interface Round1Proofs {
  /** Π^enc-elg of K and of G, under the addressee's ring-Pedersen parameters. */
  readonly psi0: Uint8Array;
  readonly psi1: Uint8Array;
}

export interface Round2 {
  readonly view: Uint8Array;
  readonly Gamma: Uint8Array;
  readonly psi: Uint8Array;
  /** For every other party in index order: hashes of (D, F) and of (D̂, F̂), so that the alert can speak of them. */
  readonly products: readonly (readonly [gamma: Uint8Array, x: Uint8Array])[];
}

export interface Round2Products {
  readonly D: Uint8Array;
  readonly F: Uint8Array;
  readonly DHat: Uint8Array;
  readonly FHat: Uint8Array;
  readonly psi: Uint8Array;
  readonly psiHat: Uint8Array;
}

export interface Round3 {
  readonly view: Uint8Array;
  readonly delta: Scalar;
  readonly S: Uint8Array;
  readonly Delta: Uint8Array;
  readonly psi: Uint8Array;
}

export interface Partial {
  readonly view: Uint8Array;
  readonly sigma: Scalar;
}

/** [D_ji, F_ji, D_ij, F_ij]: what i received from j and what it sent to j. */
export type Pair = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

export interface Alert {
  readonly view: Uint8Array;
  /** One for every other party in index order, the addressee included. */
  readonly pairs: readonly Pair[];
  readonly dec: Uint8Array;
  /** For every other party but the addressee, in index order: Π^aff-g of the product sent to it, for the addressee. */
  readonly affG: readonly Uint8Array[];
}

export interface Slots {
  readonly round1: Slot<Round1>;
  readonly round1Proofs: Slot<Round1Proofs>;
  readonly round2: Slot<Round2>;
  readonly round2Products: Slot<Round2Products>;
  readonly round3: Slot<Round3>;
  readonly partial: Slot<Partial>;
  readonly alert: Slot<Alert>;
}

/** For `n` participants. Every slot is signed: each of these messages can be evidence. */
export function slotsFor(curve: Curve, n: number): Slots {
  const point = f.point(curve.pointBytes);
  const hash = f.bytes(32);
  return {
    round1: {
      round: 1,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/cggmp24/1/commitments/v1',
        fields: [hash, inN2, inN2, point, point, point, point, point],
        write: (m: Round1) => [
          i.bytes(m.context),
          i.bytes(m.K),
          i.bytes(m.G),
          ...[m.Y, m.A1, m.A2, m.B1, m.B2].map((p) => i.point(p)),
        ],
        read: ([context, K, G, Y, A1, A2, B1, B2]) => ({ context, K, G, Y, A1, A2, B1, B2 }),
      }),
    },
    round1Proofs: {
      round: 1,
      kind: 'p2p',
      signed: true,
      format: format({
        tag: 'mpc/cggmp24/1/proofs/v1',
        fields: [f.bytes({ max: encElgBytesMax }), f.bytes({ max: encElgBytesMax })],
        write: (m: Round1Proofs) => [i.bytes(m.psi0), i.bytes(m.psi1)],
        read: ([psi0, psi1]) => ({ psi0, psi1 }),
      }),
    },
    round2: {
      round: 2,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/cggmp24/2/gamma/v1',
        fields: [hash, point, f.bytes({ max: elogBytesMax }), f.list(f.tuple(hash, hash), { count: n - 1 })],
        write: (m: Round2) => [
          i.bytes(m.view),
          i.point(m.Gamma),
          i.bytes(m.psi),
          i.list(m.products.map(([gamma, x]) => i.list([i.bytes(gamma), i.bytes(x)]))),
        ],
        read: ([view, Gamma, psi, products]) => ({ view, Gamma, psi, products }),
      }),
    },
    round2Products: {
      round: 2,
      kind: 'p2p',
      signed: true,
      format: format({
        tag: 'mpc/cggmp24/2/products/v1',
        fields: [inN2, inN2, inN2, inN2, f.bytes({ max: affGBytesMax }), f.bytes({ max: affGBytesMax })],
        write: (m: Round2Products) => [m.D, m.F, m.DHat, m.FHat, m.psi, m.psiHat].map((b) => i.bytes(b)),
        read: ([D, F, DHat, FHat, psi, psiHat]) => ({ D, F, DHat, FHat, psi, psiHat }),
      }),
    },
    round3: {
      round: 3,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/cggmp24/3/delta/v1',
        fields: [hash, f.scalar(), point, point, f.bytes({ max: elogBytesMax })],
        write: (m: Round3) => [i.bytes(m.view), i.scalar(m.delta), i.point(m.S), i.point(m.Delta), i.bytes(m.psi)],
        read: ([view, delta, S, Delta, psi]) => ({ view, delta: curve.scalar.decode(delta), S, Delta, psi }),
      }),
    },
    partial: {
      round: 4,
      kind: 'bcast',
      signed: true,
      format: format({
        tag: 'mpc/cggmp24/4/partial/v1',
        fields: [hash, f.scalar()],
        write: (m: Partial) => [i.bytes(m.view), i.scalar(m.sigma)],
        read: ([view, sigma]) => ({ view, sigma: curve.scalar.decode(sigma) }),
      }),
    },
    alert: {
      round: 4,
      kind: 'p2p',
      signed: true,
      format: format({
        tag: 'mpc/cggmp24/4/alert/v1',
        fields: [
          hash,
          f.list(f.tuple(inN2, inN2, inN2, inN2), { count: n - 1 }),
          f.bytes({ max: affGBytesMax }),
          f.list(f.bytes({ max: affGBytesMax }), { count: n - 2 }),
        ],
        write: (m: Alert) => [
          i.bytes(m.view),
          i.list(m.pairs.map((pair) => i.list(pair.map((C) => i.bytes(C))))),
          i.bytes(m.dec),
          i.list(m.affG.map((psi) => i.bytes(psi))),
        ],
        read: ([view, pairs, dec, affG]) => ({ view, pairs, dec, affG }),
      }),
    },
  };
}

/**
 * What a party saw in a round, as everybody says it in the next: SHA-512/256 over all broadcasts, own one included, in
 * index order. The echo has made the parties agree; this makes each sign that it did, so that nobody can later be
 * accused over another version.
 */
export function viewOf(execId: Uint8Array, round: number, bodies: readonly Uint8Array[]): Uint8Array {
  return sha512_256(
    enc('mpc/cggmp24/view/v1', i.bytes(execId), i.uint(round), i.list(bodies.map((body) => i.bytes(body)))),
  );
}

/** One entry of Round2.products. */
export function productHash(execId: Uint8Array, label: 'gamma' | 'x', D: Uint8Array, F: Uint8Array): Uint8Array {
  return sha512_256(enc('mpc/cggmp24/product/v1', i.bytes(execId), i.text(label), i.bytes(D), i.bytes(F)));
}
