/**
 * Judging what a party sent, from the message bodies and public values alone: the same functions serve the addressee,
 * in a job, and anybody who is shown the signed messages later (evidence.ts). Each answers the code of the first fault.
 */
import { fromBytes } from '@holdfast/crypto/bigmod';
import { type Curve, type CurveName, curve as curveOf, type Point, type Scalar } from '@holdfast/crypto/curves';
import { AbortError, attempt, check, type Index } from '../runtime/index.ts';
import { type CommitmentRing, commitmentRing } from './commitment-ring.ts';
import { type Alert, productHash, type Round1, type Round2, slotsFor } from './messages.ts';
import { areMembers, type EncryptionKey, encryptionKey } from './paillier.ts';
import type { AuxOwn, AuxPublic } from './parameters.ts';
import { affGFormat, verifyAffG } from './proofs/aff-g.ts';
import { holds, type ProofContext, type ProofLabel } from './proofs/challenge.ts';
import { decFormat, verifyDec } from './proofs/dec.ts';
import { elogFormat, verifyElog } from './proofs/elog.ts';
import { encElgFormat, verifyEncElg } from './proofs/enc-elg.ts';

/** The public side of a run; structured-cloneable, for jobs. */
export interface RunFacts {
  readonly execId: Uint8Array;
  readonly curve: CurveName;
  readonly parties: readonly Index[];
  readonly publics: ReadonlyMap<Index, AuxPublic>;
  /** X⁺_j = λ_j·X_j, encoded. */
  readonly weightedShares: ReadonlyMap<Index, Uint8Array>;
}

export type Broadcasts = ReadonlyMap<Index, Uint8Array>;

/** The run, with everything made once that the checks of one message need. */
export interface Judge {
  readonly facts: RunFacts;
  readonly curve: Curve;
  readonly prover: Index;
  readonly verifier: Index;
  /** The verifier's: with its factors where the verifier is this party. */
  readonly ring: CommitmentRing;
  readonly proverKey: EncryptionKey;
  context(label: ProofLabel, verifier?: Index | 0): ProofContext;
}

export function judge(
  facts: RunFacts,
  { prover, verifier, own = {} }: { prover: Index; verifier: Index; own?: Pick<AuxOwn, 'pHat' | 'qHat'> },
): Judge {
  const curve = curveOf(facts.curve);
  return {
    facts,
    curve,
    prover,
    verifier,
    ring: commitmentRing(publicOf(facts, verifier).ringPedersen, own),
    proverKey: encryptionKey(publicOf(facts, prover).N),
    context: (label, towards = verifier) => ({ execId: facts.execId, curve, label, prover, verifier: towards }),
  };
}

export function publicOf(facts: Pick<RunFacts, 'publics'>, party: Index): AuxPublic {
  const found = facts.publics.get(party);
  if (found === undefined) throw new Error('bug: a party without auxiliary values');
  return found;
}

/** Runs checks that abort; the code of the abort, or undefined where all is well. */
function faultOf(verification: () => void): string | undefined {
  try {
    verification();
    return undefined;
  } catch (error) {
    if (error instanceof AbortError) return error.code;
    throw error;
  }
}

/** K_j and G_j are members, the points are points, and both are proven to be in range (§3.2). */
export function checkRound1(
  j: Judge,
  said: { readonly round1: Uint8Array; readonly proofs: Uint8Array },
): string | undefined {
  const slots = slotsFor(j.curve, j.facts.parties.length);
  return faultOf(() => {
    const m = slots.round1.format.decode(said.round1);
    const { psi0, psi1 } = slots.round1Proofs.format.decode(said.proofs);
    const [K, G] = [fromBytes(m.K), fromBytes(m.G)];
    check(areMembers(j.proverKey, { ciphertexts: [K, G] }), 'E_C_MEMBER');
    const points = pointsOfRound1(j.curve, m);
    check(points !== undefined, 'E_C_POINT');
    const { Y, A1, A2, B1, B2 } = points;
    const format = encElgFormat(j.curve);
    const { proverKey: key, ring } = j;
    const holdsFor = (label: ProofLabel, body: Uint8Array, o: { K: bigint; A1: Point; A2: Point }): boolean =>
      holds(() => check(verifyEncElg(j.context(label), { key, ring, Y, ...o }, format.decode(body)), 'E_PROOF'));
    check(holdsFor('enc.k', psi0, { K, A1, A2 }), 'E_C_ENCELG');
    check(holdsFor('enc.gamma', psi1, { K: G, A1: B1, A2: B2 }), 'E_C_ENCELG');
  });
}

export interface Round1Points {
  readonly Y: Point;
  readonly A1: Point;
  readonly A2: Point;
  readonly B1: Point;
  readonly B2: Point;
}

