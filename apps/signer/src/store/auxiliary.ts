/**
 * What the auxiliary set-up of CGGMP24 leaves behind, and primes made ahead for the next (docs/specs/auxiliary.md §7).
 * Secrets are sealed; what does not verify counts as lost, because it can always be made anew.
 */
import { decode, enc, f, i as item } from '@holdfast/crypto/transcript';
import type { AuxPrimes } from '@holdfast/mpc/aux-setup';
import { auxOwn, primeBytes } from '@holdfast/mpc/aux-setup';
import { type AuxInfo, type AuxPublic, residueField, ringPedersenField, ringPedersenItem } from '@holdfast/mpc/cggmp24';
import { Refused } from '../refusal/index.ts';
import type { BytesSealer } from '../vault/sealed-bytes.ts';
import type { Db, Row } from './database.ts';

/** The outcome of one set-up, before it is sealed. */
export interface NewAuxiliary {
  readonly epoch: Uint8Array;
  /** Fingerprint of the roster whose signers took part. */
  readonly roster: Uint8Array;
  readonly parties: readonly { readonly signerId: Uint8Array; readonly values: AuxPublic }[];
  /** Of every party, in roster order. */
  readonly signatures: readonly Uint8Array[];
  readonly primes: AuxPrimes;
  readonly time: number;
}

export interface StoredPrime {
  readonly id: Uint8Array;
  readonly prime: Uint8Array;
}

export interface AuxiliaryShelf {
  /** Of the newest set-up of this roster; undefined where there is none that verifies. */
  epoch(roster: Uint8Array): Uint8Array | undefined;
  /** Opens a set-up; the secrets are bigints, which nobody can wipe: ask late. */
  open(epoch: Uint8Array): AuxInfo | undefined;
  primeCount(): number;
  /** The oldest `count` primes; the caller wipes them. Fewer where fewer verify. */
  primes(count: number): StoredPrime[];
  // Inside a transaction:
  putPrime(prime: Uint8Array, time: number): void;
  dropPrimes(ids: readonly Uint8Array[]): void;
  dropAllPrimes(): void;
  /** The set-up before it is kept for runs that name it; older ones are erased. */
  keep(set: NewAuxiliary): void;
}

/** The newest and the one before: a signer whose last acknowledgement was lost still has that. */
const KEPT_MAX = 2;
const SIGNERS_MAX = 32;
const PRIME_COLUMNS = 'id, time, nonce, sealed';
const COLUMNS = 'epoch, roster, time, publics, nonce, sealed';

