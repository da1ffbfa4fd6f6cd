import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64, toBase64Url } from '@holdfast/contract/wire';
import { randomBytes, seed } from '../test/world.ts';
import {
  COMMAND_BYTES_MAX,
  decodeCommand,
  decodePush,
  decodeReply,
  encodeCommand,
  encodePush,
  encodeReply,
  isGroupElement,
  PUSH_BYTES_MAX,
} from './codec.ts';
import { PAYLOAD_CHARS_MAX } from './shapes.ts';
import type { Command, Push, Reply, Result } from './types.ts';

const b64u = (label: string, n: number) => toBase64Url(randomBytes(label, n));
const org = 'or-1f04s-lqc9q-xxxxxxxxxxxxxxxx';
const keyId = 'key-1f04s-lqc9q-xxxxxxxxxxxxxxxx';
const hash = b64u('hash', 32);
const signature = b64u('signature', 64);
const runNonce = Buffer.from(randomBytes('nonce', 32)).toString('hex');
const request = {
  method: 'POST',
  path: '/keys/key-1/signatures',
  payload: '{"kind":"Hash","hash":"0x00","note":"é \\" 𝔘"}',
} as const;
const key = {
  kind: 'Key',
  credId: 'cred-1',
  clientData: b64u('client', 200),
  signature: b64u('der', 71),
  algorithm: 'Ed25519',
} as const;
const fido = {
  kind: 'Fido2',
  credId: 'cred_2',
  clientData: b64u('c', 20),
  authenticatorData: b64u('a', 37),
  signature,
  userHandle: b64u('h', 16),
} as const;
const ack = { index: 3, org, height: 7, head: hash, signature };
const mark = { index: 2, org, recordId: keyId, mark: 'exported', nullifier: hash, signature } as const;

const commands: readonly Command[] = [
  { v: 1, id: 'g', kind: 'Genesis', genesis: '{"v":1}', proof: key },
  {
    v: 1,
    id: 'a',
    kind: 'Act',
    request,
    assertion: fido,
    tokens: [
      [1, b64u('t1', 16)],
      [4, b64u('t4', 16)],
    ],
    runNonce,
    participants: [1, 3, 5],
    session: runNonce,
  },
  { v: 1, id: 'a3', kind: 'Act', request, assertion: key, tokens: [], runNonce, participants: [], keyEpoch: runNonce },
  { v: 1, id: 'a2', kind: 'Act', request, assertion: key, tokens: [], runNonce, participants: [] },
  {
    v: 1,
    id: 'gr',
    kind: 'Group',
    protocol: 'ecdsa-h/secp256k1',
    elements: [
      { request, assertion: fido, tokens: [[2, b64u('t2', 16)]], runNonce, items: 1 },
      { request, assertion: key, tokens: [], runNonce, items: 128, keyEpoch: runNonce },
    ],
    runNonce,
    participants: [1, 2, 3, 4, 5],
    session: runNonce,
  },
  {
    v: 1,
    id: 'gt',
    kind: 'Group',
    protocol: 'ecdsa-h/stark',
    elements: [{ request, assertion: fido, tokens: [], runNonce, items: 1 }],
    runNonce,
    participants: [1, 2, 3, 4, 5],
    session: runNonce,
    nonces: 'together',
  },
  { v: 1, id: 'co', kind: 'Commit', org, acks: [ack, ack, ack] },
  {
    v: 1,
    id: 'cu',
    kind: 'CatchUp',
    org,
    entries: [
      { entry: { v: 1, height: 0, genesis: 'g', proof: key }, acks: [ack] },
      { entry: { v: 1, org, height: 1, prev: hash, request, assertion: key }, acks: [] },
    ],
  },
  { v: 1, id: 'kc', kind: 'KeyCertificate', keyId, statements: [{ index: 1, signature }] },
  { v: 1, id: 'rc', kind: 'RecordCatchUp', act: { request, assertion: fido }, marks: [mark] },
  { v: 1, id: 'w', kind: 'Withdraw', org, height: 7, head: hash },
  { v: 1, id: 're', kind: 'Release', org, height: 7, head: hash, withdrawals: [ack, ack, ack] },
  {
    v: 1,
    id: 'rd',
    kind: 'Release',
    org,
    height: 7,
    head: hash,
    withdrawals: [],
    disregards: [{ index: 1, org, height: 7, about: 5, signature }],
  },
  { v: 1, id: 'd0', kind: 'Disregard', org, height: 7, about: 5, by: [] },
  {
    v: 1,
    id: 'd1',
    kind: 'Disregard',
    org,
    height: 7,
    about: 5,
    by: [{ index: 5, org, height: 7, about: 5, signature }],
  },
  { v: 1, id: 'm', kind: 'Made', act: { request, assertion: key } },
  { v: 1, id: 'rf', kind: 'Refresh', keyId, epoch: runNonce, runNonce, participants: [1, 2, 3, 4, 5] },
  { v: 1, id: 'e1', kind: 'Epochs' },
  { v: 1, id: 'e2', kind: 'Epochs', only: keyId },
  { v: 1, id: 'e3', kind: 'Epochs', after: keyId },
  { v: 1, id: 'ec', kind: 'EpochConfirmed', keyId, epoch: runNonce, confirmations: [{ index: 1, signature }] },
  { v: 1, id: 'i', kind: 'ImportKey' },
  { v: 1, id: 'h', kind: 'Heads' },
  { v: 1, id: 'p', kind: 'Pending' },
  { v: 1, id: 's', kind: 'Status' },
];

