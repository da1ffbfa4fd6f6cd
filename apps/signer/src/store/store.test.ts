/** What lies on the disk: sealed, bound to its place, noticed when damaged, refused when it is not ours. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { epochOf } from '@holdfast/mpc/dkg';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import { type NewShare, openStore, type Store, type StoreOptions } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'store 1';
console.log(`seed: ${seed}`);
const random = seededRandom(seed);
const root = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
after(() => rmSync(root, { recursive: true, force: true }));

let files = 0;
const signerId = random.bytes(32);
const options = (o: Partial<StoreOptions> = {}): StoreOptions => ({
  file: join(root, `${++files}.sqlite`),
  signerId,
  sealKey: new Uint8Array(32).fill(1),
  macKey: new Uint8Array(32).fill(2),
  now: () => 1_700_000_000_000,
  random: (n) => random.bytes(n),
  point: () => {},
  ...o,
});

function newShare(keyId: string, index = 2): NewShare {
  const curve = curveOf('secp256k1');
  const parts = split(curve, { secret: curve.scalar.random((n) => random.bytes(n)), t: 3, n: 5 }, (n) =>
    random.bytes(n),
  );
  const x = parts.shares[index - 1];
  if (x === undefined) throw new Error('five shares');
  return {
    key: {
      keyId,
      org: 'or-1',
      curve: 'secp256k1',
      protocol: 'CGGMP21',
      scheme: 'ECDSA',
      purpose: 'sign',
      origin: random.bytes(32),
      imported: false,
    },
    share: {
      protocol: 'CGGMP21',
      curve: 'secp256k1',
      index,
      t: 3,
      n: 5,
      x,
      publicShares: parts.publicShares,
      publicKey: parts.publicKey,
      epoch: epochOf(curve, parts.publicShares),
    },
    publicKey: curve.encodePoint(parts.publicKey),
    publicShares: curve.encodePoints(parts.publicShares),
    points: [1, 2, 3, 4, 5].map((k) => ({ signerId: new Uint8Array(32).fill(k), index: k })),
    wallet: { walletId: `wa-${keyId}`, network: 'Ethereum' },
  };
}
const keep = (store: Store, n: NewShare): void => {
  store.transaction('test', () => {
    store.keys.putPending(n);
    store.keys.activate(n.key.keyId, n.share.epoch);
    store.journal.append('key.active', { keyId: n.key.keyId });
  });
};
/** Changes the file behind the store's back. */
const meddle = (file: string, sql: string, ...cells: unknown[]): void => {
  const db = new Database(file);
  db.prepare(sql).run(cells);
  db.close();
};
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === expected;

test('a share comes back as it went in, after the store was closed', () => {
  const o = options();
  const n = newShare('key-1');
  const store = openStore(o);
  keep(store, n);
  store.close();

  const again = openStore(o);
  const { share } = again.keys.open('key-1', n.share.epoch);
  deepEqual(new Uint8Array(share.x), new Uint8Array(n.share.x));
  equal(again.keys.wallet('wa-key-1')?.status, 'Active');
  deepEqual(again.audit(), []);
  again.close();
});

test('the share is nowhere in the file in the clear', async () => {
  const { readFileSync } = await import('node:fs');
  const o = options();
  const n = newShare('key-1');
  const store = openStore(o);
  keep(store, n);
  store.close();

  equal(readFileSync(o.file).includes(Buffer.from(n.share.x)), false);
});

