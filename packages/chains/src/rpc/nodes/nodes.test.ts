import { deepEqual, doesNotMatch, equal, match, ok, rejects, throws } from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { NodeError } from '../errors.ts';
import { createHttp } from '../http/index.ts';
import { checkEndpointUrl, createNodes, type NodesOptions } from './index.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

type Answer = (question: { method: string; params: unknown; id: unknown; request: IncomingMessage }) => unknown;

/** A node that answers JSON-RPC as it is told; counts what it was asked and over how many connections. */
async function node(answer: Answer) {
  const seen: string[] = [];
  const connections = new Set<Socket>();
  const url = await serve((request, reply, body) => {
    const { method, params, id } = JSON.parse(body || '{}') as { method: string; params: unknown; id: unknown };
    seen.push(method ?? request.url ?? '');
    const out = answer({ method, params, id, request });
    reply.setHeader('content-type', 'application/json');
    reply.end(typeof out === 'string' ? out : JSON.stringify({ jsonrpc: '2.0', id, ...(out as object) }));
  }, connections);
  return { url, seen, connections };
}

async function serve(
  handle: (request: IncomingMessage, reply: ServerResponse, body: string) => void,
  connections = new Set<Socket>(),
): Promise<string> {
  const server = createServer((request, reply) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => handle(request, reply, Buffer.concat(parts).toString()));
  });
  server.on('connection', (socket) => connections.add(socket));
  return listen(server);
}

/** Takes connections and never says a word. */
const silent = (): Promise<string> => listen(createTcpServer((socket) => void socket.on('error', () => undefined)));

async function refusing(): Promise<string> {
  const server = createTcpServer();
  const url = await listen(server);
  await new Promise((done) => server.close(done));
  return url;
}

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const setTimer = (ms: number, fn: () => void) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};
const http = createHttp({ fetch, setTimer });

function nodesOf(urls: readonly string[], o: Partial<NodesOptions> = {}) {
  return createNodes({ network: 'Ethereum', urls, http, env: { now: Date.now }, ...o });
}

const head = '0x10';
const good = () => node(({ method }) => ({ result: method === 'eth_blockNumber' ? head : null }));

test('asks the first node of the list, over connections that are kept', async () => {
  const [first, second] = [await good(), await good()];
  const nodes = nodesOf([first.url, second.url]);

  for (let k = 0; k < 5; k += 1) equal(await nodes.rpc('eth_blockNumber', []), head);

  equal(first.seen.length, 5);
  ok(first.connections.size <= 2, `${first.connections.size} connections`);
  equal(second.seen.length, 0);
});

test('goes on with the next node where the first is dead, and asks the living one from then on', async () => {
  const second = await good();
  const nodes = nodesOf([await refusing(), second.url]);

  equal(await nodes.rpc('eth_blockNumber', []), head);
  equal(await nodes.rpc('eth_blockNumber', []), head);

  const [dead, living] = nodes.health();
  equal(dead?.state, 'Down');
  equal(dead?.failures, 1);
  equal(living?.state, 'Up');
});

test('tries a node again after its rest, and forgets what was', async () => {
  let isSick = true;
  let now = 1_000_000;
  const first = await node(() => (isSick ? 'not JSON' : { result: head }));
  const second = await good();
  const nodes = nodesOf([first.url, second.url], { env: { now: () => now } });
  await nodes.rpc('eth_blockNumber', []);
  isSick = false;
  now += 60_000;

  await nodes.rpc('eth_blockNumber', []);

  equal(second.seen.length, 1);
  equal(nodes.health()[0]?.state, 'Up');
});

test('a node that takes the connection and never answers is given up in time, and not waited for again', async () => {
  const nodes = nodesOf([await silent()], { timeoutMs: 40 });

  await rejects(nodes.rpc('eth_blockNumber', []), { code: 'E_NODE_UNREACHABLE', message: /node 1 of Ethereum/ });
  await rejects(nodes.rpc('eth_blockNumber', []), { code: 'E_NODE_UNREACHABLE', message: /no node of Ethereum/ });
});

for (const [what, body] of [
  ['HTML', '<html>502</html>'],
  ['nothing', ''],
  ['a list', '[]'],
  ['no result', '{"jsonrpc":"2.0","id":1}'],
  ['the answer to another question', '{"jsonrpc":"2.0","id":77,"result":"0x1"}'],
  ['half a text', '{"jsonrpc":"2.0","id":1,"resu'],
] as const)
  test(`a node that answers with ${what} is passed over`, async () => {
    const bad = await node(() => body);
    const second = await good();

    await rejects(nodesOf([bad.url]).rpc('eth_blockNumber', []), { code: 'E_NODE_ANSWER' });
    equal(await nodesOf([bad.url, second.url]).rpc('eth_blockNumber', []), head);
  });

