import { deepEqual, equal, notEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64Url, toBase64Url } from '@holdfast/contract/wire';
import { encodeChallenge, nullifier } from '../challenge/index.ts';
import { encodeGenesis, genesisHash, genesisIds } from '../genesis/index.ts';
import { accountCredentialIdOf, deriveId } from '../ids/index.ts';
import { type EntryAfterGenesis, headOf } from '../log/index.ts';
import {
  type Asked,
  added,
  ask,
  bytesOf,
  challengeFor,
  codeOf,
  deps,
  encodeUnchecked,
  entryOf,
  fido2Attestation,
  genesisOf,
  keyAssertion,
  keyAttestation,
  NOW,
  origin,
  permissionId,
  prove,
  rpId,
  type Signer,
  step,
  testKey,
  withAccount,
  withUser,
  world,
} from '../testing/index.ts';
import type { LogEntry } from '../types/index.ts';
import { apply, effectiveAdmins, initialState, operationsOf, permitted, replay, type State } from './index.ts';

const w = world();
const { state: founded, admin } = w;
const settings = (org = founded.org): Asked => ({
  method: 'PUT',
  path: `/orgs/${org}/settings`,
  body: { keyImport: true },
});
const userBody = (email = 'new@acme.example') => ({ email, kind: 'CustomerEmployee' });
const createUser = (email?: string): Asked => ({ method: 'POST', path: '/auth/users', body: userBody(email) });
const setUser = (userId: string, verb: 'activate' | 'deactivate'): Asked => ({
  method: 'PUT',
  path: `/auth/users/${userId}/${verb}`,
  body: {},
});
const setAccount = (userId: string, verb: 'activate' | 'deactivate'): Asked => ({
  method: 'PUT',
  path: `/auth/service-accounts/${userId}/${verb}`,
  body: {},
});
const setCredential = (credentialUuid: string, verb: 'activate' | 'deactivate'): Asked => ({
  method: 'PUT',
  path: `/auth/credentials/${verb}`,
  body: { credentialUuid },
});
const assign = (state: State, name: string, identityId: string): Asked => ({
  method: 'POST',
  path: `/permissions/${permissionId(state, name)}/assignments`,
  body: { identityId },
});
const revoke = (permission: string, assignment: string): Asked => ({
  method: 'DELETE',
  path: `/permissions/${permission}/assignments/${assignment}`,
  body: {},
});
const refusal = (state: State, by: Signer, asked: Asked) => codeOf(() => step(state, by, asked));
const uuidOf = (state: State, credId: string) => state.credentials.get(credId)?.uuid ?? '';
const assignmentsOf = (state: State, identityId: string) =>
  [...state.assignments.values()].filter((one) => one.identityId === identityId);

// Genesis

test('the genesis gives one administrator with full access, import and export off', () => {
  const ids = genesisIds(genesisHash(w.genesis.genesis));

  equal(founded.org, ids.org);
  deepEqual([...founded.users.keys()], [ids.adminUserId]);
  deepEqual(founded.app, { appId: ids.appId, origin, rpId });
  deepEqual(founded.settings, { keyImport: false, keyExport: false });
  equal(founded.credentials.get('admin-credential')?.uuid, ids.adminCredentialUuid);
  equal(founded.height, 0);
  equal(founded.head, toBase64Url(headOf(w.genesis, undefined)));
  deepEqual(
    [...founded.permissions.values()].map(({ name }) => name),
    ['ManagedFullAdminAccess', 'ManagedKeyUser', 'ManagedReadOnly', 'ManagedKeyExport', 'ManagedDefaultEndUserAccess'],
  );
  equal(
    permitted(founded, { userId: admin.userId }, ['Keys:Export', 'Orgs:Settings:Update', 'Permissions:Assign']),
    true,
  );
});

test('permission ids belong to the organisation', () => {
  const other = world(testKey('Ed25519'));

  notEqual(permissionId(other.state, 'ManagedKeyUser'), permissionId(founded, 'ManagedKeyUser'));
});

test('refuses a genesis of another cluster, unproved, or in the place of an entry', () => {
  const text = encodeGenesis(genesisOf(admin.key, { c: toBase64Url(bytesOf('elsewhere')) }));
  const found = (o: object) => codeOf(() => initialState({ ...w.genesis, ...o } as typeof w.genesis, deps));

  equal(found({ genesis: text, proof: prove(text, admin.key) }), 'E_CHALLENGE_CLUSTER');
  equal(found({ proof: prove(w.genesis.genesis, testKey('Ed25519')) }), 'E_ASSERTION');
  equal(found({ height: 1 }), 'E_ENTRY');
  equal(found({ v: 2 }), 'E_ENTRY');
  equal(
    codeOf(() => replay([], deps)),
    'E_ENTRY',
  );
});

// The chain itself

