/** Permissions of an organisation's own, personal access tokens, and the end of people and machines. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Asked,
  added,
  codeOf,
  permissionId,
  type Signer,
  step,
  testKey,
  withAccount,
  withUser,
  world,
} from '../testing/index.ts';
import { effectiveAdmins, missingPermission, operationsHeld, operationsOf, type State } from './index.ts';

const { state: founded, admin } = world();
const ask = (method: Asked['method'], path: string, body: object = {}): Asked => ({ method, path, body });
const define = (name: string, operations: readonly string[]) => ask('POST', '/permissions', { name, operations });
const change = (id: string, body: object) => ask('PUT', `/permissions/${id}`, body);
const archive = (id: string, isArchived: boolean) => ask('PUT', `/permissions/${id}/archive`, { isArchived });
const assign = (id: string, identityId: string) => ask('POST', `/permissions/${id}/assignments`, { identityId });
const refusal = (state: State, by: Signer, asked: Asked) => codeOf(() => step(state, by, asked));
const sorted = (names: Iterable<string>) => [...names].sort();

/** An organisation with one permission of its own. */
function defined(name: string, operations: readonly string[], from = founded) {
  const state = step(from, admin, define(name, operations));
  return { state, id: added(from.permissions, state.permissions).id };
}

/** A second person who holds the given operations. */
function person(operations: readonly string[]) {
  const { state, id } = defined('Theirs', operations);
  const made = withUser(state, admin, 'second@acme.example');
  return { state: step(made.state, admin, assign(id, made.user.userId)), user: made.user, id };
}

function tokenOf(state: State, by: Signer, body: object = {}) {
  const key = testKey('Ed25519');
  const next = step(state, by, ask('POST', '/auth/pats', { name: 'script', publicKey: key.publicKey, ...body }));
  const { tokenId, credentialId } = added(state.personalTokens, next.personalTokens);
  const token: Signer = { kind: 'Key', userId: by.userId, credId: credentialId, key };
  return { state: next, token, tokenId };
}

test('a permission of the organisation opens what it names, to those it is assigned to', () => {
  const { state, user } = person(['Wallets:Read', 'Permissions:Create']);

  deepEqual(sorted(operationsOf(state, user.userId)), ['Permissions:Create', 'Wallets:Read']);
  equal(missingPermission(state, { userId: user.userId }, ['Wallets:Read']), undefined);
  equal(missingPermission(state, { userId: user.userId }, ['Wallets:Read', 'Keys:Create']), 'Keys:Create');
});

test('an older name opens what it stands for and is kept as given', () => {
  const { state, id } = defined('Old', ['Wallets:GenerateSignature']);

  deepEqual(sorted(state.permissions.get(id)?.operations ?? []), ['Keys:Signatures:Create']);
  deepEqual(state.permissions.get(id)?.names, ['Wallets:GenerateSignature']);
});

test('refuses a definition with an unknown, no, or somebody else’s name', () => {
  const { state } = defined('Readers', ['Wallets:Read']);

  equal(refusal(state, admin, define('X', ['Wallets:Everything'])), 'E_BODY');
  equal(refusal(state, admin, define('X', [])), 'E_BODY');
  equal(refusal(state, admin, define('readers', ['Wallets:Read'])), 'E_CONFLICT');
  equal(refusal(state, admin, define('ManagedFullAdminAccess', ['Wallets:Read'])), 'E_CONFLICT');
  const archived = step(state, admin, archive(permissionId(state, 'Readers'), true));
  equal(refusal(archived, admin, define('Readers', ['Wallets:Read'])), 'E_CONFLICT');
});