const results: readonly Result[] = [
  { t: 'ack', ack },
  { t: 'done' },
  {
    t: 'key',
    keyId,
    walletId: 'wa-1f04s-lqc9q-xxxxxxxxxxxxxxxx',
    publicKey: `02${runNonce}`,
    epoch: runNonce,
    statement: { index: 1, signature },
    mark,
  },
  {
    t: 'key',
    keyId,
    publicKey: `02${runNonce}`,
    epoch: runNonce,
    statement: { index: 1, signature },
    confirmation: { index: 1, signature },
  },
  { t: 'signatures', signatures: [{ signature: runNonce + runNonce, recid: 1 }, { signature: runNonce + runNonce }] },
  {
    t: 'group',
    outcomes: [
      { ok: true, signatures: [{ signature: runNonce + runNonce, recid: 1 }] },
      { ok: false, error: { code: 'E_REPLAY', message: 'Used.', culprits: [1], details: { round: 2 } } },
    ],
  },
  { t: 'share', keyId, encryptedKeyShare: toBase64(randomBytes('sealed', 500)), mark },
  { t: 'mark', mark },
  {
    t: 'importKey',
    encryptionKey: toBase64(randomBytes('key', 34)),
    encryptionKeySignature: toBase64(randomBytes('s', 64)),
    expires: '2026-01-01T00:00:00.000Z',
  },
  { t: 'heads', heads: [{ org, height: 0, head: hash }] },
  { t: 'heads', heads: [{ org, height: 6, head: hash, tail: { height: 7, head: hash } }] },
  { t: 'heads', heads: [{ org, height: 6, head: hash, silent: 7 }] },
  { t: 'withdrawal', withdrawal: ack },
  { t: 'disregard', disregard: { index: 1, org, height: 7, about: 5, signature } },
  { t: 'pending', keys: [{ keyId, statement: { index: 5, signature } }] },
  { t: 'epochs', keys: [], more: false },
  {
    t: 'epochs',
    keys: [
      {
        keyId,
        epochs: [
          { epoch: runNonce, generation: 0, statement: { index: 1, signature }, confirmation: { index: 1, signature } },
          { epoch: `00${runNonce.slice(2)}`, generation: 1, statement: { index: 1, signature } },
        ],
      },
    ],
    more: true,
  },
  {
    t: 'status',
    status: {
      index: 1,
      version: '0.1.0',
      backends: { secp256k1: 'native' },
      keys: 3,
      prssSession: null,
      peersOnline: [2, 3],
    },
  },
  {
    t: 'status',
    status: {
      index: 1,
      version: '0.1.0',
      backends: {},
      keys: 0,
      prssSession: null,
      peersOnline: [],
      aux: { state: 'making primes' },
    },
  },
  {
    t: 'status',
    status: {
      index: 1,
      version: '0.1.0',
      backends: {},
      keys: 0,
      prssSession: null,
      peersOnline: [],
      aux: { state: 'ready', epoch: runNonce },
    },
  },
];
const replies: readonly Reply[] = [
  ...results.map((result): Reply => ({ v: 1, id: 'r', ok: true, result })),
  {
    v: 1,
    id: 'r',
    ok: false,
    error: {
      code: 'E_STALE_HEAD',
      message: 'Stale.',
      culprits: [2, 4],
      details: { height: 4, head: hash, fresh: false },
    },
  },
  { v: 1, id: 'r', ok: false, error: { code: 'refused', message: '' } },
];
const pushes: readonly Push[] = [
  { v: 1, push: 'Token', token: b64u('t', 16) },
  { v: 1, push: 'Session', session: runNonce },
  { v: 1, push: 'Session', session: null },
  { v: 1, push: 'Figures', figures: { runs_total: 4, run_seconds: 0.25 } },
];

