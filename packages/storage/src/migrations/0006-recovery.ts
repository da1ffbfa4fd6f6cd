/** Recovery: the codes that are mailed, and the sealed private keys that their owners keep here. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `alter table credentials add column encrypted_private_key text`,
  `create table recovery_codes (
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
