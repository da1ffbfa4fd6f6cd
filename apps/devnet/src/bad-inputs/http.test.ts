/** bad-inputs A against real processes: what is no proper request is answered at the border, and changes nothing. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type AccountFile, Cluster } from '../harness/index.ts';
import { Door, good, type Heard, raw, refused } from './door.ts';

let cluster: Cluster;
let account: AccountFile;
let door: Door;
let admin: Door;
let walletId: string;
let slow: Promise<Readonly<Record<'header' | 'body', Heard>>>;
let atFirst: unknown;

const network = { network: 'KeyEdDSA' };

before(async () => {
  cluster = await Cluster.start({ env: { HOLDFAST_RATE_LIMIT: '0' } });
  account = cluster.createOrg('Border');
  door = new Door(account);
  admin = new Door(account, account.admin);
  walletId = good(await door.act('POST', '/wallets', network)).body.id;
  good(await door.act('POST', '/wallets', { network: 'Solana' }));
  atFirst = await door.everything();
  slow = bothSlow();
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

/** Ten seconds are allowed; the other tests run meanwhile. */
async function bothSlow() {
  const [header, body] = await Promise.all([
    raw(account, 'POST /wallets HTTP/1.1\r\nhost: localhost\r\nx-slow: ', 'a'),
    raw(account, head({ 'content-length': '1000' }, '{'), ' '),
  ]);
  return { header, body };
}

