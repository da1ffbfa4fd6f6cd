/** Keys, the sealed shares under them, and wallets. A record that does not verify quarantines its key and nothing else. */

import { readDerivationPath } from '@holdfast/contract/types';
import { fromHex, parseStrictJson, toHex } from '@holdfast/contract/wire';
import { type CurveName, curve as curveOf, type Scalar } from '@holdfast/crypto/curves';
import { childShare } from '@holdfast/mpc/hd';
import type { KeyShare, ProtocolName } from '@holdfast/mpc/runtime';
import { check, refuse } from '../refusal/index.ts';
import { type Purpose, type Secrets, type Vault, type VaultRecord, wipeShare } from '../vault/index.ts';
import type { Cell, Db, Row } from './database.ts';

export interface KeyRecord {
  readonly keyId: string;
  readonly org: string;
  readonly curve: CurveName;
  readonly protocol: ProtocolName;
  readonly scheme: string;
  readonly purpose: Purpose;
  /** Of a child: the master it is computed from, and where. */
  readonly derivedFrom?: DerivedFrom;
  /** The end user who alone may use it; empty while it may still be delegated to one; absent otherwise. */
  readonly owner?: string;
  /** Nullifier of the request that made it. */
  readonly origin: Uint8Array;
  readonly imported: boolean;
  readonly exported: boolean;
  readonly archived: boolean;
  /** Both absent until all five signers stated the key. */
  readonly activeEpoch: Uint8Array | undefined;
  readonly publicKey: Uint8Array | undefined;
}

export interface DerivedFrom {
  readonly keyId: string;
  /** Canonical text: readDerivationPath reads it. */
  readonly path: string;
}

export interface WalletRecord {
  readonly walletId: string;
  readonly org: string;
  readonly keyId: string;
  readonly network: string;
  readonly status: 'Pending' | 'Active' | 'Archived';
  readonly origin: Uint8Array;
}

/** Who holds which evaluation point of one key (rulings 20). */
export type PointMap = readonly { readonly signerId: Uint8Array; readonly index: number }[];

export interface NewShare {
  readonly key: Omit<KeyRecord, 'activeEpoch' | 'publicKey' | 'exported' | 'archived'>;
  readonly share: KeyShare;
  /** Canonical encodings, in order of evaluation point. */
  readonly publicKey: Uint8Array;
  readonly publicShares: readonly Uint8Array[];
  readonly points: PointMap;
  readonly wallet?: { readonly walletId: string; readonly network: string };
}

/** One share record as a backup carries it: everything public as it was stored, and the share. */
export interface StoredShare {
  readonly keyId: string;
  readonly epoch: Uint8Array;
  readonly status: string;
  readonly record: Uint8Array;
  readonly x: Uint8Array;
  readonly chainCode?: Uint8Array;
}

/** A new sharing of a key that is there: of a refresh, or of a committee that changed. */
export interface Successor {
  readonly keyId: string;
  /** The sharing it was made from. */
  readonly base: Uint8Array;
  readonly share: KeyShare;
  /** Canonical encodings, in order of evaluation point. */
  readonly publicShares: readonly Uint8Array[];
  readonly points: PointMap;
  readonly time: number;
}

/** One sharing of a key of which this signer holds a share. */
export interface KeyEpoch {
  readonly epoch: Uint8Array;
  /** 0 for the sharing in which the key was made; one more than the sharing it was made from. */
  readonly generation: number;
  /** Whether all five have stated it, as shown to this signer: it may be used. */
  readonly certified: boolean;
  /** When the share was written; 0 for the first sharing. */
  readonly time: number;
}

/** A child as its holders made it: a path under a master, and what all five state about it. */
export interface NewChild {
  readonly key: Omit<NewShare['key'], 'derivedFrom'> & { readonly derivedFrom: DerivedFrom };
  readonly epoch: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly wallet?: NewShare['wallet'];
}

/** What a key statement is about. */
export type StatedKey = Pick<VaultRecord, 'org' | 'keyId' | 'curve' | 'epoch' | 'publicKey'>;

