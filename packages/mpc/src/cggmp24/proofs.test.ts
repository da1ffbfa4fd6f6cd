/**
 * Π^prm, Π^mod, Π^fac. Completeness at full size; cheating mostly with short primes, which the verifiers themselves do
 * not refuse (the length of a modulus is checked before), so that every lie can be tried.
 */
import { doesNotThrow, equal, notEqual, ok, throws } from 'node:assert/strict';
import { generatePrimeSync } from 'node:crypto';
import { test } from 'node:test';
import {
  abs,
  crtModulus,
  fromBytes,
  gcd,
  inverse,
  isqrt,
  jacobi,
  mod,
  modulus,
  powByBigInt,
  randomUnit,
} from '@holdfast/crypto/bigmod';
import { seededRandom } from '../simulator/index.ts';
import { type FacProof, proveFac, verifyFac } from './fac.ts';
import {
  checkBases,
  checkModulus,
  ell,
  epsilon,
  makeRingPedersen,
  type Place,
  type RingPedersen,
  ringPedersenGroup,
} from './index.ts';
import { type ModProof, modChallenge, proveMod, verifyMod } from './mod.ts';
import { type PrmProof, prmChallenge, provePrm, verifyPrm } from './prm.ts';
import { testAux } from './test/index.ts';

const random = seededRandom(process.env['HOLDFAST_SEED'] ?? 'proofs').bytes;
const execId = random(32);
const at = (label: string, more: Partial<Place> = {}): Place => ({ execId, prover: 1, label, ...more });
const code = (wanted: string) => ({ name: 'AbortError', code: wanted });

const safe = (bits: number): bigint => generatePrimeSync(bits, { safe: true, bigint: true });
/** A prime ≡ 3 mod 4. */
function blum(bits: number): bigint {
  return generatePrimeSync(bits, { bigint: true, add: 4n, rem: 3n });
}
const short = { p: safe(160), q: safe(168), pHat: safe(176), qHat: safe(184) };
const shortRing = makeRingPedersen(random, short);

/** Everything of a place that could be another's: the same proof must be worth nothing there. */
const elsewhere: [string, Partial<Place>][] = [
  ['another execution id', { execId: random(32) }],
  ['another prover', { prover: 2 }],
  ['another verifier', { verifier: 3 }],
  ['another label', { label: 'other' }],
  ['another joint randomness', { rho: random(32) }],
];

// ---- Π^prm -----------------------------------------------------------------------------------------------------

const prmPlace = at('prm');
const witness = { ...short, lambda: shortRing.lambda };
const honestPrm = provePrm(random, { place: prmPlace, parameters: shortRing.parameters, witness });
const tryPrm =
  (proof: PrmProof, { place = prmPlace, parameters = shortRing.parameters } = {}) =>
  () =>
    verifyPrm({ place, parameters, proof });

test('Π^prm at full size convinces', () => {
  const { own, lambda, public: publics } = testAux(1);
  const parameters = publics.ringPedersen;

  const proof = provePrm(random, { place: prmPlace, parameters, witness: { ...own, lambda } });

  doesNotThrow(tryPrm(proof, { parameters }));
  doesNotThrow(tryPrm(honestPrm), 'and so it does with short primes');
});

test('row 6: Π^prm with 1, 127 or 129 repetitions is refused', () => {
  for (const [count, zCount] of [
    [1, 1],
    [127, 127],
    [128, 127],
    [127, 128],
    [0, 0],
  ] as const) {
    const proof = { A: honestPrm.A.slice(0, count), z: honestPrm.z.slice(0, zCount) };
    throws(tryPrm(proof), code('E_AUX_PRM'), `${count}, ${zCount}`);
  }
  const [A, z] = [honestPrm.A, honestPrm.z];
  throws(tryPrm({ A: [...A, A[0] as bigint], z: [...z, z[0] as bigint] }), code('E_AUX_PRM'));
  throws(tryPrm({ A, z: [...z, z[0] as bigint] }), code('E_AUX_PRM'));
  // One first move too many, in the challenge like the others: every equation holds.
  throws(tryPrm(forgePrm((moves) => [...moves, moves[0] as bigint])), code('E_AUX_PRM'));
});