test('an entry moves height and head and leaves the old state as it was', () => {
  const before = structuredClone({ ...founded });
  const entry = entryOf(founded, ask(founded, admin, settings()));

  const next = apply(founded, entry, deps);

  equal(next.height, 1);
  equal(next.head, toBase64Url(headOf(entry, fromBase64Url(founded.head))));
  deepEqual(next.settings, { keyImport: true, keyExport: false });
  deepEqual(structuredClone({ ...founded }), before);
});

test('replaying a chain gives the state it gave', () => {
  const entries: LogEntry[] = [w.genesis];
  let state = founded;
  for (const asked of [settings(), createUser('a@acme.example'), createUser('b@acme.example')]) {
    const entry = entryOf(state, ask(state, admin, asked));
    entries.push(entry);
    state = apply(state, entry, deps);
  }

  deepEqual(replay(entries, deps), state);
  equal(
    codeOf(() => replay([entries[0]!, entries[2]!], deps)),
    'E_STALE_HEAD',
  );
});

test('an entry applies long after its challenge expired: freshness is for live requests', () => {
  const asked = { ...settings(), challenge: { e: Math.floor(NOW / 1000) - 10_000_000 } };

  equal(refusal(founded, admin, asked), undefined);
});

const act = ask(founded, admin, settings());
const good = entryOf(founded, act);
const entryForgeries: readonly [what: string, code: string, entry: () => object][] = [
  ['v', 'E_ENTRY', () => ({ ...good, v: 2 })],
  ['an unknown member', 'E_ENTRY', () => ({ ...good, note: 'x' })],
  ['org', 'E_ENTRY', () => ({ ...good, org: genesisIds(bytesOf('other')).org })],
  ['height too low', 'E_STALE_HEAD', () => ({ ...good, height: 0 })],
  ['height too high', 'E_STALE_HEAD', () => ({ ...good, height: 2 })],
  ['height as text', 'E_STALE_HEAD', () => ({ ...good, height: '1' })],
  ['prev', 'E_STALE_HEAD', () => ({ ...good, prev: toBase64Url(bytesOf('other')) })],
  ['request missing', 'E_ENTRY', () => ({ ...good, request: undefined })],
  ['request with an unknown member', 'E_ENTRY', () => ({ ...good, request: { ...good.request, force: true } })],
  ['request.method', 'E_USER_ACTION_PATH', () => ({ ...good, request: { ...good.request, method: 'POST' } })],
  [
    'request.path',
    'E_CHALLENGE_REQUEST',
    () => ({ ...good, request: { ...good.request, path: `/orgs/${genesisIds(bytesOf('x')).org}/settings` } }),
  ],
  [
    'request.payload',
    'E_CHALLENGE_REQUEST',
    () => ({ ...good, request: { ...good.request, payload: '{"keyExport":true}' } }),
  ],
  ['assertion missing', 'E_COMMAND', () => ({ ...good, assertion: undefined })],
  ['assertion.credId', 'E_CREDENTIAL_UNKNOWN', () => ({ ...good, assertion: { ...good.assertion, credId: 'other' } })],
  [
    'assertion.signature',
    'E_ASSERTION',
    () => ({
      ...good,
      assertion: { ...good.assertion, signature: ask(founded, admin, settings()).assertion.signature },
    }),
  ],
  [
    'assertion.clientData',
    'E_ASSERTION',
    () => ({
      ...good,
      assertion: { ...good.assertion, clientData: ask(founded, admin, settings()).assertion.clientData },
    }),
  ],
];
for (const [what, code, entry] of entryForgeries) {
  test(`refuses an entry with another ${what}: ${code}`, () => {
    equal(
      codeOf(() => apply(founded, entry() as EntryAfterGenesis, deps)),
      code,
    );
  });
}

const challengeForgeries: readonly [field: string, code: string, o: Partial<Asked>][] = [
  ['k', 'E_CHALLENGE_KIND', { challenge: { k: 'Login', b: '' } }],
  ['c', 'E_CHALLENGE_CLUSTER', { challenge: { c: toBase64Url(bytesOf('c')) } }],
  ['o', 'E_CHALLENGE_ORG', { challenge: { o: genesisIds(bytesOf('other')).org } }],
  ['u', 'E_CHALLENGE_USER', { challenge: { u: genesisIds(bytesOf('other')).adminUserId } }],
  ['m', 'E_CHALLENGE_REQUEST', { challenge: { m: 'POST' } }],
  ['p', 'E_CHALLENGE_REQUEST', { challenge: { p: '/auth/users' } }],
  ['h', 'E_CHALLENGE_REQUEST', { challenge: { h: toBase64Url(bytesOf('h')) } }],
  ['x', 'E_CHALLENGE_REQUEST', { challenge: { x: toBase64Url(bytesOf('x')) } }],
  ['a', 'E_STALE_HEAD', { challenge: { a: toBase64Url(bytesOf('an older head')) } }],
  ['form', 'E_CHALLENGE_FORM', { challengeText: () => encodeUnchecked({ v: 1 }) }],
];
for (const [field, code, o] of challengeForgeries) {
  test(`refuses an entry whose challenge has another ${field}: ${code}`, () =>
    equal(refusal(founded, admin, { ...settings(), ...o }), code));
}

