/**
 * The public client, unmodified, against real processes: both of its clients call every operation of the areas auth and
 * permissions that they have. What was seen is docs/reference/compatibility.json; `npm run docs` makes the page of it.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type TestProvider, testProvider } from '@holdfast/api/identity/test';
import { fullName, operations } from '@holdfast/contract/operations';
import { Pieces } from '../faults/pieces.ts';
import { type Recorder, recordingProxy } from './proxy.ts';
import { replies } from './replies.ts';
import { runAll } from './run.ts';

const file = fileURLToPath(new URL('../../../../docs/reference/compatibility.json', import.meta.url));
const versionOf = (name: string): string =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
const clientId = 'compatibility';
const secret = 'a secret between two servers';

let pieces: Pieces;
let proxy: Recorder;
let provider: TestProvider;

before(async () => {
  pieces = await Pieces.found();
  await pieces.startApi({ online: 5 });
  proxy = await recordingProxy(pieces.apiUrl);
  provider = await testProvider({ clientId, secret, now: Date.now });
});
after(async () => {
  await proxy.close();
  await provider.close();
  await pieces.stop();
  pieces.remove();
});

for (const way of ['direct', 'delegated'] as const)
  test(`the ${way} client completes every operation of both areas that it has`, async () => {
    const account = await pieces.createOrg(`Acme ${way}`.replace(' ', '-'));
    const providers = [
      {
        orgId: account.orgId,
        issuer: provider.issuer,
        clientId,
        clientSecret: secret,
        redirectUris: ['https://app.acme.example/signed-on'],
      },
    ];
    writeFileSync(join(pieces.data, 'api', 'identity-providers.json'), JSON.stringify({ providers }), { mode: 0o600 });
    proxy.as = way;

    await runAll(way, { baseUrl: proxy.url, account, outbox: join(pieces.data, 'api', 'outbox'), provider, clientId });

    const inClient = Object.entries(replies).flatMap(([area, names]) =>
      Object.keys(names).map((name) => `${area}.${name}`),
    );
    deepEqual(
      inClient.filter((name) => proxy.called.get(name)?.get(way) === undefined),
      [],
    );
  });

test('what was seen is what the reference says', () => {
  const seen = operations
    .filter(({ domain }) => domain === 'auth' || domain === 'permissions')
    .map(fullName)
    .filter((name) => proxy.called.has(name))
    .sort()
    .map((operation) => {
      const [area = '', name = ''] = operation.split('.');
      const reply = (replies as Readonly<Record<string, Readonly<Record<string, string>>>>)[area]?.[name];
      return { operation, ...Object.fromEntries(proxy.called.get(operation) ?? []), reply };
    });
  const clients = Object.fromEntries(['@dfns/sdk', '@dfns/sdk-keysigner'].map((name) => [name, versionOf(name)]));
  const text = `${JSON.stringify({ clients, seen }, null, 2)}\n`;
  if (process.env['HOLDFAST_WRITE_DOCS'] === '1') writeFileSync(file, text);

  ok(seen.length >= 61, `only ${seen.length} operations were seen`);
  deepEqual(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(text), 'HOLDFAST_WRITE_DOCS=1 writes it anew');
});
