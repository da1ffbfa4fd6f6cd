/** Every fast path against plain BigInt arithmetic, and the arguments at which OpenSSL answers nonsense. */
import { deepEqual, equal, notEqual, ok, rejects, throws } from 'node:assert/strict';
import { createDiffieHellman } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { seed, seeded } from '../testing/seed.ts';
import {
  bitLength,
  crtModulus,
  findSafePrime,
  fromBytes,
  gcd,
  inverse,
  isProbablePrime,
  isqrt,
  jacobi,
  mod,
  modulus,
  powByBigInt,
  powerBackend,
  randomBelow,
  randomSigned,
  randomUnit,
  safePrime,
  toBytes,
} from './index.ts';

fc.configureGlobal({ seed });

const refused = { code: 'E_INTEGER' };
const random = seeded('bigmod');
const integer = (bits: number): bigint => randomBelow(random, 1n << BigInt(bits));
const odd = (bits: number): bigint => (1n << BigInt(bits - 1)) | integer(bits - 1) | 1n;

// The two Mersenne primes and 2^255−19 stand for primes where safe ones would take too long to make.
const m521 = (1n << 521n) - 1n;
const m607 = (1n << 607n) - 1n;
const small: readonly bigint[] = [3n, 5n, 7n, 11n, 13n, 101n];

/** What the definition says, one multiplication at a time. */
function slowly(base: bigint, exponent: bigint, m: bigint): bigint {
  let result = 1n % m;
  for (let k = 0n; k < exponent; k += 1n) result = mod(result * base, m);
  return result;
}

test('powers equal those of BigInt on every path, for moduli on both sides of OpenSSL’s limits', () => {
  for (const bits of [8, 64, 511, 512, 513, 1024, 1536, 3072]) {
    const m = odd(bits);
    for (const exponentBits of [1, 17, 256]) {
      const [base, exponent] = [integer(bits + 5), integer(exponentBits)];
      equal(modulus(m).pow(base, exponent), powByBigInt(base, exponent, m), `${bits}/${exponentBits}`);
    }
  }
  equal(powByBigInt(7n, 23n, 101n), slowly(7n, 23n, 101n));
  equal(powByBigInt(7n, 0n, 101n), 1n);
  equal(powByBigInt(-3n, 3n, 101n), slowly(-3n, 3n, 101n));
});

test('moduli of ECDSA’s size are computed by OpenSSL here, even and tiny ones by BigInt', () => {
  for (const bits of [512, 1536, 3072, 6144, 10_000]) equal(powerBackend(odd(bits)), 'openssl', `${bits}`);
  for (const m of [3n, odd(511), odd(10_001), odd(3072) + 1n]) equal(powerBackend(m), 'bigint');
  const even = odd(3072) + 1n;
  equal(modulus(even).pow(3n, 1001n), powByBigInt(3n, 1001n, even));
});

test('row 55: base or result 0, 1 or m−1, where OpenSSL throws or answers zeros, gives the right value', () => {
  for (const m of [m521, m607, m521 * m607, m521 * m521, odd(3072)]) {
    const { pow } = modulus(m);
    for (const base of [0n, 1n, m - 1n, m, m + 1n, -1n, 2n * m]) {
      for (const exponent of [0n, 1n, 2n, 3n, m - 1n]) equal(pow(base, exponent), powByBigInt(base, exponent, m));
    }
  }
});

test('row 55: results 1 and −1 of honest bases, and 0 of bases with a factor, are found without OpenSSL’s help', () => {
  const { pow } = modulus(m521);
  for (const base of [2n, 3n, 5n, 1234567n]) {
    throws(() => {
      const dh = createDiffieHellman(toBytes(m521), 2);
      dh.setPrivateKey(toBytes(m521 - 1n));
      const bytes = dh.computeSecret(toBytes(base));
      if (fromBytes(bytes) <= 1n) throw new Error('zeros');
    });
    equal(pow(base, m521 - 1n), 1n);
    equal(pow(base, (m521 - 1n) / 2n), mod(BigInt(jacobi(base, m521)), m521));
    equal(pow(base, 1n - m521), 1n);
  }
  const square = m521 * m521;
  equal(modulus(square).pow(m521, 2n), 0n);
  equal(modulus(square).pow(m521, 1n), m521);
  // A base of order two that is neither 1 nor −1: only known to whoever knows the factors.
  const n = m521 * m607;
  const root = crtModulus(m521, m607, 1).combine(1n, m607 - 1n);
  for (const exponent of [2n, 3n, 1n << 300n, (1n << 300n) + 1n, -3n]) {
    equal(modulus(n).pow(root, exponent), (exponent & 1n) === 0n ? 1n : root);
  }
});

