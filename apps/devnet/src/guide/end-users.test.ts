/**
 * The guides for who builds on an installation, as they are printed: their blocks are programs, run one after the other on one
 * installation of real processes, with the public client. Beside them the FAQ's rules that they promise.
 */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DfnsApiClient, DfnsDelegatedApiClient } from '@dfns/sdk';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';
import { type AccountFile, Cluster } from '../harness/index.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

let cluster: Cluster;
let account: AccountFile;

before(async () => {
  cluster = await Cluster.start();
  account = cluster.createOrg('acme');
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

/** Every block of a guide that is a program, in order, as one module. A block that nobody runs is refused. */
function programOf(guide: string): string {
  const text = readFileSync(join(root, 'docs/guides', `${guide}.md`), 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)];
  for (const [, language] of blocks) equal(language, 'js', `${guide} has a block that is not run`);
  return blocks.map(([, , code]) => code).join('\n');
}

/** Runs it where the files of `org create` are, beside the packages that it imports. */
function run(guide: string): string {
  const folder = join(root, 'apps/devnet/dist/guide/programs');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${guide}.mjs`);
  writeFileSync(file, programOf(guide));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: cluster.dir, encoding: 'utf8' });
  cluster.output += stdout + stderr;
  equal(status, 0, `${guide}: ${stderr}`);
  return stdout;
}

test('service-accounts.md runs as it is printed, and shows what it promises', () => {
  const out = run('service-accounts');

  match(out, /^held by signers 1 2 3 4 5$/m);
  match(out, /^made 0x[0-9a-fA-F]{40}$/m);
  match(out, /^users: CustomerEmployee us-\S+ is not authorized to perform operation \(Auth:Users:Read\)$/m);
  match(out, /^token alone: user action signature is missing or invalid$/m);
  match(out, /^deactivated: Not Authorized\.$/m);
  match(out, /^wallets again: 1$/m);
});

test('end-user-wallets.md runs as it is printed, and shows what it promises', () => {
  const out = run('end-user-wallets');

  match(out, /^registered erin@users\.example$/m);
  match(out, /^again: credential is already registered$/m);
  match(out, /^wallet 0x[0-9a-fA-F]{40} custodial false$/m);
  match(out, /^later Delegated true$/m);
});

test('delegated-signing.md runs as it is printed, and shows what it promises', () => {
  const out = run('delegated-signing');

  match(out, /^wallets 2$/m);
  match(out, /^signed 66 66$/m);
  match(out, /^with our key: key is delegated to us-/m);
  match(out, /^with the token of the user: .*(does not match|credential)/m);
  match(out, /^replayed: challenge has already been used$/m);
});

const fileOf = <T>(name: string): T => JSON.parse(readFileSync(join(cluster.dir, name), 'utf8')) as T;
interface Office {
  readonly credentialId: string;
  readonly privateKey: string;
  readonly authToken: string;
}
interface Erin {
  readonly userId: string;
  readonly username: string;
  readonly walletId: string;
  readonly credId: string;
  readonly privateKey: string;
}
const optionsOf = () => ({ baseUrl: account.apiUrl, orgId: account.orgId });
const officeClient = (): DfnsApiClient => {
  const { credentialId: credId, privateKey, authToken } = fileOf<Office>('office.json');
  return new DfnsApiClient({ ...optionsOf(), authToken, signer: new AsymmetricKeySigner({ credId, privateKey }) });
};

test('FAQ: the token of a delegated login reads, and changes nothing by any call of the public client', async () => {
  const erin = fileOf<Erin>('erin.json');
  const { token } = await officeClient().auth.delegatedLogin({ body: { username: erin.username } });
  const { walletId } = erin;
  const forErin = new DfnsDelegatedApiClient({ ...optionsOf(), authToken: token });
  equal((await forErin.wallets.getWallet({ walletId })).custodial, false);
  const { keyId = '' } = { keyId: (await forErin.wallets.getWallet({ walletId })).signingKey.id };

  for (const [method, path, body] of [
    ['POST', `/wallets/${walletId}/signatures`, { kind: 'Message', message: '0x00' }],
    ['POST', `/wallets/${walletId}/transfers`, { kind: 'Native', to: `0x${'1'.repeat(40)}`, amount: '1' }],
    ['POST', `/keys/${keyId}/export`, { encryptionKey: 'AAAA', supportedSchemes: [] }],
    ['PUT', '/auth/credentials/deactivate', { credentialUuid: 'cr-00000-00000-0000000000000000' }],
    ['PUT', `/wallets/${walletId}`, { name: 'mine' }],
  ] as const) {
    const reply = await fetch(new URL(path, account.apiUrl), {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    equal(reply.status, 403, `${path}: ${await reply.text()}`);
  }
});

test('FAQ: an administrator with every permission cannot move what is an end user’s, by any of the ways there are', async () => {
  const { admin } = account;
  const signer = new AsymmetricKeySigner({ credId: admin.credentialId, privateKey: admin.privateKey });
  const dfns = new DfnsApiClient({ ...optionsOf(), authToken: admin.authToken, signer });
  const { walletId, userId } = fileOf<Erin>('erin.json');
  const keyId = (await dfns.wallets.getWallet({ walletId })).signingKey.id;
  const message = { kind: 'Message', message: '0x00' } as const;
  const exporting = {
    encryptionKey: 'AQJ5vmZ++dy7rFWgYpXOhwsHApv82y3OKNlZ8oFbFvgXmA==',
    supportedSchemes: [{ protocol: 'CGGMP21', curve: 'secp256k1' }],
  } as const;
  const isDelegated = { message: new RegExp(`key is delegated to ${userId}`) };

  await rejects(dfns.wallets.generateSignature({ walletId, body: message }), isDelegated);
  await rejects(dfns.keys.generateSignature({ keyId, body: { ...message, network: 'EthereumSepolia' } }), isDelegated);
  await rejects(dfns.keys.exportKey({ keyId, body: exporting as never }), isDelegated);
  await rejects(dfns.keys.deleteKey({ keyId }), isDelegated);
  await rejects(dfns.keys.delegateKey({ keyId, body: { delegateTo: admin.userId } }), isDelegated);
  await rejects(dfns.wallets.delegateWallet({ walletId, body: { userId: admin.userId } }), isDelegated);
  await rejects(dfns.wallets.createWallet({ body: { network: 'Polygon', signingKey: { id: keyId } } }), isDelegated);
  equal((await dfns.wallets.getWallet({ walletId })).status, 'Active');
});

test('applications are read by the public client, the delegated one too', async () => {
  const { admin } = account;
  const signer = new AsymmetricKeySigner({ credId: admin.credentialId, privateKey: admin.privateKey });
  const dfns = new DfnsApiClient({ ...optionsOf(), authToken: admin.authToken, signer });
  const { items } = await dfns.auth.listApplications();

  deepEqual(
    items.map(({ appId }) => appId),
    [account.appId],
  );
  const delegated = new DfnsDelegatedApiClient({ ...optionsOf(), authToken: admin.authToken });
  deepEqual(await delegated.auth.getApplication({ appId: account.appId }), items[0]);
});

test('recovery.md runs as it is printed, and shows what it promises', () => {
  const out = run('recovery');

  match(out, /^by another key: (signature is not valid|.*not valid.*)$/m);
  match(out, /^recovered erin@users\.example$/m);
  match(out, /^old device: .*(does not match|credential)/m);
  match(out, /^new device: Signed$/m);
});

test('nothing that was printed holds a private key or a token', () => {
  const { privateKey } = fileOf<Erin>('erin.json');
  for (const secret of [privateKey.split('\n')[1] ?? '', fileOf<Office>('office.json').authToken])
    ok(secret !== '' && !cluster.output.includes(secret));
});
