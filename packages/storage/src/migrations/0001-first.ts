/** The tables of the first slice. Never edited once released: a later change is a migration of its own. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `create table organisations (
    id text primary key,
    seq bigint generated always as identity,
    name text not null,
    genesis text not null,
    state jsonb not null,
    head text not null,
    height integer not null check (height >= 0),
    proposal jsonb,
    spent_votes jsonb not null,
    date_created timestamptz not null
  )`,

  `create table authority_entries (
    org_id text not null references organisations,
    height integer not null check (height >= 0),
    head text not null,
    entry text not null,
    nullifier text,
    acks jsonb not null,
    date_created timestamptz not null,
    primary key (org_id, height)
  )`,
  `create unique index authority_entries_nullifier on authority_entries (org_id, nullifier)
    where nullifier is not null`,

  `create table users (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    username text not null,
    name text not null,
    kind text not null,
    is_active boolean not null,
    is_service_account boolean not null,
    is_registered boolean not null,
    is_sso_required boolean not null,
    external_id text,
    date_created timestamptz not null
  )`,
  // Never stricter than the chain's own rules: what the signers have accepted must always fit in here.
  `create unique index users_username on users (org_id, username) where not is_service_account`,
  `create index users_external_id on users (org_id, external_id) where external_id is not null`,
  `create index users_page on users (org_id, seq)`,

  `create table credentials (
    uuid text primary key,
    seq bigint generated always as identity,
    credential_id text not null,
    org_id text not null references organisations,
    user_id text not null references users,
    kind text not null,
    algorithm text not null,
    public_key text not null,
    name text not null,
    is_active boolean not null,
    is_confirmed boolean not null,
    counter bigint not null,
    relying_party_id text not null,
    origin text not null,
    date_created timestamptz not null
  )`,
  `create unique index credentials_credential_id on credentials (org_id, credential_id)`,
  `create index credentials_anywhere on credentials (credential_id)`,
  `create index credentials_user on credentials (user_id, seq)`,

  `create table access_tokens (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    user_id text not null references users,
    kind text not null,
    name text not null,
    hash text not null,
    credential_id text,
    is_active boolean not null,
    date_expires timestamptz not null,
    date_created timestamptz not null
  )`,
  `create index access_tokens_user on access_tokens (user_id, seq)`,
  `create index access_tokens_expiry on access_tokens (date_expires)`,

  `create table challenges (
    id text primary key,
    org_id text not null,
    user_id text,
    token_id text,
    kind text not null,
    method text,
    path text,
    query text,
    payload text,
    challenge text not null,
    nullifier text not null,
    tokens jsonb,
    credential_kind text,
    status text not null check (status in ('Open', 'Signed', 'Used')),
    assertion jsonb,
    date_expires timestamptz not null,
    date_created timestamptz not null
  )`,
  `create unique index challenges_nullifier on challenges (nullifier)`,
  `create index challenges_expiry on challenges (date_expires)`,

  `create table registration_codes (
    user_id text primary key references users,
    org_id text not null references organisations,
    hash text not null,
    attempts integer not null,
    date_expires timestamptz not null,
    date_created timestamptz not null
  )`,

  `create table credential_codes (
    hash text primary key,
    user_id text not null references users,
    org_id text not null references organisations,
    date_expires timestamptz not null
  )`,

  `create table permissions (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    name text not null,
    operations jsonb not null,
    status text not null,
    is_immutable boolean not null,
    is_archived boolean not null,
    date_created timestamptz not null,
    date_updated timestamptz not null
  )`,
  `create unique index permissions_name on permissions (org_id, name)`,
  `create index permissions_page on permissions (org_id, seq)`,

  `create table assignments (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    permission_id text not null references permissions,
    identity_id text not null,
    is_immutable boolean not null,
    date_created timestamptz not null,
    date_updated timestamptz not null
  )`,
  `create unique index assignments_pair on assignments (org_id, permission_id, identity_id)`,
  `create index assignments_identity on assignments (org_id, identity_id)`,
  `create index assignments_page on assignments (org_id, permission_id, seq)`,

  `create table acts (
    nullifier text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    user_id text not null,
    token_id text,
    operation text not null,
    method text not null,
    path text not null,
    payload text not null,
    assertion jsonb not null,
    status text not null check (status in ('Started', 'Done', 'Failed')),
    record_id text,
    reason text,
    date_created timestamptz not null,
    date_resolved timestamptz
  )`,
  `create index acts_open on acts (seq) where status = 'Started'`,
  `create index acts_record on acts (record_id) where record_id is not null`,

  `create table keys (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    scheme text not null,
    curve text not null,
    protocol text not null,
    public_key text not null,
    epoch text not null,
    name text,
    status text not null,
    is_custodial boolean not null,
    is_imported boolean not null,
    is_exported boolean not null,
    owner_id text,
    nullifier text not null,
    date_created timestamptz not null,
    date_exported timestamptz,
    date_deleted timestamptz
  )`,
  // Signers refuse to hold one private key twice; the record follows. An exported key may come back as a new one.
  `create unique index keys_public_key on keys (curve, public_key, scheme) where not is_exported`,
  `create index keys_page on keys (org_id, seq)`,

  `create table key_statements (
    key_id text not null references keys,
    signer_index integer not null,
    signature text not null,
    primary key (key_id, signer_index)
  )`,

  `create table record_marks (
    org_id text not null references organisations,
    record_id text not null,
    mark text not null,
    signer_index integer not null,
    nullifier text not null,
    signature text not null,
    primary key (record_id, mark, signer_index)
  )`,

  `create table wallets (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    key_id text not null references keys,
    network text not null,
    address text,
    name text,
    status text not null,
    external_id text,
    tags jsonb not null,
    nullifier text not null,
    date_created timestamptz not null,
    date_deleted timestamptz
  )`,
  `create unique index wallets_external_id on wallets (org_id, external_id) where external_id is not null`,
  `create unique index wallets_network_key on wallets (network, key_id)`,
  `create index wallets_key on wallets (key_id)`,
  `create index wallets_page on wallets (org_id, seq)`,

  `create table signatures (
    id text primary key,
    seq bigint generated always as identity,
    org_id text not null references organisations,
    key_id text not null references keys,
    wallet_id text references wallets,
    network text,
    requester_user_id text not null,
    requester_token_id text,
    request_body json not null,
    request_path text not null,
    status text not null,
    reason text,
    signature jsonb,
    signatures jsonb,
    signed_data text,
    external_id text,
    nullifier text not null,
    date_requested timestamptz not null,
    date_signed timestamptz
  )`,
  `create unique index signatures_external_id on signatures (org_id, external_id) where external_id is not null`,
  `create unique index signatures_nullifier on signatures (nullifier)`,
  `create index signatures_key on signatures (key_id, seq)`,
  `create index signatures_wallet on signatures (wallet_id, seq) where wallet_id is not null`,

  `create table used_ciphertexts (
    hash text primary key,
    org_id text not null references organisations,
    date_created timestamptz not null
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