const kinds = [
  { name: 'command', values: commands, encode: encodeCommand, decode: decodeCommand, code: 'E_COMMAND' },
  { name: 'reply', values: replies, encode: encodeReply, decode: decodeReply, code: 'E_REPLY' },
  { name: 'push', values: pushes, encode: encodePush, decode: decodePush, code: 'E_PUSH' },
] as const;
type AnyKind = {
  encode(value: unknown): string;
  decode(text: string): unknown;
  code: string;
  name: string;
  values: readonly object[];
};

for (const kind of kinds as unknown as readonly AnyKind[]) {
  test(`reads every ${kind.name} it writes, and writes it alike again`, () => {
    for (const value of kind.values) {
      const text = kind.encode(value);
      deepEqual(kind.decode(text), value);
      equal(kind.encode(kind.decode(text)), text);
    }
  });

  test(`refuses a ${kind.name} with an unknown, missing or repeated member at any depth`, () => {
    for (const value of kind.values) {
      for (const path of objectsOf(value)) {
        if (isTable(path)) continue;
        const more = structuredClone(value);
        (at(more, path) as Record<string, unknown>).extra = 1;
        throws(() => kind.decode(JSON.stringify(more)), { code: kind.code }, path.join('.'));
        throws(() => kind.encode(more), { code: kind.code });
        for (const member of Object.keys(at(value, path) as object)) {
          const less = structuredClone(value);
          delete (at(less, path) as Record<string, unknown>)[member];
          if (!optional.has(member) && !(path.at(-1) === 'aux' && member === 'epoch'))
            throws(() => kind.decode(JSON.stringify(less)), { code: kind.code }, `${path}.${member}`);
        }
      }
      const text = JSON.stringify(value);
      throws(() => kind.decode(text.replace('{"v":1', '{"v":1,"v":1')), { code: kind.code });
      throws(() => kind.decode(text.replace('{"v":1', '{"v":1,"__proto__":{}')), { code: kind.code });
      throws(() => kind.decode(text.replace('{"v":1', '{"v":2')), { code: kind.code });
      throws(() => kind.decode(`${text} 1`), { code: kind.code });
    }
  });

  test(`refuses a ${kind.name} in which a list or object is something else, or a list is too long`, () => {
    for (const value of kind.values) {
      for (const path of containersOf(value)) {
        const original = at(value, path);
        const others = Array.isArray(original)
          ? [null, 'list', 5, {}, { length: 1 }, Array.from({ length: 5000 }, () => original[0])]
          : [null, 'object', 5, true, []];
        for (const other of others) {
          const changed = { whole: structuredClone(value) as unknown };
          const place = ['whole', ...path];
          (at(changed, place.slice(0, -1)) as Record<string, unknown>)[place.at(-1) as string] = other;
          throws(() => kind.encode(changed.whole), { code: kind.code }, path.join('.'));
          if (path.length > 0)
            throws(() => kind.decode(JSON.stringify(changed.whole)), { code: kind.code }, path.join('.'));
        }
      }
    }
  });

  test(`refuses a ${kind.name} in which any value has another type or is far too large`, () => {
    const wrong: readonly unknown[] = [null, true, -1, 1e15, 0.5, 'x'.repeat(400_000), '\ud800', [], {}, [[[[]]]]];
    for (const value of kind.values) {
      for (const path of leavesOf(value)) {
        const original = at(value, path);
        let refused = 0;
        for (const other of wrong) {
          if (typeof other === typeof original && typeof other !== 'string') continue;
          const changed = structuredClone(value);
          (at(changed, path.slice(0, -1)) as Record<string, unknown>)[path.at(-1) as string] = other;
          try {
            kind.encode(changed);
          } catch (error) {
            equal((error as { code?: string }).code, kind.code);
            refused++;
          }
        }
        // Text members that may be free accept some text, tables any figure; everything else is refused.
        ok(refused >= 6, `${kind.name} ${path.join('.')}: ${refused}`);
      }
    }
  });
}

