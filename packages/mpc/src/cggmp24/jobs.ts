/**
 * The heavy steps of a signature as jobs (docs/specs/runtime.md §8): pure functions of bytes, moduli and a seed. A seed
 * is 64 fresh bytes of the run; what is drawn from it is drawn by purpose, so that the alert can draw the same β, s and r
 * again without their having been kept.
 */
import { fromBytes, mod, toBytes } from '@holdfast/crypto/bigmod';
import { type Curve, curve as curveOf, type Scalar } from '@holdfast/crypto/curves';
import type { Index, JobKind } from '../runtime/index.ts';
import {
  checkAlert,
  checkRound1,
  checkRound2,
  judge,
  pointsOfRound1,
  productsJoined,
  publicOf,
  type RunFacts,
  weightedShareOf,
} from './checks.ts';
import { commitmentRing } from './commitment-ring.ts';
import { type Pair, slotsFor } from './messages.ts';
import { decryptionKey, encrypt, encryptionKey } from './paillier.ts';
import { type AuxOwn, ellPrime, modulusBytes } from './parameters.ts';
import { affGFormat, proveAffG } from './proofs/aff-g.ts';
import { type Draw, drawing, type ProofLabel, powerOfTwo } from './proofs/challenge.ts';
import { decFormat, proveDec } from './proofs/dec.ts';
import { encElgFormat, proveEncElg } from './proofs/enc-elg.ts';

/** Who computes, with what secrets. */
interface OwnFacts {
  readonly run: RunFacts;
  readonly self: Index;
  readonly own: AuxOwn;
}

const inN2 = (C: bigint): Uint8Array => toBytes(C, 2 * modulusBytes);
/** The representative in 0…q−1: within ±2^ℓ like the symmetric one, and no sign to branch on. */
const integer = (curve: Curve, k: Scalar): bigint => curve.scalar.toBigInt(k);
const rhoOf = (seed: Uint8Array, N: bigint): bigint => drawing(seed, 'rho').unit(N);

/** K_i = Enc_i(k_i; ρ_i), and G_i alike. */
export const encryptJob: JobKind<
  { readonly own: AuxOwn; readonly curve: Curve['name']; readonly k: Scalar; readonly seed: Uint8Array },
  Uint8Array
> = {
  name: 'cggmp24.encrypt',
  run: ({ own, curve, k, seed }) => {
    const key = decryptionKey(own);
    return inN2(encrypt(key, integer(curveOf(curve), k), rhoOf(seed, key.N)));
  },
};

export interface ProveRound1 extends OwnFacts {
  readonly verifier: Index;
  /** This party's own broadcast. */
  readonly round1: Uint8Array;
  readonly k: Scalar;
  readonly gamma: Scalar;
  readonly a: Scalar;
  readonly b: Scalar;
  readonly seedK: Uint8Array;
  readonly seedG: Uint8Array;
  readonly seed: Uint8Array;
}

/** Body of Round1Proofs for one verifier. */
export const proveRound1Job: JobKind<ProveRound1, Uint8Array> = {
  name: 'cggmp24.prove-round1',
  run: (o) => {
    const curve = curveOf(o.run.curve);
    const slots = slotsFor(curve, o.run.parties.length);
    const key = decryptionKey(o.own);
    const ring = commitmentRing(publicOf(o.run, o.verifier).ringPedersen);
    const m = slots.round1.format.decode(o.round1);
    const points = pointsOfRound1(curve, m);
    if (points === undefined) throw new Error('bug: own points');
    const { Y, A1, A2, B1, B2 } = points;
    const prove = (
      label: ProofLabel,
      statement: { K: bigint; A1: typeof A1; A2: typeof A2 },
      witness: { k: Scalar; seed: Uint8Array; a: Scalar },
    ): Uint8Array => {
      const ctx = { execId: o.run.execId, curve, label, prover: o.self, verifier: o.verifier };
      const secret = { k: integer(curve, witness.k), rho: rhoOf(witness.seed, key.N), a: witness.a };
      return encElgFormat(curve).encode(
        proveEncElg(ctx, { key, ring, Y, ...statement }, secret, drawing(o.seed, label)),
      );
    };
    return slots.round1Proofs.format.encode({
      psi0: prove('enc.k', { K: fromBytes(m.K), A1, A2 }, { k: o.k, seed: o.seedK, a: o.a }),
      psi1: prove('enc.gamma', { K: fromBytes(m.G), A1: B1, A2: B2 }, { k: o.gamma, seed: o.seedG, a: o.b }),
    });
  },
};

