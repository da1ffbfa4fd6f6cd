/**
 * Everything one signer remembers (rulings 25): one file, one owner, one flush for what belongs together.
 *
 * @example
 * const store = openStore({ file, identityKey, keys: deriveStoreKeys(secret), now, random, point });
 * store.transaction('export', () => { store.keys.mark(keyId, 'exported'); store.journal.append('export', { keyId }); });
 */
import { toHex } from '@holdfast/contract/wire';
import { type Journal, type JournalOptions, openJournal } from '../journal/index.ts';
import { check } from '../refusal/index.ts';
import { createVault, wipeShare } from '../vault/index.ts';
import { createBytesSealer } from '../vault/sealed-bytes.ts';
import { type AuxiliaryShelf, createAuxiliaryShelf } from './auxiliary.ts';
import { readContents, type StoreContents, writeContents } from './contents.ts';
import { type Db, openDatabase } from './database.ts';
import { createKeyShelf, type KeyShelf } from './keys.ts';
import { createLogShelf, type LogShelf } from './log.ts';
import { createMembership, type Membership } from './membership.ts';
import { createNamedShelf, type NamedShelf } from './named.ts';
import { createRestoredShelf, type RestoredShelf } from './restored.ts';
import { createUsedShelf, type UsedShelf } from './used.ts';

export type { Journal, JournalRow } from '../journal/index.ts';
export type { AuxiliaryShelf, NewAuxiliary, StoredPrime } from './auxiliary.ts';
export { checkContents, KEPT_TABLES, OTHER_TABLES, type StoreContents, type TableContents } from './contents.ts';
export type { Cell, Row } from './database.ts';
export type {
  DerivedFrom,
  KeyEpoch,
  KeyRecord,
  KeyShelf,
  NewChild,
  NewShare,
  PointMap,
  StatedKey,
  StoredShare,
  Successor,
  WalletRecord,
} from './keys.ts';
export { recordOf } from './keys.ts';
export type { LogShelf, OrgLog, StoredEntry, StoredPromise } from './log.ts';
export type { NamedPeer, NamedShelf, StoredEvidence } from './named.ts';
export type { RestoredShelf } from './restored.ts';
export { SCHEMA_VERSION } from './schema.ts';
export type { Spent, UsedShelf } from './used.ts';

export interface StoreOptions {
  readonly file: string;
  /** SHA-256 of the identity key: the store belongs to one identity for ever. */
  readonly signerId: Uint8Array;
  /** Each 32 bytes, derived from the unseal secret for one purpose. */
  readonly sealKey: Uint8Array;
  readonly macKey: Uint8Array;
  now(): number;
  random(n: number): Uint8Array;
  point(name: string): void;
  /** Nothing here: the journal is read in full before the store is there. */
  readonly journal?: JournalOptions;
}

export interface Store {
  readonly keys: KeyShelf;
  readonly log: LogShelf;
  readonly used: UsedShelf;
  readonly journal: Journal;
  readonly named: NamedShelf;
  readonly restored: RestoredShelf;
  readonly membership: Membership;
  readonly auxiliary: AuxiliaryShelf;
  /** All or nothing, flushed when it returns. Every change of any shelf happens inside one. */
  transaction<T>(name: string, work: () => T): T;
  /** After shares were erased: nothing of them is left in the files of the store. Not inside a transaction. */
  scrub(): void;
  /** Keys whose record or share does not verify. Opens every share: minutes for a very large vault. */
  audit(): { keyId: string; problem: string }[];
  /** Everything a backup carries, with the shares in the clear: the caller wipes them. */
  contents(): StoreContents;
  /** Fills this store, which must be new; `others` of the other signers have to answer before it votes again. */
  restore(contents: StoreContents, o: { readonly others: number; readonly backup: string }): void;
  close(): void;
}

/** Refusals: E_STORE_LOCKED, E_STORE_DAMAGED, E_STORE_NEWER, E_STORE_FOREIGN, E_UNSEAL. */
export function openStore(o: StoreOptions): Store {
  const db = openDatabase({ file: o.file, macKey: o.macKey, point: o.point });
  try {
    claim(db, o);
    // A process that was killed after it erased had no time for it.
    db.scrub();
    const vault = createVault({ sealKey: o.sealKey, random: o.random });
    const keys = createKeyShelf({ db, vault, signerId: o.signerId });
    const journal = openJournal(db, o.now, o.journal);
    const restored = createRestoredShelf(db);
    const sealer = createBytesSealer({ sealKey: o.sealKey, random: o.random });
    const auxiliary = createAuxiliaryShelf({ db, sealer, signerId: o.signerId, random: o.random });
    return {
      keys,
      log: createLogShelf(db),
      used: createUsedShelf(db),
      journal,
      named: createNamedShelf(db),
      restored,
      membership: createMembership(db),
      auxiliary,
      contents: () => readContents({ db, keys, journal }),
      restore(contents, { others, backup }) {
        check(journal.length === 0 && keys.keyIds().length === 0, 'E_RESTORE_NOT_EMPTY', 'the store is not empty');
        db.transaction('restore', () => {
          writeContents({ db, keys }, contents);
          restored.mark({ others });
          const { length, head } = contents.journal;
          journal.append('signer.restored', { backup, others, journalLength: length, journalHead: toHex(head) });
        });
      },
      transaction: (name, work) => db.transaction(name, work),
      scrub: () => db.scrub(),
      audit: () => keys.keyIds().flatMap((keyId) => problemsOf(keys, keyId)),
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A new store takes the identity's name; an old one must carry it, under this unseal secret. */
function claim(db: Db, o: StoreOptions): void {
  const row = db.one("select v, mac from meta where k = 'signerId'");
  if (row === undefined) {
    const empty =
      db.one('select 1 from keys limit 1') === undefined && db.one('select 1 from journal limit 1') === undefined;
    check(empty, 'E_STORE_DAMAGED', 'the store has lost the name of its signer: restore this signer from its backup');
    db.transaction('claim', () =>
      db.run(
        'insert into meta (k, v, mac) values (?, ?, ?)',
        'signerId',
        o.signerId,
        db.mac('meta', ['signerId', o.signerId]),
      ),
    );
    return;
  }
  const [name, mac] = row;
  check(
    name instanceof Uint8Array && Buffer.compare(name, o.signerId) === 0,
    'E_STORE_FOREIGN',
    'the store belongs to another identity: put back the identity.key that came with it',
  );
  check(
    db.macHolds('meta', ['signerId', name], mac),
    'E_UNSEAL',
    'the unseal secret is not the one this store was sealed with',
  );
}

function problemsOf(keys: KeyShelf, keyId: string): { keyId: string; problem: string }[] {
  try {
    const master = keys.key(keyId)?.derivedFrom?.keyId;
    // A child is opened as it is used: from its master's shares.
    for (const { epoch } of keys.epochsOf(master ?? keyId)) wipeShare(keys.open(keyId, epoch).share);
    return [];
  } catch (error) {
    return [{ keyId, problem: error instanceof Error ? error.message : 'unreadable' }];
  }
}
