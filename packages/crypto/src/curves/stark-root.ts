/**
 * Square roots modulo the stark prime. p − 1 is divisible by 2^192, which makes Tonelli–Shanks take thousands of
 * multiplications; Cipolla's method does not mind, and (p+1)/2 has only four bits set. Public values only.
 */
import { STARK } from './parameters.ts';

const P = STARK.p;
const HALF_UP = (P + 1n) / 2n;
const HALF_DOWN = (P - 1n) / 2n;

/** A root of n; throws a plain Error, as the field interface wants, when there is none. */
export function starkRoot(n: bigint): bigint {
  if (n === 0n) return 0n;
  // a² − n without a root, so that F_p(√(a² − n)) is a field; half of all a will do.
  let a = 1n;
  let w = mod(a * a - n);
  while (w === 0n || power(w, HALF_DOWN) === 1n) {
    a += 1n;
    w = mod(a * a - n);
  }
  // (a + √w)^((p+1)/2), square and multiply from the top.
  let x = 1n;
  let y = 0n;
  for (const bit of HALF_UP.toString(2)) {
    const xy = x * y;
    x = (x * x + ((y * y) % P) * w) % P;
    y = (2n * xy) % P;
    if (bit === '1') {
      const next = (x * a + y * w) % P;
      y = (x + y * a) % P;
      x = next;
    }
  }
  if (mod(x * x) !== n) throw new Error('not a square');
  return x;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % P;
    if (bit === '1') result = (result * base) % P;
  }
  return result;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}