export interface VerifyRound1 extends OwnFacts {
  readonly prover: Index;
  readonly round1: Uint8Array;
  readonly proofs: Uint8Array;
}

/** The code of the first fault, or an empty text. */
export const verifyRound1Job: JobKind<VerifyRound1, string> = {
  name: 'cggmp24.verify-round1',
  run: (o) => checkRound1(judge(o.run, { prover: o.prover, verifier: o.self, own: o.own }), o) ?? '',
};

/** β, s and r of one product, the same whenever they are drawn. */
function maskOf(seed: Uint8Array, which: 'gamma' | 'x', o: { owner: bigint; prover: bigint }) {
  const draw: Draw = drawing(seed, `product.${which}`);
  return { beta: draw.signed(powerOfTwo(ellPrime)), rho: draw.unit(o.owner), rhoY: draw.unit(o.prover) };
}

export interface Multiply extends OwnFacts {
  readonly verifier: Index;
  /** The verifier's broadcast of round 1. */
  readonly round1: Uint8Array;
  readonly gamma: Scalar;
  readonly Gamma: Uint8Array;
  /** x⁺_i. */
  readonly x: Scalar;
  readonly maskSeed: Uint8Array;
  readonly seed: Uint8Array;
}

/** Round2Products for one verifier, and this party's shares β and β̂ of the two products modulo q. */
export const multiplyJob: JobKind<
  Multiply,
  { readonly products: Uint8Array; readonly beta: Uint8Array; readonly betaHat: Uint8Array }
> = {
  name: 'cggmp24.multiply',
  run: (o) => {
    const curve = curveOf(o.run.curve);
    const slots = slotsFor(curve, o.run.parties.length);
    const prover = decryptionKey(o.own);
    const them = publicOf(o.run, o.verifier);
    const owner = encryptionKey(them.N);
    const ring = commitmentRing(them.ringPedersen);
    const K = fromBytes(slots.round1.format.decode(o.round1).K);
    const powersOfC = owner.byN2.powers(K);
    const product = (which: 'gamma' | 'x', secret: Scalar, X: Uint8Array) => {
      const mask = maskOf(o.maskSeed, which, { owner: owner.N, prover: prover.N });
      const [x, y] = [integer(curve, secret), -mask.beta];
      const D = owner.byN2.mul(powersOfC(x), encrypt(owner, y, mask.rho));
      const Y = encrypt(prover, y, mask.rhoY);
      const label: ProofLabel = `affg.${which}`;
      const ctx = { execId: o.run.execId, curve, label, prover: o.self, verifier: o.verifier };
      const statement = { owner, prover, ring, C: K, D, Y, X: curve.decodePoint(X), powersOfC };
      const proof = proveAffG(ctx, statement, { x, y, rho: mask.rho, rhoY: mask.rhoY }, drawing(o.seed, label));
      const beta: Uint8Array = curve.scalar.fromBigInt(mod(mask.beta, curve.order));
      return { D: inN2(D), F: inN2(Y), psi: affGFormat(curve).encode(proof), beta };
    };
    const byGamma = product('gamma', o.gamma, o.Gamma);
    const byX = product('x', o.x, weightedShareOf(o.run, o.self));
    return {
      products: slots.round2Products.format.encode({
        D: byGamma.D,
        F: byGamma.F,
        DHat: byX.D,
        FHat: byX.F,
        psi: byGamma.psi,
        psiHat: byX.psi,
      }),
      beta: byGamma.beta,
      betaHat: byX.beta,
    };
  },
};

export interface VerifyRound2 extends OwnFacts {
  readonly prover: Index;
  readonly ownRound1: Uint8Array;
  readonly round1: Uint8Array;
  readonly round2: Uint8Array;
  readonly products: Uint8Array;
}

export interface Received2 {
  /** Empty where there is none. */
  readonly fault: string;
  /** α and α̂ modulo q. */
  readonly alpha: Uint8Array;
  readonly alphaHat: Uint8Array;
}

