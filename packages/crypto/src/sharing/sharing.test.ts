import { deepEqual, equal, notEqual, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '../bytes.ts';
import { type Curve, curve, type Point, type Scalar } from '../curves/index.ts';
import { seeded } from '../testing/seed.ts';
import {
  checkKeyShare,
  commitments,
  degreeTest,
  evaluate,
  feldmanExpected,
  feldmanShares,
  interpolate,
  interpolatePoint,
  lagrange,
  leadingCoefficient,
  type Polynomial,
  randomPolynomial,
  recombine,
  split,
} from './index.ts';

const refusedSharing = { name: 'CryptoError', code: 'E_SHARING' };
const refusedShare = { name: 'CryptoError', code: 'E_KEY_SHARE' };
const subsetsOf3: readonly (readonly number[])[] = [1, 2, 3, 4, 5].flatMap((a) =>
  [1, 2, 3, 4, 5].flatMap((b) => [1, 2, 3, 4, 5].filter((c) => a < b && b < c).map((c) => [a, b, c])),
);

/** f(1)·G … f(n)·G. */
function publicSharesOf(c: Curve, f: Polynomial, n: number): Point[] {
  return Array.from({ length: n }, (_, k) => c.mulBase(evaluate(c, f, k + 1)));
}

for (const name of ['secp256k1', 'ed25519', 'stark'] as const) {
  const c = curve(name);
  const { scalar } = c;
  const random = seeded(`sharing ${name}`);
  const small = (k: number): Scalar => scalar.fromBigInt(BigInt(k));

  describe(`sharing on ${name}`, () => {
    test('evaluates polynomials as integers modulo the order would', () => {
      const f = [7, 5, 3].map(small);
      for (const x of [1, 2, 5, 65535]) {
        equal(scalar.toBigInt(evaluate(c, f, x)), BigInt(7 + 5 * x + 3 * x * x) % c.order);
      }
      deepEqual(
        f.map((a) => scalar.toBigInt(a)),
        [7n, 5n, 3n],
        'the polynomial was changed',
      );
    });

    test('draws polynomials of exactly the degree asked for', () => {
      const free = randomPolynomial(c, { degree: 2 }, random);
      const fixed = randomPolynomial(c, { degree: 4, constant: scalar.zero }, random);

      equal(free.length, 3);
      equal(fixed.length, 5);
      equal(scalar.isZero(fixed[0] as Scalar), true);
      for (const a of [...free, ...fixed.slice(1)]) equal(scalar.isZero(a), false);
    });

    test('knows the weights of the sets that protocols use', () => {
      const weights = (xs: number[]): bigint[] =>
        lagrange(c, xs).map((weight) => {
          const value = scalar.toBigInt(weight);
          return value > c.order / 2n ? value - c.order : value;
        });

      deepEqual(weights([1, 2, 3]), [3n, -3n, 1n]);
      deepEqual(weights([1, 2, 3, 4, 5]), [5n, -10n, 10n, -5n, 1n]);
      deepEqual(weights([2, 4]), [2n, -1n]);
    });

    test('any three of five shares give the secret, and any three give every other share', () => {
      const secret = scalar.random(random);
      const f = randomPolynomial(c, { degree: 2, constant: secret }, random);
      for (const xs of subsetsOf3) {
        const shares = xs.map((x) => ({ x, y: evaluate(c, f, x) }));
        equal(toHex(interpolate(c, shares)), toHex(secret));
        for (let x = 1; x <= 5; x++) equal(toHex(interpolate(c, shares, x)), toHex(evaluate(c, f, x)));
      }
    });

    test('weights are fresh arrays, so that wiping them harms nobody', () => {
      const xs = [1, 3, 4];
      const before = lagrange(c, xs).map(toHex);
      for (const weight of lagrange(c, xs)) weight.fill(0);

      deepEqual(lagrange(c, xs).map(toHex), before);
    });

    test('row 16: evaluation points 0, repeated, negative, broken or too large are refused', () => {
      const bad = [
        [0, 1, 2],
        [1, 1, 2],
        [-1, 1, 2],
        [1.5, 2, 3],
        [1, 2, 65536],
        [Number.NaN],
        [1, 2, Number(c.order)],
        [],
      ];
      for (const xs of bad) throws(() => lagrange(c, xs), refusedSharing, String(xs));

      const f = randomPolynomial(c, { degree: 2 }, random);
      for (const x of [0, -1, 0.5, 65536, Number.NaN]) {
        throws(() => evaluate(c, f, x), refusedSharing);
        throws(() => feldmanExpected(c, commitments(c, f), x), refusedSharing);
      }
      throws(
        () =>
          interpolate(c, [
            { x: 1, y: scalar.one },
            { x: 1, y: scalar.one },
          ]),
        refusedSharing,
      );
    });

    test('row 19: commitments tell a right share from a wrong one', () => {
      const f = randomPolynomial(c, { degree: 2 }, random);
      const C = commitments(c, f);
      for (let x = 1; x <= 5; x++) {
        const share = evaluate(c, f, x);
        equal(c.equals(c.mulBase(share), feldmanExpected(c, C, x)), true);
        equal(c.equals(c.mulBase(scalar.add(share, scalar.one)), feldmanExpected(c, C, x)), false);
      }
    });

    test('gives every party’s public share from the commitments', () => {
      for (const degree of [1, 2, 3]) {
        const C = commitments(c, randomPolynomial(c, { degree }, random));
        const shares = feldmanShares(c, C, 7);
        equal(shares.length, 7);
        for (const [at, X_j] of shares.entries()) equal(c.equals(X_j, feldmanExpected(c, C, at + 1)), true);
      }
      for (const n of [0, 65, 1.5]) throws(() => feldmanShares(c, [c.base, c.base, c.base], n), refusedSharing);
      throws(() => feldmanShares(c, [], 5), refusedSharing);
    });

    test('accepts public shares of degree t − 1 at every threshold', () => {
      for (const [t, n] of [
        [2, 2],
        [2, 3],
        [2, 5],
        [3, 3],
        [3, 4],
        [3, 5],
        [4, 5],
        [5, 5],
        [4, 7],
      ] as const) {
        const f = randomPolynomial(c, { degree: t - 1 }, random);
        const X = publicSharesOf(c, f, n);
        equal(degreeTest(c, X, t), true, `${t} of ${n}`);
        equal(c.equals(interpolatePoint(c, X, t), c.mulBase(f[0] as Scalar)), true);
      }
    });

    test('row 25: public shares of a higher or lower degree are refused at every threshold', () => {
      for (const [t, n] of [
        [2, 3],
        [2, 5],
        [3, 4],
        [3, 5],
        [4, 5],
        [4, 7],
      ] as const) {
        for (const degree of [t - 2, t, n - 1]) {
          if (degree < 1) continue;
          const X = publicSharesOf(c, randomPolynomial(c, { degree }, random), n);
          equal(degreeTest(c, X, t), degree === t - 1, `degree ${degree}, ${t} of ${n}`);
        }
        const constant = new Array<Point>(n).fill(c.mulBase(scalar.random(random)));
        equal(degreeTest(c, constant, t), false, `degree 0, ${t} of ${n}`);
      }
    });

    test('row 25: one, two or all public shares of another key are refused', () => {
      const X = publicSharesOf(c, randomPolynomial(c, { degree: 2 }, random), 5);
      const Y = publicSharesOf(c, randomPolynomial(c, { degree: 2 }, random), 5);
      for (let at = 0; at < 5; at++) {
        equal(degreeTest(c, X.with(at, Y[at] as Point), 3), false);
        equal(degreeTest(c, X.with(at, Y[at] as Point).with((at + 1) % 5, Y[(at + 1) % 5] as Point), 3), false);
        equal(degreeTest(c, X.with(at, c.identity), 3), false);
      }
      equal(degreeTest(c, [...X.slice(0, 3), ...Y.slice(3)], 3), false);
    });

    test('the special test for 3 of 5 and the general one agree', () => {
      for (let degree = 1; degree <= 4; degree++) {
        const six = publicSharesOf(c, randomPolynomial(c, { degree }, random), 6);
        equal(degreeTest(c, six.slice(0, 5), 3), degreeTest(c, six, 3));
      }
    });

    test('the leading coefficient is O exactly where the degree is too low', () => {
      const low = publicSharesOf(c, [small(9), small(4), scalar.zero], 5);
      const right = publicSharesOf(c, [small(9), small(4), small(6)], 5);

      equal(c.isIdentity(leadingCoefficient(c, low, 3)), true);
      // (t−1)!·a_{t−1} = 2·6.
      equal(c.equals(leadingCoefficient(c, right, 3), c.mulBase(small(12))), true);
      equal(degreeTest(c, low, 3), false);
    });

    test('row 44: a key share is checked whole', () => {
      const { shares, publicShares, publicKey } = split(c, { secret: scalar.random(random), t: 3, n: 5 }, random);
      const good = { index: 2, t: 3, n: 5, x: shares[1] as Scalar, publicShares, publicKey };
      checkKeyShare(c, good);

      const X = (j: number): Point => publicShares[j - 1] as Point;
      const bad: [string, Partial<typeof good>][] = [
        ['another index', { index: 3 }],
        ['index 0', { index: 0 }],
        ['index 6', { index: 6 }],
        ['a broken index', { index: 1.5 }],
        ['a lower threshold', { t: 2 }],
        ['a higher threshold', { t: 4 }],
        ['threshold 1', { t: 1 }],
        ['another n', { n: 4 }],
        ['n below t', { n: 2, publicShares: publicShares.slice(0, 2) }],
        ['a public share less', { publicShares: publicShares.slice(0, 4) }],
        ['a public share more', { publicShares: [...publicShares, X(1)] }],
        ['two public shares swapped', { publicShares: [X(1), X(2), X(4), X(3), X(5)] }],
        ['own public share swapped', { publicShares: [X(2), X(1), X(3), X(4), X(5)] }],
        ['the identity among the public shares', { publicShares: publicShares.with(4, c.identity) }],
        ['another public share', { publicShares: publicShares.with(4, c.base) }],
        ['the identity as public key', { publicKey: c.identity }],
        ['another public key', { publicKey: c.add(publicKey, c.base) }],
        ['a negated public key', { publicKey: c.neg(publicKey) }],
        ['a zero share', { x: scalar.zero }],
        ['another share', { x: shares[2] as Scalar }],
      ];
      for (const [what, change] of bad) throws(() => checkKeyShare(c, { ...good, ...change }), refusedShare, what);
    });

    test('row 44: a polynomial with a root at 0 or at a party is refused', () => {
      // f(z) = (z − a)(z − b): right degree, right public shares, and still no key.
      const withRoots = (a: number, b: number): Polynomial => [small(a * b), small(-a - b), small(1)];
      const shareOf = (f: Polynomial, index: number) => ({
        index,
        t: 3,
        n: 5,
        x: evaluate(c, f, index),
        publicShares: publicSharesOf(c, f, 5),
        publicKey: c.mulBase(f[0] as Scalar),
      });
      const because = (message: RegExp) => ({ ...refusedShare, message });

      throws(() => checkKeyShare(c, shareOf(withRoots(0, 9), 2)), because(/public key is not the identity/));
      throws(() => checkKeyShare(c, shareOf(withRoots(4, 9), 2)), because(/public share is not the identity/));
      throws(() => checkKeyShare(c, shareOf(withRoots(4, 9), 4)), because(/share is not zero/));
      checkKeyShare(c, shareOf(withRoots(8, 9), 2));
    });

    test('refuses impossible thresholds, degrees and empty polynomials', () => {
      const X = publicSharesOf(c, randomPolynomial(c, { degree: 2 }, random), 5);
      for (const t of [1, 6, 2.5, Number.NaN]) {
        for (const use of [degreeTest, interpolatePoint, leadingCoefficient])
          throws(() => use(c, X, t), refusedSharing);
      }
      for (const degree of [0, -1, 64, 1.5]) throws(() => randomPolynomial(c, { degree }, random), refusedSharing);
      throws(() => evaluate(c, [], 1), refusedSharing);
      throws(() => feldmanExpected(c, [], 1), refusedSharing);
      for (const at of [-1, 0.5, 65536]) throws(() => lagrange(c, [1, 2], at), refusedSharing);
    });

    test('splits a key and puts it together from every three shares', () => {
      const secret = scalar.random(random);
      const { shares, publicShares, publicKey } = split(c, { secret, t: 3, n: 5 }, random);
      equal(degreeTest(c, publicShares, 3), true);
      equal(c.equals(publicKey, c.mulBase(secret)), true);
      for (const xs of subsetsOf3) {
        const chosen = xs.map((index) => ({ index, share: shares[index - 1] as Scalar }));
        equal(toHex(recombine(c, { shares: chosen, t: 3, publicKey })), toHex(secret));
      }
    });

    test('two wrong shares of five do not keep a key from being put together', () => {
      const secret = scalar.random(random);
      const { shares, publicKey } = split(c, { secret, t: 3, n: 5 }, random);
      const wrong = shares.map((share, k) => ({ index: k + 1, share: k < 2 ? scalar.random(random) : share }));

      equal(toHex(recombine(c, { shares: wrong, t: 3, publicKey })), toHex(secret));
    });

    test('three wrong shares, too few shares or repeated ones give nothing', () => {
      const { shares, publicKey } = split(c, { secret: scalar.random(random), t: 3, n: 5 }, random);
      const given = shares.map((share, k) => ({ index: k + 1, share }));
      const wrong = given.map((s, k) => (k < 3 ? { ...s, share: scalar.random(random) } : s));
      const [first] = given as [(typeof given)[number]];

      throws(() => recombine(c, { shares: wrong, t: 3, publicKey }), refusedSharing);
      throws(() => recombine(c, { shares: given.slice(0, 2), t: 3, publicKey }), {
        ...refusedSharing,
        message: 'Needs 3 shares and has 2.',
      });
      throws(() => recombine(c, { shares: [first, first, first], t: 3, publicKey }), refusedSharing);
      throws(() => recombine(c, { shares: given, t: 1, publicKey }), { ...refusedSharing, message: 'Needs t ≥ 2.' });
    });

    test('refuses to split zero or at impossible thresholds', () => {
      const secret = scalar.random(random);
      throws(() => split(c, { secret: scalar.zero, t: 3, n: 5 }, random), refusedSharing);
      for (const [t, n] of [
        [1, 5],
        [6, 5],
        [2, 33],
        [2.5, 5],
        [0, 0],
      ] as const) {
        throws(() => split(c, { secret, t, n }, random), refusedSharing);
      }
    });

    test('two splits of one secret share nothing', () => {
      const secret = scalar.random(random);
      const [a, b] = [split(c, { secret, t: 3, n: 5 }, random), split(c, { secret, t: 3, n: 5 }, random)];
      for (let k = 0; k < 5; k++) notEqual(toHex(a.shares[k] as Scalar), toHex(b.shares[k] as Scalar));
    });
  });
}