test('any byte of a sealed record that is flipped sets its key aside, and no other', () => {
  const o = options();
  const [n, other] = [newShare('key-1'), newShare('key-2')];
  const store = openStore(o);
  keep(store, n);
  keep(store, other);
  store.close();
  for (const column of ['nonce', 'sealed', 'record', 'mac']) {
    const reading = new Database(o.file);
    const [row] = reading
      .prepare(`select length(${column}) from vault where keyId = 'key-1'`)
      .raw(true)
      .all([]) as unknown as [number][];
    reading.close();
    const length = row?.[0] ?? 0;
    ok(length >= 12, column);
    // Every byte of the short ones; a spread over the record's text.
    for (let at = 1; at <= length; at += length > 100 ? 37 : 1) {
      const db = new Database(o.file);
      const before =
        (
          db.prepare(`select ${column} as v from vault where keyId = 'key-1'`).raw(true).all([]) as unknown as [
            Buffer,
          ][]
        )[0]?.[0] ?? Buffer.alloc(0);
      const bytes = Buffer.from(before);
      bytes[at - 1] = (bytes[at - 1] ?? 0) ^ 1;
      db.prepare(`update vault set ${column} = ? where keyId = 'key-1'`).run([bytes]);
      db.close();
      const damaged = openStore(o);
      throws(() => damaged.keys.open('key-1', n.share.epoch), code('E_KEY_QUARANTINED'), `${column} ${at}`);
      damaged.keys.open('key-2', other.share.epoch);
      damaged.close();
      meddle(o.file, `update vault set ${column} = ? where keyId = 'key-1'`, before);
    }
  }
});

test('the seal alone notices what a forged checksum would hide', () => {
  const o = options();
  const n = newShare('key-1');
  const store = openStore(o);
  keep(store, n);
  const record = store.keys.record('key-1', n.share.epoch);
  if (record === undefined) throw new Error('the record is there');
  store.close();
  // The vault's own test: every public field is under the seal (rows 44 and 52 of mpc-protocols §10).
  return import('../vault/index.ts').then(({ createVault }) => {
    const vault = createVault({ sealKey: o.sealKey, random: o.random });
    const sealed = vault.seal(record, n.share);
    vault.open(record, sealed);
    const [first, second, ...rest] = record.publicShares;
    if (first === undefined || second === undefined) throw new Error('five public shares');
    const forgeries = {
      keyId: { ...record, keyId: 'key-2' },
      epoch: { ...record, epoch: random.bytes(32) },
      org: { ...record, org: 'or-2' },
      signer: { ...record, signerId: random.bytes(32) },
      protocol: { ...record, protocol: 'FROST_BITCOIN' as const },
      curve: { ...record, curve: 'stark' as const },
      scheme: { ...record, scheme: 'Schnorr' },
      purpose: { ...record, purpose: 'derive' as const },
      master: { ...record, purpose: 'master' as const },
      origin: { ...record, origin: random.bytes(32) },
      imported: { ...record, imported: true },
      exported: { ...record, exported: true },
      archived: { ...record, archived: true },
      t: { ...record, t: 2 },
      n: { ...record, n: 4 },
      index: { ...record, index: 3 },
      publicKey: { ...record, publicKey: first },
      swapped: { ...record, publicShares: [second, first, ...rest] },
      points: { ...record, points: [...record.points].reverse() },
    };
    for (const [field, forged] of Object.entries(forgeries))
      throws(() => vault.open(forged, sealed), code('E_VAULT_DAMAGED'), field);
    throws(() => vault.open(record, { ...sealed, version: 3 }), code('E_VAULT_VERSION'));
  });
});

test('row 44: a list of public shares that does not belong to the key is refused at load, sealed or not', async () => {
  const o = options();
  const n = newShare('key-1');
  const store = openStore(o);
  keep(store, n);
  const record = store.keys.record('key-1', n.share.epoch);
  store.close();
  const { createVault } = await import('../vault/index.ts');
  const vault = createVault({ sealKey: o.sealKey, random: o.random });
  const [first, second, ...rest] = record?.publicShares ?? [];
  if (record === undefined || first === undefined || second === undefined) throw new Error('five public shares');
  // As if the record had been written wrong in the first place.
  const wrong = { ...record, publicShares: [first, ...rest.slice(0, 1), second, ...rest.slice(1)] };

  throws(() => vault.open(wrong, vault.seal(wrong, n.share)), code('E_VAULT_DAMAGED'));
  const foreign = { ...record, index: 3 };
  throws(() => vault.open(foreign, vault.seal(foreign, n.share)), code('E_VAULT_DAMAGED'));
});

