/** Backups: sealed, proved share by share, refused when anything about them is wrong, restored whole. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRoster, encodeRoster, identityFromSeeds, type Roster, rosterEntry } from '@holdfast/cluster/roster';
import { toBase64 } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { enc, type Item, i as item } from '@holdfast/crypto/transcript';
import { epochOf } from '@holdfast/mpc/dkg';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import { createFolder, openFolder, readConfig, writePin } from '../config.ts';
import { Refused } from '../refusal/index.ts';
import { KEPT_TABLES, type NewShare, OTHER_TABLES, openStore, type Store, type StoreContents } from '../store/index.ts';
import { decodeBody, encodeBody } from './body.ts';
import {
  BACKUP_BYTES_MAX,
  type BackupBody,
  createBackupKey,
  makeBackup,
  openBackup,
  proveBackup,
  readBackupHead,
  readBackupPrivateKey,
  readBackupPublicKey,
  sealBackup,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'backup 1';
console.log(`seed: ${seed}`);
const random = seededRandom(seed);
const root = mkdtempSync(join(tmpdir(), 'holdfast-backup-'));
const draw = (n: number): Uint8Array => random.bytes(n);

const seedsOf = Array.from({ length: 5 }, () => draw(64));
const identities = seedsOf.map((seeds) =>
  identityFromSeeds({ identitySeed: seeds.slice(0, 32), transportSeed: seeds.slice(32) }),
);
const roster: Roster = createRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/r', signers: identities.map(rosterEntry) });
const place = 2;
const { signerId } = roster.signers[place - 1] as Roster['signers'][number];
const seeds = seedsOf[
  identities.findIndex(
    (each) => Buffer.compare(each.publicKey, roster.signers[place - 1]?.identityKey ?? draw(1)) === 0,
  )
] as Uint8Array;
const pair = createBackupKey(draw);
const to = { publicKey: readBackupPublicKey(pair.publicText) };
const by = { privateKey: readBackupPrivateKey(pair.privateText) };
const curves = ['secp256k1', 'ed25519', 'stark'] as const;

function newShare(keyId: string, curveName: (typeof curves)[number]): NewShare {
  const curve = curveOf(curveName);
  const parts = split(curve, { secret: curve.scalar.random(draw), t: 3, n: 5 }, draw);
  const x = parts.shares[place - 1];
  if (x === undefined) throw new Error('five shares');
  const protocol = curveName === 'ed25519' ? 'FROST' : 'CGGMP21';
  const origin = draw(32);
  return {
    key: { keyId, org: 'or-1', curve: curveName, protocol, scheme: 'ECDSA', purpose: 'sign', origin, imported: false },
    share: {
      protocol,
      curve: curveName,
      index: place,
      t: 3,
      n: 5,
      x,
      publicShares: parts.publicShares,
      publicKey: parts.publicKey,
      epoch: epochOf(curve, parts.publicShares),
    },
    publicKey: curve.encodePoint(parts.publicKey),
    publicShares: curve.encodePoints(parts.publicShares),
    points: roster.signers.map((s) => ({ signerId: s.signerId, index: s.index })),
    wallet: { walletId: `wa-${keyId}`, network: 'Ethereum' },
  };
}
const open = (file: string, o: { sealKey?: number; macKey?: number } = {}): Store =>
  openStore({
    file,
    signerId,
    sealKey: new Uint8Array(32).fill(o.sealKey ?? 1),
    macKey: new Uint8Array(32).fill(o.macKey ?? 2),
    now: () => 1_700_000_000_000,
    random: draw,
    point: () => {},
  });
const made = curves.map((curve, k) => newShare(`key-${k}`, curve));
const pending = newShare('key-pending', 'secp256k1');
let contents: () => StoreContents;
let source: Store;

before(() => {
  source = open(join(root, 'source.sqlite'));
  source.transaction('test', () => {
    for (const n of made) {
      source.keys.putPending(n);
      source.keys.activate(n.key.keyId, n.share.epoch);
      source.journal.append('key.active', { keyId: n.key.keyId });
    }
    source.keys.putPending(pending);
    source.keys.mark('key-1', 'exported');
  });
  contents = () => source.contents();
});
after(() => {
  source.close();
  rmSync(root, { recursive: true, force: true });
});

const bodyOf = (o: Partial<BackupBody> = {}): BackupBody => ({
  seeds: seeds.slice(),
  settings: { allowImport: true, allowExport: false },
  pins: [{ orgId: 'or-abcde-abcde-abcdefghijklmnop', sha256: new Uint8Array(32).fill(7) }],
  contents: contents(),
  ...o,
});
const head = { fingerprint: roster.fingerprint, signerId, madeAt: 1_767_323_045_000 };
const make = (o: Partial<BackupBody> = {}): Uint8Array => makeBackup({ head, body: bodyOf(o), to, random: draw });
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === expected;

test('a backup is proved whole and gives back every share, mark, wallet, pin and the identity', () => {
  const backup = proveBackup(make(), { by, roster, index: place });

  equal(backup.keys, 4);
  equal(backup.shares, 4);
  deepEqual(new Uint8Array(backup.body.seeds), seeds);
  const restored = open(join(root, 'restored.sqlite'), { sealKey: 8, macKey: 9 });
  restored.restore(backup.body.contents, { others: 3, backup: backup.id });
  deepEqual(restored.audit(), []);
  for (const n of made)
    deepEqual(new Uint8Array(restored.keys.open(n.key.keyId, n.share.epoch).share.x), new Uint8Array(n.share.x));
  equal(restored.keys.key('key-1')?.exported, true);
  equal(restored.keys.wallet('wa-key-0')?.status, 'Active');
  deepEqual(
    restored.keys.pendingEpochs().map((each) => each.keyId),
    ['key-pending'],
  );
  deepEqual(restored.restored.pending(), { others: 3 });
  equal(restored.journal.rows()[0]?.event, 'signer.restored');
  restored.close();
});

test('nothing secret is in the file in the clear', () => {
  const file = Buffer.from(make());

  for (const n of made) equal(file.includes(Buffer.from(n.share.x)), false);
  equal(file.includes(Buffer.from(seeds.subarray(0, 32))), false);
});

test('two backups of one state have no key in common', () => {
  const [a, b] = [make(), make()];

  equal(Buffer.compare(Buffer.from(a).subarray(191), Buffer.from(b).subarray(191)) === 0, false);
});

test('every table of the store is either in the backup or left out for a reason', () => {
  const db = new Database(':memory:');
  const probe = open(join(root, 'tables.sqlite'));
  probe.close();
  db.close();
  const file = new Database(join(root, 'tables.sqlite'));
  const tables = file
    .prepare("select name from sqlite_master where type = 'table'")
    .raw(true)
    .all([]) as unknown as string[][];
  file.close();

  const known = [...Object.keys(KEPT_TABLES), ...Object.keys(OTHER_TABLES)];
  deepEqual(tables.flat().sort(), known.sort());
});

test('a byte altered anywhere is refused', () => {
  const file = make();
  // Every byte of the header and of the tag, and a spread over what is sealed.
  const places = [...Array(191).keys(), ...Array.from({ length: 16 }, (_, k) => file.length - 1 - k)];
  for (let at = 191; at < file.length; at += 97) places.push(at);

  for (const at of places) {
    const altered = file.slice();
    altered[at] = (altered[at] as number) ^ 1;
    throws(
      () => proveBackup(altered, { by, roster }),
      (error) => error instanceof Refused && /^E_BACKUP_(AUTH|FORMAT|VERSION|KEY)$/.test(error.code),
      `byte ${at}`,
    );
  }
});

test('truncated at any place, or followed by anything, it is refused', () => {
  const file = make();
  for (const length of [0, 1, 16, 100, 190, 191, 207, 208, file.length - 1])
    throws(() => proveBackup(file.slice(0, length), { by, roster }), code('E_BACKUP_FORMAT'), `${length}`);

  throws(() => proveBackup(Buffer.concat([file, Buffer.of(0)]), { by, roster }), code('E_BACKUP_FORMAT'));
});

test('what is no backup, too large, or of a later version is refused', () => {
  const file = make();
  const later = file.slice();
  later[17] = 2;

  throws(() => proveBackup(new Uint8Array(4096), { by, roster }), code('E_BACKUP_FORMAT'));
  throws(() => proveBackup(new Uint8Array(BACKUP_BYTES_MAX + 1), { by, roster }), code('E_BACKUP_SIZE'));
  throws(() => proveBackup(later, { by, roster }), code('E_BACKUP_VERSION'));
});

test('a body that is too large is not sealed', () => {
  throws(() => sealBackup({ head, body: new Uint8Array(BACKUP_BYTES_MAX), to, random: draw }), code('E_BACKUP_SIZE'));
});

test('another key or a passphrase does not open what is sealed to a key', () => {
  const other = readBackupPrivateKey(createBackupKey(draw).privateText);

  throws(() => proveBackup(make(), { by: { privateKey: other }, roster }), code('E_BACKUP_KEY'));
  throws(() => proveBackup(make(), { by: { passphrase: 'correct horse battery' }, roster }), code('E_BACKUP_KEY'));
});

test('a wrong passphrase does not open it, the right one does, however it is typed', () => {
  const passphrase = 'correct horse bättery staple';
  const file = makeBackup({ head, body: bodyOf(), to: { passphrase }, random: draw });

  throws(() => proveBackup(file, { by: { passphrase: `${passphrase}.` }, roster }), code('E_BACKUP_AUTH'));
  throws(() => proveBackup(file, { by, roster }), code('E_BACKUP_KEY'));
  // The same letters, decomposed.
  equal(proveBackup(file, { by: { passphrase: passphrase.normalize('NFD') }, roster }).shares, 4);
});

test('a short passphrase seals nothing', () => {
  throws(
    () => makeBackup({ head, body: bodyOf(), to: { passphrase: 'fifteen letters' }, random: draw }),
    code('E_BACKUP_KEY'),
  );
});

test('a recipient of small order is refused', () => {
  throws(
    () => makeBackup({ head, body: bodyOf(), to: { publicKey: new Uint8Array(32) }, random: draw }),
    code('E_BACKUP_KEY'),
  );
});

test('a text that is no backup key is refused and not repeated', () => {
  const secret = pair.privateText.replace(/.$/, '!');
  const nameless = 'x'.repeat('holdfast-backup-private-v1:'.length) + toBase64(draw(32));
  for (const text of ['', 'holdfast', pair.publicText, secret, nameless])
    throws(
      () => readBackupPrivateKey(text),
      (error) => code('E_BACKUP_KEY')(error) && !String(error).includes(secret.slice(40)),
    );
  throws(() => readBackupPublicKey(pair.privateText), code('E_BACKUP_KEY'));
});

test('the backup of another cluster, of another signer, and of a signer outside the roster are refused', () => {
  const elsewhere = createRoster({ epoch: 1, relay: roster.relay, signers: roster.signers });
  const foreign = { ...head, signerId: new Uint8Array(32).fill(5) };
  const stranger = makeBackup({ head: foreign, body: bodyOf(), to, random: draw });

  throws(() => proveBackup(make(), { by, roster: elsewhere }), code('E_BACKUP_CLUSTER'));
  throws(() => proveBackup(make(), { by, roster, index: place + 1 }), code('E_BACKUP_SIGNER'));
  throws(() => proveBackup(stranger, { by, roster }), code('E_BACKUP_CLUSTER'));
});

test('an identity that is not that of the signer is refused', () => {
  throws(() => proveBackup(make({ seeds: draw(64) }), { by, roster }), code('E_BACKUP_IDENTITY'));
});

test('a share that does not belong to its key is not sealed, and is refused where somebody sealed it', () => {
  const spoil = (): BackupBody => {
    const body = bodyOf();
    const [x] = body.contents.shares.map((share) => share.x);
    if (x !== undefined) x[31] = (x[31] as number) ^ 1;
    return body;
  };
  const sealed = sealBackup({ head, body: encodeBody(spoil()), to, random: draw });

  throws(
    () => makeBackup({ head, body: spoil(), to, random: draw }),
    (error) => code('E_BACKUP_SHARE')(error) && /key-0/.test(String(error)),
  );
  throws(
    () => proveBackup(sealed, { by, roster }),
    (error) => code('E_BACKUP_SHARE')(error) && /key-0/.test(String(error)),
  );
});

test('a missing share, one under another epoch, one without its key, and a chain code too many are refused by name', () => {
  const all = contents();
  const without = { ...all, shares: all.shares.slice(1) };
  const renamed = { ...all, shares: all.shares.map((s, k) => (k === 0 ? { ...s, epoch: new Uint8Array(32) } : s)) };
  const [first, ...rest] = all.tables;
  const orphan = {
    ...all,
    tables: [{ ...(first as NonNullable<typeof first>), rows: first?.rows.slice(1) ?? [] }, ...rest],
  };

  // Only a master has a chain code.
  const chained = { ...all, shares: all.shares.map((s, k) => (k === 0 ? { ...s, chainCode: draw(32) } : s)) };

  for (const broken of [without, renamed, orphan, chained]) {
    const file = sealBackup({ head, body: encodeBody(bodyOf({ contents: broken })), to, random: draw });
    throws(
      () => proveBackup(file, { by, roster }),
      (error) => code('E_BACKUP_SHARE')(error) && /key-0/.test(String(error)),
    );
  }
});

test('tables in a form of another release are refused', () => {
  const all = contents();
  const renamed = all.tables.map((t) => (t.name === 'log' ? { ...t, columns: [...t.columns.slice(1), 'extra'] } : t));
  for (const tables of [renamed, all.tables.slice(1), [...all.tables, { name: 'toString', columns: [], rows: [] }]]) {
    const file = sealBackup({
      head,
      body: encodeBody(bodyOf({ contents: { ...all, shares: tables === renamed ? all.shares : [], tables } })),
      to,
      random: draw,
    });
    throws(() => proveBackup(file, { by, roster }), /E_BACKUP|form|every table|record of it/);
  }
});

test('a body is read back as it was written, and no other bytes are', () => {
  const body = bodyOf();
  const bytes = encodeBody(body);
  const again = decodeBody(bytes);

  deepEqual(encodeBody(again), bytes);
  for (const altered of [bytes.slice(0, -1), Buffer.concat([bytes, Buffer.of(0)]), Buffer.from('nothing')])
    throws(() => decodeBody(altered), code('E_BACKUP_FORMAT'));
});

test('a body with a value of no known kind, or a record with too few values, is refused', () => {
  const holding = (...cells: Item[]): Uint8Array =>
    enc(
      'holdfast/backup/v1',
      item.bytes(draw(64)),
      item.uint(0),
      item.uint(0),
      item.list([]),
      item.list([item.uint(0), item.bytes(draw(32))]),
      item.list([
        item.list([
          item.text('log'),
          item.list([item.text('seq'), item.text('event')]),
          item.list([item.list([item.list(cells)])]),
        ]),
      ]),
      item.list([]),
    );

  equal(decodeBody(holding(item.uint(1), item.absent)).contents.tables[0]?.rows.length, 1);
  for (const cells of [[item.uint(1), item.list([])], [item.uint(1)], [item.uint(1), item.absent, item.absent]])
    throws(() => decodeBody(holding(...cells)), code('E_BACKUP_FORMAT'));
});

test('a store that holds anything takes no backup', () => {
  throws(() => source.restore(contents(), { others: 3, backup: 'x' }), code('E_RESTORE_NOT_EMPTY'));
});

test('a damaged record is named and nothing is backed up', () => {
  const file = join(root, 'damaged.sqlite');
  const store = open(file);
  store.transaction('test', () => {
    store.keys.putPending(made[0] as NewShare);
    store.keys.activate('key-0', (made[0] as NewShare).share.epoch);
  });
  store.close();
  const db = new Database(file);
  db.exec("update wallets set network = 'Bitcoin'");
  db.close();

  const again = open(file);
  throws(
    () => again.contents(),
    (error) => code('E_BACKUP_ROW')(error) && /wa-key-0/.test(String(error)),
  );
  again.close();
});

// The commands, as an operator types them.

const operator = fileURLToPath(new URL('../operator.js', import.meta.url));
const rosterFile = join(root, 'roster.json');
const type = (args: string[], env: Record<string, string> = {}) => {
  const run = spawnSync(process.execPath, [operator, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOLDFAST_ROSTER: rosterFile, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status: run.status, out: run.stdout, err: run.stderr.trimEnd() };
};

test('an operator makes a key, backs up, verifies and restores; what is wrong is said and nothing is written', () => {
  const dir = join(root, 'signer');
  const settings = { allowImport: true, allowExport: false };
  const entries = [dir, ...[2, 3, 4, 5].map((k) => join(root, `other-${k}`))].map((each) =>
    createFolder({ dir: each, unseal: { from: 'file', file: join(each, 'unseal.key') }, settings, random: draw }),
  );
  const own = createRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/r', signers: entries });
  writeFileSync(rosterFile, encodeRoster(own));
  writePin(dir, 'or-abcde-abcde-abcdefghijklmnop', 'ab'.repeat(32));
  const index = openFolder(readConfig({ HOLDFAST_SIGNER_DIR: dir, HOLDFAST_ROSTER: rosterFile })).index;
  const [keyFile, file, back] = ['backup.key', 'signer.backup', 'back'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];

  const publicText = type(['backup', 'key', keyFile]).out.trim();
  const create = type(['backup', 'create', file, '--to', publicText, '--dir', dir]);
  equal(create.status, 0, create.err);
  match(create.out, /shares {8}0, every one proved/);
  match(type(['backup', 'create', file, '--to', publicText, '--dir', dir]).err, /exists already/);

  const verify = type(['backup', 'verify', file, '--key', keyFile]);
  equal(verify.status, 0, verify.err);
  match(verify.out, new RegExp(`signer {8}${index}`));
  const wrong = type(['backup', 'verify', file], { HOLDFAST_BACKUP_PASSPHRASE: 'a wrong passphrase' });
  equal(wrong.status, 7);
  match(wrong.err, /sealed to a key.*\(E_BACKUP_KEY\)$/);

  const other = type(['restore', file, '--index', String((index % 5) + 1), '--key', keyFile, '--dir', back]);
  equal(other.status, 7);
  match(other.err, /E_BACKUP_SIGNER/);
  equal(existsSync(back), false);
  const onto = type(['restore', file, '--index', String(index), '--key', keyFile, '--dir', dir]);
  equal(onto.status, 78);
  match(onto.err, /is not empty/);

  const restored = type(['restore', file, '--index', String(index), '--key', keyFile, '--dir', back]);
  equal(restored.status, 0, restored.err);
  const folder = openFolder(readConfig({ HOLDFAST_SIGNER_DIR: back, HOLDFAST_ROSTER: rosterFile }));
  equal(folder.index, index);
  deepEqual(folder.settings, settings);
  deepEqual(folder.pin('or-abcde-abcde-abcdefghijklmnop'), new Uint8Array(32).fill(0xab));
  ok(readFileSync(join(back, 'unseal.key'), 'utf8') !== readFileSync(join(dir, 'unseal.key'), 'utf8'));
  match(type(['doctor', '--dir', back]).out, /restored {6}waits until 3 others/);
  chmodSync(keyFile, 0o644);
  match(type(['backup', 'verify', file, '--key', keyFile]).err, /must be mode 0600/);
});

test('a folder that holds anything is left as it is', () => {
  const dir = join(root, 'full');
  mkdirSync(dir, { mode: 0o700 });
  writeFileSync(join(dir, 'notes.txt'), 'mine');

  match(type(['restore', join(root, 'signer.backup'), '--index', '1', '--dir', dir]).err, /not empty \(notes\.txt\)/);
  deepEqual(readdirSync(dir), ['notes.txt']);
});

test('the head of a backup is not believed before it is opened', () => {
  const file = make();
  file[60] = (file[60] as number) ^ 1;

  throws(() => openBackup(file, by), code('E_BACKUP_AUTH'));
});

test('a head that says what no release writes is refused for that', () => {
  const file = make();
  for (const { at, bytes, says } of [
    { at: 18, bytes: [3], says: /sealed in no known way/ },
    { at: 83, bytes: [255, 255, 255, 255, 255, 255, 255, 255], says: /at no possible time/ },
    { at: 187, bytes: [255, 255, 255, 255], says: /cut short/ },
  ]) {
    const altered = file.slice();
    altered.set(bytes, at);

    throws(
      () => readBackupHead(altered),
      (error) => code('E_BACKUP_FORMAT')(error) && says.test(String(error)),
    );
  }
});
