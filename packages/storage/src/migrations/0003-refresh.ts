/** Refresh of shares: the round under way or the last one, and when each key's turn was. */
import { type Kysely, sql } from 'kysely';

const statements = [
  // One row: a cluster has one round at a time.
  `create table refresh_round (
    id integer primary key check (id = 1),
    cause text not null,
    state text not null,
    date_started timestamptz not null,
    date_ended timestamptz
  )`,
  `create table key_refreshes (
    key_id text primary key references keys,
    date_tried timestamptz not null,
    date_refreshed timestamptz,
    reason text
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
