/**
 * `node fill-vault.js DATA SIGNER KEY COUNT`: the store of a stopped signer as it is after COUNT more keys were made, but
 * for what runs and assertions leave, which no start reads. Each is the given key under another name: the store is taken
 * out as for a backup, and put back with the records many times over, every share sealed in its own name. The journal has
 * the three rows that each key leaves.
 */
import { createHash, randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@holdfast/contract/wire';
import { type Cell, openStore, type Row, type Store, type StoreContents } from '@holdfast/signer/store';

interface OpenedFolder {
  readonly storeFile: string;
  readonly signerId: Uint8Array;
  readonly keys: { readonly sealKey: Uint8Array; readonly macKey: Uint8Array };
}

async function readFolder(data: string, signer: string): Promise<OpenedFolder> {
  // The signer's own way into its folder, which no room may import.
  const config = (await import(new URL('../../apps/signer/dist/config.js', import.meta.url).href)) as {
    readConfig(env: Readonly<Record<string, string>>): unknown;
    openFolder(config: unknown): OpenedFolder;
  };
  return config.openFolder(
    config.readConfig({
      HOLDFAST_SIGNER_DIR: join(data, `signer-${signer}`),
      HOLDFAST_ROSTER: join(data, 'roster.json'),
    }),
  );
}

function openOwnStore({ storeFile, signerId, keys }: OpenedFolder): Store {
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
  return openStore({ file: storeFile, signerId, ...keys, now: Date.now, random, point: () => {} });
}

const nameOf = (like: Cell | undefined, k: number): string => {
  const name = String(like);
  return name.slice(0, -16) + createHash('sha256').update(`${name} ${k}`).digest('hex').slice(0, 16);
};

/** The contents and, `count` times, what of them belongs to the key. */
function multiplied(contents: StoreContents, o: { readonly keyId: string; readonly count: number }): StoreContents {
  const again = <T>(list: readonly T[], copy: (one: T, k: number) => T, isOfKey: (one: T) => boolean): T[] => [
    ...list,
    ...list.filter(isOfKey).flatMap((one) => Array.from({ length: o.count }, (_, k) => copy(one, k))),
  ];
  const renamed: Readonly<Record<string, (row: Row, k: number) => Row>> = {
    keys: ([keyId, ...rest], k) => [nameOf(keyId, k), ...rest],
    wallets: ([walletId, org, keyId, ...rest], k) => [nameOf(walletId, k), org ?? null, nameOf(keyId, k), ...rest],
  };
  const tables = contents.tables.map((table) => {
    const copy = renamed[table.name];
    if (copy === undefined) return table;
    return { ...table, rows: again(table.rows, copy, (row) => row.slice(0, 3).includes(o.keyId)) };
  });
  const shares = again(
    contents.shares,
    (share, k) => ({ ...share, keyId: nameOf(share.keyId, k) }),
    ({ keyId }) => keyId === o.keyId,
  );
  return { ...contents, tables, shares };
}

const [data = '', signer = '', keyId = '', count = '0'] = process.argv.slice(2);
const folder = await readFolder(data, signer);
const before = openOwnStore(folder);
const contents = before.contents();
before.close();
renameSync(folder.storeFile, `${folder.storeFile}.before`);
const store = openOwnStore(folder);
store.restore(multiplied(contents, { keyId, count: Number(count) }), { others: 3, backup: '' });
const bytes32 = toHex(new Uint8Array(randomBytes(32)));
store.transaction('fill', () => {
  // It missed nothing: nobody has to tell it anything.
  store.restored.clear();
  for (let k = 0; k < Number(count); k += 1) {
    const id = nameOf(keyId, k);
    const started = {
      org: store.keys.key(keyId)?.org ?? '',
      keyId: id,
      nullifier: bytes32,
      attempt: 1,
      execId: bytes32,
    };
    store.journal.append('dkg.started', started);
    store.journal.append('key.pending', { keyId: id, epoch: bytes32, publicKey: bytes32 });
    store.journal.append('key.active', { keyId: id, epoch: bytes32 });
  }
});
store.close();
