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
  /** Undefined while every row follows from the one before; otherwise the first row that does not. */
  damagedAt(): number | undefined;
}

const START = new Uint8Array(32);
const HEAD = 'journal.head';

/** Reads the whole chain once; a damaged one is reported, not repaired. */
export function openJournal(db: Db, now: () => number): Journal {
  const chain = verifyChain(db);
  let { length, head } = chain;
  // Rows cut off at the end leave a perfect shorter chain: the head in `meta` tells.
  const saved = db.one('select v, mac from meta where k = ?', HEAD);
  let damaged = chain.damagedAt;
  if (damaged === undefined && saved === undefined && length > 0) damaged = length;
  if (damaged === undefined && saved !== undefined) {
    const [v, mac] = saved;
    const holds = v instanceof Uint8Array && db.macHolds('meta', [HEAD, v], mac) && equal(v, head);
    if (!holds) damaged = length + 1;
  }

  // However many rows a transaction appends, the head they end in is written once.
  let isHeadOld = false;
  db.beforeFlush(() => {
    if (!isHeadOld) return;
    isHeadOld = false;
    db.run(
      'insert into meta (k, v, mac) values (?, ?, ?) on conflict (k) do update set v = excluded.v, mac = excluded.mac',
      HEAD,
      head,
      db.mac('meta', [HEAD, head]),
    );
  });

  // A transaction that was undone took its rows with it.
  db.onRollback(() => {
    isHeadOld = false;
    const last = db.one('select seq, hash from journal order by seq desc limit 1');
    length = Number(last?.[0] ?? 0);
    head = last?.[1] instanceof Uint8Array ? last[1] : START;
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
  };
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

/** Room for the tag, five heads and two integers. */
const FIXED_BYTES_MAX = 128;

/**
 * rowHash for many rows: the same bytes, written into one buffer. A start reads the whole chain, three rows for each key
 * ever made, and `enc` takes longer for a row than SQLite and SHA-256 together.
 */
function createRowHasher(): (row: JournalRow, prev: Uint8Array) => Uint8Array {
  const tag = 'holdfast/journal/v1';
  const head = enc(tag, ...Array.from({ length: 5 }, () => item.absent)).subarray(0, 1 + 4 + tag.length + 2);
  let bytes = Buffer.alloc(4096);
  let at = 0;
  // Item types of docs/specs/encoding.md §2: 1 bytes, 2 unsigned integer, 6 text.
  const open = (type: number, length: number): void => {
    bytes[at] = type;
    bytes.writeUInt32BE(length, at + 1);
    at += 5 + length;
  };
  const uint = (value: number): void => {
    const start = at + 5;
    let length = 0;
    for (let rest = value; rest >= 1; rest = Math.floor(rest / 256)) length += 1;
    open(2, length);
    for (let k = length - 1, rest = value; k >= 0; k -= 1, rest = Math.floor(rest / 256)) bytes[start + k] = rest % 256;
  };
  const text = (value: string): void => open(6, bytes.write(value, at + 5, 'utf8'));

  return ({ seq, time, event, facts }, prev) => {
    const room = FIXED_BYTES_MAX + prev.length + 3 * (event.length + facts.length);
    if (bytes.length < room) bytes = Buffer.alloc(room);
    bytes.set(head);
    at = head.length;
    bytes.set(prev, at + 5);
    open(1, prev.length);
    uint(seq);
    uint(time);
    text(event);
    text(facts);
    return hash('sha256', bytes.subarray(0, at), 'buffer');
  };
}

/** Few enough that the rows of one are gone before the collector of young objects has copied them. */
const PAGE = 256;

function verifyChain(db: Db): { length: number; head: Uint8Array; damagedAt: number | undefined } {
  let length = 0;
  let head: Uint8Array = START;
  let damagedAt: number | undefined;
  const hashAgain = createRowHasher();
  for (;;) {
    const page = db.all(
      'select seq, time, event, facts, hash from journal where seq > ? order by seq limit ?',
      length,
      PAGE,
    );
    for (const cells of page) {
      const row = asRow(cells);
      const follows = row.seq === length + 1 && equal(hashAgain(row, head), row.hash);
      if (!follows && damagedAt === undefined) damagedAt = length + 1;
      // A damaged chain still grows from its last row, so that what happens next is recorded too.
      length = row.seq;
      head = row.hash;
    }
    if (page.length < PAGE) return { length, head, damagedAt };
  }
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
