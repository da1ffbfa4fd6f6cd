/**
 * What of a store goes into a backup and comes back out of it (docs/specs/backup.md §3). Rows travel as they are and are
 * authenticated anew under the keys of the store they come to; shares travel in the clear, inside the backup's seal.
 */
import type { Journal } from '../journal/index.ts';
import { check } from '../refusal/index.ts';
import type { Cell, Db, Row } from './database.ts';
import { CHILD_COLUMNS, KEY_COLUMNS, type KeyShelf, OWNER_COLUMNS, type StoredShare, WALLET_COLUMNS } from './keys.ts';
import { LOG_COLUMNS, PROMISE_COLUMNS } from './log.ts';

export interface TableContents {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface StoreContents {
  /** Of the store it was taken from: a fact for the journal of the restored one, nothing more. */
  readonly journal: { readonly length: number; readonly head: Uint8Array };
  readonly tables: readonly TableContents[];
  /** In the clear; whoever holds this wipes them. */
  readonly shares: readonly StoredShare[];
}

const columnsOf = (text: string): readonly string[] => text.split(', ');

/** Tables whose rows are kept, with the columns under their checksum. */
export const KEPT_TABLES: Readonly<Record<string, readonly string[]>> = {
  keys: columnsOf(KEY_COLUMNS),
  wallets: columnsOf(WALLET_COLUMNS),
  log: columnsOf(LOG_COLUMNS),
  promises: columnsOf(PROMISE_COLUMNS),
  children: columnsOf(CHILD_COLUMNS),
  owners: columnsOf(OWNER_COLUMNS),
};

/** Absent in a backup that was taken before there was such a table. */
const ADDED_LATER: readonly string[] = ['children', 'owners'];

/** Every other table, and why a restored signer does without it. */
export const OTHER_TABLES: Readonly<Record<string, string>> = {
  vault: 'its rows travel as shares, because they are sealed under a key of the store they came from',
  meta: 'names the signer, the journal and the roster of one store; a restored store claims its own',
  nullifiers: 'an assertion counts only over a token of the process that is asked, and that process is gone',
  orders: 'as of assertions; a name that a user gave an order the other signers remember',
  executions: 'a run needs an assertion or a session of its process; the same id again meets no peer that has burnt it',
  ciphertexts: 'import keys live in the memory of one process: an old parcel opens nowhere',
  snapshots: 'of the log, which is kept: made again from it',
  named: 'what this signer saw its peers do; whoever deviates again is named again',
  evidence: 'for the operator of the store it was found by, who exports what is worth keeping',
  auxiliary: 'made anew by all five; a copy of its secrets elsewhere would only be one more place to steal them from',
  auxiliary_primes: 'made ahead, and made again',
  journal: 'tells what one process did up to its end, which a backup cannot know; it is never authority',
};

/** Everything a backup carries. Refuses, naming the first bad one, where a row or a share does not verify. */
export function readContents(o: { db: Db; keys: KeyShelf; journal: Journal }): StoreContents {
  const { db, keys, journal } = o;
  const tables = Object.entries(KEPT_TABLES).map(([name, columns]): TableContents => {
    const rows = db.all(`select ${columns.join(', ')}, mac from ${name}`);
    for (const row of rows)
      check(
        db.macHolds(name, row.slice(0, -1), row.at(-1)),
        'E_BACKUP_ROW',
        `a record of ${name} (${String(row[0])}) is damaged; nothing is backed up before it is mended`,
      );
    return { name, columns, rows: rows.map((row) => row.slice(0, -1)) };
  });
  return { journal: { length: journal.length, head: journal.head() }, tables, shares: keys.shares() };
}

/** Refuses E_BACKUP_VERSION unless these are the tables of this release, each with its columns. */
export function checkContents({ tables }: StoreContents): void {
  for (const { name, columns } of tables)
    check(
      Object.hasOwn(KEPT_TABLES, name) && KEPT_TABLES[name]?.join() === columns.join(),
      'E_BACKUP_VERSION',
      `the backup holds ${name.slice(0, 32)} in a form that this release does not know`,
    );
  const all = Object.keys(KEPT_TABLES).every((name) => {
    const found = tables.filter((each) => each.name === name).length;
    return found === 1 || (found === 0 && ADDED_LATER.includes(name));
  });
  check(all, 'E_BACKUP_VERSION', 'the backup does not hold every table that this release needs');
}

/** Fills an empty store, inside a transaction. */
export function writeContents(o: { db: Db; keys: KeyShelf }, contents: StoreContents): void {
  const { db, keys } = o;
  checkContents(contents);
  for (const { name, columns, rows } of contents.tables) {
    const places = [...columns, 'mac'].map(() => '?').join(', ');
    for (const cells of rows) {
      const withMac: Cell[] = [...cells, db.mac(name, cells)];
      db.run(`insert into ${name} (${columns.join(', ')}, mac) values (${places})`, ...withMac);
    }
  }
  for (const share of contents.shares) keys.putShare(share);
}