test('an answer larger than the limit is cut off, and the next node asked', async () => {
  let sent = 0;
  const url = await serve((_request, reply) => {
    const part = Buffer.alloc(65_536, 'a');
    const push = (): void => {
      while (sent < 100_000_000 && !reply.destroyed) {
        sent += part.length;
        if (!reply.write(part)) return void reply.once('drain', push);
      }
      reply.end();
    };
    push();
  });
  const second = await good();

  await rejects(nodesOf([url], { bytesMax: 100_000 }).rpc('eth_blockNumber', []), {
    code: 'E_NODE_ANSWER',
    message: /larger than 100000 bytes/,
  });
  equal(await nodesOf([url, second.url], { bytesMax: 100_000 }).rpc('eth_blockNumber', []), head);
  ok(sent < 50_000_000, `${sent} bytes were sent`);
});

test('a redirect of a node is not followed', async () => {
  const target = await good();
  const url = await serve((_request, reply) => {
    reply.writeHead(307, { location: target.url });
    reply.end();
  });

  await rejects(nodesOf([url]).rpc('eth_blockNumber', []), { code: 'E_NODE_ANSWER', message: /redirect/ });
  equal(target.seen.length, 0);
});

test('a node of another chain is never believed', async () => {
  const other = await node(({ method }) => ({ result: method === 'eth_chainId' ? '0x5' : head }));
  const right = await node(({ method }) => ({ result: method === 'eth_chainId' ? '0x1' : head }));
  const identify: NodesOptions['identify'] = async (one) => {
    if ((await one.rpc('eth_chainId', [])) !== '0x1') throw new NodeError('E_NODE_ANSWER', 'of another chain');
  };

  await rejects(nodesOf([other.url], { identify }).rpc('eth_blockNumber', []), { code: 'E_NODE_ANSWER' });
  equal(await nodesOf([other.url, right.url], { identify }).rpc('eth_blockNumber', []), head);
  deepEqual(other.seen, ['eth_chainId', 'eth_chainId']);
  deepEqual(right.seen, ['eth_chainId', 'eth_blockNumber']);
});

test('a refusal is an answer: nobody else is asked, and the node stays up', async () => {
  const first = await node(() => ({ error: { code: 3, message: 'execution reverted: no' } }));
  const second = await good();
  const nodes = nodesOf([first.url, second.url]);

  await rejects(nodes.rpc('eth_call', []), { code: 'E_NODE_REFUSED', rpcCode: 3, message: /execution reverted: no/ });

  equal(second.seen.length, 0);
  equal(nodes.health()[0]?.state, 'Up');
});

test('a refusal that is about the node itself is not the end of the question', async () => {
  const limited = await node(() => ({ error: { code: -32005, message: 'limit exceeded' } }));
  const second = await good();

  equal(await nodesOf([limited.url, second.url]).rpc('eth_blockNumber', []), head);
  await rejects(nodesOf([limited.url]).rpc('eth_blockNumber', []), { code: 'E_NODE_REFUSED', rpcCode: -32005 });
});

