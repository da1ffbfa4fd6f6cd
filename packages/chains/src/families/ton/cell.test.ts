import { equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { toHex0x } from '../bytes.ts';
import { bytesToBits, cell, coins, decodeBoc, encodeBoc, Slice, uint } from './cell.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const leaf = cell(bytesToBits(hex('c0ffee')));
const tree = cell('101', [leaf, cell('', [leaf])]);
/** Without its checksum, so that what is changed is what is found. */
const plain = (of: Uint8Array) => Uint8Array.from(of.subarray(0, -4)).fill((of[4] ?? 0) & ~0x40, 4, 5);
const changed = (at: number, value: number, of: Uint8Array = plain(encodeBoc(tree))) =>
  Uint8Array.from(of).fill(value, at, at + 1);

test('a bag of cells is read back as the tree it was, its shared cells once', () => {
  const bag = encodeBoc(tree);
  equal(toHex0x(decodeBoc(bag, 'it').hash), toHex0x(tree.hash));
  equal(toHex0x(decodeBoc(plain(bag), 'it').hash), toHex0x(tree.hash));
  equal(bag[6], 3);
  // The empty cell's hash is known wherever there is TON.
  equal(toHex0x(cell('').hash), '0x96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7');
});

// b5ee9c72 flags offset cells roots absent total root, then cells: descriptors, data, references.
const wrong: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['nine bytes', hex('b5ee9c720101010100'), /not a bag of cells/],
  ['another magic', changed(0, 0), /not a bag of cells/],
  ['flags of caches', changed(4, 0x21), /flags/],
  ['references of no bytes', changed(4, 0), /flags/],
  ['offsets of nine bytes', changed(5, 9), /flags/],
  ['no cells', changed(6, 0), /one root/],
  ['two roots', changed(7, 2), /one root/],
  ['absent cells', changed(8, 1), /one root/],
  ['a length that is not true', changed(9, 5), /not as long as it says/],
  ['a root that is not the first', changed(10, 1), /begin with its root/],
  ['a checksum that does not hold', changed(12, 0, encodeBoc(tree)), /checksum/],
  ['five references', changed(11, 5), /cell of a proof/],
  ['a level above 0', changed(11, 0x22), /cell of a proof/],
  ['an exotic cell that is no library', changed(11, 0x0a), /no library/],
  ['bits without an end', changed(13, 0), /do not end/],
  ['whole bytes said to end in the middle', changed(13, 0x80), /shortest form/],
  ['a reference to itself', changed(14, 0), /point forward/],
  ['a reference to a cell there is not', changed(14, 3), /point forward/],
  ['a cell that belongs to nothing', changed(15, 2), /belong to nothing/],
];
for (const [name, bytes, message] of wrong)
  test(`refuses a bag of cells with ${name}`, () => {
    throws(() => decodeBoc(bytes, 'transaction'), { code: 'E_BODY', message });
  });

test('refuses a bag with an index that is not true', () => {
  const bag = plain(encodeBoc(leaf));
  const indexed = (end: number) =>
    Uint8Array.from([...bag.subarray(0, 4), 0x81, ...bag.subarray(5, 11), end, ...bag.subarray(11)]);
  equal(toHex0x(decodeBoc(indexed(5), 'it').hash), toHex0x(leaf.hash));
  throws(() => decodeBoc(indexed(4), 'it'), /index/);
});

test('refuses a tree of more levels than messages have', () => {
  let deep = leaf;
  for (let n = 0; n < 201; n += 1) deep = cell('1', [deep]);
  throws(() => decodeBoc(encodeBoc(deep), 'it'), /cells deep/);
});

test('refuses to read bits and references that are not there, and amounts in a longer form', () => {
  const slice = new Slice(leaf, 'it');
  throws(() => slice.bits(25), { code: 'E_BODY' });
  throws(() => slice.ref(), { code: 'E_BODY' });
  throws(() => slice.end(), /behind its end/);
  throws(() => new Slice(cell(`${uint(2, 8)}${uint(0, 256)}`, [], true), 'it'), /exotic/);
  equal(new Slice(cell(coins(300n)), 'it').coins(), 300n);
  throws(() => new Slice(cell(uint(2, 4) + uint(5, 16)), 'it').coins(), /shortest form/);
  throws(() => cell('1'.repeat(1024)), RangeError);
});