test('an entry fits once', () => {
  const next = apply(founded, good, deps);

  equal(
    codeOf(() => apply(next, good, deps)),
    'E_STALE_HEAD',
  );
  const moved = { ...good, height: 2, prev: next.head };
  equal(
    codeOf(() => apply(next, moved, deps)),
    'E_STALE_HEAD',
  );
});

test('nothing but governance enters the chain', () => {
  equal(refusal(founded, admin, { method: 'POST', path: '/wallets', body: { network: 'Ethereum' } }), 'E_ENTRY');
  equal(refusal(founded, admin, { method: 'POST', path: '/auth/login', body: {} }), 'E_USER_ACTION_PATH');
});

test('two organisations know nothing of each other', () => {
  const other = world(testKey('Ed25519'));

  equal(
    codeOf(() => apply(other.state, good, deps)),
    'E_ENTRY',
  );
  equal(
    codeOf(() => apply(other.state, { ...good, org: other.state.org, prev: other.state.head }, deps)),
    'E_ASSERTION',
  );
  equal(refusal(other.state, other.admin, settings(founded.org)), 'E_NOT_FOUND');
  equal(refusal(other.state, other.admin, assign(founded, 'ManagedReadOnly', other.admin.userId)), 'E_NOT_FOUND');
  equal(refusal(other.state, other.admin, setUser(admin.userId, 'deactivate')), 'E_NOT_FOUND');
  equal(refusal(other.state, other.admin, setCredential(uuidOf(founded, admin.credId), 'deactivate')), 'E_NOT_FOUND');
  const [foreign] = [...founded.assignments.values()];
  equal(refusal(other.state, other.admin, revoke(foreign!.permissionId, foreign!.id)), 'E_NOT_FOUND');
});

// Users

test('a created user is named by the request that created it, is active and can do nothing', () => {
  const made = ask(founded, admin, createUser());
  const next = apply(founded, entryOf(founded, made), deps);

  const user = added(founded.users, next.users);

  const data = JSON.parse(Buffer.from(made.assertion.clientData, 'base64url').toString());
  equal(user.userId, deriveId('us', nullifier(data.challenge)));
  deepEqual(
    { ...user, userId: '' },
    { userId: '', username: 'new@acme.example', kind: 'CustomerEmployee', active: true, isServiceAccount: false },
  );
  equal(permitted(next, { userId: user.userId }, ['Wallets:Read']), false);
  equal(permitted(next, { userId: user.userId }, []), true);
});

test('refuses users that exist, of other kinds, or with a key nobody proved', () => {
  const next = step(founded, admin, createUser());

  equal(refusal(next, admin, createUser()), 'E_USER_EXISTS');
  equal(refusal(next, admin, createUser('NEW@acme.example')), 'E_USER_EXISTS');
  equal(refusal(next, admin, createUser('admin@acme.example')), 'E_USER_EXISTS');
  equal(
    refusal(next, admin, { ...createUser(), body: { ...userBody('x@y.example'), kind: 'DfnsStaff' } }),
    'E_UNSUPPORTED',
  );
  equal(
    refusal(next, admin, { ...createUser(), body: { ...userBody('x@y.example'), publicKey: admin.key.publicKey } }),
    'E_UNSUPPORTED',
  );
  equal(refusal(next, admin, { ...createUser(), body: { ...userBody('x@y.example'), userId: 'us-1' } }), 'E_BODY');
});

test('a deactivated user can do nothing until activated', () => {
  const { state, user } = withUser(founded, admin, 'second@acme.example', 'ManagedFullAdminAccess');
  const off = step(state, admin, setUser(user.userId, 'deactivate'));

  equal(refusal(state, user, createUser()), undefined);
  equal(refusal(off, user, createUser()), 'E_CREDENTIAL_UNKNOWN');
  equal(permitted(off, { userId: user.userId }, []), false);
  equal(permitted(off, { userId: user.userId }, ['Wallets:Read']), false);
  const on = step(off, admin, setUser(user.userId, 'activate'));
  equal(refusal(on, user, createUser()), undefined);
});

test('repeating an activation is no error', () => {
  const { state, user } = withUser(founded, admin, 'second@acme.example');

  equal(refusal(state, admin, setUser(user.userId, 'activate')), undefined);
  equal(
    refusal(step(state, admin, setUser(user.userId, 'deactivate')), admin, setUser(user.userId, 'deactivate')),
    undefined,
  );
});

test('users and service accounts are not mistaken for each other', () => {
  const { state, account } = withAccount(founded, admin);

  equal(refusal(state, admin, setUser(account.userId, 'deactivate')), 'E_NOT_FOUND');
  equal(refusal(state, admin, setAccount(admin.userId, 'deactivate')), 'E_NOT_FOUND');
  equal(refusal(state, admin, setUser('us-00000-11111-2222222222222222', 'deactivate')), 'E_NOT_FOUND');
});