/** The first share of a key that others have had before: of a newcomer, or of a signer whose copy was too old. */
export interface Adoption extends Successor {
  readonly key: Omit<KeyRecord, 'activeEpoch' | 'publicKey' | 'exported'>;
  readonly publicKey: Uint8Array;
  /** Of the sharing it was made from, which this signer does not hold. */
  readonly generation: number;
  readonly wallets: readonly AdoptedWallet[];
  /** Of a master key. */
  readonly children: readonly {
    readonly keyId: string;
    readonly path: string;
    readonly publicKey: Uint8Array;
    readonly epoch: Uint8Array;
    readonly origin: Uint8Array;
    readonly archived: boolean;
    readonly owner?: string;
    readonly wallets: readonly AdoptedWallet[];
  }[];
}

type AdoptedWallet = Pick<WalletRecord, 'walletId' | 'network' | 'status' | 'origin'>;

export interface KeyShelf {
  key(keyId: string): KeyRecord | undefined;
  wallet(walletId: string): WalletRecord | undefined;
  walletsOf(keyId: string): WalletRecord[];
  keyIds(): string[];
  count(): number;
  /** Keys of this cluster with this public key that could still sign here: every one not exported (rulings 13). */
  holdersOf(publicKey: Uint8Array): string[];
  pendingEpochs(keyId?: string): { keyId: string; epoch: Uint8Array }[];
  /** Every sharing of the key that is held here, the oldest first. */
  epochsOf(keyId: string): KeyEpoch[];
  /** The same without those whose record does not verify, instead of refusing the key for them. */
  soundEpochsOf(keyId: string): KeyEpoch[];
  /** Sharings of the key whose record here does not verify: nothing can be opened from it. */
  damagedEpochs(keyId: string): Uint8Array[];
  /** Keys in use of which more than one sharing is held, in order of ids, from after this one on. */
  changing(after: string, limit: number): string[];
  /** What is public about one share record, pending or active. */
  record(keyId: string, epoch: Uint8Array): VaultRecord | undefined;
  /** What this signer states of a key at this epoch, child or not. */
  stated(keyId: string, epoch: Uint8Array): StatedKey | undefined;
  /** The epochs of a key that this signer has stated something about; of a child the one it was made at. */
  statedEpochs(keyId: string): Uint8Array[];
  /** Children that all five have stated. */
  childrenOf(masterId: string): KeyRecord[];
  /** Opens a share; the caller wipes it. A child's is computed from its master's, whose epoch is meant. */
  open(keyId: string, epoch: Uint8Array): { share: KeyShare; record: VaultRecord };

  /** Every share in the clear, pending and active, opened and checked: for a backup, which wipes them. */
  shares(): StoredShare[];

  // The rest writes, inside a transaction of the store.
  /** A share out of a backup, sealed anew; its key's record is there already. */
  putShare(s: StoredShare): void;
  putPending(n: NewShare): void;
  putPendingChild(n: NewChild): void;
  activate(keyId: string, epoch: Uint8Array): void;
  /** Beside the sharing in use; pending until it is certified. */
  putSuccessor(s: Successor): void;
  /**
   * Forgets records that do not verify. Where that of the sharing in use is among them, the key is in use here no more until
   * another share of it is certified; who may not sign with it, or for whom it was made, is remembered.
   */
  dropDamaged(keyId: string): Uint8Array[];
  /** Pending until it is certified. What is recorded of the key already must be the same. */
  adopt(a: Adoption): void;
  /** From now on the sharing may be used, and is the one in use if it is the newest. */
  certify(keyId: string, epoch: Uint8Array): void;
  /**
   * Erases every share older than this one, and those as old as it that nobody may use. Certified ones of its own age
   * stay: this signer has promised them. Answers what was erased.
   */
  eraseOlder(keyId: string, epoch: Uint8Array): Uint8Array[];
  /** Exported and archived are part of what seals the share: a cleared flag in the file opens nothing. */
  mark(keyId: string, flag: 'exported' | 'archived'): void;
  /** Whose key it is from now on, or with empty text that it may become somebody's. */
  setOwner(keyId: string, owner: string): void;
  putWallet(w: WalletRecord): void;
  setWalletStatus(walletId: string, status: WalletRecord['status']): void;
}

export const KEY_COLUMNS =
  'keyId, org, curve, protocol, scheme, purpose, origin, imported, exported, archived, activeEpoch, publicKey';
