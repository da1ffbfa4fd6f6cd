/**
 * The disks of signers: SQLite in memory, under a name that outlives the connection, so that a process opens what the
 * one before it committed. What was not committed when a process died was never written. A copy is a backup, an image
 * of a virtual machine, or the disk of a clone.
 */
import Database from 'libsql';

export interface Disk {
  /** What openStore takes for a file. */
  readonly file: string;
  copy(): Disk;
  /** What is committed, whoever has it open. */
  rows(sql: string): unknown[][];
  /** Every cell of every table, as bytes: for a search. Columns named in `except` are left out. */
  cells(except?: readonly string[]): Uint8Array[];
  drop(): void;
}

interface Handle {
  exec(sql: string): unknown;
  prepare(sql: string): { raw(on: boolean): { all(): unknown[][] } };
  close(): void;
}

/** Names in one process; what they hold never depends on the number. */
let made = 0;

export function newDisk(): Disk {
  const file = `file:holdfast-simulation-${process.pid}-${made++}?mode=memory&cache=shared`;
  // Keeps the database while no process has it open.
  const anchor = new Database(file) as unknown as Handle;
  return {
    file,
    copy() {
      const copy = newDisk();
      anchor.exec(`vacuum into '${copy.file}'`);
      return copy;
    },
    rows: (sql) => anchor.prepare(sql).raw(true).all(),
    cells(except = []) {
      const tables = anchor.prepare("select name from sqlite_master where type = 'table'").raw(true).all();
      return tables.flatMap(([table]) => {
        const columns = anchor
          .prepare(`select name from pragma_table_info('${String(table)}')`)
          .raw(true)
          .all();
        const names = columns
          .map(([name]) => String(name))
          .filter((name) => !except.includes(`${String(table)}.${name}`));
        return anchor
          .prepare(`select ${names.join(', ')} from ${String(table)}`)
          .raw(true)
          .all()
          .flat()
          .map((cell) => (cell instanceof Uint8Array ? cell : new TextEncoder().encode(String(cell))));
      });
    },
    drop: () => anchor.close(),
  };
}
