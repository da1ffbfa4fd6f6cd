/**
 * XDR (RFC 4506) of Stellar's transactions, as github.com/stellar/stellar-xdr describes them: every type that can occur in
 * one, so that its end is known and no byte goes unread. XDR has one encoding for each value once padding is zero and
 * flags are 0 or 1; so what is read here is canonical.
 */
import { check, refuse } from '../../errors/index.ts';
import type { Reader } from '../binary.ts';

/** Reads one value and throws away what it says. */
type Shape = (reader: Reader, depth: number) => void;

const depthMax = 100;
/** Longest list, string or byte string the format leaves open; a transaction is at most 128 KiB here. */
const openMax = 131_072;

const fixed =
  (bytes: number): Shape =>
  (reader) => {
    reader.take(bytes);
    for (let n = bytes; n % 4 !== 0; n += 1) zero(reader);
  };
const nothing: Shape = () => {};
const u32 = fixed(4);
const i64 = fixed(8);
const hash = fixed(32);
const open =
  (max = openMax): Shape =>
  (reader, depth) => {
    const length = Number(reader.be(4));
    check(length <= max, reader.path, `has ${length} bytes where at most ${max} may be, at byte ${reader.at - 4}`);
    fixed(length)(reader, depth);
  };
const all =
  (...shapes: readonly Shape[]): Shape =>
  (reader, depth) => {
    check(depth <= depthMax, reader.path, `nests deeper than ${depthMax}`);
    for (const shape of shapes) shape(reader, depth + 1);
  };
const list =
  (shape: Shape, max = openMax): Shape =>
  (reader, depth) => {
    const length = Number(reader.be(4));
    check(length <= max && length <= reader.left, reader.path, `has a list of ${length} at byte ${reader.at - 4}`);
    for (let n = 0; n < length; n += 1) all(shape)(reader, depth);
  };
const maybe =
  (shape: Shape): Shape =>
  (reader, depth) => {
    if (readFlag(reader)) all(shape)(reader, depth);
  };
const flag: Shape = (reader) => {
  readFlag(reader);
};
const choice =
  (arms: Readonly<Record<number, Shape>>): Shape =>
  (reader, depth) => {
    const at = reader.at;
    const tag = Number(reader.be(4));
    const arm = arms[tag] ?? refuse(reader.path, `has an unknown value ${tag} at byte ${at}`);
    all(arm)(reader, depth);
  };
/** For shapes that contain themselves. */
const later =
  (shape: () => Shape): Shape =>
  (reader, depth) =>
    all(shape())(reader, depth);

const accountId = choice({ 0: hash });
const muxed = choice({ 0: hash, 256: all(i64, hash) });
const alphanum4 = all(fixed(4), accountId);
const alphanum12 = all(fixed(12), accountId);
const asset = choice({ 0: nothing, 1: alphanum4, 2: alphanum12 });
const price = all(u32, u32);
const trustLineAsset = choice({ 0: nothing, 1: alphanum4, 2: alphanum12, 3: hash });
const changeTrustAsset = choice({
  0: nothing,
  1: alphanum4,
  2: alphanum12,
  3: choice({ 0: all(asset, asset, u32) }),
});
const signerKey = choice({ 0: hash, 1: hash, 2: hash, 3: all(hash, open(64)) });
const balanceId = choice({ 0: hash });
const predicate: Shape = choice({
  0: nothing,
  1: list(
    later(() => predicate),
    2,
  ),
  2: list(
    later(() => predicate),
    2,
  ),
  3: maybe(later(() => predicate)),
  4: i64,
  5: i64,
});
const contractAddress = choice({ 0: accountId, 1: hash, 2: all(i64, hash), 3: balanceId, 4: hash });
const symbol = open(32);
const executable = choice({ 0: hash, 1: nothing });
const map = maybe(
  list(
    all(
      later(() => value),
      later(() => value),
    ),
  ),
);
const value: Shape = choice({
  0: flag,
  1: nothing,
  2: choice({ 0: u32, 1: u32, 2: u32, 3: u32, 4: u32, 5: u32, 6: u32, 7: u32, 8: u32, 9: u32 }),
  3: u32,
  4: u32,
  5: i64,
  6: i64,
  7: i64,
  8: i64,
  9: fixed(16),
  10: fixed(16),
  11: hash,
  12: hash,
  13: open(),
  14: open(),
  15: symbol,
  16: maybe(list(later(() => value))),
  17: map,
  18: contractAddress,
  19: all(executable, map),
  20: nothing,
  21: i64,
});
const ledgerKey = choice({
  0: accountId,
  1: all(accountId, trustLineAsset),
  2: all(accountId, i64),
  3: all(accountId, open(64)),
  4: balanceId,
  5: hash,
  6: all(contractAddress, value, choice({ 0: nothing, 1: nothing })),
  7: hash,
  8: u32,
  9: hash,
});
const invocation = all(contractAddress, symbol, list(value));
const preimage = choice({ 0: all(contractAddress, hash), 1: asset });
const creation = all(preimage, executable);
const creation2 = all(preimage, executable, list(value));
const authorized: Shape = all(choice({ 0: invocation, 1: creation, 2: creation2 }), list(later(() => authorized)));
const authorization = all(choice({ 0: nothing, 1: all(contractAddress, i64, u32, value) }), authorized);
const pathPayment = all(asset, i64, muxed, asset, i64, list(asset, 5));
const extension = choice({ 0: nothing });

