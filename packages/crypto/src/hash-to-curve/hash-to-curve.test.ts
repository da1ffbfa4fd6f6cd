import { deepEqual, equal, notEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../bytes.ts';
import { curve } from '../curves/index.ts';
import { readVectors } from '../testing/vectors.ts';
import { hashToSecp256k1 } from './index.ts';

const secp = curve('secp256k1');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Published {
  readonly dst: string;
  readonly vectors: readonly { readonly msg: string; readonly x: string; readonly y: string }[];
}
const published = readVectors<Published>('hash-to-curve/rfc9380-secp256k1.json');

test('hashes to the points of RFC 9380 appendix J.8.1', () => {
  equal(published.vectors.length, 5);
  for (const { msg, x, y } of published.vectors) {
    const point = hashToSecp256k1(secp, { message: text(msg), domain: text(published.dst) });

    equal(toHex(secp.encodeUncompressed(point)), `04${x}${y}`);
  }
});

test('another domain gives another point, and the same one gives it again', () => {
  const of = (domain: string) =>
    toHex(secp.encodePoint(hashToSecp256k1(secp, { message: text('seed'), domain: text(domain) })));

  equal(of('a'), of('a'));
  notEqual(of('a'), of('b'));
});

test('a domain and a message do not run into each other', () => {
  const of = (domain: string, message: string) =>
    toHex(secp.encodePoint(hashToSecp256k1(secp, { message: text(message), domain: text(domain) })));

  notEqual(of('ab', 'c'), of('a', 'bc'));
});

test('refuses an empty domain and one over 255 bytes, and takes one of exactly 255', () => {
  const message = text('seed');
  for (const length of [0, 256]) {
    throws(() => hashToSecp256k1(secp, { message, domain: new Uint8Array(length) }), { code: 'E_ENCODING' });
  }

  deepEqual(secp.encodePoint(hashToSecp256k1(secp, { message, domain: new Uint8Array(255) })).length, 33);
});

test('refuses another curve', () => {
  const input = { message: text('seed'), domain: text('domain') };

  for (const name of ['ed25519', 'stark'] as const)
    throws(() => hashToSecp256k1(curve(name), input), { code: 'E_CURVE' });
});
