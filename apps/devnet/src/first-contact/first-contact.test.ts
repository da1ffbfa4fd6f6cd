/** What a newcomer types first, and what goes wrong for them first: each answered by one line that says what to do. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AccountFile, Cluster, until } from '../harness/index.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const start = join(root, 'apps/cli/dist/start/main.js');
const EXIT_USAGE = 64;
const EXIT_CONFIG = 78;

let cluster: Cluster;
let account: AccountFile;
let accountFile: string;

before(async () => {
  cluster = await Cluster.start({ isFirst: true });
  account = cluster.createOrg('acme', { enable: false });
  accountFile = join(cluster.dir, 'acme.json');
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

const npmStart = (env: Readonly<Record<string, string>> = {}, ...args: readonly string[]) =>
  spawnSync(process.execPath, [start, ...args], { env: { ...cluster.environment(), ...env }, encoding: 'utf8' });

test('the example of the README runs as it stands', () => {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  // Beside the packages that it imports, as a file in the clone would be.
  const folder = join(root, 'apps/devnet/dist/first-contact');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'first.mjs'), code);

  const ran = spawnSync(process.execPath, [join(folder, 'first.mjs')], { cwd: cluster.dir, encoding: 'utf8' });

  equal(ran.status, 0, ran.stderr);
  match(ran.stdout, /^0x[0-9a-fA-F]{40} \{/);
});

test('status shows five signers by the numbers of their folders, and what they compute with', () => {
  const { stdout } = cluster.cli('status');

  for (const n of [1, 2, 3, 4, 5]) {
    match(stdout, new RegExp(`^signer ${n}  online`, 'm'));
    match(cluster.cli('doctor', String(n)).stdout, new RegExp(`roster +ok, signer ${n} of 5`));
  }
  for (const curve of ['secp256k1', 'ed25519', 'stark']) match(stdout, new RegExp(`^${curve} +\\S`, 'm'));
  // Within the first minute of a cluster nobody has begun with it.
  match(stdout, /^auxiliary +(ready|not ready, ECDSA needs all five: signer 1 (waiting|making primes|proving))/m);
});

/** Of the wallet that the example of the README made. */
function signOnce(): { id: string; signature: { r: string; s: string } } {
  const [walletId = ''] = /wa-[a-z0-9-]+/.exec(cluster.cli('wallet', 'list', '--as', accountFile).stdout) ?? [];
  const { stdout, stderr } = cluster.cli('wallet', 'sign', walletId, '--message', '0xc0ffee', '--as', accountFile);
  match(stdout, /"id"/, stderr);
  return JSON.parse(stdout) as ReturnType<typeof signOnce>;
}

const logFile = () => join(cluster.dir, 'acme.log');
const verify = (...args: readonly string[]) => cluster.cli('verify', logFile(), ...args);

test('a log in a file says offline who asked for a signature, found by its id and by its value', () => {
  const { id, signature } = signOnce();
  equal(cluster.cli('log', 'export', logFile(), '--as', accountFile).status, 0);
  const pins = ['--org', account.orgId, '--cluster', account.clusterFingerprint];

  for (const wanted of [id, signature.r + signature.s.slice(2)]) {
    const { status, stdout, stderr } = verify(...pins, '--signature', wanted);
    equal(status, 0, stderr);
    match(stdout, new RegExp(`^${id}  wallets.generateSignature`, 'm'));
    match(stdout, new RegExp(`default \\(${account.serviceAccount.userId}\\), a service account`));
    match(stdout, /by ManagedKeyUser .* given at height 1 by us-[\s\S]*by ManagedFullAdminAccess .* from the genesis/);
    match(stdout, /"message":"0xc0ffee"/);
  }
  equal(verify('--as', accountFile).status, 0);
});

test('a log of which a byte was altered, and one of others, is refused with its reason', () => {
  const whole = readFileSync(logFile());
  const pins = ['--org', account.orgId, '--cluster', account.clusterFingerprint];
  const places = Array.from({ length: 6 }, (_, k) => Math.floor(((k + 0.5) * whole.length) / 6));
  for (const at of [...places, 0, whole.length - 1]) {
    const altered = Buffer.from(whole);
    altered[at] = (altered[at] ?? 0) ^ 1;
    writeFileSync(logFile(), altered);
    const { status, stderr } = verify(...pins);
    equal(status, 7, `byte ${at} of ${whole.length}: ${stderr}`);
    match(stderr, /\(E_[A-Z_]+\)$/m);
  }
  writeFileSync(logFile(), whole);

  const others = [
    [['--org', 'or-00000-00000-0000000000000000', '--cluster', account.clusterFingerprint], 'E_LOG_ORG'],
    [['--org', account.orgId, '--cluster', 'A'.repeat(43)], 'E_LOG_CLUSTER'],
    [[...pins, '--genesis', '00'.repeat(32)], 'E_LOG_ORG'],
    [[...pins, '--head', 'A'.repeat(43)], 'E_LOG_HEAD'],
    [[...pins, '--signature', 'sig-00000-00000-0000000000000000'], 'E_LOG_NOTHING'],
  ] as const;
  for (const [args, code] of others) {
    const { status, stderr } = verify(...args);
    equal(status, 7, stderr);
    match(stderr, new RegExp(`\\(${code}\\)$`, 'm'));
  }
});

