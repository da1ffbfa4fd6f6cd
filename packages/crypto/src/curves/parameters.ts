/** Published parameters of the three curves. */
import type { CurveName } from './types.ts';

/** SEC 2 v2 §2.4.1. */
export const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** SEC 2 v2 §2.4.1: 2^256 − 2^32 − 977. */
export const SECP256K1_FIELD = 2n ** 256n - 2n ** 32n - 977n;

/** RFC 8032 §5.1: L = 2^252 + 27742317777372353535851937790883648493. */
export const ED25519_ORDER = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;

/** StarkWare, "STARK curve": y² = x³ + a·x + b over F_p, cofactor 1. */
export const STARK = {
  p: 2n ** 251n + 17n * 2n ** 192n + 1n,
  n: 0x0800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2fn,
  h: 1n,
  a: 1n,
  b: 0x06f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89n,
  Gx: 0x01ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfcan,
  Gy: 0x005668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1fn,
} as const;

export const CURVE_NAMES: readonly CurveName[] = ['secp256k1', 'ed25519', 'stark'];
