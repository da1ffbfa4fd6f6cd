/** What a signer keeps of auxiliary set-ups: sealed, bound to their place, and lost rather than wrong. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toBytes } from '@holdfast/crypto/bigmod';
import { type AuxPrimes, primeBytes } from '@holdfast/mpc/aux-setup';
import { testAux } from '@holdfast/mpc/cggmp24/test';
import Database from 'libsql';
import { type NewAuxiliary, openStore, type Store } from './index.ts';

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const roster = bytes32(7);

interface Opened {
  readonly file: string;
  open(o?: { signerId?: Uint8Array; sealKey?: Uint8Array }): Store;
  /** Alters the file while nobody has it open. */
  edit(sql: string): void;
}

function folder(t: { after(end: () => void): void }): Opened {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-auxiliary-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'store.sqlite');
  return {
    file,
    open: ({ signerId = bytes32(1), sealKey = bytes32(2) } = {}) =>
      openStore({
        file,
        signerId,
        sealKey,
        macKey: bytes32(3),
        now: () => 1,
        random: (n) => new Uint8Array(randomBytes(n)),
        point: () => {},
      }),
    edit(sql) {
      const db = new Database(file);
      db.exec(sql);
      db.close();
    },
  };
}

function primesOf(index: number): AuxPrimes {
  const { p, q, pHat, qHat } = testAux(index).own;
  const bytes = (v: bigint): Uint8Array => toBytes(v, primeBytes);
  return { p: bytes(p), q: bytes(q), pHat: bytes(pHat), qHat: bytes(qHat) };
}

const set = (fill: number, more: Partial<NewAuxiliary> = {}): NewAuxiliary => ({
  epoch: bytes32(fill),
  roster,
  parties: [1, 2].map((index) => ({ signerId: bytes32(0x40 + index), values: testAux(index).public })),
  signatures: [new Uint8Array(64).fill(5)],
  primes: primesOf(1),
  time: fill,
  ...more,
});
const keep = (store: Store, one: NewAuxiliary): void => store.transaction('t', () => store.auxiliary.keep(one));

test('a set-up comes back as it went in, after the store was closed', (t) => {
  const place = folder(t);
  const first = place.open();
  equal(first.auxiliary.epoch(roster), undefined);
  keep(first, set(9));
  first.close();

  const store = place.open();
  const info = store.auxiliary.open(bytes32(9));

  deepEqual(store.auxiliary.epoch(roster), bytes32(9));
  deepEqual(info?.own, testAux(1).own);
  deepEqual(info?.epoch, bytes32(9));
  deepEqual(
    info?.parties,
    new Map([
      ['41'.repeat(32), testAux(1).public],
      ['42'.repeat(32), testAux(2).public],
    ]),
  );
  store.close();
});

test('the newest of a roster is in use, one more is kept, older ones are erased', (t) => {
  const store = folder(t).open();
  for (const fill of [1, 2, 3]) keep(store, set(fill));

  deepEqual(store.auxiliary.epoch(roster), bytes32(3));
  equal(store.auxiliary.open(bytes32(1)), undefined);
  ok(store.auxiliary.open(bytes32(2)) !== undefined);
  equal(store.auxiliary.epoch(bytes32(8)), undefined, 'none of another roster');
  store.close();
});

test('a set-up of which anything was altered in the file counts as lost', (t) => {
  for (const edit of [
    'time = time + 1',
    `epoch = x'${'0b'.repeat(32)}'`,
    `roster = x'${'08'.repeat(32)}'`,
    'publics = zeroblob(length(publics))',
    'sealed = zeroblob(length(sealed))',
    'nonce = zeroblob(12)',
    'mac = zeroblob(32)',
  ]) {
    const place = folder(t);
    const first = place.open();
    keep(first, set(9));
    first.close();
    place.edit(`update auxiliary set ${edit}`);

    const store = place.open();
    for (const fill of [9, 11]) equal(store.auxiliary.open(bytes32(fill)), undefined, edit);
    equal(store.auxiliary.epoch(roster), undefined, edit);
    store.close();
  }
});

test('a set-up sealed under another key opens nothing, though its checksum holds', (t) => {
  const place = folder(t);
  const first = place.open();
  keep(first, set(9));
  first.transaction('t', () => first.auxiliary.putPrime(primesOf(1).p, 1));
  first.close();

  const store = place.open({ sealKey: bytes32(4) });
  equal(store.auxiliary.open(bytes32(9)), undefined);
  deepEqual(store.auxiliary.primes(4), []);
  store.close();
});

test('primes come back oldest first, and are gone once they are dropped', (t) => {
  const store = folder(t).open();
  const { p, q, pHat } = primesOf(1);
  store.transaction('t', () => {
    store.auxiliary.putPrime(q, 2);
    store.auxiliary.putPrime(p, 1);
    store.auxiliary.putPrime(pHat, 3);
  });

  const two = store.auxiliary.primes(2);
  deepEqual(
    two.map(({ prime }) => prime),
    [p, q],
  );
  store.transaction('t', () => store.auxiliary.dropPrimes(two.map(({ id }) => id)));
  deepEqual(
    store.auxiliary.primes(4).map(({ prime }) => prime),
    [pHat],
  );
  equal(store.auxiliary.primeCount(), 1);
  store.transaction('t', () => store.auxiliary.dropAllPrimes());
  equal(store.auxiliary.primeCount(), 0);
  store.close();
});

test('a prime that was altered in the file is passed over', (t) => {
  for (const edit of ['time = 0', 'sealed = zeroblob(length(sealed))', 'nonce = zeroblob(12)', 'mac = zeroblob(32)']) {
    const place = folder(t);
    const first = place.open();
    first.transaction('t', () => first.auxiliary.putPrime(primesOf(1).p, 1));
    first.close();
    place.edit(`update auxiliary_primes set ${edit}`);

    const store = place.open();
    deepEqual(store.auxiliary.primes(1), [], edit);
    store.close();
  }
});
