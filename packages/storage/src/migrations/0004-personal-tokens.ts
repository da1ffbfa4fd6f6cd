/** Personal access tokens, archived people and machines, and permissions that change. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `alter table users add column is_archived boolean not null default false`,
  `alter table credentials add column token_id text`,
  `alter table access_tokens add column is_archived boolean not null default false`,
  `alter table access_tokens add column external_id text`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
