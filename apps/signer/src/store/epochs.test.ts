/** Several sharings of one key in one store: which may be used, which is the newest, and what may be erased. */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Curve, curve as curveOf, type Scalar } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { epochOf } from '@holdfast/mpc/dkg';
import type { KeyShare } from '@holdfast/mpc/runtime';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import { openStore, type Store, type StoreOptions } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'store epochs 1';
console.log(`seed: ${seed}`);
const random = seededRandom(seed);
const draw = (n: number): Uint8Array => random.bytes(n);
const root = mkdtempSync(join(tmpdir(), 'holdfast-epochs-'));
after(() => rmSync(root, { recursive: true, force: true }));

let files = 0;
const options = (): StoreOptions => ({
  file: join(root, `${++files}.sqlite`),
  signerId: new Uint8Array(32).fill(9),
  sealKey: new Uint8Array(32).fill(1),
  macKey: new Uint8Array(32).fill(2),
  now: () => 1_700_000_000_000,
  random: draw,
  point: () => {},
});
const curve: Curve = curveOf('ed25519');
const points = [1, 2, 3, 4, 5].map((k) => ({ signerId: new Uint8Array(32).fill(k), index: k }));
const keyId = 'key-1';

/** Another sharing of the same secret, as a refresh would make it. */
function sharing(secret: Scalar): { share: KeyShare; publicShares: Uint8Array[] } {
  const { shares, publicShares, publicKey } = split(curve, { secret, t: 3, n: 5 }, draw);
  const [x] = shares as [Scalar];
  const epoch = epochOf(curve, publicShares);
  const share: KeyShare = {
    protocol: 'FROST',
    curve: 'ed25519',
    index: 1,
    t: 3,
    n: 5,
    x,
    publicShares,
    publicKey,
    epoch,
  };
  return { share, publicShares: curve.encodePoints(publicShares) };
}

interface Held {
  readonly store: Store;
  readonly o: StoreOptions;
  readonly secret: Scalar;
  readonly first: Uint8Array;
  /** A successor of `base`; answers its name. */
  add(base: Uint8Array, time?: number): Uint8Array;
  certify(epoch: Uint8Array): void;
  erase(epoch: Uint8Array): Uint8Array[];
}

function keyHeld({ active = true } = {}): Held {
  const o = options();
  const store = openStore(o);
  const secret = curve.scalar.random(draw);
  const { share, publicShares } = sharing(secret);
  store.transaction('test', () => {
    store.keys.putPending({
      key: {
        keyId,
        org: 'or-1',
        protocol: 'FROST',
        curve: 'ed25519',
        scheme: 'EdDSA',
        purpose: 'sign',
        origin: new Uint8Array(32),
        imported: false,
      },
      share,
      publicKey: curve.encodePoint(share.publicKey),
      publicShares,
      points,
    });
    if (active) store.keys.activate(keyId, share.epoch);
  });
  return {
    store,
    o,
    secret,
    first: share.epoch,
    add(base, time = 1) {
      const next = sharing(secret);
      store.transaction('test', () => store.keys.putSuccessor({ keyId, base, ...next, points, time }));
      return next.share.epoch;
    },
    certify: (epoch) => store.transaction('test', () => store.keys.certify(keyId, epoch)),
    erase: (epoch) => store.transaction('test', () => store.keys.eraseOlder(keyId, epoch)),
  };
}

const held = (store: Store) =>
  store.keys
    .epochsOf(keyId)
    .map(({ epoch, generation, certified }) => [Buffer.from(epoch).toString('hex'), generation, certified]);
const hex = (epoch: Uint8Array): string => Buffer.from(epoch).toString('hex');
const refuses = (code: string, step: () => unknown): void =>
  throws(step, (error: unknown) => error instanceof Error && 'code' in error && error.code === code, code);

test('a successor waits beside the sharing in use, is used once certified, and outlives a restart', () => {
  const { store, o, first, add, certify } = keyHeld();
  const next = add(first);
  deepEqual(held(store), [
    [hex(first), 0, true],
    [hex(next), 1, false],
  ]);
  deepEqual(store.keys.key(keyId)?.activeEpoch, first);
  deepEqual(store.keys.changing('', 10), [keyId]);

  certify(next);
  store.close();
  const again = openStore(o);

  deepEqual(held(again), [
    [hex(first), 0, true],
    [hex(next), 1, true],
  ]);
  deepEqual(again.keys.key(keyId)?.activeEpoch, next);
  deepEqual(again.audit(), []);
  deepEqual(again.keys.record(keyId, next)?.lineage, { base: first, generation: 1, time: 1 });
  again.close();
});

