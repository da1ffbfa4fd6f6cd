/** A long journal is read behind the start: what is found when, what a process that dies before leaves, what a thief gains. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import { openStore, type Store, type StoreOptions } from '../store/index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'journal 1';
console.log(`seed: ${seed}`);
const random = seededRandom(seed);
const root = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
after(() => rmSync(root, { recursive: true, force: true }));

const ROWS = 1000;
const signerId = random.bytes(32);
let files = 0;
const options = (file = join(root, `${++files}.sqlite`), point: (name: string) => void = () => {}): StoreOptions => ({
  file,
  signerId,
  sealKey: new Uint8Array(32).fill(1),
  macKey: new Uint8Array(32).fill(2),
  now: () => 1_700_000_000_000,
  random: (n) => random.bytes(n),
  point,
  journal: { rowsAtOnceMax: 300 },
});
/** As a signer does first. */
const start = (o: StoreOptions): Store => {
  const store = openStore(o);
  store.transaction('start', () => store.journal.append('signer.started', {}));
  return store;
};
const readAll = ({ journal, transaction }: Store): void => {
  while (journal.unread > 0) journal.readOn(100);
  if (journal.damagedAt() === undefined) transaction('journal', () => {});
};
/** Changes the file behind the store's back. */
const meddle = (file: string, ...steps: readonly string[]): void => {
  const db = new Database(file);
  for (const sql of steps) db.exec(sql);
  db.close();
};
/** A closed store of ROWS rows that its last process has read. */
const long = (() => {
  const o = options();
  const store = start(o);
  store.transaction('test', () => {
    while (store.journal.length < ROWS) store.journal.append('row', { n: store.journal.length });
  });
  store.close();
  return o.file;
})();
const copy = (of = long): StoreOptions => {
  const o = options();
  copyFileSync(of, o.file);
  return o;
};

test('a chain that the process before has read is read behind the start, and again behind the next', () => {
  const o = copy();
  for (const rows of [ROWS, ROWS + 1, ROWS + 2]) {
    const store = start(o);

    equal(store.journal.unread, rows);
    readAll(store);
    deepEqual([store.journal.unread, store.journal.damagedAt()], [0, undefined]);
    store.close();
  }
});

test('without leave to read behind, everything is read at once', () => {
  const { journal: _, ...o } = copy();
  meddle(o.file, 'update journal set time = 7 where seq = 20');
  const store = openStore(o);

  deepEqual([store.journal.unread, store.journal.damagedAt()], [0, 20]);
  store.close();
});

for (const [what, sql, row] of [
  ['an edited row', "update journal set facts = '{}' where seq = 2", 2],
  ['an edited first row', 'update journal set time = 1 where seq = 1', 1],
  ['a missing row', 'delete from journal where seq = 400', 400],
  ['a row that was added', "insert into journal values (0, 1, 'row', '{}', zeroblob(32))", 1],
  [
    'two rows exchanged',
    'update journal set facts = (select facts from journal as j where j.seq = 5 - journal.seq) where seq in (2, 3)',
    2,
  ],
  ['an edited hash', 'update journal set hash = zeroblob(32) where seq = 700', 700],
  ['all of it missing but the end', `delete from journal where seq <= ${ROWS - 300}`, 1],
] as const) {
  test(`found behind the start, and from then on at every start: ${what}`, () => {
    const o = copy();
    meddle(o.file, sql);
    const store = start(o);
    equal(store.journal.damagedAt(), undefined);

    readAll(store);

    equal(store.journal.damagedAt(), row);
    store.transaction('test', () => store.journal.append('row', {}));
    store.close();
    for (let again = 0; again < 2; again += 1) {
      const later = start(o);
      deepEqual([later.journal.damagedAt(), later.journal.unread], [row, 0]);
      later.close();
    }
  });
}

for (const [what, sql, row] of [
  ['an edited row near the end', `update journal set time = 1 where seq = ${ROWS - 3}`, ROWS - 3],
  ['rows cut off at the end', `delete from journal where seq > ${ROWS - 9}`, ROWS - 8],
  ['a last row of another number', `update journal set seq = 5000 where seq = ${ROWS}`, 4745],
  ['the row missing that the end begins after', `delete from journal where seq = ${ROWS - 256}`, ROWS - 255],
  ['rows added at the end', `insert into journal values (${ROWS + 1}, 1, 'row', '{}', zeroblob(32))`, ROWS + 1],
  ['another end under the checksum', "update meta set v = zeroblob(32) where k = 'journal.head'", ROWS + 1],
  ['no end under the checksum', "delete from meta where k = 'journal.head'", ROWS],
] as const) {
  test(`found at the start, before anything is answered: ${what}`, () => {
    const o = copy();
    meddle(o.file, sql);
    const store = start(o);

    equal(store.journal.damagedAt(), row);
    store.close();
    // Nothing that the signer writes afterwards covers it up.
    const again = start(o);
    ok(again.journal.damagedAt() !== undefined);
    again.close();
  });
}

