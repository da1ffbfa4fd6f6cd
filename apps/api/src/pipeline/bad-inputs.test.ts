/** bad-inputs.md A, row by row: the row's number is in the name of its test. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { fullName, operations } from '@holdfast/contract/operations';
import { testApi } from '../testing/index.ts';
import type { Handler } from './types.ts';

const wallet = {
  id: 'wa-11111-22222-3333333333333333',
  network: 'Ethereum',
  signingKey: { id: 'key-11111-22222-3333333333333333', scheme: 'ECDSA', curve: 'secp256k1', publicKey: '02' },
  status: 'Active',
  dateCreated: '2026-11-20T08:00:00.000Z',
  custodial: true,
  tags: [],
};
const replies: Readonly<Record<string, unknown>> = {
  'wallets.createWallet': { ...wallet, secretOfTheApi: 'never' },
  'wallets.getWallet': wallet,
  'wallets.listWallets': { items: [wallet] },
  'wallets.tagWallet': {},
  'auth.logout': { message: 'bye' },
  'auth.archive': {},
};
const handled: string[] = [];
const handlers: Handler[] = operations.map((operation) => ({
  operation,
  handle: async () => {
    handled.push(fullName(operation));
    return replies[fullName(operation)] ?? {};
  },
}));
const api = testApi({ handlers, requestMsMax: 400 });
const { app } = api;
await app.listen({ host: '127.0.0.1', port: 0 });
const port = (app.server.address() as { port: number }).port;
after(() => app.close());

const headers = { authorization: 'Bearer good', 'x-dfns-useraction': 'x', 'content-type': 'application/json' };

interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: string | Buffer;
}

async function refused(sent: Sent): Promise<{ status: number; message: string; details: Record<string, unknown> }> {
  const before = handled.length;
  const reply = await app.inject({
    method: (sent.method ?? 'POST') as 'POST',
    url: sent.url ?? '/wallets',
    headers: sent.headers ?? headers,
    ...(sent.payload === undefined ? {} : { payload: sent.payload }),
  });
  const { error } = reply.json();
  equal(handled.length, before, 'a handler ran');
  equal(error.status, reply.statusCode);
  match(error.id, /^req-/);
  match(error.details.code, /^E_/);
  return { status: reply.statusCode, message: error.message, details: error.details };
}

async function says(sent: Sent, status: number, message: string | RegExp): Promise<void> {
  const found = await refused(sent);
  equal(found.status, status);
  if (typeof message === 'string') equal(found.message, message);
  else match(found.message, message);
}

test('A1 an empty body', () => says({ payload: '' }, 400, 'body is required: expected a JSON object'));
test('A1 no body at all', () =>
  says(
    { headers: { authorization: 'Bearer good', 'x-dfns-useraction': 'x' } },
    400,
    'body is required: expected a JSON object',
  ));
test('A2 truncated JSON', () =>
  says({ payload: '{"network":"Eth' }, 400, /^body is not valid JSON: unexpected end at byte 15$/));
for (const payload of ['[]', 'null', '"x"', '5']) {
  test(`A3 a body that is ${payload}`, () => says({ payload }, 400, 'body must be a JSON object'));
}
test('A4 a member twice', () =>
  says({ payload: '{"network":"Ethereum","network":"Solana"}' }, 400, 'body.network appears twice'));
test('A6 invalid UTF-8', () =>
  says({ payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]) }, 400, 'body is not valid UTF-8'));
test('A7 a lone surrogate', () =>
  says({ payload: '{"network":"Ethereum","name":"\\ud800"}' }, 400, 'body.name contains an unpaired surrogate'));
test('A8 a byte order mark', () =>
  says({ payload: Buffer.from('\ufeff{}', 'utf8') }, 400, 'body must be UTF-8 without byte order mark'));
test('A8 UTF-16', () =>
  says({ payload: Buffer.from('{}', 'utf16le') }, 400, 'body must be UTF-8 without byte order mark'));
test('A9 200,000 nested arrays', () => says({ payload: '['.repeat(200_000) }, 400, 'body is nested deeper than 32'));
for (const number of ['1e400', '-0']) {
  test(`A11 ${number} where an integer is expected`, () =>
    says({ url: '/auth/service-accounts', payload: `{"daysValid":${number}}` }, 400, /daysValid/));
}
test('A11 a fraction where an integer is expected', () =>
  says(
    { url: '/auth/service-accounts', payload: '{"name":"a","publicKey":"b","daysValid":1.5}' },
    400,
    'body.daysValid must be an integer between 1 and 730',
  ));
test('A12 an unknown field', () =>
  says({ payload: '{"network":"Ethereum","nmae":"x"}' }, 400, 'body.nmae is not a known field'));
test('A12 a field called as something every object has', () =>
  says({ payload: '{"network":"Ethereum","constructor":1}' }, 400, 'body.constructor is not a known field'));
test('A13 another content type', () =>
  says(
    { headers: { ...headers, 'content-type': 'text/plain' }, payload: '{}' },
    415,
    'content-type must be application/json',
  ));
test('A13 a body without a content type', async () => {
  const answer = await raw(
    'POST /wallets HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer good\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}',
  );
  match(answer, /^HTTP\/1.1 415 /);
  match(answer, /content-type must be application\/json/);
});
test('A14 a compressed body', () =>
  says(
    { headers: { ...headers, 'content-encoding': 'gzip' }, payload: '{}' },
    415,
    'compressed request bodies are not accepted',
  ));

for (const [name, head] of Object.entries({
  'Content-Length and Transfer-Encoding': 'content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  'two Content-Lengths': 'content-length: 2\r\ncontent-length: 3\r\n\r\n{}',
  'a bare line feed': 'x-a: b\nx-c: d\r\ncontent-length: 2\r\n\r\n{}',
})) {
  test(`A16 ${name}: 400, closed, nothing executed`, async () => {
    const before = handled.length;
    const answer = await raw(`POST /wallets HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer good\r\n${head}`);
    match(answer, /^HTTP\/1.1 400 /);
    equal(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error.details.code, 'E_HTTP');
    equal(handled.length, before);
  });
}
for (const name of ['Authorization', 'X-DFNS-USERACTION']) {
  test(`A17 header ${name} twice`, async () => {
    const answer = await raw(
      `POST /wallets HTTP/1.1\r\nhost: localhost\r\n${name}: Bearer good\r\n${name}: Bearer good\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
    );
    match(answer, /^HTTP\/1.1 400 /);
    ok(answer.includes(`header ${name.toLowerCase()} appears more than once`));
  });
}
for (const url of [
  '/wallets/%2e%2e/keys',
  '//wallets',
  '/wallets//',
  '/wallets%2Fx',
  '/wallets;x=1',
  '/wallet\u00e9',
  '/WALLETS',
  '/nothing',
]) {
  test(`A18 path ${JSON.stringify(url)}`, async () => {
    const answer = await raw(
      `GET ${Buffer.from(url, 'utf8').toString('latin1')} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer good\r\nconnection: close\r\n\r\n`,
    );
    // The parser itself refuses some of them.
    match(answer, /^HTTP\/1.1 (404|400) /);
  });
}
test('A18 a trailing slash is taken on a read, and only there (rulings 28)', async () => {
  equal(
    (await app.inject({ method: 'GET', url: '/wallets/', headers: { authorization: 'Bearer good' } })).statusCode,
    200,
  );
  await says({ url: '/wallets/', payload: '{}' }, 404, 'no such endpoint');
});
test('A19 a query on a state-changing call', () =>
  says(
    { url: '/wallets?force=true', payload: '{"network":"Ethereum"}' },
    400,
    'query parameters are not allowed here',
  ));
test('A19 the documented force is taken with a warning', async () => {
  const reply = await app.inject({
    method: 'DELETE',
    url: '/permissions/pm-11111-22222-3333333333333333/assignments/as-11111-22222-3333333333333333?force=true',
    headers,
    payload: '{}',
  });
  equal(reply.statusCode, 204);
  match(String(reply.headers['warning']), /force is not signed/);
});
test('an unknown query member, or one given twice', async () => {
  const { authorization } = headers;
  await says({ method: 'GET', url: '/wallets?x=1', headers: { authorization } }, 400, 'query.x is not a known field');
  await says(
    { method: 'GET', url: '/wallets?limit=1&limit=2', headers: { authorization } },
    400,
    'query.limit appears twice',
  );
  await says(
    { method: 'GET', url: '/wallets?limit=101', headers: { authorization } },
    400,
    'query.limit must be an integer between 1 and 100',
  );
});
test('A22 a method the path does not answer', async () => {
  const reply = await app.inject({ method: 'PATCH', url: '/wallets', headers: { authorization: 'Bearer good' } });
  equal(reply.statusCode, 405);
  equal(reply.headers['allow'], 'GET, POST');
});
test('A23 a body that never ends', async () => {
  const answer = await raw(
    'POST /wallets HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  );
  match(answer, /^HTTP\/1.1 408 /);
  equal(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error.details.code, 'E_TIMEOUT');
});
test('A24 a header of 33,000 bytes', async () => {
  const answer = await raw(`GET /wallets HTTP/1.1\r\nhost: localhost\r\nx-a: ${'a'.repeat(33_000)}\r\n\r\n`);
  match(answer, /^HTTP\/1.1 431 /);
  equal(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error.details.code, 'E_HEADER_TOO_LARGE');
});
test('A26 names and external ids that are too long or empty', async () => {
  const body = (member: object) => JSON.stringify({ network: 'Ethereum', ...member });
  await says({ payload: body({ name: 'x'.repeat(10_000) }) }, 400, 'body.name must be 1 to 100 characters');
  await says({ payload: body({ externalId: '' }) }, 400, 'body.externalId must be 1 to 256 characters');
  await says({ payload: body({ externalId: 'x'.repeat(10_000) }) }, 400, 'body.externalId must be 1 to 256 characters');
});
test('a body larger than a mebibyte', () => says({ payload: `{"name":"${'x'.repeat(1 << 20)}"}` }, 413, /too large/));

test('E101 a permission that is missing is named', async () => {
  api.lacks.add('Wallets:Create');
  await says(
    { payload: '{"network":"Ethereum"}' },
    403,
    /^CustomerEmployee us-[a-z0-9-]+ is not authorized to perform operation \(Wallets:Create\)$/,
  );
  api.lacks.clear();
});
test('E106 an id of the wrong kind, in upper case, too long', async () => {
  const { authorization } = headers;
  for (const id of ['us-11111-22222-3333333333333333', 'WA-11111-22222-3333333333333333', `wa-${'1'.repeat(1000)}`]) {
    const found = await refused({ method: 'GET', url: `/wallets/${id}`, headers: { authorization } });
    deepEqual([found.status, found.message], [400, 'walletId is not a wallet id']);
  }
});
for (const member of ['orgId', 'status', 'custodial', 'id', 'dateCreated']) {
  test(`E107 ${member} in a create body`, () =>
    says({ payload: `{"network":"Ethereum","${member}":"x"}` }, 400, `body.${member} is not a known field`));
}
test('B27 and C51: no token, no user action', async () => {
  await says({ headers: { 'content-type': 'application/json' }, payload: '{}' }, 401, 'Not Authorized.');
  const { authorization } = headers;
  await says(
    { headers: { authorization, 'content-type': 'application/json' }, payload: '{"network":"Ethereum"}' },
    403,
    'user action signature is missing or invalid',
  );
});

test('what a reply schema does not declare never leaves', async () => {
  const reply = await app.inject({ method: 'POST', url: '/wallets', headers, payload: '{"network":"Ethereum"}' });
  equal(reply.statusCode, 200);
  ok(!reply.body.includes('never'));
});
test('a bodiless logout needs no content type, and POST does the same', async () => {
  for (const method of ['PUT', 'POST'] as const) {
    const reply = await app.inject({ method, url: '/auth/logout', headers: { authorization: 'Bearer good' } });
    deepEqual([reply.statusCode, reply.json()], [200, { message: 'bye' }]);
  }
});
test('answers preflight requests for any origin', async () => {
  const reply = await app.inject({ method: 'OPTIONS', url: '/wallets', headers: { origin: 'https://a.example' } });
  equal(reply.statusCode, 204);
  equal(reply.headers['access-control-allow-origin'], '*');
  match(String(reply.headers['access-control-allow-headers']), /x-dfns-useraction/);
});
test('a bug says nothing of itself', async () => {
  const found = await refused({ method: 'GET', url: '/keys', headers: { authorization: 'Bearer boom' } });
  deepEqual([found.status, found.message], [401, 'Not Authorized.']);
  const broken = testApi({
    handlers: handlers.map(({ operation }) => ({
      operation,
      handle: () => Promise.reject(new Error('the password is hunter2')),
    })),
  });
  const reply = await broken.call('GET', '/wallets');
  deepEqual([reply.status, reply.body.error.message], [500, 'Internal Server Error']);
  ok(!JSON.stringify([reply.body, broken.env.lines]).includes('hunter2'));
});
test('a flood from one address is slowed down and told when to come again', async () => {
  const limited = testApi({ handlers, requestsPerMinuteMax: 3 });
  const statuses = [];
  for (let k = 0; k < 4; k += 1) statuses.push((await limited.call('GET', '/wallets')).status);
  deepEqual(statuses, [200, 200, 200, 429]);
  const reply = await limited.call('GET', '/wallets');
  equal(reply.headers['retry-after'], '20');
  await limited.env.advance(20_000);
  equal((await limited.call('GET', '/wallets')).status, 200);
});
test('closing does not wait for idle connections', async () => {
  const other = testApi({ handlers });
  await other.app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((other.app.server.address() as { port: number }).port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write('GET /wallets HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer good\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  const started = performance.now();
  await other.app.close();
  await closed;
  ok(performance.now() - started < 2_000);
});

/** Everything the server says until it closes the connection. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('utf8');
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