test('nobody defines or widens a permission beyond what they have', () => {
  const { state, user, id } = person(['Permissions:Create', 'Permissions:Update', 'Wallets:Read']);

  equal(refusal(state, user, define('More', ['Wallets:Read', 'Keys:Export'])), 'E_GRANT');
  equal(refusal(state, user, define('Less', ['Wallets:Read'])), undefined);
  equal(refusal(state, user, change(id, { operations: ['Wallets:Read', 'Keys:Export'] })), 'E_GRANT');
  equal(refusal(state, user, change(id, { operations: ['Wallets:Read'] })), undefined);
});

test('a change of a permission changes what its holders may do at once', () => {
  const { state, user, id } = person(['Wallets:Read']);

  const wider = step(state, admin, change(id, { operations: ['Wallets:Read', 'Keys:Create'] }));
  const renamed = step(wider, admin, change(id, { name: 'Other' }));

  equal(missingPermission(wider, { userId: user.userId }, ['Keys:Create']), undefined);
  equal(renamed.permissions.get(id)?.name, 'Other');
  deepEqual(renamed.permissions.get(id)?.operations, wider.permissions.get(id)?.operations);
});

test('an archived permission grants nothing, and to bring it back is a grant', () => {
  const { state, user, id } = person(['Wallets:Read', 'Permissions:Archive']);
  const secret = defined('Export', ['Keys:Export'], state);
  const gone = step(secret.state, admin, archive(secret.id, true));

  equal(refusal(gone, user, archive(secret.id, false)), 'E_GRANT');
  const off = step(gone, admin, archive(id, true));
  equal(missingPermission(off, { userId: user.userId }, ['Wallets:Read']), 'Wallets:Read');
  const on = step(off, admin, archive(id, false));
  equal(missingPermission(on, { userId: user.userId }, ['Wallets:Read']), undefined);
});

test('what comes with the platform is neither changed nor archived', () => {
  for (const name of ['ManagedFullAdminAccess', 'ManagedReadOnly']) {
    const id = permissionId(founded, name);
    equal(refusal(founded, admin, change(id, { name: 'Mine' })), 'E_IMMUTABLE');
    equal(refusal(founded, admin, archive(id, true)), 'E_IMMUTABLE');
  }
});

test('a token without a permission of its own may what its user may, and no longer than its user', () => {
  const { state, user } = person(['Auth:Pats:Create', 'Permissions:Create', 'Wallets:Read']);
  const made = tokenOf(state, user);

  equal(refusal(made.state, made.token, define('By script', ['Wallets:Read'])), undefined);
  equal(refusal(made.state, made.token, define('By script', ['Keys:Export'])), 'E_GRANT');
  const narrowed = step(made.state, admin, change(permissionId(state, 'Theirs'), { operations: ['Wallets:Read'] }));
  equal(refusal(narrowed, made.token, define('By script', ['Wallets:Read'])), 'E_FORBIDDEN');
});

test('a restricted token may what it and its user may both, and grants no more', () => {
  const { state, user } = person(['Auth:Pats:Create', 'Permissions:Create', 'Keys:Create', 'Wallets:Read']);
  const some = defined('Some', ['Permissions:Create', 'Wallets:Read'], state);
  const { state: next, token, tokenId } = tokenOf(some.state, user, { permissionId: some.id });

  deepEqual(sorted(operationsHeld(next, { userId: user.userId, tokenId })), ['Permissions:Create', 'Wallets:Read']);
  equal(refusal(next, token, define('By script', ['Keys:Create'])), 'E_GRANT');
  const wide = defined('Wide', ['Keys:Export', 'Permissions:Create'], next);
  const both = step(wide.state, admin, assign(wide.id, tokenId));
  equal(missingPermission(both, { userId: user.userId, tokenId }, ['Keys:Export']), 'Keys:Export');
});