export function pointsOfRound1(curve: Curve, m: Round1): Round1Points | undefined {
  return attempt(() => ({
    Y: curve.decodePoint(m.Y),
    A1: curve.decodePoint(m.A1),
    A2: curve.decodePoint(m.A2),
    B1: curve.decodePoint(m.B1),
    B2: curve.decodePoint(m.B2),
  }));
}

/**
 * Γ_j is the γ_j of G_j's ElGamal commitment, and both products are well made from K of the verifier (§3.4). `owner` is
 * the verifier's Paillier key, with its factors where the verifier is this party.
 */
export function checkRound2(
  j: Judge,
  said: {
    readonly ownRound1: Uint8Array;
    readonly round1: Uint8Array;
    readonly round2: Uint8Array;
    readonly products: Uint8Array;
    readonly owner?: EncryptionKey;
  },
): string | undefined {
  const { facts, curve, prover, verifier, ring } = j;
  const slots = slotsFor(curve, facts.parties.length);
  const owner = said.owner ?? encryptionKey(publicOf(facts, verifier).N);
  return faultOf(() => {
    const round1 = pointsOfRound1(curve, slots.round1.format.decode(said.round1));
    if (round1 === undefined) throw new Error('bug: round 1 was not checked');
    const m = slots.round2.format.decode(said.round2);
    const p = slots.round2Products.format.decode(said.products);
    const Gamma = attempt(() => curve.decodePoint(m.Gamma));
    check(Gamma !== undefined, 'E_C_POINT');
    check(hashesMatch(j, m, p), 'E_C_PRODUCT');
    const elog = { L: round1.B1, M: round1.B2, X: round1.Y, Yp: Gamma, h: curve.base };
    const isElog = holds(() =>
      check(verifyElog(j.context('elog.gamma', 0), elog, elogFormat(curve).decode(m.psi)), 'E_PROOF'),
    );
    check(isElog, 'E_C_ELOG1');

    const [D, F, DHat, FHat] = [fromBytes(p.D), fromBytes(p.F), fromBytes(p.DHat), fromBytes(p.FHat)];
    check(areMembers(owner, { ciphertexts: [D, DHat] }), 'E_C_MEMBER');
    check(areMembers(j.proverKey, { ciphertexts: [F, FHat] }), 'E_C_MEMBER');
    const C = fromBytes(slots.round1.format.decode(said.ownRound1).K);
    const statement = { owner, prover: j.proverKey, ring, C };
    const isProduct = (label: ProofLabel, body: Uint8Array, o: { D: bigint; Y: bigint; X: Point }): boolean =>
      holds(() =>
        check(verifyAffG(j.context(label), { ...statement, ...o }, affGFormat(curve).decode(body)), 'E_PROOF'),
      );
    check(isProduct('affg.gamma', p.psi, { D, Y: F, X: Gamma }), 'E_C_AFFG');
    const X = curve.decodePoint(weightedShareOf(facts, prover));
    check(isProduct('affg.x', p.psiHat, { D: DHat, Y: FHat, X }), 'E_C_AFFGX');
  });
}

export function weightedShareOf(facts: RunFacts, party: Index): Uint8Array {
  const found = facts.weightedShares.get(party);
  if (found === undefined) throw new Error('bug: a party without a share');
  return found;
}

/** Position of `party` in a list of the others of `of`, in index order. */
export function placeOf(parties: readonly Index[], { of, party }: { of: Index; party: Index }): number {
  return parties.filter((p) => p !== of).indexOf(party);
}

function hashesMatch(
  { facts, prover, verifier }: Judge,
  m: Round2,
  p: { D: Uint8Array; F: Uint8Array; DHat: Uint8Array; FHat: Uint8Array },
): boolean {
  const said = m.products[placeOf(facts.parties, { of: prover, party: verifier })];
  if (said === undefined) return false;
  const { execId } = facts;
  return (
    same(said[0], productHash(execId, 'gamma', p.D, p.F)) && same(said[1], productHash(execId, 'x', p.DHat, p.FHat))
  );
}

/** Δ_j = k_j·Γ for the k_j of A1_j, A2_j (§3.5, step 1). */
export function checkRound3(
  curve: Curve,
  context: ProofContext,
  o: { readonly round1: Round1Points; readonly Gamma: Point; readonly Delta: Point; readonly psi: Uint8Array },
): boolean {
  const { A1, A2, Y } = o.round1;
  return holds(() => {
    const statement = { L: A1, M: A2, X: Y, Yp: o.Delta, h: o.Gamma };
    check(verifyElog(context, statement, elogFormat(curve).decode(o.psi)), 'E_PROOF');
  });
}

/**
 * The prover's alert message (§3.8): the ciphertexts it names are those that were committed to, the sum of its products
 * is what it claimed (Π^dec), and its products for third parties are well made (Π^aff-g under this verifier's ring).
 */