test('sealed records swapped between two keys or two epochs open nothing', () => {
  const o = options();
  const [one, two] = [newShare('key-1'), newShare('key-2')];
  const store = openStore(o);
  keep(store, one);
  keep(store, two);
  store.close();
  for (const columns of [['sealed', 'nonce'], ['sealed', 'nonce', 'record', 'mac'], ['epoch']]) {
    for (const column of columns) {
      meddle(o.file, `create table if not exists swap (k text, v blob)`);
      meddle(o.file, `insert into swap select keyId, ${column} from vault`);
      meddle(o.file, `update vault set ${column} = (select v from swap where k <> vault.keyId)`);
      meddle(o.file, 'drop table swap');
    }
    const swapped = openStore(o);
    throws(
      () => swapped.keys.open('key-1', columns[0] === 'epoch' ? two.share.epoch : one.share.epoch),
      code('E_KEY_QUARANTINED'),
      columns.join(),
    );
    equal(swapped.audit().length, 2);
    swapped.close();
    for (const column of columns) {
      meddle(o.file, 'create table swap (k text, v blob)');
      meddle(o.file, `insert into swap select keyId, ${column} from vault`);
      meddle(o.file, `update vault set ${column} = (select v from swap where k <> vault.keyId)`);
      meddle(o.file, 'drop table swap');
    }
    const whole = openStore(o);
    deepEqual(whole.audit(), []);
    whole.close();
  }
});

for (const [what, sql] of [
  ['a cleared exported mark', "update keys set exported = 0 where keyId = 'key-1'"],
  ['another organisation', "update keys set org = 'or-2' where keyId = 'key-1'"],
  ['another public key', "update keys set publicKey = x'00' where keyId = 'key-1'"],
]) {
  test(`${what} in the file sets the key aside`, () => {
    const o = options();
    const n = newShare('key-1');
    const store = openStore(o);
    keep(store, n);
    store.transaction('test', () => store.keys.mark('key-1', 'exported'));
    store.close();
    meddle(o.file, sql ?? '');

    const again = openStore(o);
    throws(() => again.keys.key('key-1'), code('E_KEY_QUARANTINED'));
    equal(again.audit()[0]?.keyId, 'key-1');
    again.close();
  });
}

test('a key row copied from before the export does not open the share sealed since', () => {
  const o = options();
  const n = newShare('key-1');
  const store = openStore(o);
  keep(store, n);
  store.close();
  meddle(o.file, "create table old as select * from keys where keyId = 'key-1'");
  const exporting = openStore(o);
  exporting.transaction('test', () => exporting.keys.mark('key-1', 'exported'));
  exporting.close();
  meddle(
    o.file,
    "update keys set exported = (select exported from old), mac = (select mac from old) where keyId = 'key-1'",
  );

  const again = openStore(o);
  equal(again.keys.key('key-1')?.exported, false);
  throws(() => again.keys.open('key-1', n.share.epoch), code('E_VAULT_DAMAGED'));
  again.close();
});

for (const [what, sql, row] of [
  ['an edited row', "update journal set facts = '{}' where seq = 2", 2],
  ['a missing row', 'delete from journal where seq = 2', 2],
  [
    'two rows exchanged',
    'update journal set event = (select event from journal as j where j.seq = 5 - journal.seq) where seq in (2, 3)',
    2,
  ],
  ['another time', 'update journal set time = 1 where seq = 3', 3],
  ['no time', 'update journal set time = -1 where seq = 3', 3],
  ['a hash of another length', 'update journal set hash = zeroblob(9000) where seq = 3', 3],
  ['rows cut off at the end', 'delete from journal where seq >= 4', 4],
  ['an edited hash', "update journal set hash = x'00' where seq = 4", 4],
] as const) {
  test(`the journal names the first bad row: ${what}`, () => {
    const o = options();
    const store = openStore(o);
    for (let k = 1; k <= 4; k++) store.transaction('test', () => store.journal.append(`event.${k}`, { k }));
    equal(store.journal.damagedAt(), undefined);
    store.close();
    meddle(o.file, sql);

    const again = openStore(o);
    equal(again.journal.damagedAt(), row);
    again.close();
  });
}

test('a step that fails takes its journal row and everything else with it', () => {
  const store = openStore(options());
  store.transaction('test', () => store.journal.append('first', {}));
  const head = store.journal.head();
  throws(
    () =>
      store.transaction('test', () => {
        store.journal.append('second', {});
        store.used.startExecution(new Uint8Array(32), '', 0);
        throw new Error('half-way');
      }),
    /half-way/,
  );

  equal(store.journal.length, 1);
  deepEqual(store.journal.head(), head);
  equal(store.used.isStarted(new Uint8Array(32)), false);
  store.transaction('test', () => store.journal.append('third', {}));
  equal(store.journal.damagedAt(), undefined);
  store.close();
});

