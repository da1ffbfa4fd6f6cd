/** What operators are shown of the api and of the signers: by the operator token alone, and never more than our own names. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Push } from '@holdfast/cluster/commands';
import { handlers } from '../operations/index.ts';
import { type TestApi, testApi, testAuth } from '../testing/index.ts';
import { writeFamilies } from './text.ts';

const operatorApi = (): TestApi =>
  testApi({ handlers, auth: { ...testAuth(new Set()), authenticateOperator: async () => {} } });
const read = async ({ app }: TestApi): Promise<string> => {
  const reply = await app.inject({ method: 'GET', url: '/metrics' });
  equal(reply.statusCode, 200);
  equal(reply.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  return reply.body;
};
/** The value of one series; undefined where there is none. */
const figureIn = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};
const report = (figures: Readonly<Record<string, number>>): Push => ({ v: 1, push: 'Figures', figures });

test('without the operator token nobody is shown a figure', async () => {
  const api = testApi({ handlers });

  for (const path of ['/metrics', '/holdfast/cluster/figures']) {
    const { status, body } = await api.call('GET', path);
    deepEqual([status, body.error.details.code], [401, 'E_OPERATOR_TOKEN'], path);
  }
  // What is public of the cluster holds nothing that a signer reported of itself.
  api.cluster.push(3, report({ keys: 12 }));
  ok(!JSON.stringify((await api.call('GET', '/holdfast/cluster')).body).includes('"keys"'));
});

test('every line is a comment or a series of a family that was announced, and each series is there once', async () => {
  const api = operatorApi();
  for (const index of [1, 2, 3, 4, 5]) api.cluster.push(index, report({ keys: index, commands_done: 10 * index }));

  const text = await read(api);

  const announced = new Set<string>();
  const seen = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) (holdfast_[a-z0-9_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === 'TYPE') ok(['counter', 'gauge', 'summary'].includes(comment[3] ?? ''), line);
      announced.add(comment[2] ?? '');
      continue;
    }
    const [, series = '', name = ''] = /^((holdfast_[a-z0-9_]+)(?:\{[^}]*\})?) [0-9.e+-]+$/.exec(line) ?? [];
    ok(announced.has(name.replace(/_(sum|count)$/, '')) || announced.has(name), line);
    ok(!seen.has(series), line);
    seen.add(series);
  }
  equal(figureIn(text, 'holdfast_signers_online'), 5);
  equal(figureIn(text, 'holdfast_signer_keys{signer="4"}'), 4);
  equal(figureIn(text, 'holdfast_signer_commands_done_total{signer="5"}'), 50);
  equal(figureIn(text, 'holdfast_sign_requests{state="waiting"}'), 0);
  equal(figureIn(text, 'holdfast_acts_open'), 0);
});

test('requests are counted by operation, status and code, refused ones and those that ask for nothing there is too', async () => {
  const api = operatorApi();
  await api.call('GET', '/health');
  await api.call('GET', '/health');
  await api.call('GET', '/nothing');
  await api.app.inject({ method: 'GET', url: '/wallets' });

  const text = await read(api);

  const series = (operation: string, status: number, code: string): string =>
    `holdfast_http_requests_total{operation="${operation}",status="${status}",code="${code}"}`;
  equal(figureIn(text, series('health.getHealth', 200, 'ok')), 2);
  equal(figureIn(text, series('none', 404, 'E_NO_ENDPOINT')), 1);
  equal(figureIn(text, series('wallets.listWallets', 401, 'E_UNAUTHENTICATED')), 1);
  equal(figureIn(text, 'holdfast_http_request_seconds_count{operation="health.getHealth"}'), 2);
});

test('too many requests are counted as 429', async () => {
  const api = testApi({
    handlers,
    requestsPerMinuteMax: 2,
    auth: { ...testAuth(new Set()), authenticateOperator: async () => {} },
  });
  for (let k = 0; k < 4; k += 1) await api.call('GET', '/health');
  await api.env.advance(60_000);

  const text = await read(api);

  equal(figureIn(text, 'holdfast_http_requests_total{operation="none",status="429",code="E_RATE_LIMIT"}'), 2);
});

test('what a signer reports is its word: other names, and numbers that are none, are shown to nobody', async () => {
  const api = operatorApi();
  api.cluster.push(2, report({ keys: 7, made_up: 1, runs_active: -1, journal_rows: Number.POSITIVE_INFINITY }));

  const text = await read(api);
  const { body } = await api.call('GET', '/holdfast/cluster/figures');

  equal(figureIn(text, 'holdfast_signer_keys{signer="2"}'), 7);
  for (const name of ['made_up', 'runs_active', 'journal_rows'])
    ok(!new RegExp(`signer_${name}\\S*\\{signer="2"`).test(text));
  deepEqual(body.signers[1].figures, { keys: 7 });
  match(body.signers[1].dateReported, /^\d{4}-/);
  deepEqual(body.signers[0], { index: 1, online: true });
});

test('a code that a signer made up is counted with all others of that kind', async () => {
  const { ctx } = operatorApi();
  for (const code of ['E_MADE_UP', 'E_MADE_UP_TOO'])
    ctx.metrics.answered({ operation: 'keys.getKey', status: 503, code, ms: 1 });

  const series = ctx.metrics.requests()[0]?.series ?? [];

  deepEqual(series, [{ labels: { operation: 'keys.getKey', status: 503, code: 'other' }, value: 2 }]);
});

test('a signer that left takes its figures with it', async () => {
  const api = operatorApi();
  api.cluster.push(2, report({ keys: 7 }));
  api.cluster.setOnline(1, 3, 4, 5);

  const text = await read(api);

  equal(figureIn(text, 'holdfast_signer_up{signer="2"}'), 0);
  equal(figureIn(text, 'holdfast_signer_keys{signer="2"}'), undefined);
});

test('a label is one whatever it holds', () => {
  const text = writeFamilies([
    { name: 'holdfast_x', type: 'gauge', help: 'x', series: [{ labels: { a: 'say "no"\\\nnow' }, value: 1 }] },
    { name: 'holdfast_y', type: 'gauge', help: 'none of it', series: [] },
  ]);

  equal(text, '# HELP holdfast_x x\n# TYPE holdfast_x gauge\nholdfast_x{a="say \\"no\\"\\\\\\nnow"} 1\n');
});
