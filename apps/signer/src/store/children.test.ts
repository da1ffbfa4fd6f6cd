/** Master keys and children in one signer's store: the chain code under its own seal, a child as nothing but its place. */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { epochOf } from '@holdfast/mpc/dkg';
import { childShare } from '@holdfast/mpc/hd';
import type { KeyShare } from '@holdfast/mpc/runtime';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import { createVault } from '../vault/index.ts';
import { type NewChild, type NewShare, openStore, type Store, type StoreOptions } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-children-'));
after(() => rmSync(root, { recursive: true, force: true }));
const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'children 1';
console.log(`seed: ${seed}`);
const random = seededRandom(seed);
const secp = curveOf('secp256k1');
const signerId = random.bytes(32);
const chainCode = random.bytes(32);
let files = 0;

const options = (): StoreOptions => ({
  file: join(root, `${++files}.sqlite`),
  signerId,
  sealKey: new Uint8Array(32).fill(1),
  macKey: new Uint8Array(32).fill(2),
  now: () => 1_700_000_000_000,
  random: (n) => random.bytes(n),
  point: () => {},
});
const code = (expected: string) => ({ code: expected });
const draw = (n: number): Uint8Array => random.bytes(n);

function newMaster(keyId = 'key-master', index = 2): NewShare {
  const parts = split(secp, { secret: secp.scalar.random(draw), t: 3, n: 5 }, draw);
  const share: KeyShare = {
    protocol: 'CGGMP21',
    curve: 'secp256k1',
    index,
    t: 3,
    n: 5,
    x: parts.shares[index - 1] as KeyShare['x'],
    publicShares: parts.publicShares,
    publicKey: parts.publicKey,
    epoch: epochOf(secp, parts.publicShares),
    chainCode: chainCode.slice(),
  };
  return {
    key: { ...keyOf(keyId), purpose: 'master' },
    share,
    publicKey: secp.encodePoint(parts.publicKey),
    publicShares: secp.encodePoints(parts.publicShares),
    points: [1, 2, 3, 4, 5].map((k) => ({ signerId: new Uint8Array(32).fill(k), index: k })),
  };
}
const keyOf = (keyId: string) =>
  ({
    keyId,
    org: 'or-1',
    curve: 'secp256k1',
    protocol: 'CGGMP21',
    scheme: 'ECDSA',
    origin: new Uint8Array(32).fill(keyId.length),
    imported: false,
  }) as const;

function newChild(master: NewShare, path: string, keyId = 'key-child'): NewChild & { readonly share: KeyShare } {
  const share = childShare(secp, master.share, path.split('/').slice(1).map(Number));
  return {
    key: { ...keyOf(keyId), purpose: 'child', derivedFrom: { keyId: master.key.keyId, path } },
    share,
    epoch: share.epoch,
    publicKey: secp.encodePoint(share.publicKey),
    wallet: { walletId: 'wa-child', network: 'Ethereum' },
  };
}

function storeWith(o: StoreOptions, master: NewShare, ...children: NewChild[]): Store {
  const store = openStore(o);
  store.transaction('test', () => {
    store.keys.putPending(master);
    store.keys.activate(master.key.keyId, master.share.epoch);
    for (const child of children) {
      store.keys.putPendingChild(child);
      store.keys.activate(child.key.keyId, child.epoch);
    }
  });
  return store;
}

test('a master comes back with its chain code, and the file holds it nowhere in the clear', () => {
  const o = options();
  const master = newMaster();
  storeWith(o, master).close();

  const again = openStore(o);
  const { share, record } = again.keys.open('key-master', master.share.epoch);

  deepEqual(share.chainCode, chainCode);
  equal(record.purpose, 'master');
  again.close();
  for (const file of [o.file, `${o.file}-wal`].filter((each) => existsSync(each)))
    ok(!readFileSync(file).includes(Buffer.from(chainCode)), file);
});

test('a child is opened from its master: its share, under the points of the master', () => {
  const master = newMaster();
  const child = newChild(master, 'm/44/7');
  const store = storeWith(options(), master, child);

  const { share, record } = store.keys.open('key-child', master.share.epoch);

  deepEqual([share.x, share.epoch, share.chainCode], [child.share.x, child.epoch, undefined]);
  deepEqual(record.points, master.points);
  deepEqual(store.keys.key('key-child')?.derivedFrom, { keyId: 'key-master', path: 'm/44/7' });
  deepEqual(store.keys.wallet('wa-child')?.status, 'Active');
  deepEqual(store.audit(), []);
  notDeepEqual(child.epoch, master.share.epoch);
  store.close();
});

