/** One way in to the api's database: PostgreSQL when a URL is given, the embedded engine in a folder otherwise. */
import { join } from 'node:path';
import { CamelCasePlugin, Kysely, Migrator, PostgresDialect } from 'kysely';
import pg from 'pg';
import { migrations } from '../migrations/index.ts';
import type { Schema } from '../records/schema.ts';
import { StorageError, unavailable } from './errors.ts';
import { lockFolder } from './folder-lock.ts';
import { openEmbedded } from './pglite.ts';

export interface Database {
  readonly kysely: Kysely<Schema>;
  readonly kind: 'pglite' | 'postgres';
  /** Runs `work` while no other process or task holds the lock of that name; see `withLock`. */
  readonly locks: Locks;
  close(): Promise<void>;
}

export interface Locks {
  hold<T>(name: string, waitMsMax: number, work: () => Promise<T>): Promise<T>;
}

export interface OpenOptions {
  /** `postgres://…`; absent = embedded. */
  url?: string;
  /** Where the embedded engine lives: `<dataFolder>/db` is created, 0700. */
  dataFolder?: string;
  /** Receives one line when the embedded engine is used. */
  notice?: (text: string) => void;
  /** Longest wait for a connection; shorter in tests. */
  connectMsMax?: number;
  /** Milliseconds since 1970 by the clock that this machine stamps files with: the embedded engine syncs less with it. */
  now?: () => number;
}

/** A query that takes longer than this is a fault, not a load: everything the api asks is a lookup by index. */
const QUERY_MS_MAX = 15_000;
const CONNECT_MS_MAX = 10_000;
const CONNECTIONS_MAX = 10;

/**
 * Opens the database and brings its tables up to date.
 *
 * ```ts
 * const db = await openDatabase({ dataFolder: './data/api' });
 * const user = await findUser(db.kysely, 'us-…');
 * await db.close();
 * ```
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  return options.url === undefined ? openFolder(options) : openServer({ ...options, url: options.url });
}

async function openServer({
  url,
  connectMsMax = CONNECT_MS_MAX,
}: OpenOptions & { readonly url: string }): Promise<Database> {
  const pool = newPool({
    connectionString: url,
    Client: PreparingClient,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: connectMsMax,
    statement_timeout: QUERY_MS_MAX,
    idle_in_transaction_session_timeout: 2 * QUERY_MS_MAX,
    application_name: 'holdfast-api',
  });
  // Locks are held over calls to signers: they have connections of their own, so that they never starve queries.
  const lockPool = newPool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: connectMsMax,
    application_name: 'holdfast-api-locks',
  });
  const kysely = newKysely(pool);
  await migrate(kysely, async () => {
    await kysely.destroy();
    await lockPool.end();
  });
  return {
    kysely,
    kind: 'postgres',
    locks: serverLocks(lockPool),
    close: async () => {
      await kysely.destroy();
      await lockPool.end();
    },
  };
}

async function openFolder({ dataFolder, notice, now, connectMsMax = CONNECT_MS_MAX }: OpenOptions): Promise<Database> {
  if (dataFolder === undefined)
    throw new StorageError('E_STORAGE_UNAVAILABLE', 'Neither a database URL nor a data folder was given.');
  const unlock = lockFolder(dataFolder);
  try {
    const embedded = await openEmbedded(join(dataFolder, 'db'), now);
    // The engine has one connection; a transaction holds it, so waiting for it needs a deadline as well.
    const kysely = newKysely(newPool({ ...embedded.poolConfig, max: 1, connectionTimeoutMillis: connectMsMax }));
    const close = async () => {
      await kysely.destroy();
      await embedded.close();
      unlock();
    };
    await migrate(kysely, close);
    notice?.(
      `Using the embedded database in ${join(dataFolder, 'db')}. It suits one machine and small numbers; set DATABASE_URL to use PostgreSQL.`,
    );
    return { kysely, kind: 'pglite', locks: processLocks(), close };
  } catch (error) {
    unlock();
    throw error;
  }
}

function newPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, types });
  // An idle connection that breaks is replaced by the pool; the next query reports what is still wrong.
  pool.on('error', () => {});
  // One that breaks while it is in use and between two statements would otherwise end the process.
  pool.on('connect', (client) => void client.on('error', () => {}));
  const connect = pool.connect.bind(pool);
  // biome-ignore lint/suspicious/noExplicitAny: with a callback for the pool's own use, and without one for ours.
  pool.connect = (callback?: any): any => {
    if (callback !== undefined) return connect(callback);
    return connect().catch((error: unknown) => {
      throw unavailable(error) ?? error;
    });
  };
  return pool;
}

/** Distinct statements prepared per connection; the records have about a hundred. */
const PREPARED_MAX = 500;