test('row 7: s outside ⟨t⟩, times a root of unity that only the owner knows, is refused', () => {
  const { N, s, t } = shortRing.parameters;
  const rootOfOne = crtModulus(short.pHat, short.qHat, 1).combine(1n, short.qHat - 1n);
  for (const root of [rootOfOne, N - 1n]) {
    const parameters = { N, s: mod(s * root, N), t };
    const proof = provePrm(random, { place: prmPlace, parameters, witness });
    throws(tryPrm(proof, { parameters }), code('E_AUX_PRM'));
  }
});

test('row 8: every one of the 128 challenge bits takes both values', () => {
  const ones = new Array<number>(128).fill(0);
  const transcripts = 2000;
  for (let k = 0; k < transcripts; k += 1) {
    const A = [fromBytes(random(8))];
    const bits = prmChallenge({ place: prmPlace, parameters: shortRing.parameters, A });
    equal(bits.length, 128);
    for (const [bit, value] of bits.entries()) ones[bit] = (ones[bit] as number) + value;
  }

  // A fair coin leaves 800…1200 of 2000 with a probability below 10⁻¹⁸.
  for (const [bit, count] of ones.entries()) ok(count > 800 && count < 1200, `bit ${bit}: ${count}`);
});

test('row 8: a forged proof that counts on bits 32…127 being 0 is refused', () => {
  // Without λ a prover can answer e_k = 0 always, and e_k = 1 where it guessed so before: A = t^z·s^−e.
  const { N, s, t } = shortRing.parameters;
  const group = modulus(N);
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const z = Array.from({ length: 128 }, () => mod(fromBytes(random(60)), N));
    const A = z.map((z_k) => group.pow(t, z_k));
    const e = prmChallenge({ place: prmPlace, parameters: shortRing.parameters, A });
    equal(e.slice(32).includes(1), true);
    throws(tryPrm({ A, z }), code('E_AUX_PRM'));
  }
  notEqual(s, t);
});

test('row 11: Π^prm is worth nothing in another run, for another party or under another label', () => {
  for (const [name, change] of elsewhere) {
    throws(tryPrm(honestPrm, { place: { ...prmPlace, ...change } }), code('E_AUX_PRM'), name);
  }
});

test('row 12: changing any public value or first move after the challenge makes Π^prm fail', () => {
  const { N, s, t } = shortRing.parameters;
  const other = makeRingPedersen(random, { pHat: short.p, qHat: short.q }).parameters;
  const changes: [string, RingPedersen][] = [
    ['N', { N: other.N, s, t }],
    ['s', { N, s: mod(s * t, N), t }],
    ['t', { N, s, t: mod(t * t, N) }],
  ];
  const base = prmChallenge({ place: prmPlace, parameters: { N, s, t }, A: honestPrm.A }).join('');
  for (const [name, parameters] of changes) {
    throws(tryPrm(honestPrm, { parameters }), code('E_AUX_PRM'), name);
    notEqual(prmChallenge({ place: prmPlace, parameters, A: honestPrm.A }).join(''), base, name);
  }
  for (const k of [0, 64, 127]) {
    const A = honestPrm.A.with(k, mod((honestPrm.A[k] as bigint) * t, N));
    throws(tryPrm({ A, z: honestPrm.z }), code('E_AUX_PRM'));
    notEqual(prmChallenge({ place: prmPlace, parameters: { N, s, t }, A }).join(''), base, `A_${k}`);
  }
  const z = honestPrm.z.with(127, (honestPrm.z[127] as bigint) + 1n);
  throws(tryPrm({ A: honestPrm.A, z }), code('E_AUX_PRM'));
});

test('row 13: first moves of Π^prm that are no units, or not reduced, are refused', () => {
  const { N } = shortRing.parameters;
  const first = honestPrm.A[0] as bigint;
  for (const A_0 of [0n, N, 2n * N, short.pHat, 5n * short.qHat, first + N, first - N, -first]) {
    // z_0 = 0 and the like do not matter: the element alone is enough.
    throws(tryPrm({ A: honestPrm.A.with(0, A_0), z: honestPrm.z }), code('E_AUX_PRM'));
  }
  // With s ≡ 0 mod p̂ and A ≡ 0 the equations could be made to hold; an unreduced A would hold anyway.
  const forged = forgePrm((A) => A.map((A_k) => A_k + N));
  throws(tryPrm(forged), code('E_AUX_PRM'));
});

