import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { fromBase64Url, type JsonValue, toBase64Url, toHex, utf8Decode } from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';
import { decodeChallenge } from '../challenge/index.ts';
import { nullifierOfAct } from '../consent/index.ts';
import { AuthorityError } from '../errors/index.ts';
import { deriveId } from '../ids/index.ts';
import { ackBytes, type EntryAfterGenesis, headOf, keyStatementBytes } from '../log/index.ts';
import { apply, type State } from '../reduce/index.ts';
import {
  ask,
  bytesOf,
  changes,
  deps,
  entryOf,
  identityKeys,
  permissionId,
  type Asked as Request,
  type Signer as TestSigner,
  withAccount,
  withUser,
  world,
} from '../testing/index.ts';
import type { LogEntry } from '../types/index.ts';
import {
  encodeLine,
  FIRST_HASH,
  findSignatures,
  hashAfter,
  type Line,
  type LineSignature,
  type LogPins,
  logFileText,
  type SignedBytes,
  type VerifiedLog,
  verifyLogFile,
} from './index.ts';
import { Provenance } from './provenance.ts';

type Content = Exclude<Line, { readonly line: 'end' }>;

// ── five signers, an organisation, a wallet and what it signed ──────────────────────────────────────────────────

const signers = [1, 2, 3, 4, 5].map(() => generateKeyPairSync('ed25519'));
const rawKey = (key: KeyObject): Uint8Array => fromBase64Url(key.export({ format: 'jwk' }).x ?? '');
const signerKeys = signers.map(({ publicKey }) => rawKey(publicKey));
const by = (index: number, bytes: Uint8Array): LineSignature => ({
  index,
  signature: toBase64Url(sign(null, bytes, (signers[index - 1] as (typeof signers)[number]).privateKey)),
});
const THREE = [1, 2, 4];

const made = await organisation();
const { lines, admin, robot, person } = made;

async function organisation() {
  const w = world();
  const entries: LogEntry[] = [w.genesis];
  const states: State[] = [w.state];
  // The helpers of the world give states; the entries between are made again here, one for each step.
  const record = (state: State, signer: typeof w.admin, asked: Request): State => {
    const entry = entryOf(state, ask(state, signer, asked));
    const next = apply(state, entry, deps);
    entries.push(entry);
    states.push(next);
    return next;
  };
  let state = record(w.state, w.admin, {
    method: 'PUT',
    path: `/orgs/${w.state.org}/settings`,
    body: { keyImport: true },
  });
  const account = recorded(withAccount(states[0] as State, w.admin).account);
  state = record(state, w.admin, {
    method: 'POST',
    path: '/auth/service-accounts',
    body: { name: 'robot', publicKey: account.key.publicKey, permissionId: permissionId(state, 'ManagedKeyUser') },
  });
  const robotId = [...state.serviceAccounts.values()][0];
  const robotSigner = { ...account, userId: robotId?.userId ?? '', credId: robotId?.credentialId ?? '' };
  const human = recorded(withUser(states[0] as State, w.admin, 'not@this.example').user);
  state = record(state, w.admin, {
    method: 'POST',
    path: '/auth/users',
    body: { email: 'two@acme.example', kind: 'CustomerEmployee' },
  });
  const userId = [...state.users.keys()].at(-1) ?? '';
  state = record(state, w.admin, {
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId, credentialId: 'second', kind: 'Key', publicKey: human.key.publicKey, name: 'laptop' },
  });
  const second = { ...human, userId, credId: 'second' };
  state = record(state, w.admin, {
    method: 'POST',
    path: `/permissions/${permissionId(state, 'ManagedFullAdminAccess')}/assignments`,
    body: { identityId: userId },
  });
  // Granted by the second person: a way of two steps to the genesis.
  state = record(state, second, {
    method: 'POST',
    path: `/permissions/${permissionId(state, 'ManagedKeyExport')}/assignments`,
    body: { identityId: robotSigner.userId },
  });
  const shown = state;
  const wallet = madeWallet(shown, { maker: robotSigner, signer: robotSigner, body: { network: 'Solana' } });
  const { walletId, keyId } = wallet;
  // After it: what the user was shown is not the last head.
  state = record(state, w.admin, { method: 'PUT', path: `/orgs/${w.state.org}/settings`, body: { keyExport: true } });

  const all: Content[] = [
    {
      ...{ line: 'cluster', v: 1, org: state.org, epoch: 0, successions: '' },
      identityKeys: signerKeys.map(toBase64Url),
    },
    ...entries.map((entry, k): Content => {
      const { org, height, head } = states[k] as State;
      return {
        ...{ line: 'entry', entry },
        acks: THREE.map((index) => by(index, ackBytes(org, height, fromBase64Url(head)))),
      };
    }),
    ...wallet.lines,
  ];
  return {
    ...{
      lines: all,
      org: state.org,
      state,
      shown,
      walletId,
      keyId,
      first: w.state,
      admin: w.admin,
      robot: robotSigner,
      person: second,
    },
    signatureId: wallet.signatureId,
    stranger: {
      act: ask(
        shown,
        { ...robotSigner, key: human.key },
        { method: 'POST', path: `/wallets/${walletId}/signatures`, body: { kind: 'Message', message: '0x0102' } },
      ),
    },
  };
}

