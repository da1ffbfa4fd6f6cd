/** What may happen once only: assertions, executions, ciphertexts. Rows are added and never removed. */
import type { Exclusion } from '@holdfast/chains/families';
import { check, refuse } from '../refusal/index.ts';
import { type Db, isConstraint, type Row } from './database.ts';

/** What one assertion was spent on (rulings 4). */
export interface Spent {
  readonly nullifier: Uint8Array;
  readonly intent: Uint8Array;
  readonly digest: Uint8Array;
  readonly attempts: number;
  readonly time: number;
}

/** A transaction that was signed for an order, and what it excludes. */
export interface SignedFor {
  readonly key: Uint8Array;
  readonly digest: Uint8Array;
  readonly exclusion: Exclusion;
  readonly time: number;
}

export interface UsedShelf {
  /** A damaged row counts as spent: refused with E_REPLAY. */
  spent(nullifier: Uint8Array): Spent | undefined;
  isStarted(execId: Uint8Array): boolean;
  /** Refuses E_IMP_CIPHERTEXT_USED unless the ciphertext is new, or this very assertion used it before. */
  checkCiphertext(point: Uint8Array, nullifier: Uint8Array): void;
  /** Everything signed for an order so far. Refuses E_REPLAY where a row of it is damaged. */
  signedFor(key: Uint8Array): readonly Pick<SignedFor, 'digest' | 'exclusion'>[];
  // Inside a transaction:
  /** Adds a transaction to an order; once. */
  signFor(s: SignedFor): void;
  spend(s: Spent): void;
  /** Refuses E_EXEC_USED: an execution id starts once, for ever. */
  startExecution(execId: Uint8Array, keyId: string, time: number): void;
  /** As checkCiphertext, and from now on used. */
  useCiphertext(point: Uint8Array, nullifier: Uint8Array, time: number): void;
}

const ORDER_COLUMNS = 'orderKey, digest, exclusion, time';
const COLUMNS = 'nullifier, intent, digest, attempts, time';

export function createUsedShelf(db: Db): UsedShelf {
  function checkCiphertext(point: Uint8Array, nullifier: Uint8Array): void {
    const row = db.one('select nullifier from ciphertexts where point = ?', point);
    check(
      row === undefined || Buffer.compare(bytes(row[0]), nullifier) === 0,
      'E_IMP_CIPHERTEXT_USED',
      'share ciphertext has been used before',
    );
  }

  return {
    spent(nullifier) {
      const row = db.one(`select ${COLUMNS}, mac from nullifiers where nullifier = ?`, nullifier);
      if (row === undefined) return undefined;
      check(db.macHolds('nullifiers', row.slice(0, -1), row.at(-1)), 'E_REPLAY', 'this request has been used before');
      return {
        nullifier,
        intent: bytes(row[1]),
        digest: bytes(row[2]),
        attempts: Number(row[3]),
        time: Number(row[4]),
      };
    },
    signedFor: (key) =>
      db.all(`select ${ORDER_COLUMNS}, mac from orders where orderKey = ?`, key).map((row) => {
        check(db.macHolds('orders', row.slice(0, -1), row.at(-1)), 'E_REPLAY', 'this request has been used before');
        return { digest: bytes(row[1]), exclusion: JSON.parse(String(row[2])) as Exclusion };
      }),
    signFor({ key, digest, exclusion, time }) {
      const cells: Row = [key, digest, JSON.stringify(exclusion), time];
      db.run(
        `insert into orders (${ORDER_COLUMNS}, mac) values (?, ?, ?, ?, ?) on conflict (orderKey, digest) do nothing`,
        ...cells,
        db.mac('orders', cells),
      );
    },
    isStarted: (execId) => db.one('select 1 from executions where execId = ?', execId) !== undefined,
    checkCiphertext,

    spend(s) {
      const cells: Row = [s.nullifier, s.intent, s.digest, s.attempts, s.time];
      db.run(
        `insert into nullifiers (${COLUMNS}, mac) values (?, ?, ?, ?, ?, ?)
         on conflict (nullifier) do update set attempts = excluded.attempts, time = excluded.time, mac = excluded.mac`,
        ...cells,
        db.mac('nullifiers', cells),
      );
    },
    startExecution(execId, keyId, time) {
      insertOnce(
        () => db.run('insert into executions (execId, keyId, time) values (?, ?, ?)', execId, keyId, time),
        () => refuse('E_EXEC_USED', 'this execution id has been started before'),
      );
    },
    useCiphertext(point, nullifier, time) {
      checkCiphertext(point, nullifier);
      db.run(
        'insert into ciphertexts (point, nullifier, time) values (?, ?, ?) on conflict (point) do nothing',
        point,
        nullifier,
        time,
      );
    },
  };
}

function insertOnce(insert: () => void, onDuplicate: () => never): void {
  try {
    insert();
  } catch (error) {
    if (!isConstraint(error)) throw error;
    onDuplicate();
  }
}

function bytes(cell: unknown): Uint8Array {
  return cell instanceof Uint8Array ? cell : new Uint8Array();
}