test('a token that was restricted once never becomes its whole user again', () => {
  const { state, user } = person(['Auth:Pats:Create', 'Wallets:Read', 'Keys:Create']);
  const some = defined('Some', ['Wallets:Read'], state);
  const free = tokenOf(some.state, user);

  const bound = step(free.state, admin, assign(some.id, free.tokenId));
  const assignment = added(free.state.assignments, bound.assignments).id;
  const unbound = step(bound, admin, ask('DELETE', `/permissions/${some.id}/assignments/${assignment}`));

  const actor = { userId: user.userId, tokenId: free.tokenId };
  equal(missingPermission(free.state, actor, ['Keys:Create']), undefined);
  equal(missingPermission(bound, actor, ['Keys:Create']), 'Keys:Create');
  equal(missingPermission(unbound, actor, ['Wallets:Read']), 'Wallets:Read');
});

test('nobody gives a token what they do not have', () => {
  const { state, user } = person(['Auth:Pats:Create']);
  const strong = permissionId(state, 'ManagedFullAdminAccess');

  equal(
    codeOf(() => tokenOf(state, user, { permissionId: strong })),
    'E_GRANT',
  );
  equal(
    codeOf(() =>
      tokenOf(withUser(founded, admin, 'x@acme.example').state, admin, {
        permissionId: 'pm-00000-11111-2222222222222222',
      }),
    ),
    'E_NOT_FOUND',
  );
});

test('a token manages no people, machines, credentials or tokens, its own included', () => {
  const made = tokenOf(founded, admin);
  const key = testKey('Ed25519').publicKey;
  const forbidden: readonly Asked[] = [
    ask('POST', '/auth/users', { email: 'x@acme.example', kind: 'CustomerEmployee' }),
    ask('POST', '/auth/service-accounts', { name: 'robot', publicKey: key }),
    ask('POST', '/auth/pats', { name: 'child', publicKey: key }),
    ask('PUT', `/auth/pats/${made.tokenId}`, { name: 'other' }),
    ask('PUT', `/auth/pats/${made.tokenId}/deactivate`),
    ask('DELETE', `/auth/pats/${made.tokenId}`),
    ask('PUT', `/auth/users/${admin.userId}/deactivate`),
    ask('DELETE', `/auth/users/${admin.userId}`),
    ask('PUT', '/auth/credentials/deactivate', { credentialUuid: 'cr-00000-11111-2222222222222222' }),
    ask('POST', '/holdfast/credentials/confirm', {
      userId: admin.userId,
      credentialId: 'AAAA',
      kind: 'Key',
      publicKey: key,
      name: 'n',
    }),
  ];
  for (const asked of forbidden) equal(refusal(made.state, made.token, asked), 'E_PAT', asked.path);
});

test('a token is its owner’s: to everybody else it never was', () => {
  const { state, user } = person(['Auth:Pats:Create']);
  const made = tokenOf(state, user);
  const own = `/auth/pats/${made.tokenId}`;

  equal(refusal(made.state, admin, ask('PUT', `${own}/deactivate`)), 'E_NOT_FOUND');
  const off = step(made.state, user, ask('PUT', `${own}/deactivate`));
  equal(refusal(off, made.token, define('x', ['Wallets:Read'])), 'E_CREDENTIAL_UNKNOWN');
  const on = step(off, user, ask('PUT', `${own}/activate`));
  equal(refusal(on, made.token, define('x', ['Wallets:Read'])), 'E_FORBIDDEN');
  const ended = step(on, user, ask('DELETE', own));
  equal(refusal(ended, made.token, define('x', ['Wallets:Read'])), 'E_CREDENTIAL_UNKNOWN');
  equal(refusal(ended, user, ask('PUT', `${own}/activate`)), 'E_CONFLICT');
});

test('a token dies with its user and does not come back with them', () => {
  const { state, user } = person(['Auth:Pats:Create', 'Permissions:Create', 'Wallets:Read']);
  const made = tokenOf(state, user);

  const off = step(made.state, admin, ask('PUT', `/auth/users/${user.userId}/deactivate`));
  const on = step(off, admin, ask('PUT', `/auth/users/${user.userId}/activate`));

  equal(refusal(off, made.token, define('x', ['Wallets:Read'])), 'E_CREDENTIAL_UNKNOWN');
  equal(refusal(on, made.token, define('x', ['Wallets:Read'])), 'E_CREDENTIAL_UNKNOWN');
  equal(refusal(on, user, define('x', ['Wallets:Read'])), undefined);
});

