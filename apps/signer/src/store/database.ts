/**
 * One SQLite file: opening it, its schema, transactions, and a keyed checksum on every row. What must be true
 * together is written in one transaction, and a transaction that returned is on the disk (docs/specs/sealed-vault.md §2).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { enc, i as item } from '@holdfast/crypto/transcript';
import Database from 'libsql';
import { check, refuse } from '../refusal/index.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** What a column may hold here: integers are safe integers, blobs are bytes. */
export type Cell = string | number | Uint8Array | null;
export type Row = readonly Cell[];

export interface DatabaseOptions {
  /** Path of the file, or ':memory:' in tests of pure logic. */
  readonly file: string;
  /** 32 bytes derived from the unseal secret: authenticates rows, seals nothing. */
  readonly macKey: Uint8Array;
  /** Crash points: before and after each flush. */
  readonly point: (name: string) => void;
}

export interface Db {
  /** All or nothing, and on the disk when it returns. Not nested. A failure of the disk is E_STORE_WRITE. */
  transaction<T>(name: string, work: () => T): T;
  all(sql: string, ...cells: Cell[]): Row[];
  one(sql: string, ...cells: Cell[]): Row | undefined;
  /** Returns how many rows it changed. */
  run(sql: string, ...cells: Cell[]): number;
  /** HMAC-SHA-256 over the table's name and the row's cells, injectively encoded. */
  mac(table: string, cells: Row): Uint8Array;
  macHolds(table: string, cells: Row, mac: Cell | undefined): boolean;
  /** Called after a transaction was undone, so that what mirrors the file in memory can read it again. */
  onRollback(again: () => void): void;
  /** Called inside every transaction when its work is done, for what is written once for all of it. */
  beforeFlush(last: () => void): void;
  /**
   * Moves the log into the file and cuts it to nothing. Deleted rows are overwritten in the file (`secure_delete`), but
   * pages as they were before are in the log until then.
   */
  scrub(): void;
  close(): void;
}

interface Statement {
  run(cells: readonly unknown[]): { changes: number };
  raw(on: boolean): Statement;
  all(cells?: readonly unknown[]): Row[];
}

interface Handle {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  pragma(sql: string): unknown;
  close(): void;
}

