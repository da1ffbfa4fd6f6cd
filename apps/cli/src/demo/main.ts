/**
 * `npm run demo`: import → sign → export of a real key, narrated. Runs against a running `npm start`, or starts one of
 * its own on a temporary folder. Twice: with the verifying client, then with the unmodified public SDK throughout.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyRaw } from '@holdfast/chains/schemes';
import { HoldfastApi } from '@holdfast/client/api';
import { checkSigners, type ListedSigners } from '@holdfast/client/cluster';
import { type ExportReply, newWalletExportContext } from '@holdfast/client/key-export';
import { splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import { type AccountFile, apiAs } from '../account-file.ts';
import { readSettings } from '../config.ts';
import { sdkRoundTrip } from './sdk.ts';

const cliEntry = fileURLToPath(new URL('../main.js', import.meta.url));
const startEntry = fileURLToPath(new URL('../start/main.js', import.meta.url));

/** Chain m of BIP-32's test vector 1: published, so nobody may ever use it for money. */
const publishedKey = 'e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35';

interface Wallet {
  readonly id: string;
  readonly address?: string;
  readonly signingKey: { readonly publicKey: string };
}
interface Signature {
  readonly status: string;
  readonly signature: { readonly r: string; readonly s: string; readonly recid: number };
}

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
let started: ChildProcess | undefined;
let failed = false;
try {
  const env = await cluster();
  const first = org(env, 'DemoVerifying');
  await verifyingRoundTrip(first);
  const second = org(env, 'DemoSdk');
  say('');
  say('The same with the unmodified public client @dfns/sdk, stock key signer, another organisation:');
  await sdkRoundTrip(second, { privateKey: otherKey(), step });
} catch (cause) {
  failed = true;
  console.error(`demo: ${cause instanceof Error ? cause.message : String(cause)}`);
} finally {
  if (started !== undefined) {
    const ended = new Promise((done) => started?.once('exit', done));
    started.kill('SIGTERM');
    await ended;
  }
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

async function verifyingRoundTrip(account: AccountFile): Promise<void> {
  say('Import, sign and export with the verifying client:');
  const api = apiAs(account, account.serviceAccount);
  const privateKey = new Uint8Array(Buffer.from(freshOrPublished(), 'hex'));

  const listed = await api.plain<ListedSigners>('GET', '/signers');
  const signers = checkSigners(listed, { clusterFingerprint: account.clusterFingerprint, now: Date.now() });
  step(
    `five signers, each with an import key signed by an identity under the pinned fingerprint ${account.clusterFingerprint.slice(0, 12)}…`,
  );

  const shares = splitPrivateKeyForSigners({ signers, privateKey, keyCurve: 'secp256k1' });
  step('split the private key here into five shares, one sealed to each signer');
  const { result: wallet } = await api.signed<Wallet>('POST', '/wallets/import', {
    network: 'Ethereum',
    name: 'demo',
    ...shares,
  });
  step(`imported: ${wallet.id} is ${wallet.address}`);

  const digest = `0x${'5a'.repeat(32)}`;
  const { result: signed } = await api.signed<Signature>('POST', `/wallets/${wallet.id}/signatures`, {
    kind: 'Hash',
    hash: digest,
  });
  const { r, s, recid } = signed.signature;
  const good = verifyRaw(
    { algorithm: 'ecdsa', digest: bytes(digest) },
    { scheme: 'ECDSA', curve: 'secp256k1', publicKey: bytes(wallet.signingKey.publicKey) },
    { signature: bytes(r + s.slice(2)), recid },
  );
  if (!good) throw new Error('the signature does not verify');
  step(`five signers signed a hash together; r ${r.slice(0, 18)}… verifies under the wallet's public key`);

  const context = newWalletExportContext();
  const { result: reply } = await api.signed<ExportReply>('POST', `/wallets/${wallet.id}/export`, context.getConf());
  const recovered = context.recoverSecretKey(reply);
  if (!Buffer.from(recovered).equals(Buffer.from(privateKey)))
    throw new Error('the exported key is not the imported one');
  step('exported: five sealed shares, recombined here, are the very key that was imported');

  const refusal = await api.signed('POST', `/wallets/${wallet.id}/signatures`, { kind: 'Hash', hash: digest }).then(
    () => undefined,
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
  );
  if (refusal === undefined) throw new Error('an exported key signed');
  step(`and now it signs no more: "${refusal}"`);
}

/** The published key on a fresh cluster; a random one where a cluster may hold it already (a key lives there once). */
function freshOrPublished(): string {
  return started === undefined ? otherKeyHex() : publishedKey;
}

function otherKey(): Uint8Array {
  return new Uint8Array(Buffer.from(otherKeyHex(), 'hex'));
}

function otherKeyHex(): string {
  const key = globalThis.crypto.getRandomValues(new Uint8Array(32));
  key[0] = 0x01; // below the group order for certain
  return Buffer.from(key).toString('hex');
}

async function cluster(): Promise<NodeJS.ProcessEnv> {
  const settings = readSettings(process.env);
  const running = await new HoldfastApi({ baseUrl: settings.apiUrl })
    .plain<{ signers: { online: number } }>('GET', '/health')
    .then(
      () => existsSync(join(settings.data, 'operator.token')),
      () => false,
    );
  if (running) {
    say(`using the cluster that runs on ${settings.apiUrl}`);
    return process.env;
  }
  const port = await freePort();
  const env = { ...process.env, HOLDFAST_DATA: join(scratch, 'data'), HOLDFAST_PORT: String(port) };
  say('no cluster is running here: starting one for the demo (npm start, temporary folder)');
  started = spawn(process.execPath, [startEntry], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((done, fail) => {
    started?.once('exit', (code) => fail(new Error(`npm start ended with ${code}`)));
    started?.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString('utf8').includes('ready on')) done();
    });
  });
  return env;
}

function org(env: NodeJS.ProcessEnv, name: string): AccountFile {
  const file = join(scratch, `${name}.json`);
  run(env, ['org', 'create', '--name', name, '--admin', 'admin@demo.example', '--out', file, '--allow-export']);
  run(env, ['org', 'enable', 'import', 'export', '--as', file]);
  return JSON.parse(readFileSync(file, 'utf8')) as AccountFile;
}

function run(env: NodeJS.ProcessEnv, args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [cliEntry, ...args], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`holdfast ${args.slice(0, 2).join(' ')}: ${stderr}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/^0x/, ''), 'hex'));
}

function step(text: string): void {
  console.log(`  ✓ ${text}`);
}

function say(text: string): void {
  console.log(text);
}
