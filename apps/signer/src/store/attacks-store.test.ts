/** Refusals of the store that only a fault, here or on the disk, can meet: each says no, and changes nothing. */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { epochOf } from '@holdfast/mpc/dkg';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import { createVault } from '../vault/index.ts';
import { type NewShare, openStore, type Store, type StoreOptions } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'store attacks 1';
console.log(`seed: ${seed}`);
const random = seededRandom(seed);
const root = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
after(() => rmSync(root, { recursive: true, force: true }));

let files = 0;
const options = (): StoreOptions => ({
  file: join(root, `${++files}.sqlite`),
  signerId: new Uint8Array(32).fill(9),
  sealKey: new Uint8Array(32).fill(1),
  macKey: new Uint8Array(32).fill(2),
  now: () => 1_700_000_000_000,
  random: (n) => random.bytes(n),
  point: () => {},
});

function newShare(keyId: string, org = 'or-1'): NewShare {
  const curve = curveOf('ed25519');
  const draw = (n: number): Uint8Array => random.bytes(n);
  const { shares, publicShares, publicKey } = split(curve, { secret: curve.scalar.random(draw), t: 3, n: 5 }, draw);
  const [x] = shares;
  if (x === undefined) throw new Error('five shares');
  const epoch = epochOf(curve, publicShares);
  const of = { protocol: 'FROST', curve: 'ed25519' } as const;
  return {
    key: { keyId, org, ...of, scheme: 'EdDSA', purpose: 'sign', origin: new Uint8Array(32), imported: false },
    share: { ...of, index: 1, t: 3, n: 5, x, publicShares, publicKey, epoch },
    publicKey: curve.encodePoint(publicKey),
    publicShares: curve.encodePoints(publicShares),
    points: [1, 2, 3, 4, 5].map((k) => ({ signerId: new Uint8Array(32).fill(k), index: k })),
    wallet: { walletId: `wa-${keyId}`, network: 'Solana' },
  };
}
const keep = (store: Store, n: NewShare): void =>
  store.transaction('test', () => {
    store.keys.putPending(n);
    store.keys.activate(n.key.keyId, n.share.epoch);
    store.journal.append('key.active', { keyId: n.key.keyId });
  });
const meddle = (file: string, sql: string): void => {
  const db = new Database(file);
  db.exec(sql);
  db.close();
};
const refuses = (code: string, step: () => unknown): void =>
  throws(step, (error: unknown) => error instanceof Error && 'code' in error && error.code === code, code);

test('what was never there is not opened, activated, marked or given another state', () => {
  const store = openStore(options());
  const { epoch } = newShare('key-9').share;
  const inside = (step: () => unknown) => () => store.transaction('test', () => void step());

  refuses('E_NO_SHARE', () => store.keys.open('key-9', epoch));
  refuses(
    'E_NO_SHARE',
    inside(() => store.keys.activate('key-9', epoch)),
  );
  refuses(
    'E_NO_SHARE',
    inside(() => store.keys.mark('key-9', 'exported')),
  );
  refuses(
    'E_NO_WALLET',
    inside(() => store.keys.setWalletStatus('wa-9', 'Archived')),
  );
  deepEqual(store.keys.keyIds(), []);
  store.close();
});

test('a key takes no second sharing, not even of its own organisation, and a wallet no second record', () => {
  const store = openStore(options());
  const n = newShare('key-1');
  keep(store, n);
  store.transaction('test', () => store.keys.putPending(newShare('key-2')));
  const inside = (step: () => unknown) => () => store.transaction('test', () => void step());
  const wallet = { walletId: 'wa-key-1', org: 'or-2', keyId: 'key-1', network: 'Solana', origin: new Uint8Array(32) };

  refuses(
    'E_KEY_EXISTS',
    inside(() => store.keys.putPending(newShare('key-1'))),
  );
  refuses(
    'E_KEY_EXISTS',
    inside(() => store.keys.putPending(newShare('key-2', 'or-2'))),
  );
  refuses(
    'E_WALLET_EXISTS',
    inside(() => store.keys.putWallet({ ...wallet, status: 'Active' })),
  );
  deepEqual(store.keys.key('key-1')?.activeEpoch, n.share.epoch);
  equal(store.keys.wallet('wa-key-1')?.org, 'or-1');
  store.close();
});

test('a wallet that was edited in the file is set aside', () => {
  const o = options();
  const store = openStore(o);
  keep(store, newShare('key-1'));
  store.close();
  meddle(o.file, "update wallets set network = 'Ethereum'");

  const again = openStore(o);
  refuses('E_KEY_QUARANTINED', () => again.keys.wallet('wa-key-1'));
  again.close();
});

test('a key whose row was edited signs nothing, and neither does a share whose row was', () => {
  for (const table of ['keys', 'vault']) {
    const o = options();
    const store = openStore(o);
    const n = newShare('key-1');
    keep(store, n);
    store.close();
    meddle(o.file, `update ${table} set mac = x'00'`);

    const again = openStore(o);
    refuses('E_KEY_QUARANTINED', () => again.keys.open('key-1', n.share.epoch));
    again.close();
  }
});

test('a store that lost the name of its signer is not taken for a new one', () => {
  const o = options();
  const store = openStore(o);
  keep(store, newShare('key-1'));
  store.close();
  meddle(o.file, "delete from meta where k = 'signerId'");

  refuses('E_STORE_DAMAGED', () => openStore(o));
});

test('a ciphertext is used by one assertion, also where two were checked before either was used', () => {
  const store = openStore(options());
  const [point, mine, theirs] = [random.bytes(33), random.bytes(32), random.bytes(32)];
  for (const nullifier of [mine, theirs]) store.used.checkCiphertext(point, nullifier);
  const use = (nullifier: Uint8Array) => () =>
    store.transaction('test', () => store.used.useCiphertext(point, nullifier, 0));

  use(mine)();
  use(mine)();
  refuses('E_IMP_CIPHERTEXT_USED', use(theirs));
  store.close();
});

test('a sealed share that was cut or altered opens nothing, also after it was opened once', () => {
  const o = options();
  const store = openStore(o);
  const n = newShare('key-1');
  keep(store, n);
  const record = store.keys.record('key-1', n.share.epoch);
  store.close();
  if (record === undefined) throw new Error('the record is there');
  const vault = createVault({ sealKey: new Uint8Array(32).fill(1), random: o.random });
  const sealed = vault.seal(record, n.share);
  vault.open(record, sealed);
  const flipped = Uint8Array.from(sealed.sealed, (byte, at) => (at === 3 ? byte ^ 1 : byte));

  for (const wrong of [
    { ...sealed, sealed: flipped },
    { ...sealed, sealed: sealed.sealed.subarray(0, 40) },
    { ...sealed, sealed: new Uint8Array(0) },
    { ...sealed, nonce: new Uint8Array(0) },
  ])
    refuses('E_VAULT_DAMAGED', () => vault.open(record, wrong));
});
