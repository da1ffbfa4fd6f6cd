/** The unit of work: everything written inside is there together or not at all. */
import type { Kysely } from 'kysely';
import type { Schema } from '../records/schema.ts';
import { conflictOf, StorageError } from './errors.ts';
import type { Database } from './open.ts';

/** What every record function takes: the database itself or a transaction of it. */
export type Executor = Kysely<Schema>;

const ATTEMPTS_MAX = 3;

/**
 * Runs `fn` in one transaction. Inside, use only the executor that is passed: the embedded engine has a single
 * connection, and the transaction holds it. Never wait for the network inside. `fn` may run again after a deadlock
 * or serialisation failure, so it must have no effect outside the database. A violated unique constraint becomes
 * StorageError E_STORAGE_CONFLICT naming the constraint.
 */
export async function inTransaction<T>(db: Database | Executor, fn: (tx: Executor) => Promise<T>): Promise<T> {
  const kysely = 'kysely' in db ? db.kysely : db;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await kysely.transaction().execute(fn);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if ((code === '40001' || code === '40P01') && attempt < ATTEMPTS_MAX) continue;
      const constraint = conflictOf(error);
      if (constraint === undefined || error instanceof StorageError) throw error;
      throw new StorageError('E_STORAGE_CONFLICT', 'A row with the same unique value exists already.', {
        constraint,
        cause: error,
      });
    }
  }
}
