/** Master keys and their children: which key is which, and where a child stands. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `alter table keys add column is_master boolean not null default false`,
  `alter table keys add column derived_from text references keys`,
  `alter table keys add column derived_path text`,
  `alter table keys add constraint keys_derived check ((derived_from is null) = (derived_path is null))`,
  // One child at one place: the signers refuse a second one, and the record follows.
  `create unique index keys_child on keys (derived_from, derived_path) where derived_from is not null`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