test('negative exponents invert, and a base without an inverse is refused', () => {
  const m = m521 * m607;
  const base = randomUnit(random, m);
  const power = modulus(m).powers(base);
  for (const exponent of [-1n, -2n, -integer(256) - 1n]) {
    equal(mod(modulus(m).pow(base, exponent) * modulus(m).pow(base, -exponent), m), 1n);
    equal(power(exponent), modulus(m).pow(base, exponent));
    equal(power(-exponent), modulus(m).pow(base, -exponent));
  }
  for (const bad of [0n, m521, 3n * m607, m]) throws(() => modulus(m).pow(bad, -1n), refused);
  throws(() => inverse(2n, 4n), refused);
  throws(() => inverse(0n, 1n), refused);
});

test('own moduli: powers through the factors equal powers without them, for units and for everything else', () => {
  const pairs: [bigint, bigint][] = [
    [m521, m607],
    [3n, 7n],
    [101n, 11n],
  ];
  for (const [p, q] of pairs) {
    for (const power of [1, 2] as const) {
      const own = crtModulus(p, q, power);
      const m = (p * q) ** BigInt(power);
      equal(own.m, m);
      const phi = (m / p / q) * (p - 1n) * (q - 1n);
      for (const base of [0n, 1n, 2n, m - 1n, p, q, p * q, 5n * p, integer(1128), integer(1128)]) {
        for (const exponent of [0n, 1n, 2n, phi, phi + 1n, integer(1500), p - 1n, q - 1n]) {
          equal(own.pow(base, exponent), powByBigInt(base, exponent, m), `${power} ${base}^${exponent}`);
          equal(own.powers(base)(exponent), own.pow(base, exponent));
        }
        equal(own.nthPower(base), powByBigInt(base, p * q, m));
        equal(own.isUnit(base), base > 0n && base < m && gcd(base, m) === 1n);
      }
      const unit = randomUnit(random, m);
      equal(mod(own.pow(unit, -12345n) * own.pow(unit, 12345n), m), 1n);
    }
  }
});

test('own moduli: the two halves join to the value that has both remainders', () => {
  const own = crtModulus(m521, m607, 1);
  const [a, b] = [integer(520), integer(606)];

  const x = own.combine(a, b);

  deepEqual([x % m521, x % m607, x < m521 * m607], [a, b, true]);
  throws(() => own.combine(a, own.m), refused, 'a remainder outside its range does not join');
});

test('own moduli: the object of a key is made once and forgotten after eight others', () => {
  const first = crtModulus(m521, m607, 2);

  equal(crtModulus(m521, m607, 2), first);
  notEqual(crtModulus(m521, m607, 1), first);
  for (const q of [5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n]) equal(crtModulus(3n, q, 1).m, 3n * q);
  notEqual(crtModulus(m521, m607, 2), first);
});

test('own moduli: equal or even factors are refused', () => {
  for (const [p, q] of [
    [m521, m521],
    [2n, m521],
    [m521, 1n],
    [0n, m521],
  ] as const) {
    throws(() => crtModulus(p, q, 2), refused);
  }
});

test('own moduli: a factor that is no prime is noticed by the first power', () => {
  throws(() => crtModulus(5n * 7n, m521, 1), refused);
  throws(() => crtModulus(m521, 5n * 7n, 2), refused);
});

test('units are exactly the values between 0 and m that share no factor with m', () => {
  const m = 3n * 5n * 7n;
  for (let a = -2n; a < m + 5n; a += 1n) {
    const expected = a > 0n && a < m && a % 3n !== 0n && a % 5n !== 0n && a % 7n !== 0n;
    equal(modulus(m).isUnit(a), expected);
    equal(modulus(m).areUnits([2n, a, 4n]), expected);
    const own = crtModulus(5n, 7n, 1);
    equal(own.areUnits([2n, a]), a > 0n && a < 35n && a % 5n !== 0n && a % 7n !== 0n);
  }
  equal(modulus(m).areUnits([]), true);
  equal(modulus(m).areUnits([3n, 35n]), false, 'two non-units whose product is zero');
});

test('moduli below 2 are refused', () => {
  for (const m of [1n, 0n, -7n]) throws(() => modulus(m), refused);
});

test('the object of a modulus is made once and forgotten after many others', () => {
  const m = odd(600);
  const first = modulus(m);

  equal(modulus(m), first);
  for (let k = 0; k < 64; k += 1) modulus(odd(100));
  notEqual(modulus(m), first);
});