export function createAuxiliaryShelf(o: {
  db: Db;
  sealer: BytesSealer;
  signerId: Uint8Array;
  random: (n: number) => Uint8Array;
}): AuxiliaryShelf {
  const { db, sealer } = o;
  const primePlace = (id: Uint8Array): Uint8Array =>
    enc('holdfast/auxiliary-prime/v1', item.bytes(o.signerId), item.bytes(id));
  const place = (cells: Row): Uint8Array => {
    const [epoch, roster, time, publics] = cells as [Uint8Array, Uint8Array, number, Uint8Array];
    return enc(
      'holdfast/auxiliary/v1',
      item.bytes(o.signerId),
      item.bytes(epoch),
      item.bytes(roster),
      item.uint(time),
      item.bytes(publics),
    );
  };
  const rows = (): Row[] =>
    db
      .all(`select ${COLUMNS}, mac from auxiliary order by time desc, epoch`)
      .filter((row) => db.macHolds('auxiliary', row.slice(0, -1), row.at(-1)));

  return {
    epoch(roster) {
      const newest = rows().find((row) => same(row[1], roster));
      return newest === undefined ? undefined : (newest[0] as Uint8Array);
    },
    open(epoch) {
      const row = rows().find((each) => same(each[0], epoch));
      if (row === undefined) return undefined;
      const [, , , publics, nonce, sealed] = row as [
        Uint8Array,
        Uint8Array,
        number,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const secret = openOrNothing(() => sealer.open(place(row), { nonce, sealed }));
      if (secret === undefined) return undefined;
      const own = auxOwn(splitPrimes(secret));
      secret.fill(0);
      const parties = new Map(
        readPublics(publics).map(({ signerId, values }) => [Buffer.from(signerId).toString('hex'), values]),
      );
      return { epoch: epoch.slice(), own, parties };
    },
    primeCount: () => db.all('select id from auxiliary_primes').length,
    primes(count) {
      const found: StoredPrime[] = [];
      for (const row of db.all(`select ${PRIME_COLUMNS}, mac from auxiliary_primes order by time, id`)) {
        if (found.length === count) break;
        if (!db.macHolds('auxiliary_primes', row.slice(0, -1), row.at(-1))) continue;
        const [id, , nonce, sealed] = row as [Uint8Array, number, Uint8Array, Uint8Array];
        const prime = openOrNothing(() => sealer.open(primePlace(id), { nonce, sealed }));
        if (prime !== undefined) found.push({ id, prime });
      }
      return found;
    },

    putPrime(prime, time) {
      const id = o.random(16);
      const { nonce, sealed } = sealer.seal(primePlace(id), prime);
      const cells: Row = [id, time, nonce, sealed];
      db.run(
        `insert into auxiliary_primes (${PRIME_COLUMNS}, mac) values (?, ?, ?, ?, ?)`,
        ...cells,
        db.mac('auxiliary_primes', cells),
      );
    },
    dropPrimes(ids) {
      for (const id of ids) db.run('delete from auxiliary_primes where id = ?', id);
    },
    dropAllPrimes: () => void db.run('delete from auxiliary_primes'),
    keep({ epoch, roster, parties, signatures, primes, time }) {
      const publics = writePublics(parties, signatures);
      const secret = joinPrimes(primes);
      const { nonce, sealed } = sealer.seal(place([epoch, roster, time, publics]), secret);
      secret.fill(0);
      const cells: Row = [epoch, roster, time, publics, nonce, sealed];
      db.run(
        `insert into auxiliary (${COLUMNS}, mac) values (?, ?, ?, ?, ?, ?, ?)`,
        ...cells,
        db.mac('auxiliary', cells),
      );
      const old = db.all('select epoch from auxiliary order by time desc, epoch').slice(KEPT_MAX);
      for (const [name] of old) db.run('delete from auxiliary where epoch = ?', name as Uint8Array);
    },
  };
}

function writePublics(parties: NewAuxiliary['parties'], signatures: readonly Uint8Array[]): Uint8Array {
  return enc(
    'holdfast/auxiliary-publics/v1',
    item.list(
      parties.map(({ signerId, values: { N, ringPedersen } }) =>
        item.list([item.bytes(signerId), item.uint(N), ringPedersenItem(ringPedersen)]),
      ),
    ),
    item.list(signatures.map((signature) => item.bytes(signature))),
  );
}

function readPublics(bytes: Uint8Array): NewAuxiliary['parties'] {
  const [parties] = decode('holdfast/auxiliary-publics/v1', bytes, [
    f.list(f.tuple(f.bytes(32), residueField, ringPedersenField), { max: SIGNERS_MAX }),
    f.list(f.bytes(64), { max: SIGNERS_MAX }),
  ]);
  return parties.map(([signerId, N, [NHat, s, t]]) => ({ signerId, values: { N, ringPedersen: { N: NHat, s, t } } }));
}

function joinPrimes({ p, q, pHat, qHat }: AuxPrimes): Uint8Array {
  const all = new Uint8Array(4 * primeBytes);
  for (const [at, prime] of [p, q, pHat, qHat].entries()) all.set(prime, at * primeBytes);
  return all;
}

function splitPrimes(all: Uint8Array): AuxPrimes {
  const at = (k: number): Uint8Array => all.subarray(k * primeBytes, (k + 1) * primeBytes);
  return { p: at(0), q: at(1), pHat: at(2), qHat: at(3) };
}

function openOrNothing(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof Refused) return undefined; // Damaged: as good as lost, and made anew.
    throw error;
  }
}

function same(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && Buffer.compare(a, b) === 0;
}
