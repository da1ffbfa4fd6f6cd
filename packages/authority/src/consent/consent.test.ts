/**
 * One forgery for every step of security-model.md 2.6 (h) that this room does and for every field of challenge,
 * assertion and request, each valid in all else; and for every pair of steps, that the earlier one answers.
 */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64Url } from '@holdfast/contract/wire';
import { encodeChallenge, nullifier } from '../challenge/index.ts';
import { AuthorityError } from '../errors/index.ts';
import type { State } from '../reduce/index.ts';
import {
  type Asked,
  actDeps,
  added,
  ask,
  bytesOf,
  challengeFor,
  codeOf,
  deps,
  encodeUnchecked,
  fido2Assertion,
  keyAssertion,
  NOW,
  origin,
  rpId,
  type Signer,
  step,
  testKey,
  tokens,
  withAccount,
  withUser,
  world,
} from '../testing/index.ts';
import type { Assertion, ChallengeAssertion, ChallengeRecord, FreshToken } from '../types/index.ts';
import { type Act, type ActDeps, checkAct, checkOrgSettings, claimedChallenge, consentSteps, stepOf } from './index.ts';

const w = world(testKey('Ed25519'));
const passkeyWorld = world(testKey('P-256'), 'Fido2');
const { state: accountState, account } = withAccount(w.state, w.admin, 'ManagedKeyUser');
const second = withUser(accountState, w.admin, 'second@acme.example', 'ManagedReadOnly');
const state = second.state;
const wallet: Asked = { method: 'POST', path: '/wallets', body: { network: 'EthereumSepolia', name: 'treasury' } };
const walletAsked = (o: Partial<Asked> = {}): Asked => ({ ...wallet, ...o });
/** The administrator's own personal access token, with all that the administrator may. */
const withPat = (() => {
  const key = testKey('Ed25519');
  const body = { name: 'script', publicKey: key.publicKey };
  const next = step(state, w.admin, { method: 'POST', path: '/auth/pats', body });
  const { credentialId } = added(state.personalTokens, next.personalTokens);
  return { state: next, pat: { kind: 'Key', userId: w.admin.userId, credId: credentialId, key } as const };
})();
const check = (act: Act, o: { now?: number; deps?: Partial<ActDeps>; state?: State } = {}) =>
  checkAct(o.state ?? state, act, o.now ?? NOW, { ...actDeps, ...o.deps });

test('accepts a request by a service account and says what it is', () => {
  const act = ask(state, account, wallet);

  const checked = check(act);

  equal(checked.operation.name, 'wallets.createWallet');
  equal(checked.effect, 'createKey');
  equal(checked.userId, account.userId);
  deepEqual(checked.body, wallet.body);
  deepEqual(checked.nullifier, nullifier(encodeChallenge(checked.challenge)));
});

test('accepts a request by a passkey', () => {
  const checked = check(ask(passkeyWorld.state, passkeyWorld.admin, wallet), { state: passkeyWorld.state });

  equal(checked.userId, passkeyWorld.admin.userId);
});

test('an empty payload is an empty body', () => {
  const path = `/auth/service-accounts/${account.userId}/deactivate`;

  deepEqual(check(ask(state, w.admin, { method: 'PUT', path, payload: '' })).body, {});
});

test('[bad-input 78] the nullifier names the challenge, not the signature', () => {
  const record = challengeFor(state, account.userId, wallet);
  const one = keyAssertion({ credId: account.credId, key: account.key, challenge: encodeChallenge(record) });
  const two = keyAssertion({
    credId: account.credId,
    key: account.key,
    challenge: encodeChallenge(record),
    clientData: { extra: 1 },
  });
  const request = { method: 'POST', path: '/wallets', payload: JSON.stringify(wallet.body) } as const;

  deepEqual(check({ request, assertion: one, tokens }).nullifier, check({ request, assertion: two, tokens }).nullifier);
});

interface Forgery {
  readonly step: number;
  readonly code: string;
  readonly what: string;
  readonly act: () => Act;
  readonly now?: number;
  readonly deps?: Partial<ActDeps>;
  readonly state?: () => State;
}
const byAccount =
  (o: Partial<Asked>): (() => Act) =>
  () =>
    ask(state, account, walletAsked(o));
const challenge = (o: Partial<ChallengeRecord>) => byAccount({ challenge: o });
const rawChallenge = (o: object) =>
  byAccount({ challengeText: () => encodeUnchecked({ ...challengeFor(state, account.userId, wallet), ...o }) });
