/** The two halves of a key share's check, each used without the other. */
import { throws } from 'node:assert/strict';
import { test } from 'node:test';
import { curve } from '../curves/index.ts';
import type { Scalar } from '../curves/types.ts';
import { seeded } from '../testing/seed.ts';
import { checkOwnShare, checkSharedKey } from './key-share.ts';
import { split } from './split.ts';

const refused = { name: 'CryptoError', code: 'E_KEY_SHARE' };
const secp = curve('secp256k1');
const random = seeded('key share halves');
const { shares, publicShares, publicKey } = split(secp, { secret: secp.scalar.random(random), t: 3, n: 5 }, random);
const x = shares[1] as Scalar;
const counts = [
  { t: 1, n: 5 },
  { t: 6, n: 5 },
  { t: 3, n: 4 },
  { t: 3, n: 6 },
  { t: 2.5, n: 5 },
];

test('row 44: the public part of a key is refused where its numbers do not fit, without any share', () => {
  checkSharedKey(secp, { t: 3, n: 5, publicShares, publicKey });

  for (const wrong of counts) throws(() => checkSharedKey(secp, { ...wrong, publicShares, publicKey }), refused);
});

test('row 44: a share is refused where the numbers of its key do not fit, without the rest of the key', () => {
  checkOwnShare(secp, { index: 2, t: 3, n: 5, x, publicShares });

  for (const wrong of counts) throws(() => checkOwnShare(secp, { index: 2, ...wrong, x, publicShares }), refused);
});