// Service accounts

test('a service account has the key of the signed body and nothing of its maker', () => {
  const key = testKey('secp256k1');
  const asked: Asked = {
    method: 'POST',
    path: '/auth/service-accounts',
    body: { name: 'robot', publicKey: key.publicKey, daysValid: 30 },
  };
  const record = challengeFor(founded, admin.userId, asked);
  const id = nullifier(encodeChallenge(record));
  const request = { method: 'POST', path: '/auth/service-accounts', payload: JSON.stringify(asked.body) } as const;
  const assertion = keyAssertion({ credId: admin.credId, key: admin.key, challenge: encodeChallenge(record) });

  const next = apply(founded, entryOf(founded, { request, assertion }), deps);

  const account = added(founded.serviceAccounts, next.serviceAccounts);
  deepEqual(account, {
    userId: deriveId('us', id),
    tokenId: deriveId('to', id),
    credentialId: accountCredentialIdOf(id),
    daysValid: 30,
  });
  const credential = next.credentials.get(account.credentialId);
  equal(credential?.algorithm, 'secp256k1');
  equal(credential?.uuid, deriveId('cr', id));
  equal(credential?.expires, record.e + 30 * 86_400);
  equal(operationsOf(next, account.userId).size, 0);
});

test('a service account gets the permission named at its creation', () => {
  const { state, account } = withAccount(founded, admin, 'ManagedKeyUser');

  equal(permitted(state, { userId: account.userId }, ['Keys:Import', 'Wallets:Create', 'Signers:ListSigners']), true);
  equal(permitted(state, { userId: account.userId }, ['Keys:Export']), false);
  equal(permitted(state, { userId: account.userId }, ['Auth:Users:Create']), false);
});

test('refuses service accounts with keys that are none, unknown permissions, or impossible days', () => {
  const body = { name: 'robot', publicKey: testKey('Ed25519').publicKey };
  const create = (o: object): Asked => ({ method: 'POST', path: '/auth/service-accounts', body: { ...body, ...o } });

  equal(refusal(founded, admin, create({ publicKey: 'none' })), 'E_PUBLIC_KEY');
  equal(
    refusal(
      founded,
      admin,
      create({ publicKey: testKey('P-256').privateKey.export({ format: 'pem', type: 'pkcs8' }) }),
    ),
    'E_PRIVATE_KEY_SENT',
  );
  equal(refusal(founded, admin, create({ permissionId: 'pm-00000-11111-2222222222222222' })), 'E_NOT_FOUND');
  equal(refusal(founded, admin, create({ daysValid: 731 })), 'E_BODY');
  equal(refusal(founded, admin, create({ daysValid: 1.5 })), 'E_BODY');
  equal(refusal(founded, admin, create({ name: '' })), 'E_BODY');
});

test('a deactivated service account cannot act', () => {
  const { state, account } = withAccount(founded, admin, 'ManagedFullAdminAccess');
  const off = step(state, admin, setAccount(account.userId, 'deactivate'));

  equal(refusal(state, account, createUser()), undefined);
  equal(refusal(off, account, createUser()), 'E_CREDENTIAL_UNKNOWN');
  equal(refusal(step(off, admin, setAccount(account.userId, 'activate')), account, createUser()), undefined);
});

test('an entry by a service account after its days is refused, at any time', () => {
  const key = testKey('Ed25519');
  const body = {
    name: 'robot',
    publicKey: key.publicKey,
    daysValid: 1,
    permissionId: permissionId(founded, 'ManagedFullAdminAccess'),
  };
  const state = step(founded, admin, { method: 'POST', path: '/auth/service-accounts', body });
  const { userId, credentialId } = added(founded.serviceAccounts, state.serviceAccounts);
  const account: Signer = { kind: 'Key', userId, credId: credentialId, key };
  const born = Math.floor(NOW / 1000) + 300;

  equal(refusal(state, account, { ...createUser(), challenge: { e: born + 86_400 } }), undefined);
  equal(refusal(state, account, { ...createUser(), challenge: { e: born + 86_401 } }), 'E_CREDENTIAL_UNKNOWN');
});

// Grants are capped

const restricted = (() => {
  // Nobody but a full administrator holds Permissions:Assign in the fixed permissions, so a cluster whose release
  // has one more permission shows the cap.
  const managedPermissions = [
    ...deps.managedPermissions,
    {
      name: 'Helpdesk',
      operations: [
        'Permissions:Assign',
        'Permissions:Revoke',
        'Auth:Users:Update',
        'Auth:Users:Create',
        'Auth:Users:Activate',
        'Auth:Users:Deactivate',
        'Auth:ServiceAccounts:Create',
        'Auth:ServiceAccounts:Activate',
        'Wallets:Read',
      ],
    },
    { name: 'Viewer', operations: ['Wallets:Read'] },
  ];
  const helpdeskDeps = { ...deps, managedPermissions };
  const act1 = (state: State, by: Signer, asked: Asked) =>
    apply(state, entryOf(state, ask(state, by, asked)), helpdeskDeps);
  let state = initialState(w.genesis, helpdeskDeps);
  const made = withUser(state, admin, 'helpdesk@acme.example', 'Helpdesk');
  state = made.state;
  return { state, helpdesk: made.user, act: act1 };
})();
const capped = (asked: Asked, state = restricted.state) =>
  codeOf(() => restricted.act(state, restricted.helpdesk, asked));