export function checkAlert(
  j: Judge,
  said: {
    readonly which: 'gamma' | 'x';
    readonly round1: Broadcasts;
    readonly round2: Broadcasts;
    /** Γ_j and δ_j·G over G, or X⁺_j and S_j over Γ; encoded. */
    readonly X: Uint8Array;
    readonly Sy: Uint8Array;
    readonly h: Uint8Array;
    readonly alert: Uint8Array;
  },
): boolean {
  const { facts, curve, prover, verifier, ring, proverKey: key } = j;
  const { parties, execId } = facts;
  const slots = slotsFor(curve, parties.length);
  const { which } = said;
  const side = which === 'gamma' ? 0 : 1;
  const others = parties.filter((p) => p !== prover);
  const round2 = (p: Index): Round2 => slots.round2.format.decode(said.round2.get(p) ?? new Uint8Array());
  const KOf = (p: Index): bigint => fromBytes(slots.round1.format.decode(said.round1.get(p) ?? new Uint8Array()).K);
  return holds(() => {
    const alert: Alert = slots.alert.format.decode(said.alert);
    const X = curve.decodePoint(said.X);
    // Each ciphertext is the one whose hash its sender broadcast.
    const received = others.every((p, at) => {
      const [D, F] = alert.pairs[at] as Alert['pairs'][number];
      const hash = round2(p).products[placeOf(parties, { of: p, party: prover })]?.[side];
      return hash !== undefined && same(hash, productHash(execId, which, D, F));
    });
    check(received, 'E_PROOF');
    const own = round2(prover);
    const sent = others.every((_, at) => {
      const [, , D, F] = alert.pairs[at] as Alert['pairs'][number];
      const hash = own.products[at]?.[side];
      return hash !== undefined && same(hash, productHash(execId, which, D, F));
    });
    check(sent, 'E_PROOF');

    const D = productsJoined(key, alert.pairs);
    const dec = { key, ring, K: KOf(prover), D, X, Sy: curve.decodePoint(said.Sy), h: curve.decodePoint(said.h) };
    check(verifyDec(j.context(`dec.${which}`), dec, decFormat(curve).decode(alert.dec)), 'E_PROOF');

    const third = others.filter((p) => p !== verifier);
    third.forEach((p, at) => {
      const [, , Dij, Fij] = alert.pairs[others.indexOf(p)] as Alert['pairs'][number];
      const owner = encryptionKey(publicOf(facts, p).N);
      const statement = { owner, prover: key, ring, C: KOf(p), D: fromBytes(Dij), Y: fromBytes(Fij), X };
      const proof = affGFormat(curve).decode(alert.affG[at] as Uint8Array);
      check(verifyAffG(j.context(`alert.${which}`), statement, proof), 'E_PROOF');
    });
  });
}

export interface AlertFacts {
  readonly which: 'gamma' | 'x';
  readonly Gamma_j: Point;
  readonly weighted: Uint8Array;
  readonly delta: Scalar;
  readonly S: Point;
  readonly Gamma: Point;
}

/** X, Sy and h of Π^dec: Γ_j and δ_j·G over G, or X⁺_j and S_j over Γ. */
export function alertStatement(curve: Curve, o: AlertFacts): { X: Uint8Array; Sy: Uint8Array; h: Uint8Array } {
  const [X, Sy, h] =
    o.which === 'gamma'
      ? [curve.encodePoint(o.Gamma_j), curve.mulBase(o.delta), curve.base]
      : [o.weighted, o.S, o.Gamma];
  return { X, Sy: curve.encodePoint(Sy), h: curve.encodePoint(h) };
}

/** σ_j·Γ = h·Δ̃_j + r·S̃_j; multiplied by δ, so that nothing has to be inverted. */
export function isPartial(
  curve: Curve,
  o: { sigma: Scalar; Gamma: Point; delta: Scalar; Delta: Point; S: Point; h: Scalar; r: Scalar },
): boolean {
  const left = curve.mulPublic(o.Gamma, curve.scalar.mul(o.sigma, o.delta));
  const right = curve.linear([
    { k: o.h, p: o.Delta },
    { k: o.r, p: o.S },
  ]);
  return curve.equals(left, right);
}

/** D⋆ = ∏_j D_ji·F_ij⁻¹ mod N_i²: what all products add up to, up to the own one (§3.8, step 2). */
export function productsJoined(key: EncryptionKey, pairs: Alert['pairs']): bigint {
  let numerator = 1n;
  let denominator = 1n;
  for (const [Dji, , , Fij] of pairs) {
    numerator = key.byN2.mul(numerator, fromBytes(Dji));
    denominator = key.byN2.mul(denominator, fromBytes(Fij));
  }
  return key.byN2.mul(numerator, key.byN2.inverse(denominator));
}

/** Both are public. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, k) => byte === b[k]);
}