const operationBody = choice({
  0: all(accountId, i64),
  1: all(muxed, asset, i64),
  2: pathPayment,
  3: all(asset, asset, i64, price, i64),
  4: all(asset, asset, i64, price),
  5: all(
    maybe(accountId),
    maybe(u32),
    maybe(u32),
    maybe(u32),
    maybe(u32),
    maybe(u32),
    maybe(u32),
    maybe(open(32)),
    maybe(all(signerKey, u32)),
  ),
  6: all(changeTrustAsset, i64),
  7: all(accountId, choice({ 1: fixed(4), 2: fixed(12) }), u32),
  8: muxed,
  9: nothing,
  10: all(open(64), maybe(open(64))),
  11: i64,
  12: all(asset, asset, i64, price, i64),
  13: pathPayment,
  14: all(asset, i64, list(choice({ 0: all(accountId, predicate) }), 10)),
  15: balanceId,
  16: accountId,
  17: nothing,
  18: choice({ 0: ledgerKey, 1: all(accountId, signerKey) }),
  19: all(asset, muxed, i64),
  20: balanceId,
  21: all(accountId, asset, u32, u32),
  22: all(hash, i64, i64, price, price),
  23: all(hash, i64, i64, i64),
  24: all(choice({ 0: invocation, 1: creation, 2: open(), 3: creation2 }), list(authorization)),
  25: all(extension, u32),
  26: extension,
});
export const operation = all(maybe(muxed), operationBody);
export const memo = choice({ 0: nothing, 1: open(28), 2: i64, 3: hash, 4: hash });
const timeBounds = all(i64, i64);
/** Version 0 transactions have time bounds here or nothing, in the same encoding. */
export const preconditions = choice({
  0: nothing,
  1: timeBounds,
  2: all(maybe(timeBounds), maybe(all(u32, u32)), maybe(i64), i64, u32, list(signerKey, 2)),
});
export const transactionExtension = choice({
  0: nothing,
  1: all(choice({ 0: nothing, 1: list(u32) }), all(list(ledgerKey), list(ledgerKey), u32, u32, u32), i64),
});
export const muxedAccount = muxed;
export const feeBumpExtension = extension;
export const signatures = list(all(fixed(4), open(64)), 20);

/** The bytes of one value; throws where it is not of this shape. */
export function read(reader: Reader, shape: Shape): Uint8Array {
  const start = reader.at;
  shape(reader, 0);
  return reader.bytes.subarray(start, reader.at);
}

function readFlag(reader: Reader): boolean {
  const word = reader.be(4);
  check(word < 2n, reader.path, `has a flag of ${word} at byte ${reader.at - 4}`);
  return word === 1n;
}

function zero(reader: Reader): void {
  check(reader.byte() === 0, reader.path, `has padding that is not zero at byte ${reader.at - 1}`);
}
