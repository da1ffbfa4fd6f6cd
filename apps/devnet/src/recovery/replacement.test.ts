/**
 * One real signer is lost for good. Four operators accept another in its place, every key is dealt anew, users follow:
 * the same addresses, signatures with the newcomer, and an audit in which five prove every share.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'libsql';
import { type AccountFile, Cluster, sdk, until } from '../harness/index.ts';

let cluster: Cluster;
let account: AccountFile;
before(async () => {
  cluster = await Cluster.start();
  account = cluster.createOrg('Acme');
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});
const run = (...args: string[]): string => {
  const { status, stdout, stderr } = cluster.cli(...args);
  equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
};

test('a lost signer is replaced from the command line, and no address changes', async () => {
  const client = sdk(account);
  const wallets = [
    await client.wallets.createWallet({ body: { network: 'EthereumSepolia' } }),
    await client.wallets.createWallet({ body: { network: 'Solana' } }),
  ];
  const lost = 2;
  const file = (name: string): string => join(cluster.dir, name);
  const acme = file('Acme.json');
  await cluster.stop();
  renameSync(file(`data/signer-${lost}`), file('lost'));

  run('signer', 'replacement', String(lost), '--card', file('card'), '--allow-import', '--allow-export');
  const proposed = run('signer', 'succession', file('step.json'), '--replace', String(lost), '--card', file('card'));
  const fingerprint = /fingerprint {3}([\w-]{43})/.exec(proposed)?.[1] ?? '';
  match(cluster.cli('signer', 'adopt-roster', file('step.json')).stderr, /0 of the signers that stay.*E_SUCCESSION/);
  run('signer', 'accept-roster', file('step.json'), fingerprint);
  run('signer', 'adopt-roster', file('step.json'));
  const [orgId = ''] = readdirSync(file('data/signer-1/pins'));
  run('signer', 'trust', orgId, readFileSync(file(`data/signer-1/pins/${orgId}`), 'utf8').trim());
  await cluster.run();

  equal(cluster.cli('audit', 'shares').status, 7);
  // The newcomer is brought up to the organisation's log as soon as it is connected.
  await until('the keys are dealt anew', async () => cluster.cli('cluster', 'repair').status === 0, 60_000);
  match(run('audit', 'shares'), /2 keys: 10 shares proved, 0 bad, 0 not heard of/);

  // A disk that lost a few bytes: named by the audit, mended from the same command.
  await cluster.kill('signer-4');
  const db = new Database(file('data/signer-4/store.sqlite'));
  const damaged = db
    .prepare("update vault set sealed = zeroblob(length(sealed)) where status = 'active'")
    .run([]).changes;
  db.close();
  equal(damaged, 2);
  cluster.startSigner(4);
  await cluster.untilOnline(5);
  match(cluster.cli('audit', 'shares').stdout, /signer 4 {2}damaged: E_KEY_QUARANTINED[\s\S]*8 shares proved, 2 bad/);
  match(run('cluster', 'repair'), /2 of 2 keys needed it; 0 failed/);
  match(run('audit', 'shares'), /2 keys: 10 shares proved, 0 bad, 0 not heard of/);
  match(run('cluster', 'repair'), /0 of 2 keys needed it; 0 failed/);

  match(run('org', 'follow', '--as', acme), /members of epoch 1/);
  for (const wallet of wallets) {
    const shown = await client.wallets.getWallet({ walletId: wallet.id });
    equal(shown.address, wallet.address);
  }
  for (const n of [1, 3]) await cluster.kill(`signer-${n}`);
  await cluster.untilOnline(3);
  const { status } = await client.wallets.generateSignature({
    walletId: wallets[1]?.id ?? '',
    body: { kind: 'Message', message: '0x616263' },
  });
  equal(status, 'Signed');

  // The one that was lost comes back: its folder starts no signer of this cluster any more.
  renameSync(file(`data/signer-${lost}`), file('newcomer'));
  renameSync(file('lost'), file(`data/signer-${lost}`));
  const back = cluster.cli('signer', 'start', String(lost));
  ok(back.status !== 0);
  match(back.stderr, /does not contain this signer/);
  deepEqual(readdirSync(file('newcomer')).includes('store.sqlite'), true);
});
