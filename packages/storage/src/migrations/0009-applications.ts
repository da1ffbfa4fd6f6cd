/** Applications, the nonces of their signed requests, and logins that are bound to one. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `create table applications (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations (id),
    external_id text,
    token_id text,
    token_hash text,
    token_expires timestamptz,
    date_created timestamptz not null
  )`,
  `create index applications_org on applications (org_id, seq)`,
  `create table request_nonces (
    owner text not null,
    nonce text not null,
    date_expires timestamptz not null,
    primary key (owner, nonce)
  )`,
  `create index request_nonces_expires on request_nonces (date_expires)`,
  `alter table access_tokens add column app_id text`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