test('an administrator whose login has ended is logged in again by the key, and the file has the new token', async () => {
  const headers = { authorization: `Bearer ${account.admin.authToken}` };
  equal((await fetch(`${account.apiUrl}/auth/logout`, { method: 'PUT', headers })).status, 200);
  equal((await fetch(`${account.apiUrl}/auth/credentials`, { headers })).status, 401);

  const { status, stderr } = cluster.cli('org', 'enable', 'import', '--as', accountFile);

  equal(status, 0, stderr);
  match(stderr, /logged in again/);
  const renewed = JSON.parse(readFileSync(accountFile, 'utf8')) as AccountFile;
  notEqual(renewed.admin.authToken, account.admin.authToken);
  deepEqual(
    { ...renewed, admin: { ...renewed.admin, authToken: '' } },
    { ...account, admin: { ...account.admin, authToken: '' } },
  );
  equal(statSync(accountFile).mode & 0o777, 0o600);
  equal(cluster.cli('org', 'enable', 'import', '--as', accountFile).stderr, '');
});

for (const [words, status, says] of [
  [['walet'], EXIT_USAGE, /no command "walet"/],
  [['wallet'], EXIT_USAGE, /goes on with create, list, import, sign, export/],
  [['help', 'walet'], EXIT_USAGE, /no command "walet"/],
  [['status', 'now'], EXIT_USAGE, /"now" is one word too many/],
  [['status', '--now'], EXIT_USAGE, /Unknown option '--now'\nusage: /],
  [['wallet', 'create', '--as', 'acme.json', '--network', 'ethereum'], EXIT_USAGE, /near it: Ethereum, /],
  [['wallet', 'list', '--as', 'none.json'], 1, /none\.json does not exist; "org create" makes such a file/],
  [['wallet', 'list', '--as', 'data/api/secret'], 1, /is not a file of "org create"/],
] as const)
  test(`holdfast ${words.join(' ')}: ${says.source}`, () => {
    const told = cluster.cli(...words);

    equal(told.status, status);
    match(told.stderr, says);
    equal(told.stderr.includes('    at '), false);
  });

test('help is there for the whole, for a family and for a command', () => {
  match(cluster.cli('help').stdout, /org create[\s\S]*doctor[\s\S]*npm start/);
  match(cluster.cli('help', 'wallet').stdout, /wallet create[\s\S]*wallet export/);
  match(cluster.cli('wallet', 'sign', '--help').stdout, /wallet sign WALLET_ID/);
});

test('npm start refuses a folder that is in use, a port that is in use, and words it does not know', () => {
  const second = npmStart();
  equal(second.status, EXIT_CONFIG);
  match(second.stderr, /already running on .*data \(process \d+\); stop it first/);

  const elsewhere = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  const taken = npmStart({ HOLDFAST_DATA: elsewhere });
  equal(taken.status, EXIT_CONFIG);
  match(taken.stderr, new RegExp(`port ${cluster.port} is in use by another program`));
  equal(existsSync(join(elsewhere, 'roster.json')), false);
  rmSync(elsewhere, { recursive: true });

  const unknown = npmStart({}, '--restrat');
  equal(unknown.status, EXIT_USAGE);
});

test('commands say where they looked when the folder or the api is not there', async () => {
  const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    spawnSync(process.execPath, [join(root, 'apps/cli/dist/main.js'), ...args], {
      env: { ...cluster.environment(), ...env },
      encoding: 'utf8',
    }).stderr;

  match(run({ HOLDFAST_DATA: '/nowhere' }, 'doctor'), /\/nowhere holds no signer; run npm start first/);
  match(run({ HOLDFAST_PORT: String(await portOfNobody()) }, 'status'), /nothing answers; is `npm start` running\?/);
});

test('a supervisor that is killed takes its processes with it, and the next start works', async () => {
  const { pid } = JSON.parse(readFileSync(join(cluster.dir, 'data/run.json'), 'utf8')) as { pid: number };
  const children = Object.values(cluster.processes());
  equal(children.length, 6);

  process.kill(pid, 'SIGKILL');

  const again = cluster.run();
  await until('the processes of the first start are gone', async () => !children.some(isRunning), 10_000);
  await again;
  await cluster.untilOnline(5);
  match(cluster.cli('wallet', 'list', '--as', accountFile).stdout, /EthereumSepolia/);
});

test('Ctrl-C ends everything', async () => {
  const { pid } = JSON.parse(readFileSync(join(cluster.dir, 'data/run.json'), 'utf8')) as { pid: number };
  const children = Object.values(cluster.processes());

  // As a terminal does: to all of them at once.
  for (const each of [pid, ...children]) process.kill(each, 'SIGINT');

  await until('all have ended', async () => ![pid, ...children].some(isRunning), 10_000);
  equal(existsSync(join(cluster.dir, 'data/run.json')), false);
});

async function portOfNobody(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