/**
 * Prepares every statement with parameters on its first use: parsing and planning a look-up by index costs PostgreSQL
 * several times what answering it does.
 */
class PreparingClient extends pg.Client {
  readonly #names = new Map<string, string>();
  #made = 0;

  // biome-ignore lint/suspicious/noExplicitAny: pg.Client.query has a dozen overloads, and this passes them on.
  override query(text: any, values?: any, callback?: any): any {
    if (typeof text !== 'string' || !Array.isArray(values)) return super.query(text, values, callback);
    const name = this.#nameOf(text);
    const sent = super.query({ text, values, ...(name === undefined ? {} : { name }) }, callback);
    // "cached plan must not change result type": another process altered the table. The next use prepares anew.
    if (callback !== undefined || sent?.catch === undefined) return sent;
    return sent.catch((error: { code?: unknown }) => {
      if (error.code === '0A000') this.#names.delete(text);
      throw unavailable(error) ?? error;
    });
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#made >= PREPARED_MAX) return known;
    this.#made += 1;
    const name = `h${this.#made}`;
    this.#names.set(text, name);
    return name;
  }
}

/** Timestamps become ISO text with milliseconds, counts become numbers (all of ours are far below 2^53). */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && oid === pg.types.builtins.TIMESTAMPTZ)
      return (text: string) => new Date(text).toISOString();
    if (format !== 'binary' && oid === pg.types.builtins.INT8) return Number;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

function newKysely(pool: pg.Pool): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    // Columns are snake_case, members camelCase; what lies inside a JSON column is nobody's to rename.
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

async function migrate(kysely: Kysely<Schema>, giveUp: () => Promise<void>): Promise<void> {
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  await giveUp();
  throw new StorageError(
    'E_STORAGE_UNAVAILABLE',
    `The database could not be brought up to date: ${(error as Error).message}`,
    {
      cause: error,
    },
  );
}

/** Locks inside one process: tasks wait in line. Enough for the embedded engine, which has one process. */
function processLocks(): Locks {
  const tails = new Map<string, Promise<void>>();
  return {
    async hold(name, waitMsMax, work) {
      const before = tails.get(name) ?? Promise.resolve();
      let done = () => {};
      const mine = new Promise<void>((resolve) => {
        done = resolve;
      });
      const tail = before.then(() => mine);
      tails.set(name, tail);
      try {
        await withDeadline(before, waitMsMax, name);
        return await work();
      } finally {
        done();
        if (tails.get(name) === tail) tails.delete(name);
      }
    },
  };
}

/** Locks across processes: session advisory locks of PostgreSQL, which a crashed process gives back by itself. */
function serverLocks(pool: pg.Pool): Locks {
  const local = processLocks();
  return {
    // One task per name and process asks the server, so that waiting tasks do not use up connections.
    hold: (name, waitMsMax, work) =>
      local.hold(name, waitMsMax, async () => {
        const client = await pool.connect();
        try {
          await client.query(`select set_config('lock_timeout', $1, false)`, [`${waitMsMax}ms`]);
          await client.query(`select pg_advisory_lock(hashtextextended($1, 0))`, [`holdfast/${name}`]);
        } catch (error) {
          client.release(true);
          throw (error as { code?: string }).code === '55P03' ? busy(name, waitMsMax) : error;
        }
        try {
          return await work();
        } finally {
          // A connection whose unlock fails is closed, which releases the lock as well.
          const unlocked = await client.query('select pg_advisory_unlock_all()').then(
            () => true,
            () => false,
          );
          client.release(!unlocked);
        }
      }),
  };
}

function withDeadline(wait: Promise<void>, waitMsMax: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(busy(name, waitMsMax)), waitMsMax);
    wait.then(() => {
      clearTimeout(timer);
      resolve();
    }, reject);
  });
}

function busy(name: string, waitMsMax: number): StorageError {
  return new StorageError('E_STORAGE_BUSY', `Waited ${waitMsMax} ms for ${name}, which is still in use; try again.`);
}
