/**
 * The tables, one step per schema version; a released step never changes. `mac` authenticates its row (every other
 * column, in order) under a key derived from the unseal secret, so that a flipped byte is noticed where it matters.
 */
export const SCHEMA: readonly string[] = [
  `
  create table meta (k text primary key, v blob not null, mac blob not null) strict, without rowid;

  create table keys (
    keyId text primary key, org text not null, curve text not null, protocol text not null, scheme text not null,
    purpose text not null, origin blob not null, imported integer not null, exported integer not null,
    archived integer not null, activeEpoch blob, publicKey blob, mac blob not null
  ) strict, without rowid;
  create index keys_public on keys (publicKey);
  create index keys_org on keys (org);

  create table vault (
    keyId text not null references keys (keyId), epoch blob not null, status text not null, version integer not null,
    record blob not null, nonce blob not null, sealed blob not null, mac blob not null,
    primary key (keyId, epoch)
  ) strict, without rowid;

  create table wallets (
    walletId text primary key, org text not null, keyId text not null references keys (keyId), network text not null,
    status text not null, origin blob not null, mac blob not null
  ) strict, without rowid;
  create index wallets_key on wallets (keyId);

  create table log (
    org text not null, height integer not null, head blob not null, committed integer not null, entry text not null,
    acks text not null, mac blob not null,
    primary key (org, height)
  ) strict, without rowid;

  create table nullifiers (
    nullifier blob primary key, intent blob not null, digest blob not null, attempts integer not null,
    time integer not null, mac blob not null
  ) strict, without rowid;

  create table executions (execId blob primary key, keyId text not null, time integer not null) strict, without rowid;

  create table ciphertexts (point blob primary key, nullifier blob not null, time integer not null) strict, without rowid;

  create table journal (
    seq integer primary key, time integer not null, event text not null, facts text not null, hash blob not null
  ) strict;
  `,
  // Heads this signer will never acknowledge (again), at the height above what is committed.
  `
  create table promises (
    org text not null, height integer not null, head blob not null, kind text not null, proof text not null,
    mac blob not null,
    primary key (org, height, head)
  ) strict, without rowid;
  `,
  // Child keys (docs/specs/hd.md): nothing of them is sealed, they are computed from their master's share.
  `
  create table children (
    keyId text primary key references keys (keyId), masterId text not null references keys (keyId), path text not null,
    epoch blob not null, publicKey blob not null, mac blob not null
  ) strict, without rowid;
  create index children_master on children (masterId);
  `,
  // Peers that deviated in signing runs, and what shows it.
  `
  create table named (signerId blob primary key, times integer not null, mac blob not null) strict, without rowid;

  create table evidence (
    seq integer primary key, execId blob not null, signerId blob not null, code text not null, time integer not null,
    record text not null, mac blob not null
  ) strict;
  `,
  // The auxiliary set-up of CGGMP24, and primes made ahead for the next one.
  `
  create table auxiliary (
    epoch blob primary key, roster blob not null, time integer not null, publics blob not null, nonce blob not null,
    sealed blob not null, mac blob not null
  ) strict;

  create table auxiliary_primes (
    id blob primary key, time integer not null, nonce blob not null, sealed blob not null, mac blob not null
  ) strict, without rowid;
  `,
  // Transactions signed for one order (docs/specs/orders.md §3): each excludes the others on its chain.
  `
  create table orders (
    orderKey blob not null, digest blob not null, exclusion text not null, time integer not null, mac blob not null,
    primary key (orderKey, digest)
  ) strict, without rowid;
  `,
  // The state of an organisation at one height of its chain (docs/specs/authority-log.md §8): the newest one alone.
  `
  create table snapshots (
    org text primary key, height integer not null, head blob not null, rules blob not null, state text not null,
    signature blob not null, mac blob not null
  ) strict, without rowid;
  `,
  // Keys of end users (docs/specs/delegation.md): whose they are, or that they may still become somebody's.
  `
  create table owners (
    keyId text primary key references keys (keyId), owner text not null, mac blob not null
  ) strict, without rowid;
  `,
];

export const SCHEMA_VERSION = SCHEMA.length;