export const WALLET_COLUMNS = 'walletId, org, keyId, network, status, origin';
export const OWNER_COLUMNS = 'keyId, owner';
export const CHILD_COLUMNS = 'keyId, masterId, path, epoch, publicKey';
const VAULT_COLUMNS = 'keyId, epoch, status, version, record, nonce, sealed';

export function createKeyShelf(o: { db: Db; vault: Vault; signerId: Uint8Array }): KeyShelf {
  const { db, vault, signerId } = o;
  // What was read and verified stays true until something is written: one process owns the file. Signing reads the same
  // few rows again and again, and checking one costs more than a point multiplication.
  const known = { keys: remembered<KeyRecord>(), wallets: remembered<WalletRecord>(), shares: remembered<ShareRow>() };
  const forget = (): void => {
    for (const each of Object.values(known)) each.clear();
  };
  db.onRollback(forget);
  const write = (sql: string, ...cells: Cell[]): number => {
    forget();
    return db.run(sql, ...cells);
  };

  const key = (keyId: string): KeyRecord | undefined => known.keys(keyId, () => readKey(keyId));
  const readKey = (keyId: string): KeyRecord | undefined => {
    const row = db.one(`select ${KEY_COLUMNS}, mac from keys where keyId = ?`, keyId);
    if (row === undefined) return undefined;
    check(
      db.macHolds('keys', row.slice(0, -1), row.at(-1)),
      'E_KEY_QUARANTINED',
      `the record of ${keyId} is damaged; the key is set aside`,
    );
    const owner = ownerOf(keyId);
    const plain: KeyRecord = { ...asKey(row), ...(owner === undefined ? {} : { owner }) };
    const child = plain.purpose === 'child' ? childRow(keyId) : undefined;
    return child === undefined ? plain : { ...plain, derivedFrom: { keyId: child.masterId, path: child.path } };
  };
  const ownerOf = (keyId: string): string | undefined => {
    const row = db.one(`select ${OWNER_COLUMNS}, mac from owners where keyId = ?`, keyId);
    if (row === undefined) return undefined;
    const holds = db.macHolds('owners', row.slice(0, -1), row.at(-1));
    check(holds, 'E_KEY_QUARANTINED', `the record of ${keyId} is damaged; the key is set aside`);
    return String(row[1]);
  };
  const writeOwner = (keyId: string, owner: string | undefined): void => {
    if (owner === undefined) return;
    const cells: Row = [keyId, owner];
    write(
      `insert into owners (${OWNER_COLUMNS}, mac) values (?, ?, ?)
       on conflict (keyId) do update set owner = excluded.owner, mac = excluded.mac`,
      ...cells,
      db.mac('owners', cells),
    );
  };
  const childRow = (keyId: string): ChildRow => {
    const row = db.one(`select ${CHILD_COLUMNS}, mac from children where keyId = ?`, keyId);
    const holds = row !== undefined && db.macHolds('children', row.slice(0, -1), row.at(-1));
    check(holds, 'E_KEY_QUARANTINED', `the record of ${keyId} is damaged; the key is set aside`);
    return { masterId: String(row[1]), path: String(row[2]), epoch: bytes(row[3]), publicKey: bytes(row[4]) };
  };
  const wallet = (walletId: string): WalletRecord | undefined => known.wallets(walletId, () => readWallet(walletId));
  const readWallet = (walletId: string): WalletRecord | undefined => {
    const row = db.one(`select ${WALLET_COLUMNS}, mac from wallets where walletId = ?`, walletId);
    return row === undefined ? undefined : checkedWallet(db, row);
  };
  const vaultRow = (keyId: string, epoch: Uint8Array): ShareRow | undefined =>
    known.shares(`${keyId} ${Buffer.from(epoch).toString('hex')}`, () => readShare(keyId, epoch));
  const readShare = (keyId: string, epoch: Uint8Array): ShareRow | undefined => {
    const row = db.one(`select ${VAULT_COLUMNS}, mac from vault where keyId = ? and epoch = ?`, keyId, epoch);
    const owner = row === undefined ? undefined : key(keyId);
    if (row === undefined || owner === undefined) return undefined;
    check(
      db.macHolds('vault', row.slice(0, -1), row.at(-1)),
      'E_KEY_QUARANTINED',
      `the share record of ${keyId} is damaged; the key is set aside`,
    );
    return { status: String(row[2]), record: asVaultRecord(owner, signerId, epoch, row), row };
  };
  const writeKey = (k: KeyRecord): void => {
    const cells: Row = [
      k.keyId,
      k.org,
      k.curve,
      k.protocol,
      k.scheme,
      k.purpose,
      k.origin,
      flag(k.imported),
      flag(k.exported),
      flag(k.archived),
      k.activeEpoch ?? null,
      k.publicKey ?? null,
    ];
    write(
      `insert into keys (${KEY_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (keyId) do update set exported = excluded.exported, archived = excluded.archived,
         activeEpoch = excluded.activeEpoch, publicKey = excluded.publicKey, mac = excluded.mac`,
      ...cells,
      db.mac('keys', cells),
    );
  };
  const writeShare = (status: string, record: VaultRecord, secrets: Secrets): void => {
    const s = vault.seal(record, secrets);
    const cells: Row = [record.keyId, record.epoch, status, s.version, encodePublic(record), s.nonce, s.sealed];
    write(
      `insert into vault (${VAULT_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (keyId, epoch) do update set status = excluded.status, version = excluded.version, record = excluded.record,
         nonce = excluded.nonce, sealed = excluded.sealed, mac = excluded.mac`,
      ...cells,
      db.mac('vault', cells),
    );
  };
  const writeWallet = (w: WalletRecord): void => {
    const cells: Row = [w.walletId, w.org, w.keyId, w.network, w.status, w.origin];
    write(
      `insert into wallets (${WALLET_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?, ?)
       on conflict (walletId) do update set status = excluded.status, mac = excluded.mac`,
      ...cells,
      db.mac('wallets', cells),
    );
  };
  /** The share of a child: its master's, moved along the path, and its public key compared with the one stated. */
  const openChild = (keyId: string, epoch: Uint8Array): { share: KeyShare; record: VaultRecord } => {
    const { masterId, path, publicKey } = childRow(keyId);
    const { share: master, record } = openShare(masterId, epoch);
    try {
      const curve = curveOf(master.curve);
      const share = childShare(curve, master, readDerivationPath(path));
      const isStated = Buffer.compare(curve.encodePoint(share.publicKey), publicKey) === 0;
      if (!isStated) wipeShare(share);
      check(
        isStated,
        'E_KEY_QUARANTINED',
        `the master of ${keyId} gives another key at its path; the key is set aside`,
      );
      return { share, record };
    } finally {
      wipeShare(master);
    }
  };
  const openShare = (keyId: string, epoch: Uint8Array): { share: KeyShare; record: VaultRecord; status: string } => {
    const found = vaultRow(keyId, epoch);
    if (found === undefined) refuse('E_NO_SHARE', `this signer holds no such share of ${keyId}`);
    const { row, record, status } = found;
    const share = vault.open(record, { version: Number(row[3]), nonce: bytes(row[5]), sealed: bytes(row[6]) });
    return { share, record, status };
  };

  const damagedEpochs = (keyId: string): Uint8Array[] =>
    key(keyId) === undefined
      ? []
      : db
          .all(`select ${VAULT_COLUMNS}, mac from vault where keyId = ?`, keyId)
          .filter((row) => !db.macHolds('vault', row.slice(0, -1), row.at(-1)))
          .map((row) => bytes(row[1]));
  const epochsOf = (keyId: string, without: readonly Uint8Array[] = []): KeyEpoch[] =>
    db
      .all('select epoch from vault where keyId = ?', keyId)
      .flatMap((row): KeyEpoch[] => {
        const epoch = bytes(row[0]);
        if (without.some((each) => Buffer.compare(each, epoch) === 0)) return [];
        const found = vaultRow(keyId, epoch);
        if (found === undefined) return [];
        const { generation = 0, time = 0 } = found.record.lineage ?? {};
        return [{ epoch, generation, certified: found.status === 'active', time }];
      })
      .sort((a, b) => a.generation - b.generation || a.time - b.time || Buffer.compare(a.epoch, b.epoch));
  const heldEpoch = (keyId: string, epoch: Uint8Array): KeyEpoch => {
    const held = epochsOf(keyId).find((each) => Buffer.compare(each.epoch, epoch) === 0);
    if (held === undefined) refuse('E_NO_SHARE', `this signer holds no such share of ${keyId}`);
    return held;
  };
  const newKey = (made: NewShare['key']): KeyRecord => {
    const known = key(made.keyId);
    check(
      known === undefined || (known.activeEpoch === undefined && sameKey(known, made)),
      'E_KEY_EXISTS',
      `${made.keyId} exists already`,
    );
    return known ?? { ...made, exported: false, archived: false, activeEpoch: undefined, publicKey: undefined };
  };
  const newWallet = (owner: KeyRecord, made: NewShare['wallet']): void => {
    if (made === undefined || wallet(made.walletId) !== undefined) return;
    writeWallet({ ...made, org: owner.org, keyId: owner.keyId, status: 'Pending', origin: owner.origin });
  };

  const shelf: KeyShelf = {
    key,
    wallet,
    walletsOf: (keyId) =>
      db.all(`select ${WALLET_COLUMNS}, mac from wallets where keyId = ?`, keyId).map((row) => checkedWallet(db, row)),
    keyIds: () => db.all('select keyId from keys order by keyId').map((row) => String(row[0])),
    count: () => Number(db.one('select count(*) from keys where activeEpoch is not null')?.[0] ?? 0),
    holdersOf: (publicKey) =>
      db.all('select keyId from keys where publicKey = ? and exported = 0', publicKey).map((row) => String(row[0])),
    pendingEpochs(keyId) {
      const all = `select keyId, epoch from vault where status = 'pending' union all
        select c.keyId, c.epoch from children c join keys k on k.keyId = c.keyId where k.activeEpoch is null`;
      const rows =
        keyId === undefined
          ? db.all(`select * from (${all}) order by keyId`)
          : db.all(`select * from (${all}) where keyId = ?`, keyId);
      return rows.map((row) => ({ keyId: String(row[0]), epoch: bytes(row[1]) }));
    },
    epochsOf: (keyId) => epochsOf(keyId),
    soundEpochsOf: (keyId) => epochsOf(keyId, damagedEpochs(keyId)),
    damagedEpochs,
    changing: (after, limit) =>
      db
        .all(
          `select v.keyId from vault v join keys k on k.keyId = v.keyId
           where v.keyId > ? and k.activeEpoch is not null
           group by v.keyId having count(*) > 1 order by v.keyId limit ?`,
          after,
          limit,
        )
        .map((row) => String(row[0])),
    record: (keyId, epoch) => vaultRow(keyId, epoch)?.record,
    stated(keyId, epoch) {
      const owner = key(keyId);
      if (owner?.purpose !== 'child') return shelf.record(keyId, epoch);
      const child = childRow(keyId);
      if (Buffer.compare(child.epoch, epoch) !== 0) return undefined;
      return { org: owner.org, keyId, curve: owner.curve, epoch, publicKey: child.publicKey };
    },
    statedEpochs: (keyId) =>
      key(keyId)?.purpose === 'child' ? [childRow(keyId).epoch] : epochsOf(keyId).map(({ epoch }) => epoch),
    childrenOf: (masterId) =>
      db
        .all('select keyId from children where masterId = ? order by keyId', masterId)
        .flatMap((row) => key(String(row[0])) ?? [])
        .filter((child) => child.activeEpoch !== undefined),
    open(keyId, epoch) {
      return key(keyId)?.purpose === 'child' ? openChild(keyId, epoch) : openShare(keyId, epoch);
    },
    shares: () =>
      db.all('select keyId, epoch from vault order by keyId, epoch').map((row) => {
        const { share, record, status } = openShare(String(row[0]), bytes(row[1]));
        return {
          keyId: record.keyId,
          epoch: record.epoch,
          status,
          record: encodePublic(record),
          x: share.x,
          ...(share.chainCode === undefined ? {} : { chainCode: share.chainCode }),
        };
      }),

    putShare({ keyId, epoch, status, record, x, chainCode }) {
      const owner = key(keyId);
      if (owner === undefined) refuse('E_NO_SHARE', `there is no record of ${keyId} to hold this share`);
      const row: Row = [keyId, epoch, status, 0, record];
      writeShare(status, asVaultRecord(owner, signerId, epoch, row), {
        x: x as Scalar,
        ...(chainCode === undefined ? {} : { chainCode }),
      });
    },

    putPending(n) {
      const next = newKey(n.key);
      writeKey(next);
      writeOwner(next.keyId, next.owner);
      const { share } = n;
      const record: VaultRecord = {
        ...next,
        signerId,
        t: share.t,
        n: share.n,
        index: share.index,
        epoch: share.epoch,
        publicKey: n.publicKey,
        publicShares: n.publicShares,
        points: n.points,
      };
      writeShare('pending', record, share);
      newWallet(next, n.wallet);
    },

    putPendingChild(n) {
      const next = newKey(n.key);
      writeKey(next);
      writeOwner(next.keyId, next.owner);
      const { derivedFrom } = n.key;
      const cells: Row = [next.keyId, derivedFrom.keyId, derivedFrom.path, n.epoch, n.publicKey];
      write(
        `insert into children (${CHILD_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?)
         on conflict (keyId) do update set masterId = excluded.masterId, path = excluded.path, epoch = excluded.epoch,
           publicKey = excluded.publicKey, mac = excluded.mac`,
        ...cells,
        db.mac('children', cells),
      );
      newWallet(next, n.wallet);
    },

    activate(keyId, epoch) {
      const owner = key(keyId);
      const stated = shelf.stated(keyId, epoch);
      if (owner === undefined || stated === undefined)
        refuse('E_NO_SHARE', `this signer holds no such share of ${keyId}`);
      if (owner.purpose !== 'child') {
        const { share, record } = openShare(keyId, epoch);
        try {
          writeShare('active', record, share);
        } finally {
          wipeShare(share);
        }
      }
      writeKey({ ...owner, activeEpoch: epoch, publicKey: stated.publicKey });
      for (const w of shelf.walletsOf(keyId)) if (w.status === 'Pending') writeWallet({ ...w, status: 'Active' });
    },

    putSuccessor(s) {
      const owner = key(s.keyId);
      const before = shelf.record(s.keyId, s.base);
      check(
        owner?.publicKey !== undefined && before !== undefined,
        'E_NO_SHARE',
        `this signer holds no such share of ${s.keyId}`,
      );
      const { share, base, time } = s;
      const generation = heldEpoch(s.keyId, base).generation + 1;
      const record: VaultRecord = {
        ...before,
        t: share.t,
        n: share.n,
        index: share.index,
        epoch: share.epoch,
        publicShares: s.publicShares,
        points: s.points,
        lineage: { base, generation, time },
      };
      writeShare('pending', record, share);
    },

    dropDamaged(keyId) {
      const owner = key(keyId);
      const damaged = damagedEpochs(keyId);
      const { activeEpoch } = owner ?? {};
      if (
        owner !== undefined &&
        damaged.some((each) => activeEpoch !== undefined && Buffer.compare(each, activeEpoch) === 0)
      )
        writeKey({ ...owner, activeEpoch: undefined });
      for (const epoch of damaged) write('delete from vault where keyId = ? and epoch = ?', keyId, epoch);
      return damaged;
    },

    adopt(a) {
      const { keyId, share, base, time } = a;
      const known = key(keyId);
      check(known === undefined || sameKey(known, a.key), 'E_KEY_EXISTS', `${keyId} exists already, as another key`);
      const next: KeyRecord = known ?? { ...a.key, exported: false, activeEpoch: undefined, publicKey: undefined };
      if (known === undefined) {
        writeKey(next);
        writeOwner(keyId, next.owner);
      }
      const record: VaultRecord = {
        ...next,
        signerId,
        t: share.t,
        n: share.n,
        index: share.index,
        epoch: share.epoch,
        publicKey: a.publicKey,
        publicShares: a.publicShares,
        points: a.points,
        lineage: { base, generation: a.generation + 1, time },
      };
      writeShare('pending', record, share);
      const adoptWallets = (of: KeyRecord, wallets: readonly AdoptedWallet[]): void => {
        for (const w of wallets) {
          if (wallet(w.walletId) !== undefined) continue;
          const status = w.status === 'Active' && of.activeEpoch === undefined ? 'Pending' : w.status;
          writeWallet({ ...w, status, org: of.org, keyId: of.keyId });
        }
      };
      adoptWallets(next, a.wallets);
      // A child is computed from its master's share: until that is certified, there is nothing to compute it from.
      for (const { keyId: childId, path, publicKey, epoch, origin, archived, owner, wallets } of a.children) {
        if (key(childId) !== undefined) continue;
        const child: KeyRecord = {
          ...next,
          keyId: childId,
          purpose: 'child',
          origin,
          imported: false,
          archived,
          activeEpoch: epoch,
          publicKey,
        };
        writeKey(child);
        writeOwner(childId, owner);
        const cells: Row = [childId, keyId, path, epoch, publicKey];
        db.run(
          `insert into children (${CHILD_COLUMNS}, mac) values (?, ?, ?, ?, ?, ?)`,
          ...cells,
          db.mac('children', cells),
        );
        adoptWallets(child, wallets);
      }
    },

    certify(keyId, epoch) {
      const owner = key(keyId);
      if (owner?.activeEpoch === undefined) refuse('E_NO_SHARE', `this signer holds no such share of ${keyId}`);
      const { share, record } = openShare(keyId, epoch);
      try {
        writeShare('active', record, share);
      } finally {
        wipeShare(share);
      }
      const isNewer = heldEpoch(keyId, epoch).generation > heldEpoch(keyId, owner.activeEpoch).generation;
      if (isNewer) writeKey({ ...owner, activeEpoch: epoch });
    },

    eraseOlder(keyId, epoch) {
      const owner = key(keyId);
      const { generation, certified } = heldEpoch(keyId, epoch);
      check(owner !== undefined && certified, 'E_NO_SHARE', `this signer has no certificate of that share of ${keyId}`);
      const old = epochsOf(keyId).filter(
        (e) => e.generation < generation || (e.generation === generation && !e.certified),
      );
      // What is in use must stay: where it is among the old, the sharing they gave way to takes its place.
      if (old.some((e) => owner.activeEpoch !== undefined && Buffer.compare(e.epoch, owner.activeEpoch) === 0))
        writeKey({ ...owner, activeEpoch: epoch });
      for (const e of old) write('delete from vault where keyId = ? and epoch = ?', keyId, e.epoch);
      return old.map((e) => e.epoch);
    },

    mark(keyId, flagName) {
      const owner = key(keyId);
      if (owner === undefined) refuse('E_NO_SHARE', `this signer holds no share of ${keyId}`);
      // Shares are opened under the old flags and sealed again under the new, all of them.
      const rows = db
        .all('select epoch from vault where keyId = ?', keyId)
        .map((row) => openShare(keyId, bytes(row[0])));
      const next: KeyRecord = { ...owner, [flagName]: true };
      writeKey(next);
      for (const { share, record, status } of rows) {
        try {
          writeShare(status, { ...record, [flagName]: true }, share);
        } finally {
          wipeShare(share);
        }
      }
      if (flagName === 'archived') for (const w of shelf.walletsOf(keyId)) writeWallet({ ...w, status: 'Archived' });
    },

    setOwner: (keyId, owner) => writeOwner(keyId, owner),

    putWallet(w) {
      const known = wallet(w.walletId);
      check(known === undefined, 'E_WALLET_EXISTS', `${w.walletId} exists already`);
      writeWallet(w);
    },

    setWalletStatus(walletId, status) {
      const known = wallet(walletId);
      if (known === undefined) refuse('E_NO_WALLET', 'this signer knows no such wallet');
      writeWallet({ ...known, status });
    },
  };
  return shelf;
}