test("what a node says reaches people as one bounded line without its address's key", async () => {
  const key = 'k3yk3yk3yk3yk3y';
  const loud = await node(() => ({ error: { code: 1, message: `bad key ${key}\n\u0007at ${'x'.repeat(5000)}` } }));

  const error = await nodesOf([`${loud.url}/v3/${key}`])
    .rpc('eth_call', [])
    .then(
      () => undefined,
      (thrown: NodeError) => thrown,
    );

  ok(error);
  ok(error.message.length < 300);
  doesNotMatch(error.message, /k3y/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point.
  doesNotMatch(error.message, /[\u0000-\u001f]/);
});

test('no error of an unreachable node names its address', async () => {
  const url = `${(await refusing()).replace('http://', 'http://alice:s3cretword@')}/v3/k3yk3yk3yk3y?apikey=zzzz`;
  const nodes = nodesOf([url]);

  const error: unknown = await nodes.rpc('eth_blockNumber', []).catch((thrown: unknown) => thrown);

  ok(error instanceof NodeError);
  const told = JSON.stringify([error.message, error.stack, String(error.cause), nodes.health()]);
  doesNotMatch(told, /s3cretword|k3yk3y|zzzz|127\.0\.0\.1/);
  match(error.message, /node 1 of Ethereum/);
});

test('user and password of an address become a header, and stay out of the request line', async () => {
  let authorization: string | undefined;
  const first = await node(({ request }) => {
    authorization = request.headers.authorization;
    return { result: request.url };
  });

  const path = await nodesOf([first.url.replace('http://', 'http://rpc%3Auser:p%40ss@')]).rpc('getblockcount', []);

  equal(path, '/');
  equal(authorization, `Basic ${Buffer.from('rpc:user:p@ss').toString('base64')}`);
});

test('headers of an origin are sent to it alone, and taken out of what a node says', async () => {
  const seen: (string | undefined)[] = [];
  const refusing = async () =>
    serve((request, reply) => {
      seen.push(request.headers['project_id'] as string | undefined);
      reply.writeHead(400, { 'content-type': 'application/json' });
      reply.end('{"message":"the project_id k3ythatmaynotbeseen is over its limit"}');
    });
  const [first, second] = [await refusing(), await refusing()];
  const headers = (origin: string): Record<string, string> =>
    origin === first ? { project_id: 'k3ythatmaynotbeseen' } : {};

  await rejects(nodesOf([first], { headers }).get('/epochs/latest'), (error: NodeError) => {
    doesNotMatch(error.message, /k3ythat/);
    match(error.message, /the project_id … is over its limit/);
    return true;
  });
  await rejects(nodesOf([second], { headers }).get('/epochs/latest'), { code: 'E_NODE_REFUSED' });

  deepEqual(seen, ['k3ythatmaynotbeseen', undefined]);
});

test('a token of a header is taken out of what a node says without the word before it', async () => {
  const url = await serve((_request, reply) => {
    reply.writeHead(400, { 'content-type': 'application/json' });
    reply.end('{"message":"no project for t0kenthatmaynotbeseen"}');
  });

  const headers = () => ({ authorization: 'Bearer t0kenthatmaynotbeseen' });

  await rejects(nodesOf([url], { headers }).get('/epochs/latest'), {
    code: 'E_NODE_REFUSED',
    message: /no project for …$/,
  });
});

test("a list of errors with status 500, as Tezos' node refuses, is a refusal; any other 500 is none", async () => {
  const errors = [
    { kind: 'temporary', id: 'proto.021-PsQuebec.contract.counter_in_the_past', contract: 'tz1' },
    { kind: 'permanent', id: 'failure', msg: 'x' },
  ];
  const answering = (body: unknown) =>
    serve((_request, reply) => {
      reply.writeHead(500, { 'content-type': 'application/json' });
      reply.end(JSON.stringify(body));
    });

  await rejects(nodesOf([await answering(errors)]).post('/injection/operation', '00'), {
    code: 'E_NODE_REFUSED',
    status: 500,
    message: /refused: proto\.021-PsQuebec\.contract\.counter_in_the_past, failure/,
  });
  for (const other of [[], [{ id: 'x' }], { kind: 'a', id: 'b' }, ['x'], null])
    await rejects(nodesOf([await answering(other)]).post('/injection/operation', '00'), {
      code: 'E_NODE_UNREACHABLE',
    });
});

test('a path is asked for below the address, whose own query stays', async () => {
  let asked: string | undefined;
  const url = await serve((request, reply) => {
    asked = request.url;
    reply.end('{"n":1}');
  });

  deepEqual(await nodesOf([`${url}/api/v1/?key=abcd`]).get('/accounts/x?limit=2'), { n: 1 });
  equal(asked, '/api/v1/accounts/x?key=abcd&limit=2');
  await rejects(nodesOf([url]).get('/a/../b'), /bug/);
});

test('a refusal over REST carries its status and what came with it', async () => {
  const url = await serve((_request, reply) => {
    reply.writeHead(404, { 'content-type': 'application/json' });
    reply.end('{"message":"account not found","code":5}');
  });

  await rejects(nodesOf([url]).get('/accounts/x'), (error: NodeError) => {
    equal(error.code, 'E_NODE_REFUSED');
    equal(error.status, 404);
    deepEqual(error.answer, { message: 'account not found', code: 5 });
    return true;
  });
});

test('whole numbers that no double holds arrive as text', async () => {
  const large = await node(
    ({ id }) => `{"jsonrpc":"2.0","id":${id},"result":[18446744073709551615,1,"a: 18446744073709551615",0.1]}`,
  );

  deepEqual(await nodesOf([large.url]).rpc('getAccountInfo', []), [
    '18446744073709551615',
    1,
    'a: 18446744073709551615',
    0.1,
  ]);
});

test('nodes that must agree and do not are an error of its own', async () => {
  const one = await node(() => ({ result: { block: '0xaa', status: 1 } }));
  const same = await node(() => ({ result: { status: 1, block: '0xaa' } }));
  const other = await node(() => ({ result: { block: '0xbb', status: 1 } }));
  const ask = (urls: readonly string[]) => nodesOf(urls).agreed((each) => each.rpc('eth_getTransactionReceipt', []));

  deepEqual(await ask([one.url, same.url]), { block: '0xaa', status: 1 });
  await rejects(ask([one.url, other.url]), { code: 'E_NODE_DISAGREE' });
  deepEqual(await ask([one.url]), { block: '0xaa', status: 1 });
});

const block = { state: 'included', height: 7, block: '0xaa', confirmations: 5, success: true, fee: '1' };
for (const [what, said, together] of [
  ['unequally deep', [block, { ...block, confirmations: 3 }], { ...block, confirmations: 3 }],
  ['one has not read the block', [block, { state: 'pending' }], { state: 'pending' }],
  ['one does not know it', [{ state: 'unknown' }, block], { state: 'pending' }],
  ['in one pool only', [{ state: 'unknown' }, { state: 'pending' }], { state: 'pending' }],
  [
    'unknown to one, dropped for the other',
    [{ state: 'dropped', reason: 'x' }, { state: 'unknown' }],
    { state: 'unknown' },
  ],
  ['in other blocks', [block, { ...block, block: '0xbb' }], undefined],
  ['failed for one', [block, { ...block, success: false }], undefined],
  ['another fee', [block, { ...block, fee: '2' }], undefined],
  ['dropped for one', [block, { state: 'dropped', reason: 'x' }], undefined],
] as const)
  test(`a transaction of which two nodes say: ${what}`, async () => {
    const [one, two] = [await node(() => ({ result: said[0] })), await node(() => ({ result: said[1] }))];
    const asked = nodesOf([one.url, two.url]).agreed((each) => each.rpc('state', []));

    if (together === undefined) await rejects(asked, { code: 'E_NODE_DISAGREE' });
    else deepEqual(await asked, together);
  });

test('a dead node is replaced in an agreement where there is another, and missed where there is none', async () => {
  const [one, two] = [await good(), await good()];
  const dead = await refusing();

  equal(await nodesOf([one.url, dead, two.url]).agreed((each) => each.rpc('eth_blockNumber', [])), head);
  await rejects(
    nodesOf([one.url, dead]).agreed((each) => each.rpc('eth_blockNumber', [])),
    { code: 'E_NODE_UNREACHABLE', message: /2 nodes of Ethereum have to agree and 1 answered/ },
  );
});

test('a conversation begins again with the next node where one falls silent in the middle', async () => {
  const first = await node(({ method }) => (method === 'a' ? { result: 1 } : 'gone'));
  const second = await node(() => ({ result: 2 }));

  const both = await nodesOf([first.url, second.url]).one(async (one) => [
    await one.rpc('a', []),
    await one.rpc('b', []),
  ]);

  deepEqual(both, [2, 2]);
});

test('with more questions than a node may have under way, the others wait and all are answered', async () => {
  let underWay = 0;
  let most = 0;
  const url = await serve((_request, reply, body) => {
    underWay += 1;
    most = Math.max(most, underWay);
    setImmediate(() => {
      underWay -= 1;
      reply.end(JSON.stringify({ id: (JSON.parse(body) as { id: number }).id, result: head }));
    });
  });
  const nodes = nodesOf([url]);

  const answers = await Promise.all(Array.from({ length: 300 }, () => nodes.rpc('eth_blockNumber', [])));

  deepEqual(new Set(answers), new Set([head]));
  ok(most <= 64, `${most} at once`);
});

test('an address of a node is http or https, without a fragment', () => {
  for (const bad of ['ftp://x', 'localhost:8545', '', 'http://', 'http://x/#a', `http://x/${'a'.repeat(3000)}`])
    throws(() => checkEndpointUrl(bad), RangeError);
  equal(checkEndpointUrl('https://u:p@node.example/v3/key?a=b').hostname, 'node.example');
});
