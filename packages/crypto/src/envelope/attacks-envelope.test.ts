/** What guard removal showed that no other test missed: encoders refuse what their own decoders would. */
import { throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { CurveName } from '../curves/types.ts';
import { encodeExportShare, encodeImportShare } from './index.ts';

const refused = { name: 'CryptoError', code: 'E_SHARE_FORMAT' };
const scalar = new Uint8Array(32).fill(7);
const unknown = 'p256' as CurveName;

test('writes no share of a curve that is none of ours, whatever the length of its points', () => {
  const publicShares = [new Uint8Array(33), new Uint8Array(33)];

  throws(() => encodeImportShare({ curve: unknown, secretShare: scalar, publicShares }), refused);
  throws(() => encodeExportShare({ curve: unknown, index: 1, secretShare: scalar }), refused);
});

test('writes no exported scalar of another length', () => {
  for (const length of [0, 31, 33])
    throws(() => encodeExportShare({ curve: 'stark', index: 1, secretShare: new Uint8Array(length) }), refused);
});
