import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as noble from '@noble/hashes/sha2.js';
import { fromHex, toHex } from '../bytes.ts';
import { curve } from '../curves/index.ts';
import type { CurveName } from '../curves/types.ts';
import { seeded } from '../testing/seed.ts';
import { readVectors } from '../testing/vectors.ts';
import {
  chalBits,
  challengeScalar,
  decode,
  type ExecIdParts,
  enc,
  equalBytes,
  execId,
  execIdDocument,
  f,
  HashRng,
  hashCommit,
  i,
  readExecIdDocument,
  sha256,
  sha512,
  sha512_256,
} from './index.ts';

interface Vectors {
  challenge: { curve: CurveName; tag: string; items: [string, string][]; scalar: string }[];
  rng: { seed: string; bytes: string };
  commit: { tag: string; execId: string; index: number; payload: string; u: string; hash: string };
  execId: (Record<string, unknown> & { participants: Record<string, unknown>[]; id: string })[];
}
const vectors = readVectors<Vectors>('crypto/encoding.json');
const hex = (text: unknown): Uint8Array => fromHex(text as string, 'E_ENCODING');

function partsOf(vector: Vectors['execId'][number]): ExecIdParts {
  const { session } = vector;
  return {
    ...(vector as unknown as ExecIdParts),
    keyEpoch: hex(vector['keyEpoch']),
    publicKey: hex(vector['publicKey']),
    requestHash: hex(vector['requestHash']),
    runNonce: hex(vector['runNonce']),
    participants: vector.participants.map((p) => ({
      index: p['index'] as number,
      signerId: hex(p['signerId']),
      identityKey: hex(p['identityKey']),
    })),
    ...(session === undefined ? {} : { session: hex(session) }),
  };
}

test('hashes agree with OpenSSL and with noble at every length around the block borders', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000]) {
    const bytes = new Uint8Array(length).fill(length & 0xff);
    equal(toHex(sha256(bytes)), createHash('sha256').update(bytes).digest('hex'));
    equal(toHex(sha512(bytes)), createHash('sha512').update(bytes).digest('hex'));
    equal(toHex(sha512_256(bytes)), createHash('sha512-256').update(bytes).digest('hex'));
    deepEqual(
      [sha256, sha512, sha512_256].map((hash) => hash(bytes)),
      [noble.sha256(bytes), noble.sha512(bytes), noble.sha512_256(bytes)],
    );
  }
});

test('the random stream, commitments and challenges agree with the vectors', () => {
  const { seed, bytes } = vectors.rng;
  const rng = new HashRng(hex(seed));
  equal(toHex(rng.bytes(1)) + toHex(rng.bytes(70)) + toHex(rng.bytes(79)), bytes);

  const c = vectors.commit;
  equal(toHex(hashCommit(c.tag, hex(c.execId), c.index, hex(c.payload), hex(c.u))), c.hash);

  for (const { curve: name, tag, items, scalar } of vectors.challenge) {
    const built = items.map(([kind, value]) =>
      kind === 'uint' ? i.uint(BigInt(value)) : kind === 'text' ? i.text(value) : i.bytes(hex(value)),
    );
    equal(toHex(challengeScalar(curve(name), tag, ...built)), scalar);
  }
});

test('row 18: a commitment opens only for the party that made it', () => {
  const random = seeded('commit');
  const [id, payload, u] = [random(32), random(100), random(32)];
  const mine = hashCommit('mpc/test/v1', id, 1, payload, u);

  notDeepEqual(hashCommit('mpc/test/v1', id, 2, payload, u), mine);
  notDeepEqual(hashCommit('mpc/test/v1', random(32), 1, payload, u), mine);
  notDeepEqual(hashCommit('mpc/other/v1', id, 1, payload, u), mine);
  throws(() => hashCommit('mpc/test/v1', id, 0, payload, u), { code: 'E_ENCODING' });
  throws(() => hashCommit('mpc/test/v1', id, 1, payload, u.subarray(1)), { code: 'E_ENCODING' });
  throws(() => hashCommit('mpc/test/v1', id.subarray(1), 1, payload, u), { code: 'E_ENCODING' });
});

