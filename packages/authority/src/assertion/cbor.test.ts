import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '@holdfast/contract/wire';
import { readCbor } from './cbor.ts';

// RFC 8949 appendix A, the rows of the types in use.
for (const [hex, value] of [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['190100', 256],
  ['1903e8', 1000],
  ['1a00010000', 65536],
  ['1a000f4240', 1000000],
  ['20', -1],
  ['3863', -100],
  ['3903e7', -1000],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['40', new Uint8Array(0)],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['62c3bc', '\u00fcx'.slice(0, 1)],
  ['6449455446', 'IETF'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', new Map()],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    'a26161016162820203',
    new Map<string, unknown>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
] as const) {
  test(`reads ${hex}`, () => {
    deepEqual(readCbor(fromHex(hex)), { value, length: hex.length / 2 });
  });
}

for (const [hex, message] of [
  ['', 'unexpected end'],
  ['18', 'unexpected end'],
  ['4401', 'unexpected end'],
  ['6261', 'unexpected end'],
  ['8201', 'length'],
  ['820000'.slice(0, 4), 'length'],
  ['9affffffff', 'length'],
  ['baffffffff', 'length'],
  ['a101', 'unexpected end'],
  ['1817', 'length is not in its shortest form'],
  ['1900ff', 'length is not in its shortest form'],
  ['1a0000ffff', 'length is not in its shortest form'],
  ['1b0000000100000000', 'length'],
  ['1c', 'length'],
  ['5f4101ff', 'length'],
  ['9f01ff', 'length'],
  ['bf0101ff', 'length'],
  ['a201010102', 'duplicate map key'],
  ['a1410101', 'map key'],
  ['a18001', 'map key'],
  ['61ff', 'text is not UTF-8'],
  ['c000', 'tags are not accepted'],
  ['f7', 'unsupported simple value'],
  ['f90000', 'unsupported simple value'],
  ['ff', 'unsupported simple value'],
  ['818181818100', 'nested too deep'],
] as const) {
  test(`refuses ${hex || 'nothing'}: ${message}`, () =>
    throws(() => readCbor(fromHex(hex)), { name: 'CborError', message }));
}

test('reads four levels and says how far it read', () => {
  equal(readCbor(fromHex('8181818100ff')).length, 5);
});
