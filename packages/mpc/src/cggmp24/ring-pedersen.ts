/**
 * Ring-Pedersen commitments s^x·t^y mod N̂: docs/specs/auxiliary.md §3. Others prove ranges under the parameters of
 * the party that verifies; only that party knows the factors of N̂, and nobody keeps λ = log_t s.
 */
import {
  bitLength,
  crtModulus,
  isProbablePrime,
  isqrt,
  type Modulus,
  modulus,
  type RandomBytes,
  randomBelow,
  randomUnit,
} from '@holdfast/crypto/bigmod';
import { type Field, f, type Item, i } from '@holdfast/crypto/transcript';
import { check } from '../runtime/index.ts';
import { modulusBitsMax, modulusBitsMin, type RingPedersen } from './parameters.ts';

/** Parameters ready for use: the inverses of s and t are computed once. */
export interface RingPedersenGroup {
  readonly public: RingPedersen;
  readonly modulus: Modulus;
  /** s^x mod N̂, for an exponent of either sign. */
  powS(x: bigint): bigint;
  powT(y: bigint): bigint;
  /** s^x·t^y mod N̂. */
  commit(x: bigint, y: bigint): bigint;
}

/**
 * A signer meets four peers and itself; some more of tests. A group is found again by its values, one's own apart from the
 * same as others see it: powers under known factors cost a third, but preparing them costs some signatures.
 */
const groupsMax = 24;
const groups = new Map<string, RingPedersenGroup>();

/** For parameters that passed `checkBases`. With its own primes a verifier works several times faster. */
export function ringPedersenGroup(
  parameters: RingPedersen,
  own?: { readonly pHat: bigint; readonly qHat: bigint },
): RingPedersenGroup {
  const values = [parameters.N, parameters.s, parameters.t, own?.pHat ?? 0n, own?.qHat ?? 0n];
  const name = values.map((v) => v.toString(36)).join('/');
  const known = groups.get(name);
  if (known !== undefined) return known;
  const made = makeGroup(parameters, own === undefined ? modulus(parameters.N) : crtModulus(own.pHat, own.qHat, 1));
  const [oldest] = groups.keys();
  if (groups.size >= groupsMax && oldest !== undefined) groups.delete(oldest);
  groups.set(name, made);
  return made;
}

function makeGroup(parameters: RingPedersen, over: Modulus): RingPedersenGroup {
  const powS = over.powers(parameters.s);
  const powT = over.powers(parameters.t);
  return { public: parameters, modulus: over, powS, powT, commit: (x, y) => over.mul(powS(x), powT(y)) };
}

export interface NewRingPedersen {
  readonly parameters: RingPedersen;
  /** log_t s. Needed for Π^prm, then erased. */
  readonly lambda: bigint;
}

/** mpc-protocols §2.2, R1: t = τ², s = t^λ over the product of two safe primes. */
export function makeRingPedersen(
  random: RandomBytes,
  { pHat, qHat }: { readonly pHat: bigint; readonly qHat: bigint },
): NewRingPedersen {
  const own = crtModulus(pHat, qHat, 1);
  const tau = randomUnit(random, own.m);
  const t = own.mul(tau, tau);
  const lambda = randomBelow(random, ((pHat - 1n) * (qHat - 1n)) / 4n);
  return { parameters: { N: own.m, s: own.pow(t, lambda), t }, lambda };
}

/**
 * What a modulus must be by itself: of full length, odd, neither prime nor a square. That it has exactly two large
 * factors is for the proofs. Throws AbortError E_AUX_MODULUS.
 */
export function checkModulus(N: bigint): void {
  const code = 'E_AUX_MODULUS';
  const bits = bitLength(N);
  check(bits >= modulusBitsMin && bits <= modulusBitsMax, code);
  check((N & 1n) === 1n, code);
  check(isqrt(N) ** 2n !== N, code);
  check(!isProbablePrime(N), code);
}

/** Bases that are no elements, or generate nothing (CVE-2020-12118). Throws AbortError E_AUX_BASES. */
export function checkBases({ N, s, t }: RingPedersen): void {
  const code = 'E_AUX_BASES';
  check(s > 1n && s < N - 1n, code);
  check(t > 1n && t < N - 1n, code);
  check(modulus(N).areUnits([s, t]), code);
  check(s !== t, code);
}

/** Any integer that fits a modulus of full length. */
export const residueField: Field<bigint> = f.uint((1n << BigInt(modulusBitsMax)) - 1n);

export const ringPedersenField = f.tuple(residueField, residueField, residueField);

export function ringPedersenItem({ N, s, t }: RingPedersen): Item {
  return i.list([i.uint(N), i.uint(s), i.uint(t)]);
}
