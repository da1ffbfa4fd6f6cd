/**
 * Paillier's encryption under N = p·q (mpc-protocols §3.1): Enc(m; r) = (1+N)^m·r^N mod N², plaintexts in the symmetric
 * range ±(N−1)/2. Under one's own key every power goes through the factors.
 */
import {
  type CrtModulus,
  crtModulus,
  inverse,
  type Modulus,
  mod,
  modulus,
  secretModulus,
} from '@holdfast/crypto/bigmod';

/** A key as its owner's peers know it. Whether N is what it should be was proven in the auxiliary set-up. */
export interface EncryptionKey {
  readonly N: bigint;
  readonly byN: Modulus;
  readonly byN2: Modulus;
  /** r^N mod N². */
  nthPower(r: bigint): bigint;
}

export interface DecryptionKey extends EncryptionKey {
  /** The plaintext, in the symmetric range. The ciphertext must be a member (isCiphertext). */
  decrypt(C: bigint): bigint;
  /** The r of Enc(m; r) = C, which is unique: gcd(N, φ(N)) = 1. */
  randomizerOf(C: bigint): bigint;
}

export function encryptionKey(N: bigint): EncryptionKey {
  const byN2 = modulus(N * N);
  return { N, byN: modulus(N), byN2, nthPower: (r) => byN2.pow(r, N) };
}

/** Own keys in use: making one costs some tens of milliseconds. One per auxiliary epoch, and there are two at most. */
const known: { readonly p: bigint; readonly q: bigint; readonly key: DecryptionKey }[] = [];
const knownMax = 8;

/** The factors stay in this process for as long as it runs; they are never in a log, an error or a message. */
export function decryptionKey({ p, q }: { readonly p: bigint; readonly q: bigint }): DecryptionKey {
  const found = known.find((each) => each.p === p && each.q === q);
  if (found !== undefined) return found.key;
  const key = makeKey(p, q);
  if (known.length >= knownMax) known.shift();
  known.push({ p, q, key });
  return key;
}

function makeKey(p: bigint, q: bigint): DecryptionKey {
  const N = p * q;
  const byN = crtModulus(p, q, 1);
  const byN2: CrtModulus = crtModulus(p, q, 2);
  // L(x) = (x−1)/p turns C^(p−1) mod p², which is 1 + (p−1)·q·m·p, into (p−1)·q·m = −q·m mod p (Paillier 1999, §7).
  const half = (own: bigint, other: bigint): ((C: bigint) => bigint) => {
    const bySquare = secretModulus(own * own);
    const factor = inverse(own - (other % own), own);
    return (C) => mod(((bySquare.pow(C, own - 1n) - 1n) / own) * factor, own);
  };
  const [byP, byQ] = [half(p, q), half(q, p)];
  const rootExponent = inverse(N, (p - 1n) * (q - 1n));
  return {
    N,
    byN,
    byN2,
    nthPower: (r) => byN2.nthPower(r),
    decrypt: (C) => symmetric(byN.combine(byP(C), byQ(C)), N),
    randomizerOf: (C) => byN.pow(C % N, rootExponent),
  };
}

/** The plaintext may have any sign; it counts modulo N. */
export function encrypt(key: EncryptionKey, m: bigint, r: bigint): bigint {
  return key.byN2.mul(1n + mod(m, key.N) * key.N, key.nthPower(r));
}

/** 0 < C < N² and gcd(C, N) = 1, for all of them; and 0 < r < N with gcd(r, N) = 1 for values of Z*_N among them. */
export function areMembers(
  key: EncryptionKey,
  { ciphertexts, units = [] }: { readonly ciphertexts: readonly bigint[]; readonly units?: readonly bigint[] },
): boolean {
  if (!ciphertexts.every((C) => C > 0n && C < key.byN2.m)) return false;
  return key.byN.areUnits([...ciphertexts.map((C) => C % key.N), ...units]);
}

/** left·base^e = right mod m, for either sign of e without an inverse. */
export function balanced(by: Modulus, o: { left: bigint; right: bigint; base: bigint; e: bigint }): boolean {
  if (o.e < 0n) return by.mul(o.left, by.pow(o.base, -o.e)) === o.right;
  return o.left === by.mul(o.right, by.pow(o.base, o.e));
}

function symmetric(m: bigint, N: bigint): bigint {
  return m > N / 2n ? m - N : m;
}
