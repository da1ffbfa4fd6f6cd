/**
 * What this signer did, hash-chained (docs/specs/journal.md). A row is appended in the same transaction as the change
 * it describes and flushed before anything leaves the process. Facts are ids, names and hashes: never a secret.
 */
import { hash } from 'node:crypto';
import { canonicalJson } from '@holdfast/contract/wire';
import { enc, i as item } from '@holdfast/crypto/transcript';
import type { Db, Row } from '../store/database.ts';

export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface JournalRow {
  readonly seq: number;
  readonly time: number;
  readonly event: string;
  readonly facts: string;
  readonly hash: Uint8Array;
}

export interface Journal {
  /** Inside a transaction of the store only. */
  append(event: string, facts: Facts): void;
  readonly length: number;
  head(): Uint8Array;
  rows(from?: number): JournalRow[];
  /** Undefined while every row read so far follows from the one before; otherwise the first row that does not. */
  damagedAt(): number | undefined;
  /** Rows that were there at the start and have not been read since. */
  readonly unread: number;
  /** Reads so many of them, from the first on; `damagedAt` tells what it found. */
  readOn(rows: number): void;
}

export interface JournalOptions {
  /**
   * A chain longer than this is read behind the start, where the process before has read it all; a shorter one, and any
   * whose last reading was not finished, is read at once. Without it every chain is.
   */
  readonly rowsAtOnceMax?: number;
}

const START = new Uint8Array(32);
const HEAD = 'journal.head';
/** The head again, where whoever wrote it had read every row before: it says so of this end and of no other. */
const READ = 'journal.read';
/** Read at every start, however long the chain is: what was written last is what a bad end of a process leaves. */
const END_ROWS = 256;

/** Opens the chain (docs/specs/journal.md §3); a damaged one is reported, not repaired. */
export function openJournal(db: Db, now: () => number, o: JournalOptions = {}): Journal {
  const last = lastOf(db);
  const rowsAtOnceMax = Math.max(o.rowsAtOnceMax ?? Number.POSITIVE_INFINITY, END_ROWS);
  const isBehind = last.length > rowsAtOnceMax && wasRead(db, last.head);
  const all = createReading(db);
  const end = isBehind ? createReading(db, rowAt(db, last.length - END_ROWS)) : all;
  end.go(Number.POSITIVE_INFINITY);
  let { length, head } = end;
  /** What was there at the start: the reading behind it ends here. */
  const found = { length, head };
  const unread = (): number => (damaged === undefined ? Math.max(0, found.length - all.length) : 0);
  // Rows cut off at the end leave a perfect shorter chain: the head in `meta` tells.
  let damaged = end.damagedAt() ?? headDamage(db, found);

  // However many rows a transaction appends, the head they end in is written once. That of a damaged chain is not: what
  // shows the damage stays.
  let isHeadOld = false;
  db.beforeFlush(() => {
    if (isHeadOld && damaged === undefined) {
      keep(db, HEAD, head);
      if (unread() === 0) keep(db, READ, head);
    }
    isHeadOld = false;
  });

  // A transaction that was undone took its rows with it.
  db.onRollback(() => {
    isHeadOld = false;
    ({ length, head } = lastOf(db));
  });

  return {
    append(event, facts) {
      const seq = length + 1;
      const time = now();
      const text = canonicalJson(facts);
      const hash = rowHash({ prev: head, seq, time, event, facts: text });
      db.run(
        'insert into journal (seq, time, event, facts, hash) values (?, ?, ?, ?, ?)',
        seq,
        time,
        event,
        text,
        hash,
      );
      isHeadOld = true;
      length = seq;
      head = hash;
    },
    get length() {
      return length;
    },
    head: () => head,
    rows: (from = 1) =>
      db.all('select seq, time, event, facts, hash from journal where seq >= ? order by seq', from).map(asRow),
    damagedAt: () => damaged,
    get unread() {
      return unread();
    },
    readOn(rows) {
      if (unread() === 0) return;
      const before = all.length;
      const wanted = Math.min(rows, unread());
      all.go(wanted);
      damaged = all.damagedAt();
      // The file was changed while this process had it.
      if (damaged === undefined && all.length < before + wanted) damaged = all.length + 1;
      if (damaged === undefined && unread() === 0 && !equal(all.head, found.head)) damaged = found.length;
      isHeadOld = true;
    },
  };
}