test('row 14: responses of Π^prm below 0 or not below N are refused although the equations hold', () => {
  const phi = (short.pHat - 1n) * (short.qHat - 1n);
  for (const z_0 of [(honestPrm.z[0] as bigint) - phi, (honestPrm.z[0] as bigint) + phi * 3n]) {
    throws(tryPrm({ A: honestPrm.A, z: honestPrm.z.with(0, z_0) }), code('E_AUX_PRM'));
  }
});

/** An honest prover in all but the form of its first moves. */
function forgePrm(form: (A: bigint[]) => bigint[]): PrmProof {
  const { parameters, lambda } = shortRing;
  const phi = (short.pHat - 1n) * (short.qHat - 1n);
  const a = Array.from({ length: 128 }, () => mod(fromBytes(random(60)), phi));
  const A = form(a.map((a_k) => modulus(parameters.N).pow(parameters.t, a_k)));
  const e = prmChallenge({ place: prmPlace, parameters, A });
  return { A, z: a.map((a_k, k) => mod(a_k + BigInt(e[k] as number) * lambda, phi)) };
}

// ---- Π^mod -----------------------------------------------------------------------------------------------------

const modPlace = at('mod', { rho: random(32) });
const shortN = short.p * short.q;
const honestMod = proveMod(random, { place: modPlace, witness: short });
const tryMod =
  (proof: ModProof, { place = modPlace, N = shortN } = {}) =>
  () =>
    verifyMod({ place, N, proof });

/** Whoever knows the primes of N does what can be done for the w it likes; unsolvable rows get x = `otherwise`. */
function forgeMod(primes: readonly bigint[], { w, otherwise = 1n }: { w: bigint; otherwise?: bigint }): ModProof {
  const N = primes.reduce((product, p) => product * p, 1n);
  const phi = primes.reduce((product, p) => product * (p - 1n), 1n);
  const nthRoot = inverse(mod(N, phi), phi);
  const join = (residues: readonly bigint[]): bigint =>
    mod(
      residues.reduce((sum, r, k) => {
        const rest = N / (primes[k] as bigint);
        return sum + r * rest * inverse(rest, primes[k] as bigint);
      }, 0n),
      N,
    );
  const rows = modChallenge(modPlace, { N, w }).map((y) => {
    const z = powByBigInt(y, nthRoot, N);
    for (const [a, b] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const target = mod((a ? -1n : 1n) * (b ? w : 1n) * y, N);
      if (!primes.every((p) => jacobi(target, p) === 1)) continue;
      const x = join(primes.map((p) => powByBigInt(powByBigInt(target, (p + 1n) / 4n, p), (p + 1n) / 4n, p)));
      return { x, a, b, z };
    }
    return { x: otherwise, a: false, b: true, z };
  });
  return { w, roots: rows };
}

function unitWith(symbol: 1 | -1, N: bigint): bigint {
  for (;;) {
    const w = randomUnit(random, N);
    if (jacobi(w, N) === symbol) return w;
  }
}

test('Π^mod at full size convinces', () => {
  const { own, public: publics } = testAux(1);

  const proof = proveMod(random, { place: modPlace, witness: own });

  doesNotThrow(tryMod(proof, { N: publics.N }));
  doesNotThrow(tryMod(honestMod), 'and so it does with short primes');
  doesNotThrow(tryMod(forgeMod([short.p, short.q], { w: unitWith(-1, shortN) })), 'and what the tests forge with');
});