/** A wallet and one signature with it, as the file has them. */
function madeWallet(
  shown: State,
  o: { readonly maker: TestSigner; readonly signer: TestSigner; readonly body: object },
): { walletId: string; keyId: string; signatureId: string; lines: Content[] } {
  const walletAct = ask(shown, o.maker, { method: 'POST', path: '/wallets', body: o.body });
  const nullifier = nullifierOfAct(walletAct) ?? new Uint8Array(32);
  const [walletId, keyId] = [deriveId('wa', nullifier), deriveId('key', nullifier)];
  const signatureAct = ask(shown, o.signer, {
    method: 'POST',
    path: `/wallets/${walletId}/signatures`,
    body: { kind: 'Message', message: '0x0102' },
  });
  const pair = generateKeyPairSync('ed25519');
  const publicKey = rawKey(pair.publicKey);
  const epoch = bytesOf('epoch');
  const stated = keyStatementBytes(shown.org, keyId, 'ed25519', publicKey, epoch);
  return {
    ...{ walletId, keyId, signatureId: deriveId('sig', nullifierOfAct(signatureAct) ?? nullifier) },
    lines: [
      {
        ...{ line: 'key', keyId, scheme: 'EdDSA', curve: 'ed25519', publicKey: toHex(publicKey), epoch: toHex(epoch) },
        statements: THREE.map((index) => by(index, stated)),
      },
      { line: 'act', act: { request: walletAct.request, assertion: walletAct.assertion } },
      {
        ...{ line: 'signature', act: { request: signatureAct.request, assertion: signatureAct.assertion } },
        signatures: [{ signature: toHex(sign(null, Uint8Array.of(1, 2), pair.privateKey)) }],
      },
    ],
  };
}

/** Only the key of it is of use. */
function recorded<T>(signer: T): T {
  return signer;
}

/** Ed25519 over the message of the body; the cluster's own plans are the command line's business. */
const signedBytes: SignedBytes = {
  async items({ body, key, network }) {
    if (network !== 'Solana' || key.scheme !== 'EdDSA') throw new AuthorityError('E_LOG_SIGNATURE', 'another network');
    const message = Buffer.from(String(body['message']).slice(2), 'hex');
    const publicKey = { key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(key.publicKey) }, format: 'jwk' } as const;
    return [{ digest: sha256(message), verifies: ({ signature }) => verify(null, message, publicKey, signature) }];
  },
};

const pins: LogPins = {
  org: made.org,
  genesisHash: toHex(fromBase64Url(made.state.genesisHash)),
  members(cluster) {
    const isPinned = cluster.epoch === 0 && cluster.successions === '';
    if (!isPinned || cluster.identityKeys.join() !== signerKeys.map(toBase64Url).join())
      throw new AuthorityError('E_LOG_CLUSTER', 'other signers');
    return signerKeys;
  },
};

const read = (content: readonly Content[], o: Partial<LogPins> = {}): Promise<VerifiedLog> =>
  verifyText([...logFileText(content)], o);
const verifyText = (text: readonly string[], o: Partial<LogPins> = {}): Promise<VerifiedLog> =>
  verifyLogFile(() => text, { ...pins, ...o }, { deps, signedBytes });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (!(error instanceof AuthorityError)) throw error;
    return error.code;
  }
}

// ── what it says ────────────────────────────────────────────────────────────────────────────────────────────────

