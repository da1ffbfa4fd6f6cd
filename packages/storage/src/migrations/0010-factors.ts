/** Factors that are the api's alone: passwords and one-time codes, and codes that are mailed for a login. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `alter table credentials add column secret text`,
  `alter table challenges add column secret text`,
  `alter table challenges add column payload_mac text`,
  `create table login_codes (
    user_id text primary key references users,
    org_id text not null references organisations,
    hash text not null,
    attempts integer not null,
    date_expires timestamptz not null,
    date_created timestamptz not null
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