test('grants what the grantor has', () => {
  equal(capped(assign(restricted.state, 'Viewer', admin.userId)), undefined);
  equal(capped(assign(restricted.state, 'Helpdesk', admin.userId)), undefined);
});

test('[bad-input 103] refuses to assign more than the grantor has, to others and to itself', () => {
  equal(capped(assign(restricted.state, 'ManagedFullAdminAccess', restricted.helpdesk.userId)), 'E_GRANT');
  equal(capped(assign(restricted.state, 'ManagedKeyUser', admin.userId)), 'E_GRANT');
  throws(
    () =>
      restricted.act(restricted.state, restricted.helpdesk, assign(restricted.state, 'ManagedKeyExport', admin.userId)),
    {
      message: 'cannot grant Keys:Export: you do not have it',
    },
  );
});

test('[bad-input 103] refuses a service account with more than its maker has', () => {
  const body = (name: string) => ({
    name: 'robot',
    publicKey: testKey('Ed25519').publicKey,
    permissionId: permissionId(restricted.state, name),
  });
  const create = (name: string): Asked => ({ method: 'POST', path: '/auth/service-accounts', body: body(name) });

  equal(capped(create('ManagedFullAdminAccess')), 'E_GRANT');
  equal(capped(create('Viewer')), undefined);
});

test("[bad-input 103] refuses to confirm one's own key for somebody with more", () => {
  const key = testKey('Ed25519');
  const confirm = (userId: string): Asked => ({
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId, credentialId: 'mine', kind: 'Key', publicKey: key.publicKey, name: 'mine' },
  });

  equal(capped(confirm(admin.userId)), 'E_GRANT');
  equal(capped(confirm(restricted.helpdesk.userId)), undefined);
});

test('[bad-input 103] refuses to activate somebody with more, and allows to deactivate', () => {
  const two = withUser(restricted.state, admin, 'boss@acme.example', 'ManagedFullAdminAccess');
  const off = restricted.act(two.state, restricted.helpdesk, setUser(two.user.userId, 'deactivate'));

  equal(capped(setUser(two.user.userId, 'activate'), off), 'E_GRANT');
  equal(capped(setUser(restricted.helpdesk.userId, 'activate'), off), undefined);
});

// Permissions

test('assigns once and revokes', () => {
  const { state, user } = withUser(founded, admin, 'second@acme.example', 'ManagedReadOnly');
  const [assignment] = assignmentsOf(state, user.userId);

  equal(permitted(state, { userId: user.userId }, ['Wallets:Read']), true);
  equal(refusal(state, admin, assign(state, 'ManagedReadOnly', user.userId)), 'E_CONFLICT');
  const revoked = step(state, admin, revoke(assignment!.permissionId, assignment!.id));
  equal(permitted(revoked, { userId: user.userId }, ['Wallets:Read']), false);
  equal(refusal(revoked, admin, revoke(assignment!.permissionId, assignment!.id)), 'E_NOT_FOUND');
  equal(refusal(state, admin, revoke(permissionId(state, 'ManagedKeyUser'), assignment!.id)), 'E_NOT_FOUND');
  equal(refusal(state, admin, assign(state, 'ManagedReadOnly', 'us-00000-11111-2222222222222222')), 'E_NOT_FOUND');
  equal(
    refusal(state, admin, {
      ...assign(state, 'ManagedReadOnly', user.userId),
      path: '/permissions/pm-00000-11111-2222222222222222/assignments',
    }),
    'E_NOT_FOUND',
  );
});

test('the union of assignments counts', () => {
  const { state, user } = withUser(founded, admin, 'second@acme.example', 'ManagedReadOnly');
  const both = step(state, admin, assign(state, 'ManagedKeyExport', user.userId));

  equal(permitted(both, { userId: user.userId }, ['Wallets:Read', 'Keys:Export']), true);
  equal(permitted(both, { userId: user.userId }, ['Wallets:Read', 'Keys:Export', 'Keys:Create']), false);
});