test('gcd, Jacobi symbol and integer root agree with their definitions', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 1n << 80n), fc.bigInt(1n, 1n << 80n), (a, b) => {
      const g = gcd(a, b);
      ok(a % g === 0n && b % g === 0n);
      equal(gcd(a / g, b / g), 1n);
      equal(gcd(-a, b), g);
      const root = isqrt(a);
      ok(root * root <= a && (root + 1n) * (root + 1n) > a);
      const n = 2n * b + 1n;
      equal(jacobi(a, n) === 0, gcd(a, n) !== 1n);
      equal(jacobi(a * a, n), gcd(a, n) === 1n ? 1 : 0);
      ok(jacobi(a, n) * jacobi(b, n) === jacobi(a * b, n));
    }),
  );
  // Euler's criterion, at primes of every residue mod 8.
  for (const p of [3n, 5n, 7n, 11n, 13n, 17n, 41n, 101n, 103n]) {
    for (let a = 0n; a < p; a += 1n) equal(mod(BigInt(jacobi(a, p)), p), powByBigInt(a, (p - 1n) / 2n, p));
  }
  for (const p of small) equal(isqrt(p * p), p);
  throws(() => isqrt(-1n), refused);
  for (const n of [0n, 4n, -3n]) throws(() => jacobi(2n, n), refused);
});

test('bytes are big-endian, padded to a length that must suffice', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 1n << 200n), (n) => {
      equal(fromBytes(toBytes(n)), n);
      equal(fromBytes(toBytes(n, 26)), n);
      equal(toBytes(n, 26).length, 26);
      equal(bitLength(n), n === 0n ? 0 : n.toString(2).length);
      equal(bitLength(-n), bitLength(n));
      equal(toBytes(n).length, Math.ceil(bitLength(n) / 8));
    }),
  );
  deepEqual(toBytes(258n), Uint8Array.of(1, 2));
  deepEqual(toBytes(258n, 3), Uint8Array.of(0, 1, 2));
  throws(() => toBytes(256n, 1), refused);
  throws(() => toBytes(-1n), refused);
});

test('drawn integers fill their range and stay inside it', () => {
  const seen = { below: new Set<bigint>(), signed: new Set<bigint>(), unit: new Set<bigint>() };
  for (let k = 0; k < 400; k += 1) {
    seen.below.add(randomBelow(random, 5n));
    seen.signed.add(randomSigned(random, 2n));
    seen.unit.add(randomUnit(random, 9n));
  }
  const sorted = (set: Set<bigint>): bigint[] => [...set].sort((a, b) => Number(a - b));

  deepEqual(sorted(seen.below), [0n, 1n, 2n, 3n, 4n]);
  deepEqual(sorted(seen.signed), [-2n, -1n, 0n, 1n, 2n]);
  deepEqual(sorted(seen.unit), [1n, 2n, 4n, 5n, 7n, 8n]);
  equal(randomBelow(random, 1n), 0n);
  equal(randomSigned(random, 0n), 0n);
  for (const m of [0n, -1n]) throws(() => randomBelow(random, m), refused);
  throws(() => randomSigned(random, -1n), refused);
  throws(() => randomUnit(random, 1n), refused);
});

test('drawn integers reject bytes at or above the range instead of reducing them', () => {
  const answers = [Uint8Array.of(0xff), Uint8Array.of(0x65), Uint8Array.of(0xe4)];

  // 101 takes seven bits: 0xff → 127 and 0x65 → 101 are out, 0xe4 → 100 is in.
  equal(
    randomBelow(() => answers.shift() as Uint8Array, 101n),
    100n,
  );
  equal(answers.length, 0);
});

test('a safe prime has its length, its two top bits, and a half that is prime too', async () => {
  const p = await safePrime(256);

  equal(p >> 254n, 3n);
  equal(p & 3n, 3n);
  ok(isProbablePrime(p) && isProbablePrime((p - 1n) / 2n));
  for (const bits of [63, 4097, 100.5]) await rejects(safePrime(bits), refused);
});

test('a safe prime searched in small steps is as good, and its sieve lets it through', () => {
  for (const bits of [96, 256, 512]) {
    const p = findSafePrime(bits, random);

    equal(bitLength(p), bits);
    equal(p >> BigInt(bits - 2), 3n);
    equal(p & 3n, 3n);
    ok(isProbablePrime(p) && isProbablePrime((p - 1n) / 2n));
  }
  notEqual(findSafePrime(96, random), findSafePrime(96, random));
  for (const bits of [63, 3073, 100.5]) throws(() => findSafePrime(bits, random), refused);
});

test('composites are not primes, Carmichael numbers and squares of primes included', () => {
  for (const n of [-7n, 0n, 1n, 4n, 561n, 41041n, m521 * m521, m521 * m607]) equal(isProbablePrime(n), false);
  for (const n of [2n, 3n, m521, m607]) equal(isProbablePrime(n), true);
});