test('confirmed, a sharing takes the place of everything older and of what waits beside it, and of nothing promised', () => {
  const { store, first, add, certify, erase } = keyHeld();
  const [a, b, waiting] = [add(first, 1), add(first, 2), add(first, 3)] as [Uint8Array, Uint8Array, Uint8Array];
  certify(a);
  certify(b);
  // The first that was certified stays in use: the other is no newer.
  deepEqual(store.keys.key(keyId)?.activeEpoch, a);
  const next = add(a, 4);

  deepEqual(new Set(erase(b).map(hex)), new Set([hex(first), hex(waiting)]));

  deepEqual(held(store), [
    [hex(a), 1, true],
    [hex(b), 1, true],
    [hex(next), 2, false],
  ]);
  deepEqual(store.keys.key(keyId)?.activeEpoch, a);
  certify(next);
  deepEqual(new Set(erase(next).map(hex)), new Set([hex(a), hex(b)]));
  deepEqual(held(store), [[hex(next), 2, true]]);
  deepEqual(store.keys.changing('', 10), []);
  deepEqual(erase(next), []);
  store.close();
});

test('nothing is erased for a sharing that is not certified here, or not held', () => {
  const { store, first, add, erase } = keyHeld();
  const next = add(first);

  refuses('E_NO_SHARE', () => erase(next));
  refuses('E_NO_SHARE', () => erase(new Uint8Array(32)));
  equal(held(store).length, 2);
  store.close();
});

test('a successor has a base that is held here, and only what is held is certified', () => {
  const { store, secret, first, add, certify } = keyHeld();

  refuses('E_NO_SHARE', () => add(new Uint8Array(32)));
  refuses('E_NO_SHARE', () => certify(new Uint8Array(32)));
  refuses('E_NO_SHARE', () => store.transaction('test', () => store.keys.certify('key-2', first)));
  refuses('E_NO_SHARE', () =>
    store.transaction('test', () =>
      store.keys.putSuccessor({ keyId: 'key-2', base: first, ...sharing(secret), points, time: 1 }),
    ),
  );
  deepEqual(held(store), [[hex(first), 0, true]]);
  store.close();
});

test('a key that waits for its own certificate gets no successor, and no certificate of one', () => {
  const { store, first, add, certify } = keyHeld({ active: false });

  refuses('E_NO_SHARE', () => add(first));
  refuses('E_NO_SHARE', () => certify(first));
  deepEqual(held(store), [[hex(first), 0, false]]);
  deepEqual(store.keys.changing('', 10), []);
  store.close();
});

test('an exported mark seals every sharing of the key anew, and a lineage edited in the file opens nothing', () => {
  const { store, o, first, add } = keyHeld();
  const next = add(first);
  store.transaction('test', () => store.keys.mark(keyId, 'exported'));
  for (const epoch of [first, next]) {
    const { share, record } = store.keys.open(keyId, epoch);
    equal(record.exported, true);
    share.x.fill(0);
  }
  deepEqual(store.keys.record(keyId, next)?.lineage?.generation, 1);
  store.close();

  const db = new Database(o.file);
  db.exec(
    `update vault set record = cast(replace(cast(record as text), ',1,1]', ',0,1]') as blob) where status = 'pending'`,
  );
  db.close();
  const again = openStore(o);
  refuses('E_KEY_QUARANTINED', () => again.keys.epochsOf(keyId));
  again.close();
});

test('a backup carries every sharing with its lineage', () => {
  const { store, first, add, certify } = keyHeld();
  const next = add(first);
  certify(next);
  const contents = store.contents();
  const other = openStore(options());

  other.restore(contents, { others: 3, backup: 'b' });

  deepEqual(held(other), held(store));
  deepEqual(other.keys.key(keyId)?.activeEpoch, next);
  deepEqual(other.keys.record(keyId, next)?.lineage?.base, first);
  for (const { x } of contents.shares) x.fill(0);
  other.close();
  store.close();
});