test('row 1: w = 0 and x = 0 for a modulus of three primes are refused', () => {
  const primes = [blum(96), blum(100), blum(104)];
  const N = primes.reduce((a, b) => a * b);
  const forged = forgeMod(primes, { w: 0n, otherwise: 0n });
  for (const { x, a, b, z } of forged.roots) {
    // The equations hold, all of them: nothing but membership stands between this N and a key in sixteen signatures.
    const y = modChallenge(modPlace, { N, w: 0n })[0] as bigint;
    equal(typeof y, 'bigint');
    if (x === 0n) equal(powByBigInt(x, 4n, N), mod((a ? -1n : 1n) * (b ? 0n : 1n), N));
    equal(z > 0n, true);
  }

  throws(tryMod(forged, { N }), code('E_AUX_MOD'));
});

test('row 1: w that shares a factor with N, or has Jacobi symbol 1, or is not reduced, is refused', () => {
  const withFactor = short.p * 12345n;
  throws(tryMod(forgeMod([short.p, short.q], { w: withFactor }), {}), code('E_AUX_MOD'));
  throws(tryMod(forgeMod([short.p, short.q], { w: unitWith(1, shortN) })), code('E_AUX_MOD'));
  const w = unitWith(-1, shortN);
  for (const other of [w + shortN, w + 2n * shortN, shortN]) {
    throws(tryMod(forgeMod([short.p, short.q], { w: other })), code('E_AUX_MOD'));
  }
  // With Jacobi symbol 1 there are three primes for which every y can be answered: it must be −1.
  const primes = [blum(96), blum(100), blum(104)];
  const N = primes.reduce((a, b) => a * b);
  throws(tryMod(forgeMod(primes, { w: unitWith(-1, N) }), { N }), code('E_AUX_MOD'));
});

test('row 1: a prime, whose roots its owner can take, is refused; so is an even number', () => {
  const p = blum(256);
  const proof = forgeMod([p], { w: unitWith(-1, p) });

  throws(tryMod(proof, { N: p }), code('E_AUX_MOD'));
  for (const N of [shortN + 1n, 2n * short.p, 0n, 1n, -shortN]) throws(tryMod(honestMod, { N }), code('E_AUX_MOD'));
});

test('row 6: Π^mod with 1, 127 or 129 repetitions is refused', () => {
  const { w, roots } = honestMod;
  for (const count of [0, 1, 127]) throws(tryMod({ w, roots: roots.slice(0, count) }), code('E_AUX_MOD'));
  throws(tryMod({ w, roots: [...roots, roots[0] as ModProof['roots'][0]] }), code('E_AUX_MOD'));
});

test('row 11: Π^mod is worth nothing in another run, for another party or under another label', () => {
  for (const [name, change] of elsewhere) {
    throws(tryMod(honestMod, { place: { ...modPlace, ...change } }), code('E_AUX_MOD'), name);
  }
});

test('row 12: the values to take roots of depend on N and w', () => {
  const y = modChallenge(modPlace, { N: shortN, w: honestMod.w });
  equal(new Set(y).size, 128);
  notEqual(modChallenge(modPlace, { N: shortN, w: honestMod.w + 1n })[0], y[0]);
  notEqual(mod(modChallenge(modPlace, { N: shortN + 2n, w: honestMod.w })[0] as bigint, shortN), y[0]);

  throws(tryMod({ ...honestMod, w: unitWith(-1, shortN) }), code('E_AUX_MOD'));
  throws(tryMod(honestMod, { N: shortN + 2n }), code('E_AUX_MOD'));
});

test('row 13: roots of Π^mod that are no units, or not reduced, are refused', () => {
  const [first] = honestMod.roots as [ModProof['roots'][0]];
  for (const of of ['x', 'z'] as const) {
    for (const value of [0n, shortN, short.p, 3n * short.q, first[of] + shortN, first[of] - shortN]) {
      const roots = honestMod.roots.with(0, { ...first, [of]: value });
      throws(tryMod({ ...honestMod, roots }), code('E_AUX_MOD'), of);
    }
  }
});

test('a wrong root, or a wrong one of the two bits, at either end is refused', () => {
  for (const k of [0, 127]) {
    const row = honestMod.roots[k] as ModProof['roots'][0];
    for (const wrong of [
      { x: mod(row.x * 2n, shortN) },
      { z: mod(row.z * 2n, shortN) },
      { a: !row.a },
      { b: !row.b },
    ]) {
      throws(tryMod({ ...honestMod, roots: honestMod.roots.with(k, { ...row, ...wrong }) }), code('E_AUX_MOD'));
    }
  }
});

