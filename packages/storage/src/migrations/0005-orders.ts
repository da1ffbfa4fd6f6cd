/** Transfers and broadcast transactions in one life cycle, and the business events they cause. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `create table orders (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    wallet_id text not null references wallets,
    key_id text not null references keys,
    network text not null,
    address text not null,
    kind text not null check (kind in ('transfer', 'transaction')),
    requester_user_id text not null,
    requester_token_id text,
    request_body json not null,
    request_path text not null,
    external_id text,
    nullifier text not null references acts,
    tokens jsonb not null,
    status text not null check (status in ('Executing', 'Broadcasted', 'Confirmed', 'Failed')),
    reason text,
    completion jsonb not null,
    exclusion jsonb not null,
    holds text,
    signatures jsonb,
    signed_data text,
    tx_hash text,
    block text,
    fee text,
    replaces_id text references orders,
    replacement_id text,
    is_watched boolean not null,
    date_requested timestamptz not null,
    date_signed timestamptz,
    date_broadcasted timestamptz,
    date_confirmed timestamptz
  )`,
  `create unique index orders_external_id on orders (org_id, external_id) where external_id is not null`,
  `create unique index orders_nullifier on orders (nullifier)`,
  // Two unfinished transactions with one nonce would be one too many, whatever the code above believes.
  `create unique index orders_holds on orders (network, holds) where holds is not null`,
  `create index orders_page on orders (wallet_id, kind, seq)`,
  `create index orders_watched on orders (seq) where is_watched`,

  `create table events (
    seq bigint primary key generated always as identity,
    org_id text not null references organisations,
    kind text not null,
    record_id text not null,
    date_created timestamptz not null
  )`,
  `create unique index events_once on events (record_id, kind)`,
  `create index events_page on events (org_id, seq)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
