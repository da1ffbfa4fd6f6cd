import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { clusterFingerprint, signerId } from '@holdfast/authority/challenge';
import { toBase64 } from '@holdfast/contract/wire';
import { cluster, randomBytes } from '../test/world.ts';
import { identityFromSeeds, rosterEntry, transportStatement } from './identity.ts';
import {
  createRoster,
  encodeRoster,
  indexOfIdentity,
  indexOfSignerId,
  parseRoster,
  parseRosterValue,
  signerAt,
  verifyBySigner,
} from './roster.ts';

const { roster, identities } = cluster('wss://relay.example:8787/holdfast/relay');
const file = () => JSON.parse(encodeRoster(roster));
const refuses = (
  change: (file: Record<string, unknown> & { signers: Record<string, unknown>[] }) => void,
  word: string,
) => {
  const changed = file();
  change(changed);
  throws(
    () => parseRoster(JSON.stringify(changed)),
    (error: { code?: string; message: string }) => {
      equal(error.code, 'E_ROSTER');
      ok(error.message.includes(word), error.message);
      return true;
    },
  );
};

test('reads the roster it writes, in whatever order the file lists the signers', () => {
  deepEqual(parseRoster(encodeRoster(roster)), roster);
  const shuffled = file();
  shuffled.signers.reverse();

  const read = parseRoster(JSON.stringify(shuffled));

  deepEqual(read, roster);
  equal(encodeRoster(read), encodeRoster(roster));
});

test('numbers signers 1 to 5 by raw signer id', () => {
  const ids = roster.signers.map((signer) => Buffer.from(signer.signerId).toString('hex'));

  deepEqual(ids, ids.toSorted());
  deepEqual(
    roster.signers.map(({ index }) => index),
    [1, 2, 3, 4, 5],
  );
  for (const [k, identity] of identities.entries()) {
    equal(indexOfIdentity(roster, identity.publicKey), k + 1);
    equal(indexOfSignerId(roster, signerId(identity.publicKey)), k + 1);
  }
  for (const index of [0, 6, -1, 1.5, Number.NaN]) equal(signerAt(roster, index), undefined);
});

test('has the fingerprint of its epoch and identities, and a cluster id of it', () => {
  deepEqual(
    roster.fingerprint,
    clusterFingerprint(
      0,
      identities.map(({ publicKey }) => publicKey),
    ),
  );
  ok(/^cl-[0-9a-v]{26}$/.test(roster.clusterId));
  ok(cluster(undefined, undefined, 1).roster.clusterId !== roster.clusterId);
  // base32hex of the first bytes: five bits to a character.
  equal(Number.parseInt(roster.clusterId.slice(3, 5), 32) >> 2, roster.fingerprint[0]);
});

test('verifies a signature by index and nothing else', () => {
  const bytes = Buffer.from('statement');
  const signature = identities[1]?.sign(bytes) ?? new Uint8Array();

  equal(verifyBySigner(roster, { index: 2, bytes, signature }), true);
  equal(verifyBySigner(roster, { index: 1, bytes, signature }), false);
  equal(verifyBySigner(roster, { index: 2, bytes: Buffer.from('other'), signature }), false);
  equal(verifyBySigner(roster, { index: 2, bytes, signature: signature.subarray(1) }), false);
  equal(verifyBySigner(roster, { index: 9, bytes, signature }), false);
});

