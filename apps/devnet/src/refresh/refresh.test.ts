/**
 * New shares for every key of a running cluster, as an operator orders them: keys sign meanwhile, a signer killed in the
 * middle delays it and loses nothing, and afterwards no file of any signer holds an old share.
 */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Caller, good } from '../faults/caller.ts';
import { askSignature, createWallet, type KindName, verifySignature, type Wallet } from '../faults/wallets.ts';
import { type AccountFile, Cluster, until } from '../harness/index.ts';

let cluster: Cluster;
let account: AccountFile;
let caller: Caller;
const wallets: Wallet[] = [];

interface Round {
  readonly state: string;
  readonly keys: number;
  readonly refreshed: number;
  readonly failed: number;
  readonly reasons: readonly string[];
}

before(async () => {
  cluster = await Cluster.start();
  account = cluster.createOrg('Acme');
  caller = new Caller(account);
  const kinds: readonly KindName[] = ['ed25519', 'ecdsa', 'bip340', 'ed25519'];
  for (const kind of kinds) wallets.push(await createWallet(caller, kind));
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

const operatorToken = (): string => readFileSync(join(cluster.dir, 'data/operator.token'), 'utf8').trim();
async function round(method: 'GET' | 'POST' | 'DELETE' = 'GET'): Promise<Round> {
  const reply = await fetch(`${cluster.apiUrl}/holdfast/cluster/refresh`, {
    method,
    headers: { authorization: `Bearer ${operatorToken()}` },
  });
  return (await reply.json()) as Round;
}
const isDone = async (): Promise<boolean> => (await round()).state === 'Done';
async function epochsOf(): Promise<string[]> {
  return Promise.all(
    wallets.map(async ({ keyId }) => (good(await caller.read(`/keys/${keyId}`)).body as { epoch: string }).epoch),
  );
}
const sign = async (wallet: Wallet): Promise<void> => verifySignature(wallet, await askSignature(caller, wallet));
const filesOf = (n: number): Buffer =>
  Buffer.concat(
    ['store.sqlite', 'store.sqlite-wal']
      .map((name) => join(cluster.dir, 'data', `signer-${n}`, name))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file)),
  );
const everyFolder = [1, 2, 3, 4, 5];
/** The raw name of a sharing stands in the record of its share; the journal has names as hexadecimal text. */
const holds = (n: number, epoch: string): boolean => filesOf(n).includes(Buffer.from(epoch, 'hex'));

test('an operator orders new shares: every key gets a new epoch while it signs, and the old shares leave every file', async () => {
  const before = await epochsOf();
  for (const n of everyFolder) for (const epoch of before) ok(holds(n, epoch), `signer ${n} begins with ${epoch}`);

  const ordered = cluster.cli('cluster', 'refresh');
  equal(ordered.status, 0, ordered.stderr);
  match(ordered.stdout, /of 4 keys have new shares/);
  while (!(await isDone())) for (const wallet of wallets) await sign(wallet);

  const { keys, refreshed, failed } = await round();
  deepEqual([keys, refreshed, failed], [4, 4, 0]);
  const after = await epochsOf();
  for (const [k, epoch] of after.entries()) notEqual(epoch, before[k]);
  for (const wallet of wallets) await sign(wallet);
  await until(
    'no file holds an old share',
    async () => everyFolder.every((n) => before.every((epoch) => !holds(n, epoch))),
    10_000,
  );
  for (const n of everyFolder) for (const epoch of after) ok(holds(n, epoch));
  match(cluster.cli('cluster', 'refresh', '--status').stdout, /^done .*\n4 of 4 keys have new shares/);
});

test('a signer killed -9 in the middle: FROST keys sign on, the round waits and says for whom, and ends when it is back', async () => {
  await round('POST');
  await cluster.kill('signer-2');
  await until('the round waits', async () => ['Waiting', 'Done'].includes((await round()).state), 30_000);

  const { state, reasons } = await round();
  if (state === 'Waiting') match(reasons[0] ?? '', /4 of 5 signers available, 5 needed/);
  for (const wallet of wallets) if (wallet.kind !== 'ecdsa') await sign(wallet);
  const refused = cluster.cli('cluster', 'refresh');
  equal(refused.status, 1);
  match(refused.stderr, /4 of 5 signers available, 5 needed/);

  cluster.startSigner(2);
  await cluster.untilOnline(5);
  await until('the round is done', isDone, 120_000);
  equal((await round()).refreshed, 4);
  const epochs = await epochsOf();
  await until(
    'all five hold the same sharings',
    async () => everyFolder.every((n) => epochs.every((epoch) => holds(n, epoch))),
    90_000,
  );
  for (const wallet of wallets) await sign(wallet);
});

test('without the operator token nothing is ordered, and an argument that is none is refused', async () => {
  const { status } = await fetch(`${cluster.apiUrl}/holdfast/cluster/refresh`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.admin.authToken}` },
  });
  equal(status, 401);
  equal(cluster.cli('cluster', 'refresh', '--now').status, 64);
});
