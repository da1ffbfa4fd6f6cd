import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { toHex0x } from './bytes.ts';
import { byteString, decodeCbor, list, map, negative, no, nothing, textString, uint, yes } from './cbor.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

// RFC 8949, Appendix A.
const examples: readonly (readonly [string, Uint8Array])[] = [
  ['00', uint(0)],
  ['17', uint(23)],
  ['1818', uint(24)],
  ['1903e8', uint(1_000)],
  ['1a000f4240', uint(1_000_000)],
  ['1b000000e8d4a51000', uint(1_000_000_000_000)],
  ['3863', negative(-100)],
  ['4401020304', byteString(hex('01020304'))],
  ['6449455446', textString('IETF')],
  ['83010203', list(uint(1), uint(2), uint(3))],
  ['a201020304', map([uint(1), uint(2)], [uint(3), uint(4)])],
  ['f4', no],
  ['f5', yes],
  ['f6', nothing],
];

test('writes and reads the examples of RFC 8949', () => {
  for (const [bytes, written] of examples) {
    equal(toHex0x(written), `0x${bytes}`);
    deepEqual(decodeCbor(hex(bytes), 'it').raw, hex(bytes));
  }
  for (const endless of ['9f0102ff', 'bf0102ff', '5f42010243030405ff', '7f657374726561646d696e67ff'])
    deepEqual(decodeCbor(hex(endless), 'it').raw, hex(endless));
  equal(decodeCbor(hex('d9010280'), 'it').type, 'tag');
});

test('a text keeps the mark that some decoders take away, as it is hashed with it', () => {
  const read = decodeCbor(hex('64efbbbf61'), 'it');
  equal(read.type === 'text' && read.value, '\ufeffa');
});

const wrong: readonly (readonly [string, string, RegExp])[] = [
  ['nothing', '', /ends at byte 0/],
  ['a byte behind the end', '0000', /1 bytes too many/],
  ['a number that is not in its shortest form', '1817', /shortest form/],
  ['a longer number that is not', '1900ff', /shortest form/],
  ['a still longer one', '1a0000ffff', /shortest form/],
  ['a length that there is not', '1c', /does not have/],
  ['a number without an end', '1f', /endless number/],
  ['a tag without an end', 'df', /endless number/],
  ['a string that is cut', '4401', /ends before/],
  ['a list that is cut', '8201', /ends at byte/],
  ['a floating number', 'f93c00', /not used here/],
  ['a text that is not UTF-8', '61ff', /UTF-8/],
  ['a string in parts of another kind', '5f6161ff', /another kind/],
  ['a string whose parts have parts', '5f5f4101ffff', /another kind/],
  ['too many levels', '81'.repeat(40), /nested/],
];
for (const [name, bytes, message] of wrong)
  test(`refuses CBOR with ${name}`, () => {
    throws(() => decodeCbor(hex(bytes), 'transaction'), { code: 'E_BODY', message });
  });