// ---- Π^fac -----------------------------------------------------------------------------------------------------

const facPlace = at('fac', { verifier: 2, rho: random(32) });
const group = ringPedersenGroup(shortRing.parameters, short);
const full = testAux(1);
const statement = { place: facPlace, N: full.public.N, group };
const honestFac = proveFac(random, { ...statement, witness: full.own });
const tryFac =
  (proof: FacProof, change: Partial<typeof statement> = {}) =>
  () =>
    verifyFac({ ...statement, ...change, proof });

test('Π^fac at full size convinces, with the verifier’s primes and without', () => {
  const verifier = testAux(2);
  const byPrimes = ringPedersenGroup(verifier.public.ringPedersen, verifier.own);
  const without = ringPedersenGroup(verifier.public.ringPedersen);

  const proof = proveFac(random, { ...statement, group: without, witness: full.own });

  doesNotThrow(tryFac(proof, { group: byPrimes }));
  doesNotThrow(tryFac(proof, { group: without }));
  equal(ringPedersenGroup({ ...verifier.public.ringPedersen }), without, 'the group of a peer is found again');
  doesNotThrow(tryFac(honestFac), 'and so it does under short parameters');
});

test('row 2: a modulus of sixteen small primes and a cofactor is refused', () => {
  const small = Array.from({ length: 16 }, () => blum(64));
  const cofactor = testAux(2).own.p * blum(512);
  const N = small.reduce((product, p) => product * p, cofactor);
  const one = small[0] as bigint;

  const proof = proveFac(random, { ...statement, N, witness: { p: one, q: N / one } });
  throws(tryFac(proof, { N }), code('E_AUX_FAC'));

  // Split into two halves of 1536 bits it passes Π^fac; then Π^mod cannot be answered for it.
  const half = small.slice(0, 8).reduce((product, p) => product * p, blum(1024));
  const other = small.slice(8).reduce((product, p) => product * p, blum(1024));
  const halves = proveFac(random, { ...statement, N: half * other, witness: { p: half, q: other } });
  doesNotThrow(tryFac(halves, { N: half * other }));
  const few = small.slice(0, 4);
  const Nfew = few.reduce((product, p) => product * p);
  throws(tryMod(forgeMod(few, { w: unitWith(-1, Nfew) }), { N: Nfew }), code('E_AUX_MOD'));
});

test('row 3: one factor of 400 bits is refused, by the range of its cofactor', () => {
  const p = blum(400);
  const q = testAux(2).own.p * blum(1136);

  for (const witness of [
    { p, q },
    { p: q, q: p },
  ]) {
    const proof = proveFac(random, { ...statement, N: p * q, witness });
    const wide = 2n ** BigInt(ell + epsilon) * isqrt(p * q);
    ok(abs(proof.z1) > wide || abs(proof.z2) > wide);
    throws(tryFac(proof, { N: p * q }), code('E_AUX_FAC'));
  }
});

test('row 11: Π^fac is worth nothing in another run, for another party, verifier or label', () => {
  for (const [name, change] of elsewhere) {
    throws(tryFac(honestFac, { place: { ...facPlace, ...change } }), code('E_AUX_FAC'), name);
  }
});

test('row 12: changing any public value or first move after the challenge makes Π^fac fail', () => {
  const { N, s, t } = shortRing.parameters;
  throws(tryFac(honestFac, { N: full.public.N + 2n }), code('E_AUX_FAC'));
  for (const parameters of [
    { N, s: mod(s * t, N), t },
    { N, s, t: mod(t * t, N) },
  ]) {
    throws(tryFac(honestFac, { group: ringPedersenGroup(parameters) }), code('E_AUX_FAC'));
  }
  for (const name of ['P', 'Q', 'A', 'B', 'T'] as const) {
    throws(tryFac({ ...honestFac, [name]: mod(honestFac[name] * t, N) }), code('E_AUX_FAC'), name);
  }
  for (const name of ['z1', 'z2', 'w1', 'w2', 'v'] as const) {
    throws(tryFac({ ...honestFac, [name]: honestFac[name] + 1n }), code('E_AUX_FAC'), name);
  }
});