test('a whole log holds, and says who asked for a signature, with what, when, and by whose grants', async () => {
  const log = await read(lines);

  deepEqual([log.org, log.height, log.head], [made.org, made.state.height, made.state.head]);
  const [found] = findSignatures(log, made.signatureId);
  equal(log.signatures.length, 1);
  deepEqual(found?.user, { userId: robot.userId, username: 'robot', isServiceAccount: true });
  equal(found?.credential.credentialId, robot.credId);
  equal(found?.credential.enrolledAt, 2);
  deepEqual([found?.height, found?.head], [made.shown.height, made.shown.head]);
  deepEqual([found?.walletId, found?.keyId, found?.network], [made.walletId, made.keyId, 'Solana']);
  equal(found?.request.payload, '{"kind":"Message","message":"0x0102"}');
  equal((found?.signed.to ?? 0) - (found?.signed.from ?? 0), 330);
  deepEqual(
    found?.permissions.map(({ name, grants }) => [
      name,
      grants.map((each) => [each.permission, each.height, each.by?.userId]),
    ]),
    [
      [
        'Keys:Signatures:Create',
        [
          ['ManagedKeyUser', 2, admin.userId],
          ['ManagedFullAdminAccess', 0, undefined],
        ],
      ],
    ],
  );
});

test('a signature is found by its id, its digest and its value, with or without 0x', async () => {
  const log = await read(lines);
  const [one] = log.signatures;

  for (const wanted of [one?.id, one?.digests[0], `0x${one?.digests[0]}`, one?.signatures[0]?.toUpperCase()])
    deepEqual(findSignatures(log, wanted ?? ''), [one]);
  equal(
    await codeOf(Promise.resolve().then(() => findSignatures(log, 'sig-00000-00000-0000000000000000'))),
    'E_LOG_NOTHING',
  );
});

test('a way of grants leads over the person who gave one to the genesis', async () => {
  const log = await read(lines);
  const assignment = [...log.state.assignments.values()].at(-1);

  equal(assignment?.identityId, robot.userId);
  equal(log.state.permissions.get(assignment?.permissionId ?? '')?.name, 'ManagedKeyExport');
  notEqual(person.userId, admin.userId);
});

test('what a role allows since it was widened or brought back comes from whoever did that, not from who gave it', () => {
  const way = new Provenance(made.first);
  let state = made.first;
  const after = (signer: TestSigner, method: 'POST' | 'PUT', path: string, body: object): State => {
    const entry = entryOf(state, ask(state, signer, { method, path, body: body as JsonValue }));
    const next = apply(state, entry, deps);
    way.add(state, next, entry as EntryAfterGenesis, []);
    state = next;
    return state;
  };
  const { user } = withUser(made.first, admin, 'three@acme.example', 'ManagedFullAdminAccess');
  for (const [path, body] of [
    ['/auth/users', { email: 'three@acme.example', kind: 'CustomerEmployee' }],
    ['/permissions', { name: 'Reader', operations: ['Wallets:Read'] }],
  ] as const)
    after(admin, 'POST', path, body);
  const userId = [...state.users.keys()].at(-1) ?? '';
  const roleId = [...state.permissions.keys()].at(-1) ?? '';
  const publicKey = user.key.publicKey;
  after(admin, 'POST', '/holdfast/credentials/confirm', {
    userId,
    credentialId: 'third',
    kind: 'Key',
    publicKey,
    name: 'k',
  });
  const third = { ...user, userId, credId: 'third' };
  const full = permissionId(state, 'ManagedFullAdminAccess');
  after(admin, 'POST', `/permissions/${full}/assignments`, { identityId: userId });
  const account = withAccount(made.first, admin).account;
  after(admin, 'POST', '/auth/service-accounts', { name: 'robot', publicKey: account.key.publicKey });
  const robotId = [...state.serviceAccounts.keys()].at(-1) ?? '';
  after(admin, 'POST', `/permissions/${roleId}/assignments`, { identityId: robotId });
  const given = state.height;
  const operations = ['Wallets:Read', 'Keys:Export'];
  const before = after(third, 'PUT', `/permissions/${roleId}`, { operations });
  after(admin, 'PUT', `/permissions/${roleId}/archive`, { isArchived: true });
  const again = after(admin, 'PUT', `/permissions/${roleId}/archive`, { isArchived: false });

  const told = (at: State, name: string) => {
    const [{ height, by, widened } = {}] = way.wayTo(at, { userId: robotId, tokenId: undefined }, name);
    return [height, by?.userId, widened?.height, widened?.by?.userId];
  };
  deepEqual(told(before, 'Wallets:Read'), [given, admin.userId, undefined, undefined]);
  deepEqual(told(before, 'Keys:Export'), [given, admin.userId, given + 1, third.userId]);
  deepEqual(told(again, 'Keys:Export'), [given, admin.userId, given + 3, admin.userId]);
});

