/** A second key beside the first: both sign one challenge, both are the user's own, and the chain keeps both. */
import { deepEqual, equal, notDeepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChallenge } from '../challenge/index.ts';
import { encodeEntry, headOf } from '../log/index.ts';
import { apply, type State } from '../reduce/index.ts';
import {
  type Asked,
  actDeps,
  added,
  challengeFor,
  codeOf,
  deps,
  entryOf,
  fido2Assertion,
  keyAssertion,
  NOW,
  origin,
  rpId,
  type Signer,
  step,
  type TestKey,
  testKey,
  tokens,
  withUser,
  world,
} from '../testing/index.ts';
import type { Assertion, FactorAssertion } from '../types/index.ts';
import { type Act, checkAct, claimedChallenge } from './index.ts';

const { state: founded, admin } = world();
const vouch = (state: State, userId: string, credentialId: string, kind: string, key: TestKey) =>
  step(state, admin, {
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId, credentialId, kind, publicKey: key.publicKey, name: credentialId },
  });
const [protectedKey, passkey, kit] = [testKey('P-256'), testKey('P-256'), testKey('Ed25519')];
const own = [
  ['protected', 'PasswordProtectedKey', protectedKey],
  ['passkey', 'Fido2', passkey],
  ['kit', 'RecoveryKey', kit],
] as const;
const enrolled = own.reduce((state, [id, kind, key]) => vouch(state, admin.userId, id, kind, key), founded);
const other = withUser(enrolled, admin, 'other@acme.example');
const withPat = (() => {
  const key = testKey('Ed25519');
  const body = { name: 'script', publicKey: key.publicKey };
  const next = step(other.state, admin, { method: 'POST', path: '/auth/pats', body });
  return { state: next, credId: added(other.state.personalTokens, next.personalTokens).credentialId, key };
})();
const state = withPat.state;

const asked: Asked = { method: 'POST', path: '/permissions', body: { name: 'x', operations: ['Wallets:Read'] } };
const payload = JSON.stringify(asked.body);

type Proof = (challenge: string) => FactorAssertion;
const byKey =
  ({ credId, key }: Pick<Signer, 'credId' | 'key'>): Proof =>
  (challenge) =>
    keyAssertion({ credId, key, challenge });
const byProtected =
  (key = protectedKey, credId = 'protected'): Proof =>
  (challenge) => ({ ...keyAssertion({ credId, key, challenge }), kind: 'PasswordProtectedKey' });
const byPasskey = (challenge: string): FactorAssertion =>
  fido2Assertion({ credId: 'passkey', key: passkey, challenge, origin, rpId });

function act(first: Proof, second?: (challenge: string) => unknown, from = state): Act {
  const challenge = encodeChallenge(challengeFor(from, admin.userId, asked));
  const assertion = {
    ...first(challenge),
    ...(second === undefined ? {} : { second: second(challenge) }),
  } as Assertion;
  return { request: { method: 'POST', path: '/permissions', payload }, assertion, tokens };
}
const refusal = (one: Act, from = state) => codeOf(() => checkAct(from, one, NOW, actDeps));

for (const [what, first, second] of [
  ['a password protected key alone', byProtected(), undefined],
  ['a key and a password protected key', byKey(admin), byProtected()],
  ['a password protected key and a passkey', byProtected(), byPasskey],
  ['a passkey and a key', byPasskey, byKey(admin)],
] as const)
  test(`accepts ${what}`, () => {
    const checked = checkAct(state, act(first, second), NOW, actDeps);

    equal(checked.userId, admin.userId);
    equal(checked.operation.name, 'permissions.createPermission');
  });

const stranger = { credId: other.user.credId, key: other.user.key };
const bad = (assertion: object) => () => assertion;
for (const [what, code, first, second] of [
  [
    'a key under the name of a protected one',
    'E_CREDENTIAL_KIND',
    byKey({ credId: 'protected', key: protectedKey }),
    undefined,
  ],
  ['a protected key under the name of a key', 'E_CREDENTIAL_KIND', byProtected(admin.key, admin.credId), undefined],
  ['a second factor that is nothing', 'E_COMMAND', byKey(admin), bad(null as unknown as object)],
  ['a second factor of an unknown kind', 'E_COMMAND', byKey(admin), bad({ kind: 'Totp', otpCode: '123456' })],
  ['a recovery key as second factor', 'E_COMMAND', byKey(admin), bad({ kind: 'RecoveryKey', credId: 'kit' })],
  [
    'a third factor inside the second',
    'E_COMMAND',
    byKey(admin),
    (c: string) => ({ ...byProtected()(c), second: byPasskey(c) }),
  ],
  ['the first factor once more', 'E_CREDENTIAL_UNKNOWN', byKey(admin), byKey(admin)],
  ["another user's second factor", 'E_CREDENTIAL_UNKNOWN', byKey(admin), byKey(stranger)],
  ["a token's key as second factor", 'E_CREDENTIAL_UNKNOWN', byKey(admin), byKey(withPat)],
  ['a second factor that nobody knows', 'E_CREDENTIAL_UNKNOWN', byKey(admin), byKey({ credId: 'nobody', key: kit })],
  ['a second factor of another key', 'E_ASSERTION', byKey(admin), byProtected(testKey('P-256'))],
  ['a second factor for another challenge', 'E_CLIENT_DATA', byKey(admin), () => byProtected()('b3RoZXI')],
  [
    'a second factor of another type',
    'E_CREDENTIAL_KIND',
    byKey(admin),
    byKey({ credId: 'protected', key: protectedKey }),
  ],
  [
    'a second factor that was made for enrolment',
    'E_CLIENT_DATA_TYPE',
    byKey(admin),
    (challenge: string) => ({
      ...keyAssertion({ credId: 'protected', key: protectedKey, challenge, clientData: { type: 'key.create' } }),
      kind: 'PasswordProtectedKey',
    }),
  ],
] as const)
  test(`refuses ${what}: ${code}`, () => equal(refusal(act(first, second)), code));

test('a deactivated second factor counts no more', () => {
  const credentialUuid = state.credentials.get('protected')?.uuid;
  const off = step(state, admin, { method: 'PUT', path: '/auth/credentials/deactivate', body: { credentialUuid } });

  equal(refusal(act(byKey(admin), byProtected(), off), off), 'E_CREDENTIAL_UNKNOWN');
});

test('the chain keeps both proofs, in one order, and its head is another than without the second', () => {
  const one = act(byKey(admin), byProtected());
  const entry = entryOf(state, one);
  const { second, ...first } = one.assertion as Extract<Assertion, { kind: 'Key' }>;
  const turned = { ...entry, assertion: { second, ...first } as Assertion };
  const without = { ...entry, assertion: first };

  equal(apply(state, entry, deps).height, state.height + 1);
  equal(encodeEntry(turned), encodeEntry(entry));
  deepEqual((JSON.parse(encodeEntry(entry)) as { assertion: object }).assertion, one.assertion);
  notDeepEqual(headOf(without, new Uint8Array(32)), headOf(entry, new Uint8Array(32)));
});

test('a challenge is read from the first factor', () => {
  const one = act(byProtected(), byPasskey);

  equal(claimedChallenge(one.assertion)?.u, admin.userId);
  equal(claimedChallenge({ ...one.assertion, second: null } as unknown as Assertion), undefined);
});
