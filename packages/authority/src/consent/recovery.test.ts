/** The recovery key replaces everything a user signs with, and does nothing else. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64Url } from '@holdfast/contract/wire';
import { apply, type State } from '../reduce/index.ts';
import {
  actDeps,
  added,
  ask,
  bytesOf,
  codeOf,
  deps,
  entryOf,
  NOW,
  newCredentials,
  type Recovery,
  recoveryAct,
  recoveryPath,
  recoveryProof,
  type Signer,
  step,
  testKey,
  withUser,
  world,
} from '../testing/index.ts';
import { type Act, checkAct, nullifierOfAct } from './index.ts';

const { state: founded, admin } = world();
const base = withUser(founded, admin, 'user@acme.example', 'ManagedFullAdminAccess');

/** Somebody vouches for a recovery key that was enrolled at registration. */
function withRecoveryKey(from: State, of: Signer, credId = `recovery-of-${of.userId}`) {
  const key = testKey('P-256');
  const body = { userId: of.userId, credentialId: credId, kind: 'RecoveryKey', publicKey: key.publicKey, name: 'kit' };
  return {
    state: step(from, admin, { method: 'POST', path: '/holdfast/credentials/confirm', body }),
    recoveryKey: { credId, key },
  };
}

const { state, recoveryKey } = withRecoveryKey(base.state, base.user);
const user = base.user;
const laptop = { credId: 'new-laptop', key: testKey('Ed25519') };
const kit = { credId: 'new-kit', key: testKey('Ed25519') };
const recovery = (o: Partial<Recovery> = {}): Recovery => ({ userId: user.userId, recoveryKey, fresh: [laptop], ...o });
const act = (o: Partial<Recovery> = {}) => recoveryAct(state, recovery(o));
const accept = (one: Act, at = NOW, from = state) => checkAct(from, one, at, actDeps);
const refusal = (one: Act, at = NOW, from = state) => codeOf(() => accept(one, at, from));
const recovered = (from: State, one: Act) => apply(from, entryOf(from, one), deps);
const createUser = {
  method: 'POST',
  path: '/auth/users',
  body: { email: 'x@acme.example', kind: 'CustomerEmployee' },
} as const;

test('accepts a set signed by the recovery key and says whose it is', () => {
  const checked = accept(act());

  equal(checked.operation.name, 'auth.recover');
  equal(checked.effect, 'governance');
  equal(checked.userId, user.userId);
  deepEqual(checked.nullifier, nullifierOfAct(act({ challenge: checked.challenge })));
});

test('all a user had ends, tokens included, and the new set counts at once', () => {
  const pat = step(state, user, {
    method: 'POST',
    path: '/auth/pats',
    body: { name: 'script', publicKey: testKey('Ed25519').publicKey },
  });
  const next = recovered(
    pat,
    recoveryAct(pat, recovery({ fresh: [laptop, { credId: 'second', key: testKey('P-256') }, kit] })),
  );

  const active = [...next.credentials.values()].filter((one) => one.userId === user.userId && one.active);
  deepEqual(
    active.map(({ credentialId, kind }) => [credentialId, kind]),
    [
      ['new-laptop', 'Key'],
      ['second', 'Key'],
      ['new-kit', 'RecoveryKey'],
    ],
  );
  equal(new Set(active.map(({ uuid }) => uuid)).size, 3);
  equal(added(state.personalTokens, next.personalTokens).active, false);
  equal(
    codeOf(() => step(next, user, createUser)),
    'E_CREDENTIAL_UNKNOWN',
  );
  equal(
    codeOf(() => step(next, { ...user, ...laptop }, createUser)),
    undefined,
  );
  equal(
    refusal(recoveryAct(next, recovery({ fresh: [{ credId: 'again', key: testKey('Ed25519') }] })), NOW, next),
    'E_CREDENTIAL_UNKNOWN',
  );
});

test('nobody else loses anything', () => {
  const next = recovered(state, act());

  for (const [id, credential] of state.credentials)
    if (credential.userId !== user.userId) deepEqual(next.credentials.get(id), credential);
});

test('a recovery key signs nothing but a recovery, and nothing else signs one', () => {
  const asked = ask(state, { ...user, credId: recoveryKey.credId, key: recoveryKey.key }, createUser);
  equal(refusal(asked), 'E_CREDENTIAL_KIND');
  equal(refusal({ ...act(), request: { ...act().request, path: '/auth/users' } }), 'E_CREDENTIAL_KIND');
  equal(refusal(ask(state, user, { method: 'POST', path: recoveryPath, body: {} })), 'E_CREDENTIAL_KIND');
  equal(refusal(act({ recoveryKey: { credId: user.credId, key: user.key } })), 'E_CREDENTIAL_KIND');
});

