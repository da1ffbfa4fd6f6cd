/** What the indexer has read of chains: how far, which blocks, what they did to wallets. */
import { type Kysely, sql } from 'kysely';

const statements = [
  `create table chain_cursors (
    network text primary key,
    height integer not null check (height >= -1),
    hash text not null,
    date_updated timestamptz not null
  )`,
  // The newest ones, to find where a chain that was reorganised parted from what was read.
  `create table chain_blocks (
    network text not null,
    height integer not null,
    hash text not null,
    primary key (network, height)
  )`,
  `create table chain_movements (
    seq bigint generated always as identity primary key,
    network text not null,
    org_id text not null references organisations,
    wallet_id text not null references wallets,
    height integer not null,
    tx text not null,
    place text not null,
    kind text not null,
    direction text not null check (direction in ('In', 'Out')),
    asset text not null,
    token_id text,
    from_address text,
    to_address text,
    froms jsonb,
    tos jsonb,
    value text,
    fee text,
    date_block timestamptz not null
  )`,
  `create unique index chain_movements_once on chain_movements (wallet_id, tx, place, direction)`,
  `create index chain_movements_wallet on chain_movements (wallet_id, seq)`,
  `create index chain_movements_org on chain_movements (org_id, date_block)`,
  `create index chain_movements_height on chain_movements (network, height)`,
  `create table chain_tokens (
    network text not null,
    asset text not null,
    symbol text,
    decimals integer,
    primary key (network, asset)
  )`,
  `create table chain_outputs (
    network text not null,
    outpoint text not null,
    address text not null,
    value text not null,
    height integer not null,
    spent_by text,
    spent_height integer,
    primary key (network, outpoint),
    check ((spent_by is null) = (spent_height is null))
  )`,
  `create index chain_outputs_unspent on chain_outputs (network, address) where spent_by is null`,
  `create index chain_outputs_height on chain_outputs (network, height)`,
  `create index wallets_network on wallets (network, seq) where address is not null`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