test('[pitfall hash-length-extension] what SHA-512 pads and extends is no encoding: no schema takes it', () => {
  const random = seeded('extension');
  const input = enc('mpc/test/v1', i.bytes(random(32)), i.uint(1n), i.bytes(random(100)));
  // FIPS 180-4 §5.1.2: what whoever knows only the digest and the length can hash on from.
  const zeros = (((112 - (input.length + 1)) % 128) + 128) % 128;
  const padding = new Uint8Array(1 + zeros + 16);
  padding[0] = 0x80;
  new DataView(padding.buffer).setUint32(padding.length - 4, input.length * 8);
  equal((input.length + padding.length) % 128, 0);

  const schema = [f.bytes(32), f.uint(5), f.bytes(100)] as const;
  equal(decode('mpc/test/v1', input, schema).length, 3);
  for (const extension of [new Uint8Array(), random(1), enc('mpc/test/v1', i.bytes(random(32)))]) {
    const extended = Uint8Array.of(...input, ...padding, ...extension);
    throws(() => decode('mpc/test/v1', extended, schema), { code: 'E_ENCODING' });
  }
});

test('row 8: every one of 128 challenge bits takes both values', () => {
  const ones = new Array<number>(128).fill(0);
  for (let k = 0; k < 2000; k++) {
    chalBits(128, 'mpc/test/bits/v1', i.uint(k)).forEach((bit, at) => {
      ones[at] = (ones[at] as number) + bit;
    });
  }

  // Mean 1000, deviation 22: twelve deviations either way.
  for (const count of ones) equal(count > 730 && count < 1270, true, String(ones));
});

test('challenge bits are zeros and ones, exactly as many as asked for', () => {
  for (const m of [1, 7, 8, 9, 100]) {
    const bits = chalBits(m, 'mpc/test/bits/v1');
    equal(bits.length, m);
    equal(
      bits.every((bit) => bit === 0 || bit === 1),
      true,
    );
  }
  throws(() => chalBits(0, 'mpc/test/bits/v1'), { code: 'E_ENCODING' });
});

test('an execution id covers every field', () => {
  const [first, second] = vectors.execId.map(partsOf) as [ExecIdParts, ExecIdParts];
  equal(toHex(execId(first)), vectors.execId[0]?.id);
  equal(toHex(execId(second)), vectors.execId[1]?.id);

  const other = (length: number): Uint8Array => new Uint8Array(length).fill(0x99);
  const changed: Partial<ExecIdParts>[] = [
    { protocol: 'frost' },
    { version: 9 },
    { clusterId: 'cl-other' },
    { clusterEpoch: 9 },
    { keyId: 'key-other' },
    { keyEpoch: other(32) },
    { curve: 'stark' },
    { n: 6 },
    { t: 2 },
    { participants: second.participants.slice(1) },
    { participants: second.participants.map((p, at) => (at === 0 ? { ...p, signerId: other(32) } : p)) },
    { participants: second.participants.map((p, at) => (at === 0 ? { ...p, identityKey: other(32) } : p)) },
    { participants: second.participants.map((p, at) => (at === 0 ? { ...p, index: 2 } : p)) },
    { publicKey: other(33) },
    { requestHash: other(64) },
    { runNonce: other(32) },
    { session: other(32) },
  ];
  const ids = [second, ...changed.map((change) => ({ ...second, ...change }))].map((parts) => toHex(execId(parts)));
  const { session: _, ...withoutSession } = second;
  ids.push(toHex(execId(withoutSession)));

  equal(new Set(ids).size, ids.length);
});

test('an execution id does not depend on the order in which participants are listed', () => {
  const parts = partsOf(vectors.execId[1] as Vectors['execId'][number]);

  deepEqual(execId({ ...parts, participants: [...parts.participants].reverse() }), execId(parts));
});