test('row 12: each value that enters the challenge of Π^fac changes it, even where its equation would still hold', () => {
  // Times −1: squares away nowhere, but P and A together keep s^z1·t^w1 = A·P^e for an odd e. The hash must not agree.
  const { N } = shortRing.parameters;
  const minus = (v: bigint): bigint => N - v;
  throws(tryFac({ ...honestFac, P: minus(honestFac.P), A: minus(honestFac.A) }), code('E_AUX_FAC'));
  throws(tryFac({ ...honestFac, Q: minus(honestFac.Q), B: minus(honestFac.B) }), code('E_AUX_FAC'));
});

test('row 13: first moves of Π^fac that are no units, or not reduced, are refused', () => {
  const { N } = shortRing.parameters;
  for (const name of ['P', 'Q', 'A', 'B', 'T'] as const) {
    for (const value of [0n, N, 2n * N, short.pHat, 7n * short.qHat, honestFac[name] + N, honestFac[name] - N]) {
      throws(tryFac({ ...honestFac, [name]: value }), code('E_AUX_FAC'), name);
    }
  }
});

test('row 14: responses of Π^fac up to their bounds are taken, larger ones refused, in both directions', () => {
  // The verifier's own group order moves a response without touching the equations; a prover does not know it.
  const order = (short.pHat - 1n) * (short.qHat - 1n);
  const wide = 2n ** BigInt(ell + epsilon);
  const NHat = shortRing.parameters.N;
  const bounds = {
    z1: wide * isqrt(full.public.N),
    z2: wide * isqrt(full.public.N),
    w1: 2n * wide * NHat,
    w2: 2n * wide * NHat,
    v: 2n * wide * full.public.N * NHat,
  } as const;
  for (const [name, bound] of Object.entries(bounds) as [keyof typeof bounds, bigint][]) {
    const value = honestFac[name];
    const largest = bound - mod(bound - value, order);
    const smallest = -bound + mod(value + bound, order);

    doesNotThrow(tryFac({ ...honestFac, [name]: largest }), name);
    doesNotThrow(tryFac({ ...honestFac, [name]: smallest }), name);
    throws(tryFac({ ...honestFac, [name]: largest + order }), code('E_AUX_FAC'), name);
    throws(tryFac({ ...honestFac, [name]: smallest - order }), code('E_AUX_FAC'), name);
  }
});

test('row 40: Π^fac made under parameters of an earlier set-up is refused', () => {
  const earlier = ringPedersenGroup(makeRingPedersen(random, short).parameters);
  const proof = proveFac(random, { ...statement, group: earlier, witness: full.own });

  doesNotThrow(tryFac(proof, { group: earlier }));
  throws(tryFac(proof), code('E_AUX_FAC'));
});

test('row 4: the masks of Π^fac fill their ranges', () => {
  const wide = 2n ** BigInt(ell + epsilon) * isqrt(full.public.N);
  let largest = 0n;
  for (let k = 0; k < 8; k += 1) {
    const { z1, z2 } = proveFac(random, { ...statement, witness: full.own });
    for (const z of [z1, z2]) if (abs(z) > largest) largest = abs(z);
  }
  ok(largest > wide / 2n, 'sixteen draws from ±B below B/2 happen once in 65,536 times');
});

// ---- Moduli and bases -------------------------------------------------------------------------------------------

test('row 10: a modulus of another length, even, prime or a square is refused', () => {
  const { own, public: publics } = testAux(1);
  const prime = fullPrime();
  for (const [name, N] of [
    ['3070 bits', (publics.N >> 2n) | 1n],
    ['3073 bits', (publics.N << 1n) | 1n],
    ['even', publics.N - 1n],
    ['prime', prime],
    ['square', own.p * own.p],
    ['zero', 0n],
  ] as const) {
    throws(() => checkModulus(N), code('E_AUX_MODULUS'), name);
  }
  doesNotThrow(() => checkModulus(publics.N));
  doesNotThrow(() => checkModulus((1n << 3070n) + 15n), '3071 bits are enough');
});