test('refuses malformed files with the name of the member', () => {
  refuses((r) => (r.extra = 1), 'extra');
  refuses((r) => delete r.relay, 'roster.relay is missing');
  refuses((r) => (r.v = 2), 'roster.v');
  refuses((r) => (r.epoch = -1), 'roster.epoch');
  refuses((r) => (r.epoch = 0.5), 'roster.epoch');
  refuses((r) => (r.epoch = '0'), 'roster.epoch');
  for (const relay of [
    1,
    ['ws://host/'],
    '',
    'http://x/',
    'ws://',
    'ws://user@host/',
    'ws://host/?q',
    'ws://host/#f',
    `ws://host/${'x'.repeat(512)}`,
  ]) {
    refuses((r) => (r.relay = relay), 'roster.relay');
  }
  refuses((r) => (r.signers = {} as never), 'roster.signers');
  refuses((r) => r.signers.pop(), 'exactly 5');
  refuses((r) => r.signers.push(r.signers[0] ?? {}), 'exactly 5');
  refuses((r) => (r.signers[2] = { ...r.signers[2], more: 1 }), 'roster.signers[2]');
  refuses((r) => (r.signers[2] = { ...r.signers[2], identityKey: 'AA==' }), 'roster.signers[2].identityKey');
  refuses((r) => (r.signers[2] = { ...r.signers[2], identityKey: 5 }), 'roster.signers[2].identityKey');
  for (const text of [
    '',
    '[]',
    '{',
    `${encodeRoster(roster)} x`,
    encodeRoster(roster).replace('"v"', '"v":1,"v"'),
    ' '.repeat(9000),
  ]) {
    throws(() => parseRoster(text), { code: 'E_ROSTER' });
  }
});

test('refuses a value that is no roster, inside another file too, by the same code', () => {
  for (const value of [null, [], 'roster', { ...file(), signers: [5, 5, 5, 5, 5] }]) {
    throws(() => parseRosterValue(value), { code: 'E_ROSTER' });
  }
});

test('refuses a transport key that its identity did not sign', () => {
  const [first, second] = roster.signers;
  if (!first || !second) throw new Error('five signers');
  refuses(
    (r) => (r.signers[0] = { ...r.signers[0], transportKey: toBase64(second.transportKey) }),
    'transportSignature',
  );
  refuses(
    (r) => (r.signers[0] = { ...r.signers[0], transportSignature: toBase64(second.transportSignature) }),
    'transportSignature',
  );
  refuses(
    (r) => (r.signers[0] = { ...r.signers[0], identityKey: toBase64(randomBytes('other', 32)) }),
    'roster.signers[0]',
  );
});

test('refuses signers that share a key', () => {
  refuses((r) => (r.signers[1] = r.signers[0] ?? {}), 'same identityKey');
  const transportSeed = randomBytes('shared', 32);
  const signers = [0, 1, 2, 3, 4].map((k) =>
    rosterEntry(identityFromSeeds({ identitySeed: randomBytes(`own ${k}`, 32), transportSeed })),
  );
  throws(() => createRoster({ epoch: 0, relay: 'ws://x/', signers }), { code: 'E_ROSTER' });
});

test('refuses keys of small order and keys not in their only form', () => {
  const entry = (o: { identityKey?: Uint8Array; transportKey?: Uint8Array }) => {
    const [identity] = identities;
    if (!identity) throw new Error('five signers');
    const identityKey = o.identityKey ?? identity.publicKey;
    const transportKey = o.transportKey ?? identity.transport.publicKey;
    const transportSignature = identity.sign(transportStatement({ identityKey, transportKey }));
    const others = roster.signers.filter((signer) => signer.index !== 1);
    return () =>
      createRoster({
        epoch: 0,
        relay: roster.relay,
        signers: [{ identityKey, transportKey, transportSignature }, ...others],
      });
  };
  const hex = (text: string) => Uint8Array.from(Buffer.from(text.padEnd(64, '0'), 'hex'));
  const p = hex(`ed${'ff'.repeat(30)}7f`);

  for (const small of [
    hex('00'),
    hex('01'),
    hex(`ec${'ff'.repeat(30)}7f`),
    hex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
    p,
  ]) {
    throws(entry({ identityKey: small }), { code: 'E_ROSTER', message: /identityKey is not/ });
    const signed = Uint8Array.from(small);
    signed[31] = (signed[31] ?? 0) | 0x80;
    throws(entry({ identityKey: signed }), { code: 'E_ROSTER', message: /identityKey is not/ });
  }
  const topBit = Uint8Array.from(roster.signers[0]?.transportKey ?? []);
  topBit[31] = (topBit[31] ?? 0) | 0x80;
  for (const bad of [
    hex('00'),
    hex('01'),
    hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'),
    p,
    topBit,
  ]) {
    throws(entry({ transportKey: bad }), { code: 'E_ROSTER', message: /transportKey is not/ });
  }
  entry({})();
});