test('the document of an execution id reads back to the run it names, and hashes to the id', () => {
  for (const [at, given] of vectors.execId.entries()) {
    const parts = partsOf(given);
    const document = execIdDocument(parts);

    const read = readExecIdDocument(document);

    equal(toHex(sha512_256(document)), vectors.execId[at]?.id);
    deepEqual(execId(read), execId(parts));
    deepEqual([read.protocol, read.keyId, read.curve, read.t], [parts.protocol, parts.keyId, parts.curve, parts.t]);
    deepEqual(read.session, parts.session);
  }
});

test('a document that is cut, longer, out of order or of no curve names no run', () => {
  const parts = partsOf(vectors.execId[1] as Vectors['execId'][number]);
  const document = execIdDocument(parts);
  const text = Buffer.from(document).toString('latin1');
  const noCurve = Buffer.from(text.replace(parts.curve, parts.curve.replace(/.$/, '9')), 'latin1');
  // The entries of the list have one length each, so two of them can change places.
  const entries = parts.participants.map((p) => Buffer.from(p.signerId).toString('latin1'));
  const [from, to] = [text.indexOf(entries[0] as string), text.indexOf(entries[1] as string)];
  const length = to - from;
  const start = from - 11; // From the item of its index on; what stands before is the same for all.
  const outOfOrder = Buffer.from(
    text.slice(0, start) +
      text.slice(start + length, start + 2 * length) +
      text.slice(start, start + length) +
      text.slice(start + 2 * length),
    'latin1',
  );

  for (const bad of [document.slice(1), document.slice(0, -1), Uint8Array.of(...document, 0)])
    throws(() => readExecIdDocument(bad), { code: 'E_ENCODING' });
  throws(() => readExecIdDocument(new Uint8Array(noCurve)), { code: 'E_EXEC_ID', message: /curve/ });
  throws(() => readExecIdDocument(new Uint8Array(outOfOrder)), { code: 'E_EXEC_ID', message: /form/ });
});

test('row 53: a zero run nonce or session id is refused', () => {
  const parts = partsOf(vectors.execId[1] as Vectors['execId'][number]);

  throws(() => execId({ ...parts, runNonce: new Uint8Array(32) }), { code: 'E_EXEC_ID' });
  throws(() => execId({ ...parts, runNonce: new Uint8Array(31).fill(1) }), { code: 'E_EXEC_ID' });
  throws(() => execId({ ...parts, session: new Uint8Array(32) }), { code: 'E_EXEC_ID' });
});

test('an execution id is refused for impossible parameters', () => {
  const parts = partsOf(vectors.execId[1] as Vectors['execId'][number]);
  const [first] = parts.participants as [ExecIdParts['participants'][number]];
  const bad: Partial<ExecIdParts>[] = [
    { t: 1 },
    { t: 6 },
    { n: 33 },
    { n: 2.5 },
    { protocol: '' },
    { participants: [] },
    { participants: [first, first] },
    { participants: [{ ...first, index: 0 }] },
    { participants: [{ ...first, index: 6 }] },
    { participants: [{ ...first, index: 1.5 }] },
    { participants: [{ ...first, signerId: new Uint8Array(31) }] },
    { participants: [{ ...first, identityKey: new Uint8Array(33) }] },
    { keyEpoch: new Uint8Array(31) },
    { publicKey: new Uint8Array(65) },
    { requestHash: new Uint8Array(65) },
    { clusterEpoch: -1 },
  ];

  for (const change of bad)
    throws(() => execId({ ...parts, ...change }), { name: 'CryptoError' }, Object.keys(change).join());
});

test('equalBytes compares contents and lengths', () => {
  const a = randomBytes(32);
  const b = Uint8Array.from(a);
  equal(equalBytes(a, b), true);
  for (let k = 0; k < 32; k++) {
    const altered = Uint8Array.from(a);
    altered[k] = (altered[k] as number) ^ (1 << (k % 8));
    equal(equalBytes(a, altered), false);
  }
  equal(equalBytes(a, a.subarray(1)), false);
  equal(equalBytes(new Uint8Array(0), new Uint8Array(0)), true);
  equal(equalBytes(enc('a'), enc('b')), false);
});