test('an execution id starts once, an assertion whose record is damaged counts as spent', () => {
  const o = options();
  const store = openStore(o);
  const id = random.bytes(32);
  store.transaction('test', () => {
    store.used.startExecution(id, 'key-1', 0);
    store.used.spend({ nullifier: id, intent: id, digest: id, attempts: 3, time: 0 });
  });
  throws(() => store.transaction('test', () => store.used.startExecution(id, 'key-1', 0)), code('E_EXEC_USED'));
  equal(store.used.spent(id)?.attempts, 3);
  store.close();
  meddle(o.file, 'update nullifiers set attempts = 0');

  const again = openStore(o);
  throws(() => again.used.spent(id), code('E_REPLAY'));
  again.close();
});

test('a store of another identity, another secret or a newer release does not open', () => {
  const o = options();
  openStore(o).close();

  throws(() => openStore({ ...o, signerId: random.bytes(32) }), code('E_STORE_FOREIGN'));
  throws(() => openStore({ ...o, macKey: random.bytes(32) }), code('E_UNSEAL'));
  meddle(o.file, 'pragma user_version = 99');
  throws(() => openStore(o), code('E_STORE_NEWER'));
});

test('a store that is open is refused to a second process', () => {
  const o = options();
  const store = openStore(o);

  throws(() => openStore(o), code('E_STORE_LOCKED'));
  store.close();
  openStore(o).close();
});

test('a file that is no store is named so', async () => {
  const { writeFileSync } = await import('node:fs');
  const o = options();
  writeFileSync(o.file, 'this is not a database, whatever its name says; it is long enough to have a header');

  throws(() => openStore(o), code('E_STORE_DAMAGED'));
});

test('what was read is read anew after every change, and after a change that was undone', () => {
  const store = openStore(options());
  const n = newShare('key-remembered');
  keep(store, n);
  const { keyId } = n.key;
  const flags = () => [store.keys.key(keyId)?.exported, store.keys.record(keyId, n.share.epoch)?.exported];
  const wallet = () => store.keys.wallet(`wa-${keyId}`)?.status;
  deepEqual([flags(), wallet()], [[false, false], 'Active']);

  throws(() =>
    store.transaction('test', () => {
      store.keys.mark(keyId, 'exported');
      store.keys.setWalletStatus(`wa-${keyId}`, 'Archived');
      deepEqual([flags(), wallet()], [[true, true], 'Archived']);
      throw new Error('undone');
    }),
  );
  deepEqual([flags(), wallet()], [[false, false], 'Active']);
  store.transaction('test', () => store.keys.mark(keyId, 'exported'));
  deepEqual(flags(), [true, true]);
  store.close();
});

test('the journal reads again what it wrote, whatever the texts and however many rows', () => {
  const o = options();
  let calls = 0;
  const store = openStore({ ...o, now: () => 256 ** (calls++ % 6) - 1 });
  store.transaction('test', () => {
    for (let row = 0; row < 600; row += 1) store.journal.append(`event.${row}`, { row, text: '€ü😀a'.repeat(row * 2) });
  });
  const head = store.journal.head();
  store.close();

  const again = openStore(o);
  equal(again.journal.damagedAt(), undefined);
  equal(again.journal.length, 600);
  deepEqual(again.journal.head(), head);
  again.close();
});

test('the head of the journal is on the disk with the last of many rows', () => {
  const o = options();
  const store = openStore(o);
  store.transaction('test', () => {
    for (let k = 0; k < 5; k += 1) store.journal.append('row', { k });
  });
  const head = store.journal.head();
  store.close();
  const again = openStore(o);

  equal(again.journal.damagedAt(), undefined);
  deepEqual(again.journal.head(), head);
  again.close();
  meddle(o.file, 'delete from journal where seq = 5');
  const cut = openStore(o);
  equal(cut.journal.damagedAt(), 5);
  cut.close();
});