test('refuses what a strict reader must: order, repetition, alphabets, ranges', () => {
  const act = commands[1] as Extract<Command, { kind: 'Act' }>;
  const [one, four] = act.tokens;
  if (!one || !four) throw new Error('two tokens');
  const bad: readonly Partial<Record<keyof typeof act, unknown>>[] = [
    { tokens: [four, one] },
    { tokens: [one, one] },
    { tokens: [[6, one[1]]] },
    { tokens: [[0, one[1]]] },
    { tokens: [[1, one[1], 1]] },
    { tokens: [[1, `${one[1]}=`]] },
    { tokens: [[1, b64u('long', 17)]] },
    { participants: [3, 1] },
    { participants: [1, 1] },
    { participants: [1, 2, 3, 4, 5, 5] },
    { runNonce: runNonce.toUpperCase().replace(/\d/g, 'A') },
    { runNonce: runNonce.slice(2) },
    { id: '' },
    { id: 'x'.repeat(65) },
    { id: 'a b' },
    { request: { ...request, path: 'keys' } },
    { request: { ...request, path: '/keys?x=1' } },
    { request: { ...request, path: '/keys#x' } },
    { request: { ...request, path: '/k ey' } },
    { request: { ...request, path: `/${'k'.repeat(512)}` } },
    { request: { ...request, method: 'PATCH' } },
    { request: { ...request, payload: 'x'.repeat(PAYLOAD_CHARS_MAX + 1) } },
    { assertion: { ...key, kind: 'Totp' } },
    { assertion: { ...key, signature: b64u('huge', 1025) } },
    { assertion: { ...key, clientData: b64u('huge', 4097) } },
    { session: 'none' },
  ];
  for (const change of bad) {
    throws(
      () => encodeCommand({ ...act, ...change } as Command),
      { code: 'E_COMMAND' },
      JSON.stringify(change).slice(0, 80),
    );
  }
});

test('an element may stand in a group exactly if a command could carry it', () => {
  const element = { request, assertion: key, tokens: [], runNonce, items: 1 } as const;

  equal(isGroupElement(element), true);
  for (const change of [{ items: 0 }, { items: 129 }, { items: 1.5 }, { runNonce: 'x' }, { tokens: [[9, '']] }])
    equal(isGroupElement({ ...element, ...change } as never), false);
  equal(isGroupElement({ ...element, request: { ...request, payload: 'x'.repeat(PAYLOAD_CHARS_MAX + 1) } }), false);
});

