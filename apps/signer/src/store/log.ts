/**
 * Authority entries of every organisation: the committed prefix, at most one acknowledged entry above it, and what was
 * promised about that height.
 */

import type { Snapshot } from '@holdfast/authority/reduce';
import type { Ack, LogEntry, Withdrawal } from '@holdfast/authority/types';
import { fromBase64Url, parseStrictJson } from '@holdfast/contract/wire';
import type { Db, Row } from './database.ts';

export interface StoredEntry {
  readonly height: number;
  readonly head: Uint8Array;
  readonly committed: boolean;
  readonly entry: LogEntry;
  readonly acks: readonly Ack[];
}

/** A head that is never acknowledged (again); or, of kind `disregarded`, a signer whose acknowledgements count nothing. */
export interface StoredPromise {
  readonly height: number;
  /** 32 bytes; of kind `disregarded`: the signer's id. */
  readonly head: Uint8Array;
  readonly kind: 'withdrawn' | 'released' | 'disregarded';
  /** What three others promised, where an acknowledged head was let go; kept as evidence. */
  readonly proof: readonly Withdrawal[];
}

export interface StoredSnapshot extends Snapshot {
  /** By this signer's own identity key. */
  readonly signature: Uint8Array;
}

export interface OrgLog {
  readonly org: string;
  readonly entries: readonly StoredEntry[];
  /** Lowest height whose record does not verify; nothing from there on is used until it is caught up. */
  readonly damagedAt: number | undefined;
  /** Highest height on the disk, damaged or not. */
  readonly top: number;
}

export interface LogShelf {
  orgs(): string[];
  /** From the height above this one on; from the beginning unless told. */
  read(org: string, above?: number): OrgLog;
  /** The newest snapshot, if its record verifies. */
  snapshot(org: string): StoredSnapshot | undefined;
  /** One entry; undefined where there is none or it does not verify. */
  at(org: string, height: number): StoredEntry | undefined;
  /** Of every height; `damagedAt` is the highest height of one that does not verify. */
  promises(org: string): { readonly list: readonly StoredPromise[]; readonly damagedAt: number | undefined };
  // Inside a transaction:
  /** Replaces what stood at that height. */
  put(org: string, e: StoredEntry): void;
  /** In place of the one before. */
  putSnapshot(s: StoredSnapshot): void;
  /** Removes the acknowledged entry of that height; a committed one stays. */
  dropTail(org: string, height: number): void;
  putPromise(org: string, p: StoredPromise): void;
  /** Up to this height: once an entry is committed there is nothing to acknowledge any more. */
  clearPromises(org: string, height: number): void;
}

export const LOG_COLUMNS = 'org, height, head, committed, entry, acks';
const SNAPSHOT_COLUMNS = 'org, height, head, rules, state, signature';
export const PROMISE_COLUMNS = 'org, height, head, kind, proof';

export function createLogShelf(db: Db): LogShelf {
  return {
    orgs: () => db.all('select distinct org from log order by org').map((row) => String(row[0])),
    read(org, above = -1) {
      const entries: StoredEntry[] = [];
      let damagedAt: number | undefined;
      let top = above;
      const rows = db.all(
        `select ${LOG_COLUMNS}, mac from log where org = ? and height > ? order by height`,
        org,
        above,
      );
      for (const row of rows) {
        top = Number(row[1]);
        const next = above + 1 + entries.length;
        const sound = top === next && db.macHolds('log', row.slice(0, -1), row.at(-1));
        if (!sound) damagedAt ??= Math.min(top, next);
        if (damagedAt === undefined) entries.push(asEntry(row));
      }
      return { org, entries, damagedAt, top };
    },
    at(org, height) {
      const row = db.one(`select ${LOG_COLUMNS}, mac from log where org = ? and height = ?`, org, height);
      return row !== undefined && db.macHolds('log', row.slice(0, -1), row.at(-1)) ? asEntry(row) : undefined;
    },
    put(org, e) {
      const cells: Row = [org, e.height, e.head, e.committed ? 1 : 0, JSON.stringify(e.entry), JSON.stringify(e.acks)];
      db.run(
        `insert into log (${LOG_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?, ?)
         on conflict (org, height) do update set head = excluded.head, committed = excluded.committed, entry = excluded.entry,
           acks = excluded.acks, mac = excluded.mac`,
        ...cells,
        db.mac('log', cells),
      );
    },
    snapshot(org) {
      const row = db.one(`select ${SNAPSHOT_COLUMNS}, mac from snapshots where org = ?`, org);
      if (row === undefined || !db.macHolds('snapshots', row.slice(0, -1), row.at(-1))) return undefined;
      const bytes = (at: number) => (row[at] instanceof Uint8Array ? row[at] : new Uint8Array());
      const [head, rules, signature] = [bytes(2), bytes(3), bytes(5)];
      return { org, height: Number(row[1]), head, rules, text: String(row[4]), signature };
    },
    putSnapshot({ org, height, head, rules, text, signature }) {
      const cells: Row = [org, height, head, rules, text, signature];
      db.run(
        `insert or replace into snapshots (${SNAPSHOT_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?, ?)`,
        ...cells,
        db.mac('snapshots', cells),
      );
    },
    promises(org) {
      const rows = db.all(`select ${PROMISE_COLUMNS}, mac from promises where org = ? order by height, head`, org);
      const isSound = (row: Row): boolean => db.macHolds('promises', row.slice(0, -1), row.at(-1));
      return {
        list: rows.filter(isSound).map(asPromise),
        damagedAt: rows.reduce<number | undefined>((top, row) => (isSound(row) ? top : Number(row[1])), undefined),
      };
    },
    dropTail(org, height) {
      db.run('delete from log where org = ? and height = ? and committed = 0', org, height);
    },
    putPromise(org, { height, head, kind, proof }) {
      const cells: Row = [org, height, head, kind, JSON.stringify(proof)];
      db.run(
        `insert into promises (${PROMISE_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?)`,
        ...cells,
        db.mac('promises', cells),
      );
    },
    clearPromises(org, height) {
      db.run('delete from promises where org = ? and height <= ?', org, height);
    },
  };
}

function asPromise(row: Row): StoredPromise {
  return {
    height: Number(row[1]),
    head: row[2] instanceof Uint8Array ? row[2] : fromBase64Url(''),
    kind: row[3] === 'released' || row[3] === 'disregarded' ? row[3] : 'withdrawn',
    proof: parseStrictJson(String(row[4])) as unknown as Withdrawal[],
  };
}

function asEntry(row: Row): StoredEntry {
  return {
    height: Number(row[1]),
    head: row[2] instanceof Uint8Array ? row[2] : fromBase64Url(''),
    committed: row[3] === 1,
    // Written by put() and covered by the row's checksum; strings inside may hold any text a user signed.
    entry: parseStrictJson(String(row[4])) as unknown as LogEntry,
    acks: parseStrictJson(String(row[5])) as unknown as Ack[],
  };
}
