/**
 * Correlated randomness without interaction: five processes that share the PRSS keys once draw sharings of random
 * values and of zero from them, each alone (docs/specs/honest-majority-ecdsa.md §2). Keys live in memory only.
 */
import { createHmac } from 'node:crypto';
import type { Curve, CurveName, Scalar } from '@holdfast/crypto/curves';
import { enc, i } from '@holdfast/crypto/transcript';
import { type Index, refuse } from '../runtime/index.ts';
import { maskPolynomial, subsets } from './subsets.ts';

/** What five processes have in common from set-up until one of them ends or the driver renews it. */
export interface PrssSession {
  /** 32 bytes, fresh by every party's contribution. Belongs into the execution id of every run that draws on it. */
  readonly id: Uint8Array;
  readonly self: Index;
  readonly parties: readonly Index[];
  /** The randomness of one run. An execution id is opened once: the same draws twice would be the same nonce twice. */
  open(execId: Uint8Array, curve: Curve): PrssRun;
  /** Erases the keys; open() refuses from then on. */
  wipe(): void;
}

export interface PrssRun {
  /** This party's share of a uniform value, degree t'. A (label, u) is drawn once, whether by rand or by zero. */
  rand(label: string, u?: number): Scalar;
  /** This party's share of zero, degree 2t'. */
  zero(label: string, u?: number): Scalar;
}

/** Runs of one session; reached, the driver sets up another. Bounds the memory of the register of execution ids. */
export const runsMax = 1_000_000;

/** A key K_A and the parties that hold it. */
export interface SubsetKey {
  readonly A: readonly Index[];
  readonly key: Uint8Array;
}

/** A session from keys that are known to be agreed upon: the end of the set-up, and tests. Takes the keys over. */
export function prssSession(o: {
  id: Uint8Array;
  self: Index;
  parties: readonly Index[];
  keys: readonly SubsetKey[];
  runs?: number;
}): PrssSession {
  const { id, self, parties, keys, runs = runsMax } = o;
  const degree = (parties.length - 1) / 2;
  const expected = subsets(parties, degree + 1).filter((A) => A.includes(self));
  const complete = keys.length === expected.length && expected.every((A, at) => `${keys[at]?.A}` === `${A}`);
  if (!complete) refuse('E_H_PRSS', 'A session holds one key for every set this party belongs to, in order.');
  if (keys.some(({ key }) => key.length !== 32)) refuse('E_H_PRSS', 'A PRSS key is 32 bytes.');

  const opened = new Set<string>();
  const masks = new Map<CurveName, readonly (readonly Scalar[])[]>();
  let wiped = false;

  /** Per key: f_A(i), f_A(i)·i, …, f_A(i)·i^t'. Depends on the curve alone. */
  function masksOf(curve: Curve): readonly (readonly Scalar[])[] {
    let known = masks.get(curve.name);
    if (known === undefined) {
      const point = curve.scalar.fromBigInt(BigInt(self));
      known = keys.map(({ A }) => {
        const powers = [maskPolynomial(curve, { parties, A, at: self })];
        for (let l = 1; l <= degree; l += 1) powers.push(curve.scalar.mul(powers[l - 1] as Scalar, point));
        return powers;
      });
      masks.set(curve.name, known);
    }
    return known;
  }

  return {
    id,
    self,
    parties,
    open(execId, curve) {
      if (wiped) refuse('E_H_PRSS_ENDED', 'This PRSS session has ended.');
      if (opened.size >= runs) refuse('E_H_PRSS_ENDED', 'This PRSS session has served all its runs.');
      // 16 of 32 uniform bytes: a clash would refuse an innocent run, with probability 2^-88 over a full session.
      const name = Buffer.from(execId.subarray(0, 16)).toString('latin1');
      if (opened.has(name)) refuse('E_H_PRSS_REUSE', 'This execution id has drawn its randomness already.');
      opened.add(name);
      return prssRun({ execId: Uint8Array.from(execId), curve, keys, masks: masksOf(curve), degree });
    },
    wipe() {
      wiped = true;
      for (const { key } of keys) key.fill(0);
      opened.clear();
    },
  };
}

function prssRun(o: {
  execId: Uint8Array;
  curve: Curve;
  keys: readonly SubsetKey[];
  masks: readonly (readonly Scalar[])[];
  degree: number;
}): PrssRun {
  const { execId, curve, keys, masks, degree } = o;
  const drawn = new Set<string>();

  function claim(label: string, u: number): void {
    const name = `${label}/${u}`;
    if (drawn.has(name)) refuse('E_H_PRSS_REUSE', 'This label has been drawn in this run already.');
    drawn.add(name);
  }

  /** Σ_A Ψ(K_A; label, u, l) · f_A(i)·i^l, and by linearity Σ over l where `from` < `to`. */
  function draw(kind: 'r' | 'z', name: { label: string; u: number }, powers: { from: number; to: number }): Scalar {
    let sum = curve.scalar.zero;
    for (let l = powers.from; l <= powers.to; l += 1) {
      const input = enc('mpc/prss', i.bytes(execId), i.text(kind), i.text(name.label), i.uint(name.u), i.uint(l));
      for (const [at, { key }] of keys.entries()) {
        const psi = prf(curve, key, input);
        sum = curve.scalar.add(sum, curve.scalar.mul(psi, masks[at]?.[l] as Scalar));
        psi.fill(0);
      }
    }
    return sum;
  }

  return {
    rand(label, u = 0) {
      claim(label, u);
      return draw('r', { label, u }, { from: 0, to: 0 });
    },
    zero(label, u = 0) {
      claim(label, u);
      return draw('z', { label, u }, { from: 1, to: degree });
    },
  };
}

/** Ψ: the first 48 bytes of HMAC-SHA512, reduced; the bias of 384 bits over a 256-bit order is 2^-128. */
function prf(curve: Curve, key: Uint8Array, input: Uint8Array): Scalar {
  const mac = createHmac('sha512', key).update(input).digest();
  const value = curve.scalar.reduce(mac.subarray(0, 48));
  mac.fill(0);
  return value;
}