test('bounds the names and the number of members of a table', () => {
  const figures = (names: readonly string[]): Push => ({
    v: 1,
    push: 'Figures',
    figures: Object.fromEntries(names.map((name) => [name, 1])),
  });
  const many = Array.from({ length: 129 }, (_, n) => `figure_${n}`);

  equal(decodePush(encodePush(figures(many.slice(1)))).push, 'Figures');
  throws(() => encodePush(figures(many)), { code: 'E_PUSH' });
  for (const name of ['', 'Upper', '1st', 'a b', 'constructor()', 'x'.repeat(65)]) {
    throws(() => encodePush(figures([name])), { code: 'E_PUSH' }, name);
  }
});

test('bounds the whole text and its depth', () => {
  const act = commands[2] as Extract<Command, { kind: 'Act' }>;
  const entry = {
    v: 1,
    org,
    height: 1,
    prev: hash,
    request: { ...request, payload: 'x'.repeat(PAYLOAD_CHARS_MAX) },
    assertion: key,
  } as const;
  const entries = [1, 2, 3].map(() => ({ entry, acks: [] }));

  equal(decodeCommand(encodeCommand({ ...act, request: entry.request })).kind, 'Act');
  throws(() => encodeCommand({ v: 1, id: 'x', kind: 'CatchUp', org, entries }), { code: 'E_COMMAND' });
  throws(() => decodeCommand('{"v":1}'.padEnd(COMMAND_BYTES_MAX + 1)), { code: 'E_COMMAND' });
  throws(() => decodePush('{"v":1}'.padEnd(PUSH_BYTES_MAX + 1)), { code: 'E_PUSH' });
  throws(() => decodeCommand('['.repeat(17)), { code: 'E_COMMAND' });
});

test('names the place and never the value of what it refuses', () => {
  const secret = 'hunter2hunter2';
  try {
    encodeCommand({ ...(commands[2] as object), runNonce: secret } as Command);
    throw new Error('was accepted');
  } catch (error) {
    const { message } = error as Error;
    ok(message.startsWith('command.runNonce '), message);
    equal(message.includes(secret), false);
  }
});

test('2 000 altered texts are read as themselves or refused, never worse', (t) => {
  t.diagnostic(`seed ${seed}`);
  for (const kind of kinds as unknown as readonly AnyKind[]) {
    for (let k = 0; k < 2000; k++) {
      const text = kind.encode(kind.values[k % kind.values.length]);
      const dice = randomBytes(`${kind.name} ${k}`, 4);
      const [a = 0, b = 0, c = 0, d = 0] = dice;
      const place = (a * 256 + b) % text.length;
      const changed =
        d % 3 === 0
          ? text.slice(0, place) + text.slice(place + 1)
          : text.slice(0, place) + String.fromCharCode(c) + text.slice(place + (d % 2));
      try {
        const value = kind.decode(changed);
        deepEqual(kind.decode(kind.encode(value)), value);
      } catch (error) {
        equal((error as { code?: string }).code, kind.code, String(error));
      }
    }
  }
});

const optional = new Set([
  'disregards',
  'silent',
  'aux',
  'session',
  'algorithm',
  'userHandle',
  'walletId',
  'mark',
  'recid',
  'culprits',
  'details',
  'org',
  'tail',
  'keyEpoch',
  'nonces',
  'confirmation',
  'only',
  'after',
  'owner',
]);
const isTable = (path: readonly string[]) => ['backends', 'figures', 'details'].includes(path.at(-1) ?? '');

function objectsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return [];
  const below = Object.entries(value).flatMap(([name, each]) => objectsOf(each, [...path, name]));
  return Array.isArray(value) ? below : [[...path], ...below];
}

function containersOf(value: unknown, path: readonly string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return [];
  return [[...path], ...Object.entries(value).flatMap(([name, each]) => containersOf(each, [...path, name]))];
}

function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return [[...path]];
  return Object.entries(value).flatMap(([name, each]) => leavesOf(each, [...path, name]));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], value);
}