const withAssertion = (change: (assertion: ChallengeAssertion) => object) => (): Act => {
  const act = ask(state, account, wallet);
  return { ...act, assertion: change(act.assertion) as Assertion };
};
const withTokens = (list: readonly FreshToken[]) => (): Act => ({ ...ask(state, account, wallet), tokens: list });
const sent = (o: Partial<Act['request']>) => byAccount({ sent: o });
const payload = (text: string) => byAccount({ payload: text });
const body = (o: object) => byAccount({ body: { network: 'EthereumSepolia', ...o } });
const stranger: Signer = { ...account, key: testKey('Ed25519') };
const other = (k: number) => toBase64Url(bytesOf(`another ${k}`, 32));
const inactive = () =>
  step(state, w.admin, { method: 'PUT', path: `/auth/service-accounts/${account.userId}/deactivate`, body: {} });
/** The administrator holds two keys and has deactivated the first with the second. */
const halfway = (() => {
  const key = testKey('Ed25519');
  const body = { userId: w.admin.userId, credentialId: 'spare', kind: 'Key', publicKey: key.publicKey, name: 'spare' };
  const confirmed = step(w.state, w.admin, { method: 'POST', path: '/holdfast/credentials/confirm', body });
  const spare: Signer = { ...w.admin, credId: 'spare', key };
  const credentialUuid = confirmed.credentials.get(w.admin.credId)?.uuid;
  return step(confirmed, spare, { method: 'PUT', path: '/auth/credentials/deactivate', body: { credentialUuid } });
})();
const passkey = (o: Partial<Parameters<typeof fido2Assertion>[0]>) => (): Act => {
  const by = passkeyWorld.admin;
  const text = encodeChallenge(challengeFor(passkeyWorld.state, by.userId, wallet));
  const assertion = fido2Assertion({ credId: by.credId, key: by.key, challenge: text, origin, rpId, ...o });
  return { request: { method: 'POST', path: '/wallets', payload: JSON.stringify(wallet.body) }, assertion, tokens };
};
const inPasskeyWorld = { state: () => passkeyWorld.state };