/** Verifies one prover's round 2, and only then decrypts what it sent. */
export const verifyRound2Job: JobKind<VerifyRound2, Received2> = {
  name: 'cggmp24.verify-round2',
  run: (o) => {
    const curve = curveOf(o.run.curve);
    const key = decryptionKey(o.own);
    const nothing = { alpha: new Uint8Array(), alphaHat: new Uint8Array() };
    const j = judge(o.run, { prover: o.prover, verifier: o.self, own: o.own });
    const fault = checkRound2(j, { ...o, owner: key });
    if (fault !== undefined) return { fault, ...nothing };
    const { D, DHat } = slotsFor(curve, o.run.parties.length).round2Products.format.decode(o.products);
    const share = (C: Uint8Array): Uint8Array => curve.scalar.fromBigInt(mod(key.decrypt(fromBytes(C)), curve.order));
    return { fault: '', alpha: share(D), alphaHat: share(DHat) };
  },
};

export interface ProveAlert extends OwnFacts {
  readonly verifier: Index;
  readonly which: 'gamma' | 'x';
  readonly view: Uint8Array;
  readonly round1: ReadonlyMap<Index, Uint8Array>;
  readonly pairs: readonly Pair[];
  /** γ_i or x⁺_i, and its point. */
  readonly x: Scalar;
  readonly X: Uint8Array;
  readonly Sy: Uint8Array;
  readonly h: Uint8Array;
  readonly maskSeeds: ReadonlyMap<Index, Uint8Array>;
  readonly seed: Uint8Array;
}

/** The body of an alert message for one verifier. */
export const proveAlertJob: JobKind<ProveAlert, Uint8Array> = {
  name: 'cggmp24.prove-alert',
  run: (o) => {
    const curve = curveOf(o.run.curve);
    const { parties, execId } = o.run;
    const slots = slotsFor(curve, parties.length);
    const key = decryptionKey(o.own);
    const ring = commitmentRing(publicOf(o.run, o.verifier).ringPedersen);
    const KOf = (p: Index): bigint => fromBytes(slots.round1.format.decode(o.round1.get(p) ?? new Uint8Array()).K);
    const context = (label: ProofLabel) => ({ execId, curve, label, prover: o.self, verifier: o.verifier });
    const [x, X] = [integer(curve, o.x), curve.decodePoint(o.X)];
    const others = parties.filter((p) => p !== o.self);

    const [K, D] = [KOf(o.self), productsJoined(key, o.pairs)];
    const sum = key.byN2.mul(key.byN2.pow(K, x), D);
    const witness = { x, y: key.decrypt(sum), rho: key.randomizerOf(sum) };
    const statement = { key, ring, K, D, X, Sy: curve.decodePoint(o.Sy), h: curve.decodePoint(o.h) };
    const dec = proveDec(context(`dec.${o.which}`), statement, witness, drawing(o.seed, 'dec'));

    const affG = others.flatMap((p, at) => {
      if (p === o.verifier) return [];
      const owner = encryptionKey(publicOf(o.run, p).N);
      const [, , Dij, Fij] = o.pairs[at] as Pair;
      const mask = maskOf(o.maskSeeds.get(p) ?? new Uint8Array(), o.which, { owner: owner.N, prover: key.N });
      const product = { owner, prover: key, ring, C: KOf(p), D: fromBytes(Dij), Y: fromBytes(Fij), X };
      const secret = { x, y: -mask.beta, rho: mask.rho, rhoY: mask.rhoY };
      const draw = drawing(o.seed, `affg ${p}`);
      return [affGFormat(curve).encode(proveAffG(context(`alert.${o.which}`), product, secret, draw))];
    });
    return slots.alert.format.encode({ view: o.view, pairs: o.pairs, dec: decFormat(curve).encode(dec), affG });
  },
};

export interface VerifyAlert extends OwnFacts {
  readonly prover: Index;
  readonly which: 'gamma' | 'x';
  readonly round1: ReadonlyMap<Index, Uint8Array>;
  readonly round2: ReadonlyMap<Index, Uint8Array>;
  readonly X: Uint8Array;
  readonly Sy: Uint8Array;
  readonly h: Uint8Array;
  readonly alert: Uint8Array;
}

export const verifyAlertJob: JobKind<VerifyAlert, boolean> = {
  name: 'cggmp24.verify-alert',
  run: (o) => checkAlert(judge(o.run, { prover: o.prover, verifier: o.self, own: o.own }), o),
};

export const cggmp24Jobs: readonly JobKind<never, unknown>[] = [
  encryptJob,
  proveRound1Job,
  verifyRound1Job,
  multiplyJob,
  verifyRound2Job,
  proveAlertJob,
  verifyAlertJob,
];
