/** The page of a newcomer: what it says in each state, that it needs nothing from elsewhere, and who may show it. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import type { Database } from '@holdfast/storage/database';
import { handlers } from '../operations/index.ts';
import { type TestApi, testApi } from '../testing/index.ts';
import { landingPage } from './page.ts';

let api: TestApi;
before(() => {
  // The page asks the database for nothing but its kind.
  api = testApi({ handlers, db: { kind: 'pglite' } as Database });
});

const get = (url: string, headers: Readonly<Record<string, string>> = { host: 'localhost:8787' }) =>
  api.app.inject({ method: 'GET', url, headers });
const page = async (...online: number[]) => {
  api.cluster.setOnline(...online);
  return landingPage(on(8787));
};
const on = (port: number) => ({ ...api.ctx, config: { ...api.ctx.config, port } });
/** What a screen reader reads, near enough: no style, no tags, nothing that is hidden from it. */
const spoken = (html: string) =>
  html
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<span aria-hidden="true">.*?<\/span>/g, '')
    .replace(/<[^>]+>/g, '')
    .replace(/\s+/g, ' ');

test('says the state in words, signer by signer', async () => {
  match(spoken(await page(1, 2, 3, 4, 5)), /5 of 5 signers are connected: everything works.*signer 5 online/);
  match(
    spoken(await page(1, 3, 5)),
    /3 of 5 signers are connected: some things work.*signer 2 offline.*signer 4 offline/,
  );
  match(spoken(await page(1)), /1 of 5 signers are connected: not signing/);
  match(spoken(await page()), /0 of 5 signers are connected: not signing.*connect a few seconds after they start/);
});

test('shows commands that can be taken as they stand: first what mends, then what comes next', async () => {
  const commands = (html: string) =>
    [...html.matchAll(/<pre><code>(.*?)<\/code><\/pre>/g)].map(([, line = '']) => line.replace(/<[^>]+>/g, ''));

  const all = commands(await page(1, 2, 3, 4, 5));
  equal(all[0], 'npm run demo');
  match(
    all[1] ?? '',
    /^npm run --silent holdfast -- org create --name Acme --admin \S+ --out acme\.json --allow-export$/,
  );
  deepEqual(commands(await page(1, 3, 5)).slice(0, 3), [
    'npm run --silent holdfast -- signer start 2',
    'npm run --silent holdfast -- signer start 4',
    'npm run demo',
  ]);
  deepEqual(commands(await page()), ['npm start']);
  deepEqual(commands(await landingPage(on(9000))), ['HOLDFAST_PORT=9000 npm start']);
});

test('takes nothing from elsewhere and runs nothing: the policy names the one style sheet by its hash', async () => {
  const { body, headers } = await get('/');
  const policy = String(headers['content-security-policy']);

  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(body) ?? [];
  ok(policy.includes(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`));
  match(policy, /^default-src 'none';/);
  match(policy, /frame-ancestors 'none'/);
  ok(!/unsafe|script-src/.test(policy));
  ok(!/<script|\son\w+=|\sstyle=|(src|href)="(?!\/|data:,)/.test(body));
});

test('moves a page asked for by address to the name that passkeys need; calls of the api stay', async () => {
  for (const host of ['127.0.0.1:8787', '[::1]:8787']) {
    const moved = await get('/', { host });
    deepEqual([moved.statusCode, moved.headers['location']], [307, 'http://localhost:8787/']);
    equal((await get('/health', { host })).statusCode, 200);
  }
});

test('the description is served with a tag, and not again to who has it', async () => {
  const first = await get('/openapi.json');
  equal(first.statusCode, 200);
  equal(JSON.parse(first.body).openapi, '3.1.0');

  const again = await get('/openapi.json', { host: 'localhost:8787', 'if-none-match': String(first.headers['etag']) });
  deepEqual([again.statusCode, again.body], [304, '']);
});