function keep(db: Db, name: string, value: Uint8Array): void {
  db.run(
    'insert into meta (k, v, mac) values (?, ?, ?) on conflict (k) do update set v = excluded.v, mac = excluded.mac',
    name,
    value,
    db.mac('meta', [name, value]),
  );
}

interface Place {
  readonly length: number;
  readonly head: Uint8Array;
}

function lastOf(db: Db): Place {
  const last = db.one('select seq, hash from journal order by seq desc limit 1');
  return { length: Number(last?.[0] ?? 0), head: last?.[1] instanceof Uint8Array ? last[1] : START };
}

function rowAt(db: Db, seq: number): Place {
  const hash = db.one('select hash from journal where seq = ?', seq)?.[0];
  // Where there is no such row, the next one does not follow from this.
  return { length: seq, head: hash instanceof Uint8Array ? hash : START };
}

/** The row from which on nothing is known, where the end of the chain is not the one under the store's checksum. */
function headDamage(db: Db, { length, head }: Place): number | undefined {
  const saved = db.one('select v, mac from meta where k = ?', HEAD);
  if (saved === undefined) return length > 0 ? length : undefined;
  const [v, mac] = saved;
  const holds = v instanceof Uint8Array && db.macHolds('meta', [HEAD, v], mac) && equal(v, head);
  return holds ? undefined : length + 1;
}

/** True where whoever wrote the end of this chain said that it had read the rest. */
function wasRead(db: Db, head: Uint8Array): boolean {
  const [v, mac] = db.one('select v, mac from meta where k = ?', READ) ?? [];
  return v instanceof Uint8Array && db.macHolds('meta', [READ, v], mac) && equal(v, head);
}

/** docs/specs/journal.md §2. */
function rowHash(row: { prev: Uint8Array; seq: number; time: number; event: string; facts: string }): Uint8Array {
  const bytes = enc(
    'holdfast/journal/v1',
    item.bytes(row.prev),
    item.uint(row.seq),
    item.uint(row.time),
    item.text(row.event),
    item.text(row.facts),
  );
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}

/** Whether a row is the one that was written behind `prev`. */
function isBehind(prev: Uint8Array, row: JournalRow): boolean {
  try {
    return equal(rowHash({ ...row, prev }), row.hash);
  } catch {
    // No number or text that this process writes: altered on the disk.
    return false;
  }
}

/** Few enough that the rows of one are gone before the collector of young objects has copied them. */
const PAGE = 256;

/** Goes along the chain row by row, each checked against the one before. */
interface Reading extends Place {
  go(rows: number): void;
  damagedAt(): number | undefined;
}

function createReading(db: Db, from: Place = { length: 0, head: START }): Reading {
  let { length, head } = from;
  // From below any number on: a row before the first is not one of the chain either.
  let after = length === 0 ? Number.MIN_SAFE_INTEGER : length;
  let damagedAt: number | undefined;
  return {
    go(rows) {
      for (let left = rows; left > 0; ) {
        const count = Math.min(PAGE, left);
        const page = db.all(
          'select seq, time, event, facts, hash from journal where seq > ? order by seq limit ?',
          after,
          count,
        );
        for (const cells of page) {
          const row = asRow(cells);
          const follows = row.seq === length + 1 && isBehind(head, row);
          if (!follows && damagedAt === undefined) damagedAt = length + 1;
          // A damaged chain still grows from its last row, so that what happens next is recorded too.
          length = row.seq;
          head = row.hash;
          after = row.seq;
        }
        if (page.length < count) return;
        left -= count;
      }
    },
    get length() {
      return length;
    },
    get head() {
      return head;
    },
    damagedAt: () => damagedAt,
  };
}

function asRow(cells: Row): JournalRow {
  const [seq, time, event, facts, hash] = cells;
  return {
    seq: Number(seq),
    time: Number(time),
    event: String(event),
    facts: String(facts),
    hash: hash instanceof Uint8Array ? hash : new Uint8Array(),
  };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