const forgeries: readonly Forgery[] = [
  // 2: envelope and strict JSON
  { step: 2, code: 'E_JSON_SYNTAX', what: 'payload that is no JSON', act: payload('{') },
  { step: 2, code: 'E_JSON_TYPE', what: 'payload that is an array', act: payload('[]') },
  { step: 2, code: 'E_JSON_EMPTY', what: 'payload of white space', act: payload(' ') },
  {
    step: 2,
    code: 'E_JSON_DUPLICATE_KEY',
    what: 'duplicate member',
    act: payload('{"network":"Ethereum","network":"EthereumSepolia"}'),
  },
  { step: 2, code: 'E_JSON_FORBIDDEN_KEY', what: '__proto__', act: payload('{"__proto__":{}}') },
  { step: 2, code: 'E_JSON_SURROGATE', what: 'escaped unpaired surrogate', act: payload('{"name":"\\ud800"}') },
  { step: 2, code: 'E_JSON_NUL', what: 'zero character', act: payload('{"name":"\\u0000"}') },
  { step: 2, code: 'E_JSON_NUMBER', what: 'number that is not exact', act: payload('{"a":1e400}') },
  { step: 2, code: 'E_JSON_DEPTH', what: '17 levels', act: payload(`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`) },
  { step: 2, code: 'E_JSON_SIZE', what: 'payload over its limit', act: payload(`{"a":"${'x'.repeat(600_000)}"}`) },
  { step: 2, code: 'E_UTF8_BOM', what: 'byte order mark', act: payload('\ufeff{}') },
  { step: 2, code: 'E_UTF8', what: 'raw unpaired surrogate', act: sent({ payload: '{"name":"\ud800"}' }) },
  {
    step: 2,
    code: 'E_COMMAND',
    what: 'no request',
    act: () => ({ ...ask(state, account, wallet), request: undefined as unknown as Act['request'] }),
  },
  { step: 2, code: 'E_COMMAND', what: 'payload that is no text', act: sent({ payload: 5 as unknown as string }) },
  {
    step: 2,
    code: 'E_COMMAND',
    what: 'assertion of another kind',
    act: withAssertion((a) => ({ ...a, kind: 'Password' })),
  },
  {
    step: 2,
    code: 'E_COMMAND',
    what: 'assertion with an unknown member',
    act: withAssertion((a) => ({ ...a, ok: true })),
  },
  {
    step: 2,
    code: 'E_COMMAND',
    what: 'client data that is not canonical base64url',
    act: withAssertion((a) => ({ ...a, clientData: `${a.clientData}=` })),
  },
  {
    step: 2,
    code: 'E_COMMAND',
    what: 'signature that is not canonical base64url',
    act: withAssertion((a) => ({ ...a, signature: `${a.signature} ` })),
  },
  {
    step: 2,
    code: 'E_COMMAND',
    what: 'client data over its limit',
    act: byAccount({ clientData: { pad: 'x'.repeat(4096) } }),
  },
  // 3: path
  ...[
    '/wallets?force=true',
    '/wallets/',
    '//wallets',
    '/wallets/%2e%2e/keys',
    '/wallets/../keys',
    '',
    'wallets',
    '/Wallets',
    '/nothing',
    '/wallets;a',
  ].map(
    (path): Forgery => ({
      step: 3,
      code: 'E_USER_ACTION_PATH',
      what: `path ${JSON.stringify(path)}`,
      act: sent({ path }),
    }),
  ),
  { step: 3, code: 'E_USER_ACTION_PATH', what: 'method PATCH', act: sent({ method: 'PATCH' as 'POST' }) },
  { step: 3, code: 'E_USER_ACTION_PATH', what: 'method DELETE where there is none', act: sent({ method: 'DELETE' }) },
  {
    step: 3,
    code: 'E_USER_ACTION_PATH',
    what: 'path of an operation that the api does alone',
    act: byAccount({ path: '/auth/credentials/code' }),
  },
  { step: 3, code: 'E_USER_ACTION_PATH', what: 'path of a read', act: byAccount({ method: 'GET' }) },
  // 4: credential
  {
    step: 4,
    code: 'E_CREDENTIAL_UNKNOWN',
    what: 'unknown credential',
    act: withAssertion((a) => ({ ...a, credId: 'unknown' })),
  },
  { step: 4, code: 'E_CREDENTIAL_UNKNOWN', what: 'user deactivated', act: byAccount({}), state: inactive },
  {
    step: 4,
    code: 'E_CREDENTIAL_UNKNOWN',
    what: 'organisation without this credential',
    act: byAccount({}),
    ...inPasskeyWorld,
  },
  {
    step: 4,
    code: 'E_CREDENTIAL_KIND',
    what: 'key assertion for a passkey',
    act: () => ask(passkeyWorld.state, { ...passkeyWorld.admin, kind: 'Key' }, wallet),
    ...inPasskeyWorld,
  },
  {
    step: 4,
    code: 'E_CREDENTIAL_UNKNOWN',
    what: 'credential deactivated',
    act: () => ask(halfway, w.admin, wallet),
    state: () => halfway,
  },
  // 5: signature
  { step: 5, code: 'E_ASSERTION', what: "another key's signature", act: () => ask(state, stranger, wallet) },
  {
    step: 5,
    code: 'E_ASSERTION',
    what: "another credential's id on a genuine assertion",
    act: withAssertion((a) => ({ ...a, credId: second.user.credId })),
  },
  {
    step: 5,
    code: 'E_ASSERTION',
    what: 'signature of another request',
    act: withAssertion((a) => ({ ...a, signature: ask(state, account, wallet).assertion.signature })),
  },
  {
    step: 5,
    code: 'E_ASSERTION',
    what: 'client data of another request',
    act: withAssertion((a) => ({ ...a, clientData: ask(state, account, wallet).assertion.clientData })),
  },
  {
    step: 5,
    code: 'E_ASSERTION',
    what: "passkey's authenticator data of another moment",
    act: () => {
      const act = passkey({})();
      const replaced = passkey({ signCount: 5 })().assertion;
      return {
        ...act,
        assertion: {
          ...act.assertion,
          authenticatorData: 'authenticatorData' in replaced ? replaced.authenticatorData : '',
        } as Assertion,
      };
    },
    ...inPasskeyWorld,
  },
  // 6: client data and authenticator data
  {
    step: 6,
    code: 'E_CLIENT_DATA_TYPE',
    what: 'type key.create',
    act: byAccount({ clientData: { type: 'key.create' } }),
  },
  {
    step: 6,
    code: 'E_CLIENT_DATA_TYPE',
    what: 'type webauthn.get by a key',
    act: byAccount({ clientData: { type: 'webauthn.get' } }),
  },
  {
    step: 6,
    code: 'E_CLIENT_DATA',
    what: 'client data without challenge',
    act: byAccount({ clientData: { challenge: undefined } }),
  },
  { step: 6, code: 'E_CROSS_ORIGIN', what: 'crossOrigin true', act: byAccount({ clientData: { crossOrigin: true } }) },
  {
    step: 6,
    code: 'E_CLIENT_DATA_TYPE',
    what: 'type key.get by a passkey',
    act: passkey({ clientData: { type: 'key.get' } }),
    ...inPasskeyWorld,
  },
  {
    step: 6,
    code: 'E_CROSS_ORIGIN',
    what: 'topOrigin',
    act: passkey({ clientData: { topOrigin: origin } }),
    ...inPasskeyWorld,
  },
  {
    step: 6,
    code: 'E_CLIENT_DATA_ORIGIN',
    what: 'origin of another site',
    act: passkey({ origin: 'http://localhost:9999' }),
    ...inPasskeyWorld,
  },
  {
    step: 6,
    code: 'E_RP_ID',
    what: 'relying party of another site',
    act: passkey({ rpId: 'evil.example' }),
    ...inPasskeyWorld,
  },
  { step: 6, code: 'E_USER_VERIFICATION', what: 'flag UP clear', act: passkey({ flags: 4 }), ...inPasskeyWorld },
  { step: 6, code: 'E_USER_VERIFICATION', what: 'flag UV clear', act: passkey({ flags: 1 }), ...inPasskeyWorld },
  { step: 6, code: 'E_AUTHENTICATOR_DATA', what: 'flag AT', act: passkey({ flags: 0x45 }), ...inPasskeyWorld },
  {
    step: 6,
    code: 'E_AUTHENTICATOR_DATA',
    what: 'trailing bytes',
    act: passkey({ trailing: new Uint8Array(1) }),
    ...inPasskeyWorld,
  },
  // 7: the challenge and whom it is for
  { step: 7, code: 'E_CHALLENGE_FORM', what: 'v 2', act: rawChallenge({ v: 2 }) },
  { step: 7, code: 'E_CHALLENGE_FORM', what: 'extra field', act: rawChallenge({ z: 1 }) },
  {
    step: 7,
    code: 'E_CHALLENGE_FORM',
    what: 'text that is no record',
    act: byAccount({ challengeText: () => other(1) }),
  },
  {
    step: 7,
    code: 'E_CHALLENGE_FORM',
    what: 'text encoded twice by a key',
    act: byAccount({ challengeText: (text) => toBase64Url(new TextEncoder().encode(text)) }),
  },
  {
    step: 7,
    code: 'E_CHALLENGE_FORM',
    what: 'n of 15 bytes',
    act: rawChallenge({ n: toBase64Url(new Uint8Array(15)) }),
  },
  { step: 7, code: 'E_CHALLENGE_FORM', what: 'b empty', act: rawChallenge({ b: '' }) },
  { step: 7, code: 'E_CHALLENGE_KIND', what: 'k Login', act: challenge({ k: 'Login', b: '' }) },
  { step: 7, code: 'E_CHALLENGE_KIND', what: 'k Registration', act: challenge({ k: 'Registration', b: '' }) },
  { step: 7, code: 'E_CHALLENGE_KIND', what: 'k Recovery', act: challenge({ k: 'Recovery' }) },
  { step: 7, code: 'E_CHALLENGE_CLUSTER', what: 'c of another cluster', act: challenge({ c: other(1) }) },
  {
    step: 7,
    code: 'E_CHALLENGE_ORG',
    what: 'o of another organisation',
    act: challenge({ o: passkeyWorld.state.org }),
  },
  { step: 7, code: 'E_CHALLENGE_USER', what: 'u of another user', act: challenge({ u: w.admin.userId }) },
  // 8: what the challenge commits to
  { step: 8, code: 'E_CHALLENGE_REQUEST', what: 'm of another method', act: challenge({ m: 'PUT' }) },
  { step: 8, code: 'E_CHALLENGE_REQUEST', what: 'p of another path', act: challenge({ p: '/keys' }) },
  { step: 8, code: 'E_CHALLENGE_REQUEST', what: 'h of another body', act: challenge({ h: other(1) }) },
  { step: 8, code: 'E_CHALLENGE_REQUEST', what: 'x where there is no context', act: challenge({ x: other(1) }) },
  {
    step: 8,
    code: 'E_CHALLENGE_REQUEST',
    what: 'body with one space more',
    act: sent({ payload: `${JSON.stringify(wallet.body)} ` }),
  },
  {
    step: 8,
    code: 'E_CHALLENGE_REQUEST',
    what: 'body with members in another order',
    act: sent({ payload: '{"name":"treasury","network":"EthereumSepolia"}' }),
  },
  {
    step: 8,
    code: 'E_CHALLENGE_REQUEST',
    what: 'body with another network',
    act: sent({ payload: '{"network":"Ethereum","name":"treasury"}' }),
  },
  {
    step: 8,
    code: 'E_CHALLENGE_REQUEST',
    what: 'empty payload for {}',
    act: byAccount({ body: {}, sent: { payload: '' } }),
  },
  {
    step: 8,
    code: 'E_CHALLENGE_REQUEST',
    what: 'request to another operation',
    act: sent({ path: '/wallets/import' }),
  },
  // 9: expiry and tokens
  { step: 9, code: 'E_CHALLENGE_EXPIRED', what: 'e in the past', act: challenge({ e: Math.floor(NOW / 1000) - 1 }) },
  {
    step: 9,
    code: 'E_CHALLENGE_EXPIRED',
    what: 'e post-dated by a month',
    act: challenge({ e: Math.floor(NOW / 1000) + 30 * 86_400 }),
  },
  { step: 9, code: 'E_CHALLENGE_EXPIRED', what: 'withheld for six minutes', act: byAccount({}), now: NOW + 360_000 },
  { step: 9, code: 'E_CHALLENGE_EXPIRED', what: 'clock one hour behind', act: byAccount({}), now: NOW - 3_600_000 },
  { step: 9, code: 'E_CHALLENGE_TOKENS', what: 'b of other tokens', act: challenge({ b: other(1) }) },
  { step: 9, code: 'E_CHALLENGE_TOKENS', what: 'list without one token', act: withTokens(tokens.slice(1)) },
  { step: 9, code: 'E_CHALLENGE_TOKENS', what: 'empty list', act: withTokens([]) },
  {
    step: 9,
    code: 'E_CHALLENGE_TOKENS',
    what: 'one signer twice',
    act: withTokens([...tokens.slice(0, 4), tokens[0]!]),
  },
  {
    step: 9,
    code: 'E_CHALLENGE_TOKENS',
    what: 'two tokens swapped',
    act: withTokens([[1, tokens[1]![1]], [2, tokens[0]![1]], ...tokens.slice(2)]),
  },
  {
    step: 9,
    code: 'E_CHALLENGE_TOKENS',
    what: 'token of 15 bytes',
    act: withTokens([[1, toBase64Url(new Uint8Array(15))], ...tokens.slice(1)]),
  },
  {
    step: 9,
    code: 'E_CHALLENGE_STALE',
    what: 'token of an earlier process',
    act: byAccount({}),
    deps: { holdsOwnToken: () => false },
  },
  // 10: replay, by the caller's store
  {
    step: 10,
    code: 'E_REPLAY',
    what: 'nullifier burnt',
    act: byAccount({}),
    deps: {
      checkNullifier: () => {
        throw new AuthorityError('E_REPLAY', 'this signed request has been used before');
      },
    },
  },
  // 11: permission
  { step: 11, code: 'E_FORBIDDEN', what: 'permission missing', act: () => ask(state, second.user, wallet) },
  {
    step: 11,
    code: 'E_FORBIDDEN',
    what: 'permission that the body calls for',
    act: body({ delegateTo: second.user.userId }),
  },
  {
    step: 11,
    code: 'E_FORBIDDEN',
    what: 'export without its permission',
    act: byAccount({ path: '/keys/key-00000-11111-2222222222222222/export', body: {} }),
  },
  {
    step: 11,
    code: 'E_FORBIDDEN',
    what: 'governance by a service account',
    act: byAccount({ path: '/auth/users', body: { email: 'x@y.example', kind: 'CustomerEmployee' } }),
  },
  {
    step: 11,
    code: 'E_PAT',
    what: 'a new user by a personal access token',
    state: () => withPat.state,
    act: () =>
      ask(withPat.state, withPat.pat, {
        method: 'POST',
        path: '/auth/users',
        body: { email: 'x@y.example', kind: 'CustomerEmployee' },
      }),
  },
  // 12: schema
  { step: 12, code: 'E_BODY', what: 'unknown field', act: body({ amout: '1' }) },
  { step: 12, code: 'E_BODY', what: 'mass assignment', act: body({ status: 'Active' }) },
  { step: 12, code: 'E_BODY', what: 'member missing', act: byAccount({ body: {} }) },
  { step: 12, code: 'E_BODY', what: 'member of another type', act: body({ name: 5 }) },
  {
    step: 12,
    code: 'E_PARAM',
    what: 'id of another kind',
    act: byAccount({
      path: '/keys/wa-00000-11111-2222222222222222/signatures',
      body: { kind: 'Hash', hash: `0x${'00'.repeat(32)}` },
    }),
  },
];

