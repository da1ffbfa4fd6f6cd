/** Who somebody is at an identity provider, and single sign-ons under way. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `create table external_identities (
    org_id text not null references organisations,
    issuer text not null,
    subject text not null,
    user_id text not null references users,
    date_created timestamptz not null,
    primary key (org_id, issuer, subject)
  )`,
  `create table sso_states (
    hash text primary key,
    org_id text not null,
    issuer text not null,
    client_id text not null,
    redirect_uri text not null,
    nonce text not null,
    verifier text not null,
    date_expires timestamptz not null
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
