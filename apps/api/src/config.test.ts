import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { encodeRoster } from '@holdfast/cluster/roster';
import { readConfig } from './config.ts';
import { fakeCluster } from './testing/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
  writeFileSync(join(folder, 'roster.json'), encodeRoster(fakeCluster().roster));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (env: Readonly<Record<string, string>> = {}) => readConfig({ HOLDFAST_DATA: folder, ...env });

test('what is not set has a default, and an empty value counts as not set', () => {
  const { settings } = read({ HOLDFAST_PORT: '', DATABASE_URL: ' ' });

  deepEqual(settings, {
    port: 8787,
    bind: '127.0.0.1',
    dataFolder: folder,
    publicUrl: 'http://localhost:8787',
    requestsPerMinuteMax: 6000,
    refreshDays: 7,
    passwordCost: 17,
    ecdsaEngines: ['H', 'C'],
    ecdsaNonces: 'apart',
    version: '0.1.0',
  });
});

test('engines of ECDSA are read in their order of preference', () => {
  for (const [value, engines] of [
    ['H,C', ['H', 'C']],
    ['C, H', ['C', 'H']],
    ['C', ['C']],
  ] as const)
    deepEqual(read({ HOLDFAST_ECDSA_ENGINES: value }).settings.ecdsaEngines, engines);
});

test('the nonces of a group are made together only where the setting says so', () => {
  for (const nonces of ['apart', 'together'] as const)
    equal(read({ HOLDFAST_ECDSA_NONCES: nonces }).settings.ecdsaNonces, nonces);
});

test('secrets are made once, kept to the owner, and stay the same', () => {
  const first = read().secrets;
  const second = read().secrets;

  deepEqual(second, first);
  equal(first.api.length, 32);
  for (const file of ['operator.token', 'api/secret']) equal(statSync(join(folder, file)).mode & 0o777, 0o600);
});

for (const [name, env, message] of [
  ['a port that is none', { HOLDFAST_PORT: '70000' }, /HOLDFAST_PORT must be a whole number from 1 to 65535/],
  ['a port in words', { HOLDFAST_PORT: '8787x' }, /HOLDFAST_PORT/],
  [
    'a public address with a path',
    { HOLDFAST_PUBLIC_URL: 'https://a.example/x' },
    /HOLDFAST_PUBLIC_URL must be an origin/,
  ],
  [
    'a negative number of days',
    { HOLDFAST_REFRESH_DAYS: '-1' },
    /HOLDFAST_REFRESH_DAYS must be a whole number from 0 to 365/,
  ],
  ['an engine that is none', { HOLDFAST_ECDSA_ENGINES: 'H,D' }, /HOLDFAST_ECDSA_ENGINES must be H, C or H,C/],
  ['an engine twice', { HOLDFAST_ECDSA_ENGINES: 'H,H' }, /HOLDFAST_ECDSA_ENGINES/],
  ['another way to make nonces', { HOLDFAST_ECDSA_NONCES: 'ahead' }, /HOLDFAST_ECDSA_NONCES must be apart or together/],
  ['a public address that is none', { HOLDFAST_PUBLIC_URL: 'a.example' }, /HOLDFAST_PUBLIC_URL/],
] as const) {
  test(`refuses ${name} and says how to write it`, () => {
    throws(() => read(env), { name: 'UnsafeSettings', message });
  });
}

test('signers are met at NATS when the setting or the roster says so, and the setting wins', () => {
  equal(read().secrets.nats, undefined);
  deepEqual(read({ NATS_URL: 'nats://api:s3cret@10.0.0.5' }).secrets.nats, {
    servers: ['10.0.0.5:4222'],
    tls: false,
    user: 'api',
    password: 's3cret',
  });

  writeFileSync(
    join(folder, 'roster.json'),
    encodeRoster({ ...fakeCluster().roster, relay: 'tls://nats.example:4222' }),
  );
  deepEqual(read().secrets.nats, { servers: ['nats.example:4222'], tls: true });
  deepEqual(read({ NATS_URL: 'nats://10.0.0.5' }).secrets.nats?.servers, ['10.0.0.5:4222']);
});

test('reads what NATS needs to know from files, kept to the owner where they are secret', () => {
  const [creds, authorities] = [join(folder, 'api.creds'), join(folder, 'ca.pem')];
  const env = { NATS_URL: 'tls://nats.example', NATS_CREDS: creds, NATS_CA: authorities };
  throws(() => read(env), { name: 'UnsafeSettings', message: /api.creds is missing/ });
  writeFileSync(creds, 'jwt and seed', { mode: 0o640 });
  writeFileSync(authorities, 'pem');
  throws(() => read(env), { name: 'UnsafeSettings', message: /api.creds must be mode 0600/ });
  chmodSync(creds, 0o600);

  const { nats } = read(env).secrets;

  equal(Buffer.from(nats?.credentials ?? []).toString(), 'jwt and seed');
  equal(nats?.authorities, 'pem');
});

test('refuses an address that is none of NATS without quoting it', () => {
  throws(() => read({ NATS_URL: 'http://api:s3cret@h' }), /NATS_URL must be nats:/);
});

test('refuses to start without a roster, with readable secrets, with damaged ones', () => {
  read();
  chmodSync(join(folder, 'operator.token'), 0o644);
  throws(() => read(), /operator.token must be mode 0600, not 0644: chmod 600/);
  chmodSync(join(folder, 'operator.token'), 0o600);

  writeFileSync(join(folder, 'api', 'secret'), 'short');
  throws(() => read(), /is damaged: remove it/);
  rmSync(join(folder, 'api', 'secret'));

  writeFileSync(join(folder, 'operator.token'), 'short');
  throws(() => read(), /has fewer than 32 characters/);
  rmSync(join(folder, 'operator.token'));

  rmSync(join(folder, 'roster.json'));
  throws(() => read(), /roster.json is missing: found a cluster with npm start/);
});

test('.env.example has one line for every setting that is read, each explained', () => {
  const sources = join(import.meta.dirname, '..');
  const example = readFileSync(join(sources, '.env.example'), 'utf8').trim().split('\n');
  const documented = example.filter((line) => !line.startsWith('#')).map((line) => line.split('=')[0] ?? '');
  const code = readFileSync(join(sources, 'src', 'config.ts'), 'utf8');
  const used = [...code.matchAll(/env(?:\[|, )'([A-Z_]+)'/g)].map(([, name = '']) => name);
  // For tests only, and without effect anywhere else.
  const settings = new Set(used.filter((name) => name !== 'NODE_ENV' && name !== 'HOLDFAST_CRASH_AT'));

  deepEqual([...settings].sort(), [...documented].sort());
  example.forEach((line, at) => {
    if (!line.startsWith('#')) match(example[at - 1] ?? '', /^# .+\.$/);
  });
});
