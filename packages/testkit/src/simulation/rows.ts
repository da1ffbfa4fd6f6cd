/**
 * The api's database under virtual time: the product's records and migrations, compiled for SQLite in memory. Neither
 * PostgreSQL nor PGlite can stop for a virtual clock; what is simulated of them is that a committed transaction stays
 * and that everything else is gone when the api's process dies.
 */
import type { Database, Locks } from '@holdfast/storage/database';
import { migrations } from '@holdfast/storage/migrations';
import {
  CamelCasePlugin,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import LibSql from 'libsql';

export interface Rows {
  /** A connection of a new api process. What the one before left open is rolled back. */
  connect(o: { readonly isAlive: () => boolean; setTimer(ms: number, fn: () => void): () => void }): Database;
  drop(): void;
}

interface Handle {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

interface Statement {
  readonly reader: boolean;
  all(values: readonly unknown[]): Record<string, unknown>[];
  run(values: readonly unknown[]): { changes: number };
}

/** PostgreSQL's words for what SQLite says otherwise. */
const ddl: readonly (readonly [RegExp, string])[] = [
  [
    /\bid text primary key,\s*seq bigint generated always as identity/g,
    'id text unique not null, seq integer primary key autoincrement',
  ],
  [
    /\b(\w+) text primary key,\s*seq bigint generated always as identity/g,
    '$1 text unique not null, seq integer primary key autoincrement',
  ],
  [
    /\bseq bigint (primary key generated always as identity|generated always as identity primary key)/g,
    'seq integer primary key autoincrement',
  ],
  [/\bseq bigint generated always as identity/g, 'seq integer'],
  [/\b(jsonb?|timestamptz)\b/g, 'text'],
];

/** By table, because a column of the same name is JSON in one and text in another. */
const json: Readonly<Record<string, readonly string[]>> = {
  organisations: ['state', 'proposal', 'spent_votes'],
  authority_entries: ['acks'],
  challenges: ['tokens', 'assertion'],
  permissions: ['operations'],
  acts: ['assertion'],
  wallets: ['tags'],
  orders: ['request_body', 'tokens', 'completion', 'exclusion', 'signatures'],
  chain_movements: ['froms', 'tos'],
  signatures: ['request_body', 'signature', 'signatures'],
};

export async function newRows(): Promise<Rows> {
  const handle = new LibSql(':memory:') as unknown as Handle;
  handle.exec('pragma foreign_keys = off');
  const setUp = kyselyOver(handle, () => true);
  for (const { up } of Object.values(migrations)) await up(setUp as never);
  return {
    connect({ isAlive, setTimer }) {
      try {
        handle.exec('rollback');
      } catch {
        // No transaction was open: the usual case.
      }
      const kysely = kyselyOver(handle, isAlive) as unknown as Database['kysely'];
      return { kysely, kind: 'pglite', locks: createLocks(setTimer), close: async () => {} };
    },
    drop: () => handle.close(),
  };
}

class Compiler extends SqliteQueryCompiler {
  // `for update`: there is one connection, and a transaction holds it.
  protected override visitSelectModifier(): void {}
}

function kyselyOver(handle: Handle, isAlive: () => boolean): Kysely<unknown> {
  return new Kysely<unknown>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new OneConnection(handle, isAlive),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new Compiler(),
    },
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/** Whoever comes while a transaction is open waits for its end, as with the embedded engine. */
class OneConnection implements Driver {
  readonly #handle: Handle;
  readonly #isAlive: () => boolean;
  readonly #statements = new Map<string, Statement>();
  #tail: Promise<void> = Promise.resolve();
  #release: (() => void) | undefined;

  constructor(handle: Handle, isAlive: () => boolean) {
    this.#handle = handle;
    this.#isAlive = isAlive;
  }
  async init(): Promise<void> {}
  async destroy(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#tail;
    let release = (): void => {};
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    return {
      executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => this.#execute<R>(query),
      streamQuery() {
        throw new Error('nothing streams here');
      },
    };
  }
  async releaseConnection(): Promise<void> {
    this.#release?.();
  }
  async beginTransaction(): Promise<void> {
    this.#run('begin');
  }
  async commitTransaction(): Promise<void> {
    this.#run('commit');
  }
  async rollbackTransaction(): Promise<void> {
    if (this.#isAlive()) this.#run('rollback');
  }

  #run(sql: string): void {
    if (!this.#isAlive()) throw new Error('the api of this connection is gone');
    this.#handle.exec(sql);
  }

  /** `finishSigned` of the records: one statement in PostgreSQL, its two halves in one transaction here. */
  #finishSigned(given: string): Record<string, unknown>[] {
    const handle = this.#handle;
    const items = JSON.parse(given) as Record<string, unknown>[];
    const all = (text: string, ...values: unknown[]) => handle.prepare(text).all(values.map(written));
    handle.exec('savepoint finish_signed');
    const rows = items.flatMap(({ id, nullifier, signature, signatures, signed_data, date }) => {
      const act =
        "update acts set status = 'Done', record_id = ?, reason = null, date_resolved = ? where nullifier = ?";
      handle.prepare(act).run([id, date, nullifier].map(written));
      const signed = `update signatures set status = 'Signed', reason = null, signature = ?, signatures = ?,
        signed_data = ?, date_signed = ? where id = ? returning *`;
      return all(signed, signature, signatures, signed_data, date, id);
    });
    handle.exec('release finish_signed');
    return rows.map((row) => read(row, json['signatures'] ?? []));
  }

  #execute<R>({ sql, parameters, query }: CompiledQuery): QueryResult<R> {
    if (!this.#isAlive()) throw new Error('the api of this connection is gone');
    const values = parameters.map(written);
    try {
      if (/jsonb_to_recordset/.test(sql)) return { rows: this.#finishSigned(String(parameters[0])) as R[] };
      if (query.kind === 'RawNode') {
        // SQLite adds no constraint to a table that is there; the signers hold the same rules.
        if (/^alter table \w+ (add constraint|alter column)/.test(sql)) return { rows: [] };
        this.#handle.exec(ddl.reduce((text, [from, to]) => text.replace(from, to), sql));
        return { rows: [] };
      }
      let statement = this.#statements.get(sql);
      if (statement === undefined) {
        statement = this.#handle.prepare(sql);
        this.#statements.set(sql, statement);
      }
      if (query.kind === 'SelectQueryNode' || / returning /.test(sql)) {
        const columns = json[/(?:from|into|update) "(\w+)"/.exec(sql)?.[1] ?? ''] ?? [];
        return { rows: statement.all(values).map((row) => read(row, columns)) as R[] };
      }
      const changes = BigInt(statement.run(values).changes);
      return { rows: [], numAffectedRows: changes };
    } catch (error) {
      throw asPostgres(error);
    }
  }
}

const written = (value: unknown): unknown =>
  typeof value === 'boolean'
    ? value
      ? 1
      : 0
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : value;

function read(row: Record<string, unknown>, columns: readonly string[]): Record<string, unknown> {
  for (const [name, value] of Object.entries(row)) {
    if (value === null) continue;
    if (columns.includes(name)) row[name] = JSON.parse(String(value));
    else if (/^(is|has)_/.test(name)) row[name] = value === 1;
  }
  return row;
}

/** Unique constraints keep PostgreSQL's code and, where it can be told, their name. */
function asPostgres(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const unique = /UNIQUE constraint failed: (.*)/.exec(message)?.[1];
  if (unique === undefined) return error;
  const constraint = names.find(([columns]) => unique.includes(columns))?.[1] ?? unique;
  return Object.assign(new Error(message, { cause: error }), { code: '23505', constraint });
}

const names: readonly (readonly [string, string])[] = [
  ['keys.public_key', 'keys_public_key'],
  ['keys.derived_from, keys.derived_path', 'keys_child'],
  ['wallets.external_id', 'wallets_external_id'],
  ['wallets.network, wallets.key_id', 'wallets_network_key'],
  ['signatures.external_id', 'signatures_external_id'],
  ['users.username', 'users_username'],
  ['organisations.id', 'organisations_pkey'],
];

/** As the embedded engine's: tasks of one process wait in line. */
function createLocks(setTimer: (ms: number, fn: () => void) => () => void): Locks {
  const tails = new Map<string, Promise<void>>();
  return {
    async hold(name, waitMsMax, work) {
      const before = tails.get(name) ?? Promise.resolve();
      let done = (): void => {};
      const mine = new Promise<void>((resolve) => {
        done = resolve;
      });
      tails.set(
        name,
        before.then(() => mine),
      );
      let late = (): void => {};
      const cancel = setTimer(waitMsMax, () => late());
      try {
        await Promise.race([
          before,
          new Promise<never>((_, reject) => {
            late = () => reject(Object.assign(new Error(`waited for ${name}`), { code: 'E_STORAGE_BUSY' }));
          }),
        ]);
        return await work();
      } finally {
        cancel();
        done();
      }
    },
  };
}
