/** Spent user actions stay: they are the audit log. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `alter table challenges add column date_used timestamptz`,
  `create index challenges_spent on challenges (org_id, date_used, id) where kind = 'UserAction' and status = 'Used'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