interface ChildRow {
  readonly masterId: string;
  readonly path: string;
  readonly epoch: Uint8Array;
  readonly publicKey: Uint8Array;
}

function sameKey(a: KeyRecord, b: NewShare['key']): boolean {
  return (
    a.org === b.org &&
    a.curve === b.curve &&
    a.protocol === b.protocol &&
    a.scheme === b.scheme &&
    a.purpose === b.purpose &&
    a.derivedFrom?.keyId === b.derivedFrom?.keyId &&
    a.derivedFrom?.path === b.derivedFrom?.path &&
    Buffer.compare(a.origin, b.origin) === 0
  );
}

function asKey(row: Row): KeyRecord {
  return {
    keyId: String(row[0]),
    org: String(row[1]),
    curve: String(row[2]) as CurveName,
    protocol: String(row[3]) as ProtocolName,
    scheme: String(row[4]),
    purpose: String(row[5]) as Purpose,
    origin: bytes(row[6]),
    imported: row[7] === 1,
    exported: row[8] === 1,
    archived: row[9] === 1,
    activeEpoch: row[10] instanceof Uint8Array ? row[10] : undefined,
    publicKey: row[11] instanceof Uint8Array ? row[11] : undefined,
  };
}

function checkedWallet(db: Db, row: Row): WalletRecord {
  const walletId = String(row[0]);
  check(
    db.macHolds('wallets', row.slice(0, -1), row.at(-1)),
    'E_KEY_QUARANTINED',
    `the record of ${walletId} is damaged; the wallet is set aside`,
  );
  return {
    walletId,
    org: String(row[1]),
    keyId: String(row[2]),
    network: String(row[3]),
    status: String(row[4]) as WalletRecord['status'],
    origin: bytes(row[5]),
  };
}