const governance: readonly [name: string, asked: (state: State) => Asked][] = [
  ['createUser', () => createUser('x@y.example')],
  ['activateUser', () => setUser(admin.userId, 'activate')],
  ['deactivateUser', () => setUser(admin.userId, 'deactivate')],
  [
    'createServiceAccount',
    () => ({ method: 'POST', path: '/auth/service-accounts', body: { name: 'x', publicKey: admin.key.publicKey } }),
  ],
  ['activateServiceAccount', () => setAccount(admin.userId, 'activate')],
  ['deactivateServiceAccount', () => setAccount(admin.userId, 'deactivate')],
  [
    'confirmCredential',
    () => ({
      method: 'POST',
      path: '/holdfast/credentials/confirm',
      body: { userId: admin.userId, credentialId: 'c', kind: 'Key', publicKey: admin.key.publicKey, name: 'x' },
    }),
  ],
  ['createAssignment', (state) => assign(state, 'ManagedReadOnly', admin.userId)],
  ['deleteAssignment', (state) => revoke(permissionId(state, 'ManagedReadOnly'), [...state.assignments.keys()][0]!)],
  ['updateOrgSettings', () => settings()],
];
for (const [name, asked] of governance) {
  test(`${name} needs its permission`, () => {
    const { state, account } = withAccount(founded, admin, 'ManagedKeyUser');

    equal(refusal(state, account, asked(state)), 'E_FORBIDDEN');
  });
}

// The last administrator

test('refuses to deactivate the last administrator', () => {
  equal(refusal(founded, admin, setUser(admin.userId, 'deactivate')), 'E_LAST_ADMIN');
  const { state, user } = withUser(founded, admin, 'second@acme.example', 'ManagedFullAdminAccess');
  deepEqual(effectiveAdmins(state), [admin.userId, user.userId]);
  const one = step(state, admin, setUser(admin.userId, 'deactivate'));
  equal(refusal(one, user, setUser(user.userId, 'deactivate')), 'E_LAST_ADMIN');
});

test('refuses to revoke the last full access', () => {
  const [assignment] = assignmentsOf(founded, admin.userId);

  equal(refusal(founded, admin, revoke(assignment!.permissionId, assignment!.id)), 'E_LAST_ADMIN');
  const { state } = withUser(founded, admin, 'second@acme.example', 'ManagedFullAdminAccess');
  equal(refusal(state, admin, revoke(assignment!.permissionId, assignment!.id)), undefined);
});

test('neither a service account nor a user without credential counts as the last administrator', () => {
  const { state } = withAccount(founded, admin, 'ManagedFullAdminAccess');
  const withBare = step(state, admin, createUser('bare@acme.example'));
  const bare = added(state.users, withBare.users);
  const assigned = step(withBare, admin, assign(withBare, 'ManagedFullAdminAccess', bare.userId));
  const [assignment] = assignmentsOf(assigned, admin.userId);

  equal(refusal(assigned, admin, setUser(admin.userId, 'deactivate')), 'E_LAST_ADMIN');
  equal(refusal(assigned, admin, revoke(assignment!.permissionId, assignment!.id)), 'E_LAST_ADMIN');
});

// Credentials

const registration = (state: State, userId: string, o: object = {}) =>
  encodeChallenge({
    ...challengeFor(state, userId, { method: 'POST', path: '/auth/credentials' }),
    k: 'Registration',
    b: '',
    ...o,
  });
const newCredential = (info: object, credentialKind = 'Key'): Asked => ({
  method: 'POST',
  path: '/auth/credentials',
  body: { credentialKind, credentialInfo: info, credentialName: 'second key', challengeIdentifier: 'opaque' },
});
const second = testKey('P-256');
const attest = (state: State, userId: string, o: object = {}, credId = 'second-key') =>
  keyAttestation({ credId, key: second, challenge: registration(state, userId, o) });
const withSecond = step(founded, admin, newCredential(attest(founded, admin.userId)));
const bySecond: Signer = { ...admin, credId: 'second-key', key: second };

test('a second key, attested and signed for, acts like the first', () => {
  const credential = added(founded.credentials, withSecond.credentials);

  deepEqual(
    { ...credential, uuid: '' },
    {
      credentialId: 'second-key',
      uuid: '',
      userId: admin.userId,
      kind: 'Key',
      algorithm: 'P-256',
      publicKey: second.publicKey,
      name: 'second key',
      active: true,
    },
  );
  equal(refusal(withSecond, bySecond, createUser()), undefined);
  equal(refusal(founded, bySecond, createUser()), 'E_CREDENTIAL_UNKNOWN');
});

test('a passkey, attested and signed for, acts like the first', () => {
  const credentialId = bytesOf('passkey', 16);
  const info = fido2Attestation({
    credentialId,
    key: second,
    challenge: registration(founded, admin.userId),
    origin,
    rpId,
  });
  const state = step(founded, admin, newCredential(info, 'Fido2'));
  const passkey: Signer = { kind: 'Fido2', userId: admin.userId, credId: toBase64Url(credentialId), key: second };

  equal(refusal(state, passkey, createUser()), undefined);
});