test('row 9: bases that are 0, 1, −1, equal, no units or not reduced are refused', () => {
  const { N, s, t } = shortRing.parameters;
  doesNotThrow(() => checkBases({ N, s, t }));
  for (const bad of [0n, 1n, N - 1n, N, N + 1n, s + N, short.pHat, 9n * short.qHat, -s]) {
    throws(() => checkBases({ N, s: bad, t }), code('E_AUX_BASES'));
    throws(() => checkBases({ N, s, t: bad }), code('E_AUX_BASES'));
  }
  throws(() => checkBases({ N, s, t: s }), code('E_AUX_BASES'));
});

test('new ring-Pedersen parameters have s in ⟨t⟩, t a square, and differ each time', () => {
  const again = makeRingPedersen(random, short).parameters;

  equal(modulus(shortRing.parameters.N).pow(shortRing.parameters.t, shortRing.lambda), shortRing.parameters.s);
  equal(jacobi(again.t, short.pHat), 1);
  equal(jacobi(again.t, short.qHat), 1);
  notEqual(again.t, shortRing.parameters.t);
  equal(gcd(again.s, again.N), 1n);
});

/** A prime of 3072 bits, searched once: 2^3072 − 1103717 is the largest one. */
function fullPrime(): bigint {
  return (1n << 3072n) - 1103717n;
}

// ---- Mutants ---------------------------------------------------------------------------------------------------

/** Of the 128 rows of a proof every eighth is tried; HOLDFAST_MUTANTS=256 tries all. */
const isFull = process.env['HOLDFAST_MUTANTS'] !== undefined;
const isTried = (k: number): boolean => isFull || k % 8 === 5;

/** Another value for an integer: its neighbours, the ends of its group, what is congruent to it, and single bits. */
function mutantsOf(value: bigint, N: bigint, flips: number): bigint[] {
  const bits = value.toString(2).length;
  const flipped = Array.from({ length: flips }, (_, k) => value ^ (1n << BigInt((k * 37) % bits)));
  return [0n, 1n, -1n, -value, value + 1n, value - 1n, value + N, value - N, N - value, ...flipped];
}

test('row 12: of thousands of set-up proofs with one value that is another, none convinces', () => {
  let tried = 0;
  const refused = (wanted: string, attempt: () => void): void => {
    tried += 1;
    throws(attempt, code(wanted));
  };
  const { N } = shortRing.parameters;
  for (const [k, A_k] of honestPrm.A.entries())
    for (const other of isTried(k) ? mutantsOf(A_k, N, 0) : [])
      refused('E_AUX_PRM', tryPrm({ ...honestPrm, A: honestPrm.A.with(k, other) }));
  for (const [k, z_k] of honestPrm.z.entries())
    for (const other of isTried(k) ? mutantsOf(z_k, N, 4) : [])
      refused('E_AUX_PRM', tryPrm({ ...honestPrm, z: honestPrm.z.with(k, other) }));
  for (const other of mutantsOf(honestMod.w, shortN, 64)) refused('E_AUX_MOD', tryMod({ ...honestMod, w: other }));
  for (const [k, row] of honestMod.roots.entries()) {
    if (!isTried(k)) continue;
    const withRow = (change: Partial<typeof row>) =>
      tryMod({ ...honestMod, roots: honestMod.roots.with(k, { ...row, ...change }) });
    // −x is a fourth root as well, and says nothing else.
    for (const x of mutantsOf(row.x, shortN, 4)) if (x !== shortN - row.x) refused('E_AUX_MOD', withRow({ x }));
    for (const z of mutantsOf(row.z, shortN, 4)) refused('E_AUX_MOD', withRow({ z }));
  }
  for (const [field, value] of Object.entries(honestFac))
    for (const other of mutantsOf(value as bigint, N, isFull ? 64 : 8))
      refused('E_AUX_FAC', tryFac({ ...honestFac, [field]: other }));
  console.log(`${tried} mutants of Π^prm, Π^mod and Π^fac, 0 accepted`);
  ok(tried > (isFull ? 5_000 : 800), `${tried}`);
});