/** The public half of a share record, as stored; its row's checksum and the share's seal both cover it. */
function encodePublic(r: VaultRecord): Uint8Array {
  const text = JSON.stringify({
    t: r.t,
    n: r.n,
    index: r.index,
    publicKey: toHex(r.publicKey),
    publicShares: r.publicShares.map((p) => toHex(p)),
    points: r.points.map((p) => [toHex(p.signerId), p.index]),
    ...(r.lineage === undefined
      ? {}
      : { lineage: [toHex(r.lineage.base), r.lineage.generation, r.lineage.time] as const }),
  });
  return new TextEncoder().encode(text);
}

function asVaultRecord(owner: KeyRecord, signerId: Uint8Array, epoch: Uint8Array, row: Row): VaultRecord {
  // The row's checksum held: this is text that encodePublic wrote.
  const p = parseStrictJson(new TextDecoder().decode(bytes(row[4]))) as unknown as {
    t: number;
    n: number;
    index: number;
    publicKey: string;
    publicShares: string[];
    points: [string, number][];
    lineage?: [string, number, number];
  };
  const [base, generation, time] = p.lineage ?? [];
  return {
    keyId: owner.keyId,
    org: owner.org,
    protocol: owner.protocol,
    curve: owner.curve,
    scheme: owner.scheme,
    purpose: owner.purpose,
    origin: owner.origin,
    imported: owner.imported,
    exported: owner.exported,
    archived: owner.archived,
    signerId,
    epoch,
    t: p.t,
    n: p.n,
    index: p.index,
    publicKey: fromHex(p.publicKey),
    publicShares: p.publicShares.map((hex) => fromHex(hex)),
    points: p.points.map(([id, index]) => ({ signerId: fromHex(id), index })),
    ...(base === undefined || generation === undefined || time === undefined
      ? {}
      : { lineage: { base: fromHex(base), generation, time } }),
  };
}

/** The record under which a share out of a backup stands, from the row of its key in the same backup. */
export function recordOf(s: StoredShare, o: { keyRow: Row; signerId: Uint8Array }): VaultRecord {
  return asVaultRecord(asKey(o.keyRow), o.signerId, s.epoch, [s.keyId, s.epoch, s.status, 0, s.record]);
}

function bytes(cell: unknown): Uint8Array {
  return cell instanceof Uint8Array ? cell : new Uint8Array();
}

function flag(on: boolean): number {
  return on ? 1 : 0;
}

interface ShareRow {
  readonly status: string;
  readonly record: VaultRecord;
  readonly row: Row;
}

/** Rows of each kind that are remembered; then all are read anew. */
const REMEMBERED_MAX = 4096;

/** Only what is there is remembered: what is not may come. */
function remembered<T>() {
  const rows = new Map<string, T>();
  const recall = (name: string, read: () => T | undefined): T | undefined => {
    const found = rows.get(name) ?? read();
    if (found === undefined) return undefined;
    if (rows.size >= REMEMBERED_MAX) rows.clear();
    rows.set(name, found);
    return found;
  };
  return Object.assign(recall, { clear: () => rows.clear() });
}