/** Opens or creates the file. Refusals: E_STORE_LOCKED, E_STORE_DAMAGED, E_STORE_NEWER. */
export function openDatabase(o: DatabaseOptions): Db {
  const handle = openHandle(o.file);
  // One process owns the file for its life: the lock dies with the process, also after kill -9.
  handle.pragma('locking_mode=EXCLUSIVE');
  handle.pragma('journal_mode=WAL');
  handle.pragma('synchronous=FULL');
  handle.pragma('secure_delete=ON');
  handle.pragma('foreign_keys=ON');
  // SQLite itself refuses a page that cannot be what the schema says, instead of returning nonsense.
  handle.pragma('cell_size_check=ON');
  migrate(handle);

  const statements = new Map<string, Statement>();
  let closed = false;
  const prepare = (sql: string): Statement => {
    // libsql ends the whole process on a statement of a closed database.
    if (closed) throw new Error('bug: the store is closed');
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = handle.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  // Always one list: libsql takes a lone blob for an object of named parameters, and ends the process over it.
  const bind = (cells: readonly Cell[]): unknown[] => cells.map((c) => (c instanceof Uint8Array ? Buffer.from(c) : c));
  let open = false;
  const mirrors: (() => void)[] = [];
  const finals: (() => void)[] = [];

  const db: Db = {
    transaction<T>(name: string, work: () => T): T {
      if (closed) throw new Error('bug: the store is closed');
      if (open) throw new Error('bug: transactions do not nest');
      try {
        handle.exec('BEGIN IMMEDIATE');
      } catch (cause) {
        throw diskFault(cause);
      }
      open = true;
      let result: T;
      try {
        const value = work();
        for (const last of finals) last();
        o.point(`store:${name}:before-flush`);
        try {
          handle.exec('COMMIT');
        } catch (cause) {
          throw diskFault(cause);
        }
        open = false;
        result = value;
      } catch (error) {
        rollBack(handle);
        open = false;
        for (const again of mirrors) again();
        throw error;
      }
      o.point(`store:${name}:after-flush`);
      return result;
    },
    // `all` and not `get`: libsql leaves a statement that was not stepped to its end open.
    all: (sql, ...cells) => {
      const statement = prepare(sql).raw(true);
      return statement.all(bind(cells)).map(cleanRow);
    },
    one: (sql, ...cells) => db.all(sql, ...cells)[0],
    run(sql, ...cells) {
      if (!open) throw new Error('bug: a write outside a transaction');
      try {
        return prepare(sql).run(bind(cells)).changes;
      } catch (cause) {
        throw isConstraint(cause) ? cause : diskFault(cause);
      }
    },
    mac: (table, cells) => rowMac(o.macKey, table, cells),
    macHolds(table, cells, mac) {
      const expected = rowMac(o.macKey, table, cells);
      return mac instanceof Uint8Array && mac.length === expected.length && timingSafeEqual(mac, expected);
    },
    onRollback(again) {
      mirrors.push(again);
    },
    beforeFlush(last) {
      finals.push(last);
    },
    scrub() {
      if (closed || open) return;
      handle.pragma('wal_checkpoint(TRUNCATE)');
    },
    close() {
      if (closed) return;
      closed = true;
      statements.clear();
      // libsql frees a connection only when its last statement is collected. This gives the lock back at once, and
      // merges the log into the file, so that nothing overwritten stays behind in it.
      handle.pragma('journal_mode=DELETE');
      handle.pragma('locking_mode=NORMAL');
      handle.prepare('select count(*) from meta').raw(true).all();
      handle.close();
    },
  };
  return db;
}

/** True where SQLite refused a duplicate or a dangling reference, and not where the disk failed. */
export function isConstraint(error: unknown): boolean {
  return error instanceof Error && /constraint/i.test(error.message);
}

function openHandle(file: string): Handle {
  try {
    const handle = new Database(file, { timeout: 0 }) as unknown as Handle;
    handle.prepare('select count(*) from sqlite_master').raw(true).all();
    return handle;
  } catch (cause) {
    throw openFault(cause);
  }
}

function migrate(handle: Handle): void {
  let version: number;
  try {
    const row = handle.prepare('pragma user_version').raw(true).all()[0];
    version = Number(row?.[0] ?? 0);
  } catch (cause) {
    throw openFault(cause);
  }
  check(
    version <= SCHEMA_VERSION,
    'E_STORE_NEWER',
    `the store has schema ${version}, which is newer than this release (${SCHEMA_VERSION}): start the release that wrote it`,
  );
  try {
    for (let next = version; next < SCHEMA_VERSION; next++) {
      const step = SCHEMA[next];
      if (step === undefined) throw new Error(`bug: no schema step ${next}`);
      handle.exec('BEGIN IMMEDIATE');
      handle.exec(step);
      handle.exec(`pragma user_version = ${next + 1}`);
      handle.exec('COMMIT');
    }
  } catch (cause) {
    throw openFault(cause);
  }
}

function openFault(cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/locked|busy/i.test(text)) {
    return refusal('E_STORE_LOCKED', 'the store is in use by another process: stop that signer first', cause);
  }
  return refusal(
    'E_STORE_DAMAGED',
    'the store file cannot be read: put it aside and restore this signer from its backup',
    cause,
  );
}

function diskFault(cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : '';
  const why = /full|space/i.test(text) ? 'no space' : 'the disk refused';
  return refusal('E_STORE_WRITE', `journal cannot be written: ${why}`, cause);
}

function refusal(code: string, message: string, cause: unknown): Error {
  try {
    refuse(code, message);
  } catch (error) {
    if (error instanceof Error) error.cause = cause;
    return error as Error;
  }
}

function rollBack(handle: Handle): void {
  try {
    handle.exec('ROLLBACK');
  } catch {
    // SQLite has already rolled back by itself after some disk errors; there is nothing left to undo.
  }
}

function cleanRow(row: Row): Row {
  return row.map((cell) => (cell instanceof Uint8Array ? new Uint8Array(cell) : cell));
}

function rowMac(key: Uint8Array, table: string, cells: Row): Uint8Array {
  const items = cells.map((cell) => {
    if (cell === null) return item.absent;
    if (typeof cell === 'string') return item.text(cell);
    if (typeof cell === 'number') return item.uint(cell);
    return item.bytes(cell);
  });
  return new Uint8Array(
    createHmac('sha256', key)
      .update(enc('holdfast/row/v1', item.text(table), ...items))
      .digest(),
  );
}