/** A request to make a wallet, written by hand. */
function head(headers: Readonly<Record<string, string>>, rest = ''): string {
  const all = {
    host: 'localhost',
    authorization: `Bearer ${account.serviceAccount.authToken}`,
    'content-type': 'application/json',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /wallets HTTP/1.1\r\n${lines.join('')}\r\n${rest}`;
}

const post = (body: string | Uint8Array, headers = {}) => door.json('POST', '/wallets', body, headers);
const utf8 = (text: string) => Buffer.from(text, 'utf8');

test('[bad-input 1] a body that is empty or not there', async () => {
  const expected = { status: 400, code: 'E_JSON_EMPTY', message: 'body is required: expected a JSON object' };
  refused(await post(''), expected);
  refused(await post('  \n'), expected);
  refused(await door.json('POST', '/wallets'), expected);
});

test('[bad-input 2] JSON cut short, at every byte', async () => {
  const whole = '{"network":"KeyEdDSA","name":"a\\u00e9","tags":["x"]}';
  for (let length = 1; length < whole.length; length += 1)
    refused(await post(whole.slice(0, length)), {
      status: 400,
      code: 'E_JSON_SYNTAX',
      message: /^body is not valid JSON: unexpected end at byte \d+$/,
    });
});

test('[bad-input 3] a body that is a list, null, a text or a number', async () => {
  for (const body of ['[]', 'null', '"x"', '5', 'true', '[{"network":"KeyEdDSA"}]'])
    refused(await post(body), { status: 400, code: 'E_JSON_TYPE', message: 'body must be a JSON object' });
});

test('[bad-input 4] a member twice, also deep inside, also in other spellings', async () => {
  for (const [body, path] of [
    ['{"network":"KeyEdDSA","network":"Solana"}', 'body.network'],
    ['{"network":"KeyEdDSA","n\\u0065twork":"Solana"}', 'body.network'],
    ['{"network":"KeyEdDSA","signingKey":{"id":"a","id":"b"}}', 'body.signingKey.id'],
  ] as const)
    refused(await post(body), { status: 400, code: 'E_JSON_DUPLICATE_KEY', message: `${path} appears twice` });
});

test('[bad-input 6] bytes that are not UTF-8', async () => {
  const expected = { status: 400, code: 'E_UTF8', message: 'body is not valid UTF-8' };
  for (const bytes of ['ff', 'c0af', 'eda080', 'f4908080', 'e282'])
    refused(
      await post(Buffer.concat([utf8('{"network":"KeyEdDSA","name":"'), Buffer.from(bytes, 'hex'), utf8('"}')])),
      expected,
    );
});

test('[bad-input 7] an unpaired surrogate in a name', async () => {
  for (const name of ['\\ud800', '\\udc00', 'a\\ud83d b', '\\udc00\\ud800'])
    refused(await post(`{"network":"KeyEdDSA","name":"${name}"}`), {
      status: 400,
      code: 'E_JSON_SURROGATE',
      message: 'body.name contains an unpaired surrogate',
    });
});

test('[bad-input 7] the character U+0000, which no database keeps, in a body, a name of a member, a query', async () => {
  for (const [body, path] of [
    ['{"network":"KeyEdDSA","name":"a\\u0000"}', 'body.name'],
    ['{"network":"KeyEdDSA","tags":["a","\\u0000"]}', 'body.tags[1]'],
    ['{"network":"KeyEdDSA","\\u0000":1}', 'body'],
  ] as const)
    refused(await post(body), {
      status: 400,
      code: 'E_JSON_NUL',
      message: `${path} contains the character U+0000`,
    });
  refused(await door.read('/wallets?owner=a%00b'), {
    status: 400,
    code: 'E_QUERY',
    message: 'query.owner contains the character U+0000',
  });
});

test('[bad-input 8] UTF-16 and a byte order mark', async () => {
  const json = JSON.stringify(network);
  for (const body of [
    utf8(`\ufeff${json}`),
    Buffer.from(json, 'utf16le'),
    Buffer.from(`\ufeff${json}`, 'utf16le'),
    Buffer.from(`\ufeff${json}`, 'utf16le').swap16(),
    Buffer.from(json, 'utf16le').swap16(),
  ])
    refused(await post(body), {
      status: 400,
      code: 'E_UTF8_BOM',
      message: 'body must be UTF-8 without byte order mark',
    });
});

test('[bad-input 9] 200,000 nested lists, closed or not, and 100,000 objects', async () => {
  const started = performance.now();
  const expected = { status: 400, code: 'E_JSON_DEPTH', message: 'body is nested deeper than 32' };
  refused(await post('['.repeat(200_000)), expected);
  refused(await post(`{"network":${'['.repeat(200_000)}${']'.repeat(200_000)}}`), expected);
  refused(await post('{"a":'.repeat(100_000)), expected);
  ok(performance.now() - started < 5_000, 'the depth is noticed at once');
});

test('[bad-input 11] 1e400, -0, fractions and more where an integer is due', async () => {
  const body = (number: string) => `{"name":"a","publicKey":"b","daysValid":${number}}`;
  for (const [number, code] of [
    ['1e400', 'E_JSON_NUMBER'],
    ['-0', 'E_JSON_NUMBER'],
    ['9007199254740993', 'E_JSON_NUMBER'],
    ['1.5', 'E_BODY'],
    ['0', 'E_BODY'],
    ['731', 'E_BODY'],
    ['"7"', 'E_BODY'],
  ] as const)
    refused(await admin.json('POST', '/auth/service-accounts', body(number)), {
      status: 400,
      code,
      message: code === 'E_BODY' ? 'body.daysValid must be an integer between 1 and 730' : /^body\.daysValid /,
    });
  for (const number of ['01', '+1', '.5', '0x10', 'NaN', 'Infinity', '1_000'])
    refused(await admin.json('POST', '/auth/service-accounts', body(number)), {
      status: 400,
      code: 'E_JSON_SYNTAX',
      message: /^body is not valid JSON: unexpected .* at byte \d+$/,
    });
});

test('[bad-input 12] a member that is not known, whatever its name', async () => {
  for (const member of ['netwrok', 'constructor', 'toString', 'hasOwnProperty', ''])
    refused(await post(JSON.stringify({ ...network, [member]: 1 })), {
      status: 400,
      code: 'E_BODY',
      message: `body.${member} is not a known field`,
    });
  refused(await post('{"network":"KeyEdDSA","__proto__":{"tags":["x"]}}'), {
    status: 400,
    code: 'E_JSON_FORBIDDEN_KEY',
    message: 'body.__proto__ is not an allowed name',
  });
  refused(await post(JSON.stringify({ ...network, ['x'.repeat(5_000)]: 1 })), {
    status: 400,
    code: 'E_BODY',
    message: /^body\.x{20,64}… is not a known field$/,
  });
});

test('[bad-input 13] another content type, or none', async () => {
  const expected = { status: 415, code: 'E_CONTENT_TYPE', message: 'content-type must be application/json' };
  const { authorization } = { authorization: `Bearer ${account.serviceAccount.authToken}` };
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'x',
    'application/json-patch',
  ])
    refused(await post(JSON.stringify(network), { 'content-type': type }), expected);
  refused(
    await door.send({ method: 'POST', path: '/wallets', headers: { authorization }, body: JSON.stringify(network) }),
    expected,
  );
});

test('[bad-input 14] a compressed body, a bomb among them', async () => {
  const expected = { status: 415, code: 'E_CONTENT_ENCODING', message: 'compressed request bodies are not accepted' };
  refused(await post(gzipSync(JSON.stringify(network)), { 'content-encoding': 'gzip' }), expected);
  refused(await post(gzipSync(Buffer.alloc(64 << 20, 0x20)), { 'content-encoding': 'gzip' }), expected);
  for (const encoding of ['br', 'deflate', 'identity', 'gzip, gzip'])
    refused(await post(JSON.stringify(network), { 'content-encoding': encoding }), expected);
});

// A second request is hidden behind each: a reader that sees the frame otherwise would execute it.
const hidden = () => head({ 'content-length': '22' }, '{"network":"KeyEdDSA"}');
const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const frames: readonly (readonly [string, () => string])[] = [
  [
    'length and chunks together',
    () => head({ 'content-length': '4', 'transfer-encoding': 'chunked' }, chunked('{"network":"KeyEdDSA"}')),
  ],
  ['two lengths', () => head({ 'content-length': '2', 'Content-Length': '22' }, '{"network":"KeyEdDSA"}')],
  ['two equal lengths', () => head({ 'content-length': '22', 'Content-Length': '22' }, '{"network":"KeyEdDSA"}')],
  ['a length with a sign', () => head({ 'content-length': '+22' }, '{"network":"KeyEdDSA"}')],
  ['a length that is a list', () => head({ 'content-length': '22, 22' }, '{"network":"KeyEdDSA"}')],
  ['an unknown transfer coding', () => head({ 'transfer-encoding': 'xchunked' }, chunked('{"network":"KeyEdDSA"}'))],
  ['chunks that are not last', () => head({ 'transfer-encoding': 'chunked, gzip' }, chunked('{}'))],
  ['bare line feeds', () => head({ 'content-length': '22' }, '{"network":"KeyEdDSA"}').replaceAll('\r\n', '\n')],
  ['one bare line feed', () => head({ 'content-length': '22' }).replace('application/json\r\n', 'application/json\n')],
  ['a bare carriage return', () => head({ 'x-a': 'b\rc: d', 'content-length': '22' }, '{"network":"KeyEdDSA"}')],
  ['white space before the colon', () => head({ 'content-length ': '22' }, '{"network":"KeyEdDSA"}')],
  ['a folded header', () => head({ 'x-a': 'b\r\n c', 'content-length': '22', 'x-z': '\0' }, '{"network":"KeyEdDSA"}')],
  ['no host', () => head({ 'content-length': '22' }, '{"network":"KeyEdDSA"}').replace('host: localhost\r\n', '')],
  ['a chunk size that is none', () => head({ 'transfer-encoding': 'chunked' }, 'zz\r\n{}\r\n0\r\n\r\n')],
  ['no HTTP at all', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
];
for (const [name, text] of frames)
  test(`[bad-input 16] ${name}: 400, closed, and nothing behind it is read`, async () => {
    const heard = await raw(account, text() + hidden());

    equal(heard.statuses[0], 400, heard.text);
    equal(heard.statuses.length, 1, heard.text);
    equal(heard.body?.error?.status, 400, heard.text);
    match(String(heard.body.error.details.code), /^E_(HTTP|HEADER_TWICE)$/);
    match(heard.text, /connection: close/i);
  });

test('[bad-input 17] headers that must not be there twice', async () => {
  for (const name of ['authorization', 'x-dfns-useraction', 'x-dfns-appid', 'x-dfns-nonce', 'content-type']) {
    const again = name.toUpperCase();
    const value = name === 'authorization' ? `Bearer ${account.serviceAccount.authToken}` : 'application/json';
    const text = head({ [name]: value, [again]: value, 'content-length': '2', connection: 'close' }, '{}');
    const heard = await raw(account, text);

    equal(heard.statuses[0], 400, heard.text);
    equal(heard.body.error.details.code, 'E_HEADER_TWICE');
    equal(heard.body.error.message, `header ${name} appears more than once`);
  }
});

test('[bad-input 18] paths that another reader would understand otherwise', async () => {
  const get = (path: string) =>
    raw(
      account,
      Buffer.from(
        `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${account.serviceAccount.authToken}\r\nconnection: close\r\n\r\n`,
        'utf8',
      ),
    );
  for (const path of [
    '/wallets/%2e%2e/keys',
    '/wallets/../keys',
    '/./wallets',
    '//wallets',
    '/wallets//',
    `/wallets%2F${walletId}`,
    `/wallets/${walletId}/%2e`,
    '/wallets;x=1',
    '/wallets%00',
    '/wallets%',
    '/walléts',
    '/WALLETS',
    '/wallets\\',
    '/wallets/%77a-1',
    'http://localhost/wallets',
    '*',
    `/${'a'.repeat(10_000)}`,
  ]) {
    const heard = await get(path);
    ok([400, 404].includes(heard.statuses[0] ?? 0), `${path.slice(0, 40)}: ${heard.text.slice(0, 200)}`);
    match(heard.body.error.details.code, /^E_(NO_ENDPOINT|HTTP)$/, path.slice(0, 40));
    ok(!heard.text.includes('a'.repeat(65)));
  }
});

test('[bad-input 18] one trailing slash is taken on a read and nowhere else', async () => {
  equal((await door.read('/wallets/')).status, 200);
  equal((await door.read(`/wallets/${walletId}/`)).status, 200);
  refused(await door.json('POST', '/wallets/', JSON.stringify(network)), {
    status: 404,
    code: 'E_NO_ENDPOINT',
    message: 'no such endpoint',
  });
});

test('[bad-input 19] a query on a call that changes something', async () => {
  const token = await door.approve('POST', '/wallets', JSON.stringify(network));
  for (const query of ['force=true', 'network=Bitcoin', 'x', '&'])
    refused(await door.json('POST', `/wallets?${query}`, JSON.stringify(network), { 'x-dfns-useraction': token }), {
      status: 400,
      code: 'E_QUERY',
      message: 'query parameters are not allowed here',
    });
});

test('[bad-input 19] the documented force is taken, has no effect, and its answer says so', async () => {
  const permissions = good(await admin.read('/permissions')).body.items as { id: string; name: string }[];
  const { id: permission } = permissions.find(({ name }) => name === 'ManagedReadOnly') ?? { id: '' };
  const identityId = account.serviceAccount.userId;
  const made = good(await admin.act('POST', `/permissions/${permission}/assignments`, { identityId })).body;
  const path = `/permissions/${permission}/assignments/${made.id}`;
  const token = await admin.approve('DELETE', path, '{}');

  refused(await admin.json('DELETE', `${path}?force=true&x=1`, '{}', { 'x-dfns-useraction': token }), {
    status: 400,
    code: 'E_QUERY',
    message: 'query.x is not a known field',
  });
  const done = await admin.json('DELETE', `${path}?force=true`, '{}', { 'x-dfns-useraction': token });

  equal(done.status, 204, done.text);
  match(String(done.headers['warning']), /force is not signed/);
});

test('[bad-input 21] a page token that was altered, is of another list, or is another organisation’s', async () => {
  const first = good(await door.read('/wallets?limit=1')).body;
  const token: string = first.nextPageToken;
  const other = new Door(cluster.createOrg('Elsewhere', { enable: false }));
  const expected = { status: 400, code: 'E_PAGINATION_TOKEN', message: 'query.paginationToken is not valid' };
  equal((await door.read(`/wallets?limit=1&paginationToken=${encodeURIComponent(token)}`)).status, 200);

  const edited = [...token].map((letter, at) => (at === 8 ? (letter === 'A' ? 'B' : 'A') : letter)).join('');
  for (const bad of [edited, `${token}A`, token.slice(0, -2), 'x', `${token}=`, 'A'.repeat(2000)])
    refused(await door.read(`/wallets?limit=1&paginationToken=${encodeURIComponent(bad)}`), expected);
  const quoted = encodeURIComponent(token);
  refused(await door.read(`/keys?limit=1&paginationToken=${quoted}`), expected);
  refused(await other.read(`/wallets?limit=1&paginationToken=${quoted}`), expected);
  refused(await door.read(`/wallets?paginationToken=${'A'.repeat(2001)}`), {
    status: 400,
    code: 'E_QUERY',
    message: 'query.paginationToken must be 1 to 2000 characters',
  });
});

test('[bad-input 22] a method the path does not answer', async () => {
  for (const [method, path, allow] of [
    ['PATCH', '/wallets', 'GET, POST'],
    ['DELETE', '/keys/import', 'POST'],
    ['TRACE', `/wallets/${walletId}`, 'DELETE, GET, PUT'],
  ] as const) {
    const answer = await door.json(method, path);
    refused(answer, { status: 405, code: 'E_METHOD', message: `${path} answers ${allow} only` });
    equal(answer.headers['allow'], allow);
  }
});

test('[bad-input 24] 33,000 bytes of header', async () => {
  for (const text of [
    `GET /wallets HTTP/1.1\r\nhost: localhost\r\nx-a: ${'a'.repeat(33_000)}\r\n\r\n`,
    `GET /wallets HTTP/1.1\r\nhost: localhost\r\n${'x-a: b\r\n'.repeat(4_700)}\r\n`,
    `GET /${'a'.repeat(33_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  ]) {
    const heard = await raw(account, text);
    equal(heard.statuses[0], 431, heard.text.slice(0, 200));
    equal(heard.body.error.details.code, 'E_HEADER_TOO_LARGE');
    ok(heard.text.length < 600);
  }
});