test('a process that died before it had read all: the next reads all before it answers', () => {
  const o = copy();
  const hurried = start(o);
  hurried.journal.readOn(ROWS - 1);
  equal(hurried.journal.unread, 1);
  hurried.close();
  meddle(o.file, 'update journal set time = 1 where seq = 5');

  const next = start(o);
  deepEqual([next.journal.unread, next.journal.damagedAt()], [0, 5]);
  next.close();
});

for (const point of [
  'store:start:before-flush',
  'store:start:after-flush',
  'store:journal:before-flush',
  'store:journal:after-flush',
]) {
  test(`killed at ${point}: the next start trusts the reading only if it was finished and written`, () => {
    const file = copy().file;
    let disk: string | undefined;
    const store = openStore(
      options(file, (name) => {
        if (name !== point || disk !== undefined) return;
        // What kill -9 leaves: the file and its log, as they are now.
        disk = join(root, `${++files}.sqlite`);
        copyFileSync(file, disk);
        copyFileSync(`${file}-wal`, `${disk}-wal`);
      }),
    );
    store.transaction('start', () => store.journal.append('signer.started', {}));
    readAll(store);
    store.close();

    const next = openStore(options(disk));
    // Before the start was written the reading of the process before still counts; after it, only the new one.
    const isRead = point === 'store:start:before-flush' || point === 'store:journal:after-flush';
    equal(next.journal.unread > 0, isRead);
    equal(next.journal.damagedAt(), undefined);
    next.close();
  });
}

test('a start that failed has used nothing up', () => {
  const o = copy();
  const store = openStore(o);
  throws(
    () =>
      store.transaction('start', () => {
        store.journal.append('signer.started', {});
        throw new Error('no space');
      }),
    /no space/,
  );
  store.transaction('start', () => store.journal.append('signer.started', {}));
  store.close();

  const next = openStore(o);
  equal(next.journal.unread, 0);
  equal(next.journal.damagedAt(), undefined);
  next.close();
});

for (const [what, ...steps] of [
  ['missing', "delete from meta where k = 'journal.read'"],
  ['altered', "update meta set v = zeroblob(32) where k = 'journal.read'"],
  ['another length', "update meta set v = x'00' where k = 'journal.read'"],
  [
    'made of the end under the checksum',
    "delete from meta where k = 'journal.read'",
    "insert into meta select 'journal.read', v, mac from meta where k = 'journal.head'",
  ],
] as const) {
  test(`what says that all was read is ${what}: all is read at once`, () => {
    const o = copy();
    meddle(o.file, ...steps, 'update journal set time = 1 where seq = 5');
    const store = start(o);

    deepEqual([store.journal.unread, store.journal.damagedAt()], [0, 5]);
    store.close();
  });
}

test('what was said of an earlier end of this chain counts for no later one', () => {
  const o = copy();
  const early = join(root, `${++files}.sqlite`);
  copyFileSync(o.file, early);
  const hurried = start(o);
  hurried.close();
  meddle(
    o.file,
    `attach '${early}' as early`,
    "update meta set v = (select v from early.meta where k = 'journal.read'), mac = (select mac from early.meta where k = 'journal.read') where k = 'journal.read'",
    'update journal set time = 1 where seq = 5',
  );

  const next = start(o);
  deepEqual([next.journal.unread, next.journal.damagedAt()], [0, 5]);
  next.close();
});

test('whatever single cell of a long chain is changed, the first bad row is found, at the start or behind it', () => {
  const changes = [
    (seq: number) => `update journal set time = time + 1 where seq = ${seq}`,
    // No time that could be encoded: found like any other, and nothing is thrown.
    (seq: number) => `update journal set time = -5 where seq = ${seq}`,
    (seq: number) => `update journal set event = event || 'x' where seq = ${seq}`,
    (seq: number) => `update journal set facts = facts || ' ' where seq = ${seq}`,
    (seq: number) => `update journal set hash = zeroblob(32) where seq = ${seq}`,
    (seq: number) => `delete from journal where seq = ${seq}`,
  ];
  for (let round = 0; round < 40; round += 1) {
    const [a = 0, b = 0, c = 0] = random.bytes(3);
    const seq = 1 + ((a * 256 + b) % (ROWS - 1));
    const change = changes[c % changes.length];
    const o = copy();
    meddle(o.file, change?.(seq) ?? '');
    const store = start(o);
    readAll(store);
    const row = store.journal.damagedAt();
    // The row before the part that is read at the start is taken as it is there, and found out behind it.
    ok(row === seq || (seq === ROWS - 256 && row === seq + 1), `row ${seq} changed, ${row} found`);
    store.close();
  }
});