test('a child is pending, and nobody else holds its public key, until it is activated at the epoch it was stated at', () => {
  const master = newMaster();
  const child = newChild(master, 'm/0');
  const store = storeWith(options(), master);
  store.transaction('test', () => store.keys.putPendingChild(child));

  deepEqual(store.keys.pendingEpochs('key-child'), [{ keyId: 'key-child', epoch: child.epoch }]);
  deepEqual(store.keys.pendingEpochs(), [{ keyId: 'key-child', epoch: child.epoch }]);
  deepEqual([store.keys.holdersOf(child.publicKey), store.keys.childrenOf('key-master')], [[], []]);
  deepEqual(store.keys.stated('key-child', child.epoch)?.publicKey, child.publicKey);
  equal(store.keys.stated('key-child', master.share.epoch), undefined);
  throws(
    () => store.transaction('test', () => store.keys.activate('key-child', master.share.epoch)),
    code('E_NO_SHARE'),
  );

  store.transaction('test', () => store.keys.activate('key-child', child.epoch));
  deepEqual(store.keys.pendingEpochs(), []);
  deepEqual(store.keys.holdersOf(child.publicKey), ['key-child']);
  deepEqual(
    store.keys.childrenOf('key-master').map(({ keyId }) => keyId),
    ['key-child'],
  );
  store.close();
});

test('one key id is never two things: another place, another master and another purpose are refused', () => {
  const master = newMaster();
  const child = newChild(master, 'm/0');
  const store = storeWith(options(), master);
  store.transaction('test', () => store.keys.putPendingChild(child));
  const elsewhere = [
    { ...child.key, derivedFrom: { keyId: 'key-master', path: 'm/1' } },
    { ...child.key, derivedFrom: { keyId: 'key-other', path: 'm/0' } },
    { ...child.key, purpose: 'sign' as const },
  ];

  for (const key of elsewhere)
    throws(() => store.transaction('test', () => store.keys.putPendingChild({ ...child, key })), code('E_KEY_EXISTS'));
  store.transaction('test', () => store.keys.putPendingChild(child));
  store.close();
});

test('a place, a master or a public key altered in the file sets the child aside, and its master goes on', () => {
  for (const [column, value] of [
    ['path', 'm/1'],
    ['masterId', 'key-other'],
    ['publicKey', Buffer.alloc(33, 2)],
    ['epoch', Buffer.alloc(32, 2)],
  ] as const) {
    const o = options();
    const master = newMaster();
    const other = newMaster('key-other');
    const store = storeWith(o, master, newChild(master, 'm/0'));
    store.transaction('test', () => {
      store.keys.putPending(other);
      store.keys.activate('key-other', other.share.epoch);
    });
    store.close();
    const db = new Database(o.file);
    db.prepare(`update children set ${column} = ?`).run([value]);
    db.close();

    const damaged = openStore(o);
    throws(() => damaged.keys.open('key-child', master.share.epoch), code('E_KEY_QUARANTINED'), column);
    deepEqual(
      damaged.audit().map(({ keyId }) => keyId),
      ['key-child'],
    );
    damaged.keys.open('key-master', master.share.epoch);
    damaged.close();
  }
});

test('a child whose master gives another key at its place is set aside', () => {
  const master = newMaster();
  const wrong = { ...newChild(master, 'm/0'), publicKey: newChild(master, 'm/1').publicKey };
  const store = storeWith(options(), master, wrong);

  throws(() => store.keys.open('key-child', master.share.epoch), code('E_KEY_QUARANTINED'));
  store.close();
});

test('marks of a master and of a child are kept apart, and the chain code outlives them', () => {
  const master = newMaster();
  const store = storeWith(options(), master, newChild(master, 'm/0'));
  store.transaction('test', () => store.keys.mark('key-child', 'archived'));
  deepEqual([store.keys.key('key-child')?.archived, store.keys.key('key-master')?.archived], [true, false]);
  equal(store.keys.wallet('wa-child')?.status, 'Archived');

  store.transaction('test', () => store.keys.mark('key-master', 'exported'));

  deepEqual(store.keys.open('key-master', master.share.epoch).share.chainCode, chainCode);
  equal(store.keys.key('key-child')?.exported, false);
  store.close();
});

test('a master is not sealed without its chain code, nor another key with one', () => {
  const o = options();
  const master = newMaster();
  const store = storeWith(o, master);
  const record = store.keys.record('key-master', master.share.epoch);
  store.close();
  if (record === undefined) throw new Error('the record is there');
  const vault = createVault({ sealKey: o.sealKey, random: o.random });
  const { x } = master.share;

  throws(() => vault.seal(record, { x }), /bug/);
  throws(() => vault.seal({ ...record, purpose: 'sign' }, { x, chainCode }), /bug/);
  throws(() => vault.seal(record, { x, chainCode: chainCode.subarray(1) }), /bug/);
  const sealed = vault.seal(record, { x, chainCode });
  equal(sealed.version, 2);
  throws(() => vault.open({ ...record, purpose: 'sign' }, sealed), code('E_VAULT_DAMAGED'));
  throws(() => vault.open(record, { ...sealed, version: 1 }), code('E_VAULT_DAMAGED'));
  const short = { ...sealed, sealed: sealed.sealed.subarray(32) };
  throws(() => vault.open(record, short), code('E_VAULT_DAMAGED'));
});
