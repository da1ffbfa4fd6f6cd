import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { curve } from '@holdfast/crypto/curves';
import { fitsCurve, modulusBitsMax, primeBits } from './index.ts';

test('the sizes meet the conditions of the security proofs on both curves of ECDSA, and not on a larger one', () => {
  equal(fitsCurve(curve('secp256k1')), true);
  equal(fitsCurve(curve('stark')), true);
  equal(fitsCurve({ order: 1n << 256n }), false);
  equal(2 * primeBits, modulusBitsMax);
});