const other = withRecoveryKey(state, admin, 'recovery-of-admin');
const forged: readonly (readonly [string, string, () => Act, State?])[] = [
  ['an unknown recovery key', 'E_CREDENTIAL_UNKNOWN', () => act({ recoveryKey: { ...recoveryKey, credId: 'nobody' } })],
  ['another key’s signature', 'E_ASSERTION', () => act({ recoveryKey: { ...recoveryKey, key: testKey('P-256') } })],
  ['somebody else’s recovery key', 'E_CHALLENGE_USER', () => act({ recoveryKey: other.recoveryKey }), other.state],
  [
    'a challenge for another recovery key',
    'E_CHALLENGE_REQUEST',
    () => act({ challenge: { x: toBase64Url(bytesOf('x')) } }),
  ],
  ['a challenge for another request', 'E_CHALLENGE_REQUEST', () => act({ challenge: { p: '/auth/users' } })],
  ['a registration challenge', 'E_CHALLENGE_KIND', () => act({ challenge: { k: 'Registration', b: '' } })],
  ['another cluster’s challenge', 'E_CHALLENGE_CLUSTER', () => act({ challenge: { c: toBase64Url(bytesOf('c')) } })],
  [
    'another organisation’s challenge',
    'E_CHALLENGE_ORG',
    () => act({ challenge: { o: 'or-00000-11111-2222222222222222' } }),
  ],
  ['tokens of another moment', 'E_CHALLENGE_TOKENS', () => act({ challenge: { b: toBase64Url(bytesOf('b')) } })],
  [
    'a set that the recovery key did not sign',
    'E_CHALLENGE_REQUEST',
    () =>
      act({
        sent: (body) => {
          const { credentialInfo } = (
            body.newCredentials as { firstFactorCredential: { credentialInfo: { clientData: string } } }
          ).firstFactorCredential;
          const data = JSON.parse(Buffer.from(credentialInfo.clientData, 'base64url').toString()) as {
            challenge: string;
          };
          return {
            ...body,
            newCredentials: newCredentials([{ credId: 'thief', key: testKey('Ed25519') }], data.challenge),
          };
        },
      }),
  ],
  [
    'a name changed after it was signed',
    'E_CHALLENGE_REQUEST',
    () =>
      act({
        sent: (body) => ({
          ...body,
          newCredentials: {
            ...body.newCredentials,
            firstFactorCredential: {
              ...(body.newCredentials['firstFactorCredential'] as object),
              credentialName: 'other',
            },
          },
        }),
      }),
  ],
  [
    'two credentials for two challenges',
    'E_ATTESTATION',
    () =>
      act({
        sent: () => {
          const set = {
            ...newCredentials([laptop], 'AAAA'),
            ...{ recoveryCredential: newCredentials([laptop, laptop, kit], 'BBBB')['recoveryCredential'] },
          };
          return {
            recovery: { kind: 'RecoveryKey', credentialAssertion: recoveryProof({ ...recoveryKey, set }) },
            newCredentials: set,
          };
        },
      }),
  ],
  ['one credential twice', 'E_CREDENTIAL_EXISTS', () => act({ fresh: [laptop, laptop] })],
  [
    'a member more in the assertion',
    'E_COMMAND',
    () => ({ ...act(), assertion: { ...act().assertion, extra: 1 } as never }),
  ],
];
for (const [what, code, make, from] of forged)
  test(`refuses ${what}: ${code}`, () => {
    equal(refusal(make(), NOW, from ?? state), code);
  });

test('a recovery is over with its challenge, with a restart, and with its nullifier', () => {
  const one = act();
  equal(refusal(one, NOW + 301_000), 'E_CHALLENGE_EXPIRED');
  equal(
    codeOf(() => checkAct(state, one, NOW, { ...actDeps, holdsOwnToken: () => false })),
    'E_CHALLENGE_STALE',
  );
  let asked: Uint8Array | undefined;
  checkAct(state, one, NOW, {
    ...actDeps,
    checkNullifier: (id) => {
      asked = id;
    },
  });
  deepEqual(asked, nullifierOfAct(one));
});

test('a recovery is an entry for one head, and of one organisation', () => {
  const one = act();
  const moved = step(state, admin, createUser);

  equal(
    codeOf(() => recovered(moved, one)),
    'E_STALE_HEAD',
  );
});

test('a deactivated user recovers nothing, and neither does an ended recovery key', () => {
  const off = step(state, admin, { method: 'PUT', path: `/auth/users/${user.userId}/deactivate`, body: {} });
  equal(refusal(recoveryAct(off, recovery()), NOW, off), 'E_CREDENTIAL_UNKNOWN');
  const uuid = state.credentials.get(recoveryKey.credId)?.uuid;
  const ended = step(state, user, {
    method: 'PUT',
    path: '/auth/credentials/deactivate',
    body: { credentialUuid: uuid },
  });
  equal(refusal(recoveryAct(ended, recovery()), NOW, ended), 'E_CREDENTIAL_UNKNOWN');
});

test('a recovery key alone is no way in: the last other credential stays', () => {
  const uuid = state.credentials.get(user.credId)?.uuid;
  const asked = { method: 'PUT', path: '/auth/credentials/deactivate', body: { credentialUuid: uuid } } as const;

  equal(
    codeOf(() => step(state, user, asked)),
    'E_LAST_CREDENTIAL',
  );
});