test('a service account has no further tokens, and a key of a token is no credential of its user', () => {
  const robot = withAccount(founded, admin, 'ManagedFullAdminAccess');
  equal(
    codeOf(() => tokenOf(robot.state, robot.account)),
    'E_FORBIDDEN',
  );
  const made = tokenOf(founded, admin);
  const uuid = made.state.credentials.get(made.token.credId)?.uuid ?? '';
  equal(
    refusal(made.state, admin, ask('PUT', '/auth/credentials/deactivate', { credentialUuid: uuid })),
    'E_NOT_FOUND',
  );
  const only = made.state.credentials.get(admin.credId)?.uuid ?? '';
  equal(
    refusal(made.state, admin, ask('PUT', '/auth/credentials/deactivate', { credentialUuid: only })),
    'E_LAST_CREDENTIAL',
  );
  deepEqual(effectiveAdmins(made.state), [admin.userId]);
});

test('a token ends when it was made to', () => {
  const made = tokenOf(founded, admin, { secondsValid: 60, daysValid: 100 });
  const e = made.state.credentials.get(made.token.credId)?.expires ?? 0;
  const later = { ...define('x', ['Wallets:Read']), challenge: { e: e + 1 } };

  equal(refusal(made.state, made.token, { ...later, challenge: { e } }), undefined);
  equal(refusal(made.state, made.token, later), 'E_CREDENTIAL_UNKNOWN');
});

test('an archived person or machine acts no more and is not brought back', () => {
  const second = withUser(founded, admin, 'second@acme.example', 'ManagedFullAdminAccess');
  const robot = withAccount(second.state, admin, 'ManagedKeyUser');
  const user = `/auth/users/${second.user.userId}`;
  const account = `/auth/service-accounts/${robot.account.userId}`;

  const gone = step(step(robot.state, admin, ask('DELETE', user)), admin, ask('DELETE', account));

  equal(refusal(gone, second.user, define('x', ['Wallets:Read'])), 'E_CREDENTIAL_UNKNOWN');
  equal(refusal(gone, robot.account, define('x', ['Wallets:Read'])), 'E_CREDENTIAL_UNKNOWN');
  equal(refusal(gone, admin, ask('PUT', `${user}/activate`)), 'E_CONFLICT');
  equal(refusal(gone, admin, ask('PUT', `${account}/activate`)), 'E_CONFLICT');
  equal(refusal(gone, admin, ask('PUT', account, { name: 'again' })), 'E_CONFLICT');
  equal(refusal(gone, admin, ask('PUT', user, { isSSORequired: false })), 'E_CONFLICT');
  equal(
    refusal(gone, admin, ask('POST', '/auth/users', { email: 'second@acme.example', kind: 'CustomerEmployee' })),
    'E_USER_EXISTS',
  );
  equal(refusal(founded, admin, ask('DELETE', `/auth/users/${admin.userId}`)), 'E_LAST_ADMIN');
  equal(refusal(robot.state, admin, ask('DELETE', `/auth/users/${robot.account.userId}`)), 'E_NOT_FOUND');
});

test('a service account takes another name', () => {
  const robot = withAccount(founded, admin);
  const path = `/auth/service-accounts/${robot.account.userId}`;

  equal(
    step(robot.state, admin, ask('PUT', path, { name: 'payer' })).users.get(robot.account.userId)?.username,
    'payer',
  );
  equal(
    refusal(robot.state, admin, ask('PUT', `/auth/service-accounts/${admin.userId}`, { name: 'x' })),
    'E_NOT_FOUND',
  );
});