test('[bad-input 26] names and external ids that are too long or empty', async () => {
  for (const [member, value, message] of [
    ['name', '', 'body.name must be 1 to 100 characters'],
    ['name', 'x'.repeat(101), 'body.name must be 1 to 100 characters'],
    ['name', 'x'.repeat(10_000), 'body.name must be 1 to 100 characters'],
    ['externalId', '', 'body.externalId must be 1 to 256 characters'],
    ['externalId', 'x'.repeat(10_000), 'body.externalId must be 1 to 256 characters'],
  ] as const) {
    const body = JSON.stringify({ ...network, [member]: value });
    refused(await post(body), { status: 400, code: 'E_BODY', message });
    refused(await door.init('POST', '/wallets', body), {
      status: 400,
      code: 'E_USER_ACTION_PAYLOAD',
      message: `userActionPayload: ${message}`,
    });
  }
});

test('a body above a mebibyte is refused before it is read as anything', async () => {
  refused(await post(`{"name":"${'x'.repeat(1 << 20)}"}`), { status: 413, code: 'E_TOO_LARGE', message: /too large/ });
});

test('[bad-input 23] a header or a body at one byte a second: 408 after ten seconds, closed', async () => {
  const { header, body } = await slow;
  for (const heard of [header, body]) {
    equal(heard.statuses[0], 408, heard.text);
    equal(heard.body.error.details.code, 'E_TIMEOUT');
    ok(heard.ms > 9_000 && heard.ms < 25_000, `${heard.ms} ms`);
  }
});

test('none of this left anything behind, and a proper request works', async () => {
  deepEqual(await door.everything(), atFirst);
  const { body } = good(
    await door.act('POST', `/wallets/${walletId}/signatures`, { kind: 'Message', message: '0x01' }),
  );
  equal(body.status, 'Signed');
});