const other = withUser(founded, admin, 'other@acme.example');
const refusedCredentials: readonly [what: string, code: string, asked: () => Asked][] = [
  [
    "[bad-input 92] another user's registration challenge",
    'E_CHALLENGE_USER',
    () => newCredential(attest(founded, other.user.userId)),
  ],
  [
    'a challenge of another cluster',
    'E_CHALLENGE_CLUSTER',
    () => newCredential(attest(founded, admin.userId, { c: toBase64Url(bytesOf('c')) })),
  ],
  [
    'a challenge of another organisation',
    'E_CHALLENGE_ORG',
    () => newCredential(attest(founded, admin.userId, { o: genesisIds(bytesOf('o')).org })),
  ],
  ['a login challenge', 'E_CHALLENGE_KIND', () => newCredential(attest(founded, admin.userId, { k: 'Login' }))],
  [
    'a challenge that is no record',
    'E_CHALLENGE_FORM',
    () => newCredential(keyAttestation({ credId: 'x', key: second, challenge: 'Y2gtNzk' })),
  ],
  [
    '[bad-input 87] an id that is registered',
    'E_CREDENTIAL_EXISTS',
    () => newCredential(attest(founded, admin.userId, {}, 'admin-credential')),
  ],
  [
    "another key's attestation",
    'E_ATTESTATION',
    () =>
      newCredential({
        ...attest(founded, admin.userId),
        attestationData: keyAttestation({ credId: 'second-key', key: testKey('P-256'), challenge: 'x' })
          .attestationData,
      }),
  ],
  ['a passkey kind for a key', 'E_CLIENT_DATA_TYPE', () => newCredential(attest(founded, admin.userId), 'Fido2')],
  [
    'a password, which signs nothing',
    'E_ENTRY',
    () => ({
      method: 'POST',
      path: '/auth/credentials',
      body: {
        credentialKind: 'Password',
        credentialInfo: { password: 'correct horse battery' },
        credentialName: 'mine',
        challengeIdentifier: 'x.y.z',
      },
    }),
  ],
  [
    'a protected key without its protected half',
    'E_BODY',
    () => newCredential(attest(founded, admin.userId), 'PasswordProtectedKey'),
  ],
];
for (const [what, code, asked] of refusedCredentials) {
  test(`refuses a new credential with ${what}: ${code}`, () => equal(refusal(founded, admin, asked()), code));
}

test('[bad-input 87] a credential id is registered once, whoever comes with it', () => {
  for (const [by, taken] of [
    [admin, other.user.credId],
    [other.user, admin.credId],
  ] as const)
    equal(refusal(other.state, by, newCredential(attest(other.state, by.userId, {}, taken))), 'E_CREDENTIAL_EXISTS');
});

test('a service account keeps the one credential it was created with', () => {
  const { state, account } = withAccount(founded, admin, 'ManagedFullAdminAccess');
  const confirm = { userId: account.userId, credentialId: 'more', kind: 'Key', publicKey: second.publicKey, name: 'x' };

  equal(refusal(state, account, newCredential(attest(state, account.userId))), 'E_FORBIDDEN');
  equal(refusal(state, admin, { method: 'POST', path: '/holdfast/credentials/confirm', body: confirm }), 'E_FORBIDDEN');
  equal(refusal(state, account, setCredential(uuidOf(state, account.credId), 'deactivate')), 'E_LAST_CREDENTIAL');
});

test('deactivates a credential and brings it back', () => {
  const off = step(withSecond, admin, setCredential(uuidOf(withSecond, 'second-key'), 'deactivate'));

  equal(refusal(off, bySecond, createUser()), 'E_CREDENTIAL_UNKNOWN');
  const on = step(off, admin, setCredential(uuidOf(off, 'second-key'), 'activate'));
  equal(refusal(on, bySecond, createUser()), undefined);
});

test('[bad-input 93] refuses to deactivate the last credential, the signing one, or one of somebody else', () => {
  equal(refusal(founded, admin, setCredential(uuidOf(founded, admin.credId), 'deactivate')), 'E_LAST_CREDENTIAL');
  equal(refusal(withSecond, admin, setCredential(uuidOf(withSecond, admin.credId), 'deactivate')), 'E_CONFLICT');
  equal(refusal(withSecond, admin, setCredential('cr-00000-11111-2222222222222222', 'deactivate')), 'E_NOT_FOUND');
  equal(
    refusal(other.state, other.user, setCredential(uuidOf(other.state, admin.credId), 'deactivate')),
    'E_NOT_FOUND',
  );
});

