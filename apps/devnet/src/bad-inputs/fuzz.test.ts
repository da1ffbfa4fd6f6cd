/**
 * Thousands of requests that are almost right, made from the contract's own schemas, for every operation: none makes
 * the api answer as if it were at fault, crash, leave its error shape, or slow down. Rerun with HOLDFAST_SEED=<seed>.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fullName, type Operation, operations, paramKinds } from '@holdfast/contract/operations';
import { type AccountFile, Cluster } from '../harness/index.ts';
import { type Answer, Door, good, type Sent, wellFormed } from './door.ts';

const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() & 0x7fffffff);
const REQUESTS = 3_000;
/** Of these the payload is signed properly, so that they reach what is behind the user action. */
const SIGNED = 150;
const AT_ONCE = 24;
const SIGNED_AT_ONCE = 6;
/** Generous: the suites share two cores with five signers and each other. A signed request is three, and a signature. */
const P99_MS_MAX = 3_000;
const SIGNED_P99_MS_MAX = 8_000;

let cluster: Cluster;
let account: AccountFile;
let door: Door;
let admin: Door;
let ids: Readonly<Record<string, readonly string[]>>;
let walletIds: readonly string[];

before(async () => {
  cluster = await Cluster.start({ env: { HOLDFAST_RATE_LIMIT: '0' } });
  account = cluster.createOrg('Fuzz');
  door = new Door(account);
  admin = new Door(account, account.admin);
  const made = [];
  for (const network of ['Ethereum', 'Solana', 'Bitcoin', 'Starknet'])
    made.push(good(await door.act('POST', '/wallets', { network })).body);
  walletIds = made.map(({ id }) => id as string);
  ids = {
    wa: walletIds,
    key: made.map(({ signingKey }) => signingKey.id as string),
    or: [account.orgId],
    us: [account.admin.userId, account.serviceAccount.userId],
    pm: (good(await admin.read('/permissions')).body.items as { id: string }[]).map(({ id }) => id),
    as: ['as-00000-00000-0000000000000000'],
    sig: ['sig-00000-00000-0000000000000000'],
  };
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

/** mulberry32: small, seeded, good enough to choose from. */
function chooser(from: number) {
  let state = from >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return { next, below, oneOf };
}
type Chooser = ReturnType<typeof chooser>;

/** The keywords the contract's schemas use. */
interface Node {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

const odd: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53 - 1,
  1e308,
  '',
  ' ',
  '0',
  'null',
  '__proto__',
  'constructor',
  '\0',
  '\u202e',
  '😀'.repeat(40),
  'x'.repeat(300),
  'x'.repeat(5_000),
  '../../etc/passwd',
  "' or 1=1 --",
  '{{7*7}}',
  '%00',
  [],
  [[]],
  {},
  { toString: 1 },
  { length: -1 },
  '0x',
  '0x0',
  '9'.repeat(400),
  new Array(300).fill(0),
  '2026-13-45T99:99:99Z',
  'wa-00000-00000-0000000000000000',
];

/** A value that fits the schema, or nearly: `fault` is how often something in it does not. */
function valueFor(node: Node, c: Chooser, fault: number, depth = 0): unknown {
  if (c.next() < fault) return c.oneOf(odd);
  if (node.const !== undefined) return node.const;
  if (node.enum) return c.oneOf(node.enum);
  if (node.anyOf) return valueFor(c.oneOf(node.anyOf), c, fault, depth);
  switch (node.type) {
    case 'object':
      return objectFor(node, c, fault, depth);
    case 'array':
      return Array.from({ length: c.below(6) }, () => valueFor(node.items ?? {}, c, fault, depth + 1));
    case 'string':
      return textFor(node, c);
    case 'integer':
      return Math.min(node.maximum ?? 1_000, (node.minimum ?? 0) + c.below(1_000));
    case 'number':
      return c.below(2_000_000_000);
    case 'boolean':
      return c.next() < 0.5;
    case 'null':
      return null;
    default:
      return c.oneOf(odd);
  }
}

function objectFor(node: Node, c: Chooser, fault: number, depth: number): Record<string, unknown> {
  const open = node.patternProperties?.['^.*$'];
  if (open) {
    const names = ['Order', 'Item', 'a', 'EIP712Domain', 'constructor'].slice(0, c.below(5));
    return Object.fromEntries(names.map((name) => [name, depth > 5 ? 1 : valueFor(open, c, fault, depth + 1)]));
  }
  const members = Object.entries(node.properties ?? {}).filter(([name]) =>
    node.required?.includes(name) ? c.next() >= fault / 2 : c.next() < 0.4,
  );
  const object = Object.fromEntries(members.map(([name, member]) => [name, valueFor(member, c, fault, depth + 1)]));
  if (c.next() < fault / 2) object[c.oneOf(['extra', 'toString', 'x'.repeat(200), ''])] = c.oneOf(odd);
  return object;
}

function textFor(node: Node, c: Chooser): string {
  const pattern = node.pattern ?? '';
  const prefix = /^\^([a-z]+)-/.exec(pattern)?.[1];
  if (prefix !== undefined) return c.oneOf([...(ids[prefix] ?? []), `${prefix}-00000-00000-0000000000000000`]);
  const hexes = [
    '',
    '0x',
    '00',
    `0x${'ab'.repeat(32)}`,
    'ab'.repeat(32),
    `0x${'00'.repeat(300)}`,
    '0x02c0',
    '0xf800',
    '0x70736274ff0100',
  ];
  if (pattern.includes('0-9a-fA-F')) return c.oneOf(hexes);
  const length = Math.min(node.maxLength ?? 40, Math.max(node.minLength ?? 0, c.below(60)));
  const letters = c.oneOf(['abcdefghij-_', '0123456789', 'AZaz09+/=', 'é😀\u0000\n"\\', 'address[]uint256bytes']);
  return Array.from({ length }, () => c.oneOf([...letters]))
    .join('')
    .slice(0, Math.max(length, 1));
}

function pathFor(of: Operation, c: Chooser): string {
  const path = of.path.replace(/:(\w+)/g, (_, name: string) => {
    const prefix = paramKinds[name] ?? 'wa';
    return c.next() < 0.8
      ? c.oneOf([...(ids[prefix] ?? []), `${prefix}-zzzzz-zzzzz-zzzzzzzzzzzzzzzz`])
      : c.oneOf([
          'x',
          '-',
          '%2e%2e',
          'us-1',
          `${prefix}-${'0'.repeat(300)}`,
          `${prefix.toUpperCase()}-00000-00000-0000000000000000`,
          '%ff',
          '_',
        ]);
  });
  if (c.next() < 0.7) return path;
  const value = () =>
    encodeURIComponent(String(c.oneOf(odd.filter((each) => typeof each !== 'object')))).slice(0, 3_000);
  return `${path}?${c.oneOf(['limit', 'paginationToken', 'force', 'kind', 'owner', 'x', '%', '__proto__'])}=${c.oneOf(['1', 'true', '%', value()])}`;
}

/** The text of a body, sometimes no longer JSON. */
function textOf(value: unknown, c: Chooser): string {
  const text = JSON.stringify(value);
  if (c.next() < 0.85) return text;
  const at = c.below(text.length);
  return c.oneOf([
    text.slice(0, at),
    `${text.slice(0, at)}${c.oneOf(['"', '{', ',', '\\', '\u0001', '1e999', '\\ud800', '[[[['])}${text.slice(at)}`,
    `${text}${text}`,
    `[${text}]`,
    text.replace('{', '{"a":1,"a":2,'),
  ]);
}

function requestFor(c: Chooser): Sent & { readonly of: Operation } {
  const of = c.oneOf(operations);
  const bearer = { authorization: `Bearer ${c.oneOf([account.admin, account.serviceAccount]).authToken}` };
  const headers = {
    ...(c.next() < 0.9 ? bearer : c.oneOf([{}, { authorization: 'Bearer x.y.z' }, { authorization: '' }])),
    ...(c.next() < 0.95 ? { 'content-type': 'application/json' } : c.oneOf([{}, { 'content-type': 'text/plain' }])),
    ...(c.next() < 0.2 ? { 'x-dfns-useraction': c.oneOf(['', 'x', 'a.b.c', account.admin.authToken]) } : {}),
    ...(c.next() < 0.05 ? { 'x-dfns-nonce': c.oneOf(['', 'e30', 'bnVsbA', 'x'.repeat(2_000)]) } : {}),
    ...(c.next() < 0.05 ? { 'x-dfns-appid': c.oneOf(['', account.appId, 'ap-x']) } : {}),
  };
  const method = c.next() < 0.97 ? of.method : c.oneOf(['PATCH', 'DELETE', 'PUT', 'OPTIONS', 'HEAD']);
  const value = of.request === undefined ? c.oneOf(odd) : valueFor(of.request as Node, c, c.oneOf([0, 0.05, 0.3]));
  const hasBody = of.request === undefined ? c.next() < 0.1 : c.next() < 0.95;
  return { of, method, path: pathFor(of, c), headers, ...(hasBody ? { body: textOf(value, c) } : {}) };
}

interface Judged {
  readonly problems: readonly string[];
  readonly took: readonly number[];
  readonly statuses: ReadonlyMap<number, number>;
}

/** Runs `count` attempts, a few at a time; each has a seed of its own, so that one can be repeated alone. */
async function judge(
  { count, atOnce }: { readonly count: number; readonly atOnce: number },
  attempt: (c: Chooser) => Promise<{ name: string; answer: Answer }>,
): Promise<Judged> {
  const problems: string[] = [];
  const took: number[] = [];
  const statuses = new Map<number, number>();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const n = next;
      next += 1;
      const started = performance.now();
      try {
        const { name, answer } = await attempt(chooser(seed + n * 7919));
        took.push(performance.now() - started);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const about = `seed ${seed}, request ${n}, ${name}: ${answer.status} ${answer.text.slice(0, 300)}`;
        // A HEAD has no body; a preflight has nothing to say.
        // No network of this cluster has a node, and that is said of every question to a chain.
        if (answer.status >= 500 && !answer.text.includes('"E_NODE_UNSET"')) problems.push(about);
        else if (answer.status >= 400 && answer.sent.method !== 'HEAD') wellFormed(answer);
      } catch (error) {
        problems.push(`seed ${seed}, request ${n}: ${error instanceof Error ? error.message : 'unknown'}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { problems, took: took.sort((a, b) => a - b), statuses };
}

function healthy(
  { problems, took, statuses }: Judged,
  p99Max: number,
  context: { diagnostic(text: string): void },
): void {
  const p99 = took[Math.floor(took.length * 0.99)] ?? 0;
  const spread = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${status}: ${n}`);
  context.diagnostic(`seed ${seed}; ${spread.join(', ')}; p99 ${Math.round(p99)} ms`);
  deepEqual(problems.slice(0, 5), []);
  ok(p99 < p99Max, `p99 ${p99} ms`);
}

test(`${REQUESTS} malformed requests over all operations (seed ${seed})`, async (t) => {
  const pid = cluster.processes()['api'];
  const before = await door.everything();
  const touched = new Set<string>();

  const judged = await judge({ count: REQUESTS, atOnce: AT_ONCE }, async (c) => {
    const { of, ...sent } = requestFor(c);
    touched.add(fullName(of));
    return {
      name: `${sent.method} ${sent.path.slice(0, 100)} ${String(sent.body).slice(0, 200)}`,
      answer: await door.send(sent),
    };
  });

  healthy(judged, P99_MS_MAX, t);
  equal(touched.size, operations.length, 'every operation is reached');
  deepEqual(await door.everything(), before);
  equal(cluster.processes()['api'], pid);
});

test(`${SIGNED} properly signed requests whose content is odd (seed ${seed})`, async (t) => {
  const signs = operations.filter(
    (of) => of.name === 'generateSignature' || of.name === 'updateKey' || of.name === 'tagWallet',
  );

  const judged = await judge({ count: SIGNED, atOnce: SIGNED_AT_ONCE }, async (c) => {
    const of = c.oneOf(signs);
    const path = of.path.replace(/:(\w+)/g, (_, name: string) => c.oneOf(ids[paramKinds[name] ?? 'wa'] ?? []));
    const body = valueFor(of.request as Node, c, c.oneOf([0, 0, 0.02]));
    return { name: `${of.name} ${JSON.stringify(body).slice(0, 200)}`, answer: await door.act(of.method, path, body) };
  });

  healthy(judged, SIGNED_P99_MS_MAX, t);
  ok((judged.statuses.get(200) ?? 0) > 0, 'some of them are in order');
});

test('the processes are those that were started, nothing was a bug, and the wallets sign', async () => {
  equal(await cluster.online(), 5);
  ok(!/"event":"(api\.bug|error)"/.test(cluster.output), /.*"event":"(?:api\.bug|error)".*/.exec(cluster.output)?.[0]);
  const [ethereum, solana] = walletIds;
  const hash = { kind: 'Hash', hash: 'ab'.repeat(32) };
  equal(good(await door.act('POST', `/wallets/${ethereum}/signatures`, hash)).body.status, 'Signed');
  const message = { kind: 'Message', message: '0x01' };
  equal(good(await door.act('POST', `/wallets/${solana}/signatures`, message)).body.status, 'Signed');
});