for (const f of forgeries) {
  test(`step ${f.step} refuses ${f.what}: ${f.code}`, () => {
    const o = { now: f.now ?? NOW, deps: f.deps ?? {}, state: f.state?.() ?? state };

    equal(
      codeOf(() => check(f.act(), o)),
      f.code,
    );
    equal(stepOf(f.code), f.step);
  });
}

test('every step of this room has a forgery, and every code of it', () => {
  for (const { by, codes, step: number } of consentSteps) {
    if (by !== 'authority') continue;
    for (const code of codes) {
      equal(
        forgeries.some((one) => one.code === code && one.step === number),
        true,
        `${number} ${code}`,
      );
    }
  }
});

test('every field of the challenge record has a forgery', () => {
  const seen = forgeries.map(({ what }) => what.split(' ')[0]);
  for (const field of ['v', 'k', 'c', 'o', 'u', 'm', 'p', 'h', 'x', 'b', 'e', 'n'])
    equal(seen.includes(field), true, field);
});

test('a code names one step', () => {
  const codes = consentSteps.flatMap((one) => one.codes);

  equal(new Set(codes).size, codes.length);
  deepEqual(
    consentSteps.map((one) => one.step),
    Array.from({ length: 18 }, (_, k) => k + 1),
  );
});

// Two faults at once: the step that comes first decides. One representative per step, merged where they touch
// different parts of the act.
const parts: readonly {
  readonly step: number;
  readonly asked?: Partial<Asked>;
  readonly sent?: Partial<Act['request']>;
  readonly by?: Signer;
  readonly tokens?: readonly FreshToken[];
  readonly replay?: true;
  readonly credId?: string;
}[] = [
  { step: 2, sent: { payload: '{' } },
  { step: 3, sent: { path: '/nothing' } },
  { step: 4, credId: 'unknown' },
  { step: 5, by: stranger },
  { step: 6, asked: { clientData: { type: 'key.create' } } },
  { step: 7, asked: { challenge: { c: other(1) } } },
  { step: 8, asked: { challenge: { x: other(1) } } },
  { step: 9, tokens: [] },
  { step: 10, replay: true },
  { step: 11, asked: { path: '/auth/users' } },
  { step: 12, asked: { body: { network: 5 } } },
];
const replay = () => {
  throw new AuthorityError('E_REPLAY', 'this signed request has been used before');
};
for (const [k, early] of parts.entries()) {
  for (const late of parts.slice(k + 1)) {
    test(`step ${early.step} answers before step ${late.step}`, () => {
      const merged: Asked = {
        ...wallet,
        ...early.asked,
        ...late.asked,
        challenge: { ...early.asked?.challenge, ...late.asked?.challenge },
        sent: { ...early.sent, ...late.sent },
      };
      const act = ask(state, early.by ?? late.by ?? account, merged);
      const credId = early.credId ?? late.credId ?? act.assertion.credId;
      const both: Act = {
        request: act.request,
        assertion: { ...act.assertion, credId },
        tokens: early.tokens ?? late.tokens ?? tokens,
      };

      const code = codeOf(() => check(both, { deps: early.replay || late.replay ? { checkNullifier: replay } : {} }));

      equal(stepOf(code ?? ''), early.step, code);
    });
  }
}