// ── what it refuses ─────────────────────────────────────────────────────────────────────────────────────────────

/** The end as somebody who altered a line would write it. */
function ended(content: readonly string[]): string[] {
  const hash = content.reduce(hashAfter, FIRST_HASH);
  return [...content, encodeLine({ line: 'end', lines: content.length, hash: toBase64Url(hash) })];
}

test('every change of every member of every line is refused with a code, though the end fits it', async (t) => {
  const texts = lines.map(encodeLine);
  const codes = new Map<string, number>();
  let tried = 0;

  for (const [at, text] of texts.entries())
    for (const changed of changes(JSON.parse(text) as JsonValue)) {
      const altered = JSON.stringify(changed);
      if (altered === text) continue;
      const code = await codeOf(verifyText(ended(texts.with(at, altered))));
      ok(/^E_[A-Z0-9_]+$/.test(code), `${code}: line ${at + 1}: ${altered.slice(0, 400)}`);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      tried += 1;
    }

  t.diagnostic(`${tried} changes: ${[...codes].map(([code, count]) => `${code} ${count}`).join(', ')}`);
  ok(tried > 200);
  for (const code of ['E_LOG_FORM', 'E_LOG_CLUSTER', 'E_LOG_ORG', 'E_ACKS', 'E_LOG_KEY', 'E_LOG_SIGNATURE'])
    ok(codes.has(code), code);
});

test('a line that is missing, doubled, moved or written in another form is refused', async () => {
  const texts = lines.map(encodeLine);
  // What stands in a file is proved, what does not is not denied: a signature, and an entry that nothing builds on.
  const isOpen = (at: number): boolean => {
    const line = lines[at];
    return line?.line === 'signature' || (line?.line === 'entry' && line.entry.height === made.state.height);
  };
  for (const at of texts.keys()) {
    if (!isOpen(at)) notEqual(await codeOf(verifyText(ended(texts.filter((_, k) => k !== at)))), 'accepted');
    notEqual(await codeOf(verifyText(ended([...texts.slice(0, at + 1), ...texts.slice(at)]))), 'accepted');
    const spaced = ended(texts.with(at, (texts[at] ?? '').replace('{', '{ ')));
    equal(await codeOf(verifyText(spaced)), 'E_LOG_FORM');
  }
  for (let at = 1; at < texts.length; at += 1) {
    const swapped = texts.with(at - 1, texts[at] ?? '').with(at, texts[at - 1] ?? '');
    // Which of a key and a wallet comes first says nothing.
    if (lines[at]?.line === 'act' && lines[at - 1]?.line === 'key') continue;
    notEqual(await codeOf(verifyText(ended(swapped))), 'accepted', `line ${at + 1}`);
  }
});