test('a confirmed credential counts from then on', () => {
  const state = step(founded, admin, createUser());
  const { userId } = added(founded.users, state.users);
  const key = testKey('Ed25519');
  const by: Signer = { kind: 'Key', userId, credId: 'by-code', key };
  const body = { userId, credentialId: 'by-code', kind: 'Key', publicKey: key.publicKey, name: 'laptop' };
  const confirm = (o: object): Asked => ({
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { ...body, ...o },
  });

  equal(refusal(state, by, setCredential('x', 'activate')), 'E_CREDENTIAL_UNKNOWN');
  const confirmed = step(state, admin, confirm({}));
  equal(refusal(confirmed, by, setCredential(uuidOf(confirmed, 'by-code'), 'activate')), undefined);
  equal(refusal(confirmed, admin, confirm({})), 'E_CREDENTIAL_EXISTS');
  equal(refusal(state, admin, confirm({ userId: 'us-00000-11111-2222222222222222' })), 'E_NOT_FOUND');
  equal(refusal(state, admin, confirm({ publicKey: 'none' })), 'E_PUBLIC_KEY');
  equal(refusal(state, admin, confirm({ credentialId: 'a b' })), 'E_BODY');
  equal(refusal(state, admin, confirm({ kind: 'Password' })), 'E_BODY');
});

// Settings

test('switches import and export, one without the other', () => {
  const path = `/orgs/${founded.org}/settings`;
  const one = step(founded, admin, { method: 'PUT', path, body: { keyExport: true } });
  const two = step(one, admin, { method: 'PUT', path, body: { keyImport: true, keyExport: false } });

  deepEqual(one.settings, { keyImport: false, keyExport: true });
  deepEqual(two.settings, { keyImport: true, keyExport: false });
  equal(refusal(founded, admin, { method: 'PUT', path, body: { keyExport: 'yes' } }), 'E_BODY');
  equal(refusal(founded, admin, { method: 'PUT', path, body: { allowAll: true } }), 'E_BODY');
});

test('three hundred entries replay within three seconds', () => {
  const entries: LogEntry[] = [w.genesis];
  let state = founded;
  for (let k = 0; k < 300; k++) {
    const entry = entryOf(state, ask(state, admin, createUser(`user-${k}@acme.example`)));
    entries.push(entry);
    state = apply(state, entry, deps);
  }
  const start = process.hrtime.bigint();

  equal(replay(entries, deps).head, state.head);

  equal(Number(process.hrtime.bigint() - start) / 1e6 < 3000, true);
});

// The entries do not rest on the schema

const lax = {
  ...deps,
  operation: (method: string, path: string) => {
    const known = deps.operation(method, path);
    return known && { ...known, problem: () => undefined };
  },
};
const confirmPath = '/holdfast/credentials/confirm';
const confirmation = {
  userId: admin.userId,
  credentialId: 'c',
  kind: 'Key',
  publicKey: admin.key.publicKey,
  name: 'x',
};
const account = { name: 'robot', publicKey: admin.key.publicKey };
const loose: readonly [what: string, code: string, asked: Asked][] = [
  ['a user without e-mail', 'E_BODY', { ...createUser(), body: { kind: 'CustomerEmployee' } }],
  ['a user with a list of e-mails', 'E_BODY', { ...createUser(), body: { ...userBody(), email: ['a'] } }],
  ['a user with an endless e-mail', 'E_BODY', createUser('x'.repeat(300))],
  ['a setting that is no truth value', 'E_BODY', { ...settings(), body: { keyExport: 1 } }],
  [
    'days that are text',
    'E_BODY',
    { method: 'POST', path: '/auth/service-accounts', body: { ...account, daysValid: '5' } },
  ],
  [
    'days without end',
    'E_BODY',
    { method: 'POST', path: '/auth/service-accounts', body: { ...account, daysValid: 731 } },
  ],
  ['no days', 'E_BODY', { method: 'POST', path: '/auth/service-accounts', body: { ...account, daysValid: 0 } }],
  ['half a day', 'E_BODY', { method: 'POST', path: '/auth/service-accounts', body: { ...account, daysValid: 0.5 } }],
  [
    'a permission that is a list',
    'E_BODY',
    { method: 'POST', path: '/auth/service-accounts', body: { ...account, permissionId: [] } },
  ],
  [
    'a confirmation of another kind',
    'E_UNSUPPORTED',
    { method: 'POST', path: confirmPath, body: { ...confirmation, kind: 'Totp' } },
  ],
  [
    'a confirmation of no id',
    'E_BODY',
    { method: 'POST', path: confirmPath, body: { ...confirmation, credentialId: 'a b' } },
  ],
  ['a credential without information', 'E_BODY', newCredential(null as unknown as object)],
  ['a credential with a list as information', 'E_BODY', newCredential([])],
  ['a credential of no kind', 'E_UNSUPPORTED', newCredential({}, 'Passkey')],
];
for (const [what, code, asked] of loose) {
  test(`refuses ${what} whatever the schema says: ${code}`, () => {
    equal(
      codeOf(() => apply(founded, entryOf(founded, ask(founded, admin, asked)), lax)),
      code,
    );
  });
}

test('refuses an operation whose path lacks the parameter it is about', () => {
  const without = {
    ...deps,
    operation: (m: string, p: string) => ({ ...deps.operation(m, p)!, params: {}, problem: () => undefined }),
  };

  equal(
    codeOf(() => apply(founded, entryOf(founded, ask(founded, admin, settings())), without)),
    'E_PARAM',
  );
});