test('nothing but the tokens and the clock makes an old request stale', () => {
  const act = ask(state, account, wallet);

  equal(
    codeOf(() => check(act, { now: NOW + 299_000 })),
    undefined,
  );
  equal(
    codeOf(() => check(act, { now: NOW + 301_000 })),
    'E_CHALLENGE_EXPIRED',
  );
  equal(
    codeOf(() => check(act, { now: NOW - 30_000 })),
    undefined,
  );
  equal(
    codeOf(() => check(act, { now: NOW - 31_000 })),
    'E_CHALLENGE_EXPIRED',
  );
});

test('a service account counts until its days are over', () => {
  const key = testKey('Ed25519');
  const born = step(w.state, w.admin, {
    method: 'POST',
    path: '/auth/service-accounts',
    body: { name: 'short', publicKey: key.publicKey, daysValid: 1 },
  });
  const created = [...born.serviceAccounts.values()][0]!;
  const by: Signer = { kind: 'Key', userId: created.userId, credId: created.credentialId, key };
  const day = 86_400_000;
  const at = (now: number) => {
    const act = ask(born, by, { ...wallet, challenge: { e: Math.floor(now / 1000) + 300 } });
    return codeOf(() => check(act, { now, state: born }));
  };

  equal(at(NOW), 'E_FORBIDDEN');
  equal(at(NOW + day), 'E_FORBIDDEN');
  equal(at(NOW + day + 600_000), 'E_CREDENTIAL_UNKNOWN');
});