test('the end has to be there, once, last, and to fit', async () => {
  const text = [...logFileText(lines)];
  const end = text.at(-1) ?? '';

  equal(await codeOf(verifyText(text)), 'accepted');
  for (const wrong of [
    text.slice(0, -1),
    [...text, end],
    [...text, text[0] ?? ''],
    text.with(-1, end.replace(/"lines":\d+/, '"lines":1')),
    text.with(-1, end.replace(/"hash":"./, '"hash":"_')),
    [],
  ])
    equal(await codeOf(verifyText(wrong)), 'E_LOG_FORM');
});

test('another cluster, another organisation, another genesis, and an older file are refused', async () => {
  equal(await codeOf(read(lines, { org: 'or-00000-00000-0000000000000000' })), 'E_LOG_ORG');
  equal(await codeOf(read(lines, { genesisHash: '00'.repeat(32) })), 'E_LOG_ORG');
  equal(await codeOf(read(lines, { members: () => identityKeys })), 'E_ACKS');
  equal(await codeOf(read(lines, { head: made.state.head })), 'accepted');
  equal(await codeOf(read(lines, { head: toBase64Url(bytesOf('later')) })), 'E_LOG_HEAD');
  const older = lines.filter((line) => !(line.line === 'entry' && line.entry.height === made.state.height));
  equal(await codeOf(read(older, { head: made.state.head })), 'E_LOG_HEAD');
});

const forged = (act: Pick<ReturnType<typeof ask>, 'request' | 'assertion'>): readonly Content[] =>
  lines.map((line) =>
    line.line === 'signature' ? { ...line, act: { request: act.request, assertion: act.assertion } } : line,
  );
const asked = (o: Partial<Request> = {}): Request => ({
  ...{ method: 'POST', path: `/wallets/${made.walletId}/signatures`, body: { kind: 'Message', message: '0x0102' } },
  ...o,
});

test('a signature that nobody was allowed to ask for is refused, valid in all else', async () => {
  const weak = ask(made.shown, robot, asked());
  equal(await codeOf(read(forged(weak))), 'accepted');

  const other = ask(made.shown, robot, asked({ body: { kind: 'Message', message: '0x0103' } }));
  equal(await codeOf(read(forged(other))), 'E_LOG_SIGNATURE');
  equal(await codeOf(read(forged(made.stranger.act))), 'E_ASSERTION');
  const before = await codeOf(read(forged(ask({ ...made.shown, head: headAt(1) }, robot, asked()))));
  equal(before, 'E_CREDENTIAL_UNKNOWN');
  const login = ask(made.shown, robot, asked({ challenge: { k: 'Registration', b: '' } }));
  equal(await codeOf(read(forged(login))), 'E_CHALLENGE_KIND');
  const elsewhere = ask(made.shown, robot, asked({ challenge: { c: toBase64Url(bytesOf('elsewhere')) } }));
  equal(await codeOf(read(forged(elsewhere))), 'E_CHALLENGE_CLUSTER');
  const sent = ask(made.shown, robot, asked({ sent: { payload: '{"kind":"Message","message":"0x0102" }' } }));
  equal(await codeOf(read(forged(sent))), 'E_CHALLENGE_REQUEST');
});

test('a key that was made for one user signs for nobody else, the organisation’s administrators included', async () => {
  const body = { network: 'Solana', delegateTo: person.userId };
  const withKey = (signer: TestSigner) =>
    codeOf(read([...lines, ...madeWallet(made.shown, { maker: admin, signer, body }).lines]));

  equal(await withKey(person), 'accepted');
  equal(await withKey(admin), 'E_LOG_SIGNATURE');
  equal(await withKey(robot), 'E_LOG_SIGNATURE');
});

test('a key that was given away later signs for its owner alone from then on, and is given to nobody else', async () => {
  const body = { network: 'Solana', delayDelegation: true };
  const wallet = madeWallet(made.shown, { maker: admin, signer: admin, body });
  const signature = wallet.lines.at(-1) as Content;
  const shownUntil = decodeChallenge(challengeOf(signature)).e;
  const given = (shown: State, userId: string, e = shownUntil - 331): Content => {
    const { request, assertion } = ask(shown, admin, {
      ...{ method: 'POST', path: `/wallets/${wallet.walletId}/delegate`, body: { userId }, challenge: { e } },
    });
    return { line: 'act', act: { request, assertion } };
  };
  const fileOf = (...acts: readonly Content[]) =>
    codeOf(read([...lines, ...wallet.lines.slice(0, -1), ...acts, signature]));

  equal(await fileOf(), 'accepted');
  // Given at a later state than the one the signature names, and at an earlier one.
  equal(await fileOf(given(made.state, person.userId)), 'accepted');
  equal(await fileOf(given(stateAt(made.shown.height - 1), person.userId)), 'E_LOG_SIGNATURE');
  equal(await fileOf(given(stateAt(made.shown.height - 1), admin.userId)), 'accepted');
  // Shown earlier, and still to be carried out when the signature was: nobody knows which came first.
  equal(await fileOf(given(stateAt(made.shown.height - 1), person.userId, shownUntil - 330)), 'accepted');
  equal(await fileOf(given(made.state, person.userId), given(made.state, robot.userId)), 'E_LOG_FORM');
});

const challengeOf = (line: Content): string => {
  const assertion = line.line === 'signature' ? (line.act.assertion as { readonly clientData: string }) : undefined;
  const text = utf8Decode(fromBase64Url(assertion?.clientData ?? ''));
  return (JSON.parse(text) as { challenge: string }).challenge;
};

const stateAt = (height: number): State => ({ ...made.shown, height, head: headAt(height) });

/** Head after the entry of that height. */
function headAt(height: number): string {
  let head: Uint8Array | undefined;
  for (const line of lines) if (line.line === 'entry' && line.entry.height <= height) head = headOf(line.entry, head);
  return toBase64Url(head ?? new Uint8Array(32));
}