test('a credential enrolled by code is unknown until confirmed', () => {
  const born = step(w.state, w.admin, {
    method: 'POST',
    path: '/auth/users',
    body: { email: 'new@acme.example', kind: 'CustomerEmployee' },
  });
  const user = [...born.users.values()].at(-1)!;
  const by: Signer = { kind: 'Key', userId: user.userId, credId: 'enrolled-by-code', key: testKey('Ed25519') };

  throws(() => check(ask(born, by, wallet), { state: born }), {
    code: 'E_CREDENTIAL_UNKNOWN',
    message: /ask an admin to confirm it/,
  });
});

test('messages say what a person needs', () => {
  throws(() => check(ask(state, second.user, wallet)), {
    message: `CustomerEmployee ${second.user.userId} is not authorized to perform operation (Wallets:Create)`,
  });
  throws(() => check(challenge({ k: 'Login', b: '' })()), {
    message: 'challenge kind Login cannot authorise an action',
  });
  throws(() => check(challenge({ c: other(2) })()), { message: 'challenge was issued for another cluster' });
  throws(() => check(challenge({ p: '/keys' })()), { message: 'user action was signed for POST /keys' });
  throws(() => check(body({ amout: 1 })()), { message: 'body.amout is not a known field' });
});

test('import and export are off until the organisation switches them on', () => {
  const path = `/orgs/${w.state.org}/settings`;
  const on = step(w.state, w.admin, { method: 'PUT', path, body: { keyImport: true } });

  equal(
    codeOf(() => checkOrgSettings(w.state, 'importKey')),
    'E_IMPORT_DISABLED',
  );
  equal(
    codeOf(() => checkOrgSettings(w.state, 'exportKey')),
    'E_EXPORT_DISABLED',
  );
  equal(
    codeOf(() => checkOrgSettings(on, 'importKey')),
    undefined,
  );
  equal(
    codeOf(() => checkOrgSettings(on, 'exportKey')),
    'E_EXPORT_DISABLED',
  );
  equal(
    codeOf(() => checkOrgSettings(w.state, 'sign')),
    undefined,
  );
});

test('finds the organisation an assertion claims, and believes nothing', () => {
  const act = ask(state, account, wallet);

  equal(claimedChallenge(act.assertion)?.o, state.org);
  equal(claimedChallenge(passkey({})().assertion)?.o, passkeyWorld.state.org);
  equal(claimedChallenge({ ...act.assertion, clientData: 'AAAA' }), undefined);
  equal(claimedChallenge({ ...act.assertion, kind: 'Totp' } as unknown as Assertion), undefined);
  equal(claimedChallenge(null as unknown as Assertion), undefined);
});

test('the deps of the release know what signers act on', () => {
  equal(deps.operation('POST', '/wallets/import')?.effect({}), 'importKey');
  equal(deps.operation('POST', '/wallets')?.effect({ signingKey: { id: 'key-x' } }), 'wallet');
  equal(deps.operation('POST', '/auth/login'), undefined);
  equal(deps.operation('GET', '/wallets'), undefined);
});
