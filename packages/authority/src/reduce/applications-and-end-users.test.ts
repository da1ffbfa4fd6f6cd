/** Applications, end users and who may say which key is theirs: for every acceptance a refusal. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../testing/codes.ts';
import { testKey } from '../testing/keys.ts';
import {
  added,
  ask,
  deps,
  entryOf,
  permissionId,
  type Signer,
  step,
  withAccount,
  withUser,
  world,
} from '../testing/world.ts';
import { apply, effectiveAdmins, operationsHeld, type State } from './index.ts';

const w = world();
const { admin } = w;
const founded = w.state;

const wish = {
  name: 'Mobile',
  kind: 'ClientSideApplication',
  relyingPartyId: 'app.acme.example',
  origin: 'https://app.acme.example',
};
const create = (state: State, body: object = wish, by: Signer = admin) =>
  step(state, by, { method: 'POST', path: '/auth/apps', body });
const refusal = codeOf;

test('an application is where passkeys may be used, until it is deactivated', () => {
  const made = create(founded);
  const { appId } = added(founded.apps, made.apps);
  const passkey = testKey('P-256');
  const withPasskey = step(made, admin, {
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId: admin.userId, credentialId: 'phone', kind: 'Fido2', publicKey: passkey.publicKey, name: 'phone' },
  });
  const phone: Signer = { kind: 'Fido2', userId: admin.userId, credId: 'phone', key: passkey };
  const there = { origin: wish.origin, rpId: wish.relyingPartyId };
  const rename = {
    method: 'PUT',
    path: `/auth/users/${admin.userId}`,
    body: { isSSORequired: false },
    at: there,
  } as const;

  ok(step(withPasskey, phone, rename));
  equal(
    refusal(() => step(withPasskey, phone, { ...rename, at: { ...there, origin: 'https://evil.example' } })),
    'E_CLIENT_DATA_ORIGIN',
  );
  equal(
    refusal(() => step(withPasskey, phone, { ...rename, at: { ...there, rpId: 'evil.example' } })),
    'E_RP_ID',
  );
  const off = step(withPasskey, admin, { method: 'PUT', path: `/auth/apps/${appId}/deactivate` });
  equal(
    refusal(() => step(off, phone, rename)),
    'E_CLIENT_DATA_ORIGIN',
  );
  const on = step(off, admin, { method: 'PUT', path: `/auth/apps/${appId}/activate` });
  ok(step(on, phone, rename));
});

test('an application has no say about itself', () => {
  const made = create(founded);
  const { appId } = added(founded.apps, made.apps);
  const passkey = testKey('P-256');
  const withPasskey = step(made, admin, {
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId: admin.userId, credentialId: 'phone', kind: 'Fido2', publicKey: passkey.publicKey, name: 'phone' },
  });
  const phone: Signer = { kind: 'Fido2', userId: admin.userId, credId: 'phone', key: passkey };
  const at = { origin: wish.origin, rpId: wish.relyingPartyId };
  for (const [method, path] of [
    ['PUT', `/auth/apps/${appId}/deactivate`],
    ['DELETE', `/auth/apps/${appId}`],
    ['PUT', `/auth/apps/${appId}`],
  ] as const)
    equal(
      refusal(() => step(withPasskey, phone, { method, path, at })),
      'E_FORBIDDEN',
      path,
    );
  ok(step(withPasskey, admin, { method: 'DELETE', path: `/auth/apps/${appId}` }));
});

test('the application of the genesis stays as it is, and names are taken for good', () => {
  const made = create(founded);
  const { appId } = added(founded.apps, made.apps);
  const first = `/auth/apps/${founded.app.appId}`;

  equal(
    refusal(() => step(made, admin, { method: 'PUT', path: `${first}/deactivate` })),
    'E_IMMUTABLE',
  );
  equal(
    refusal(() => create(made, { ...wish, name: 'MOBILE' })),
    'E_CONFLICT',
  );
  const rename = { method: 'PUT', path: `/auth/apps/${appId}`, body: { name: 'acme' } } as const;
  equal(
    refusal(() => step(made, admin, rename)),
    'E_CONFLICT',
  );
  const archived = step(made, admin, { method: 'DELETE', path: `/auth/apps/${appId}` });
  equal(
    refusal(() => create(archived)),
    'E_CONFLICT',
  );
  equal(
    refusal(() => step(archived, admin, { method: 'PUT', path: `/auth/apps/${appId}/activate` })),
    'E_CONFLICT',
  );
  equal(
    refusal(() => step(made, admin, { method: 'PUT', path: `/auth/apps/${appId.replace(/.$/, '0')}x`.slice(0, -1) })),
    'E_NOT_FOUND',
  );
  equal(
    step(made, admin, { method: 'PUT', path: `/auth/apps/${appId}`, body: { name: 'Phone' } }).apps.get(appId)?.name,
    'Phone',
  );
});

for (const [what, body, code] of [
  ['a web origin with a path', { origin: 'https://app.acme.example/login' }, 'E_BODY'],
  ['a web origin that anybody on the way may change', { origin: 'http://app.acme.example' }, 'E_BODY'],
  ['a web origin that only begins as this machine', { origin: 'http://localhost.evil.example' }, 'E_BODY'],
  ['a web origin that only ends as this machine', { origin: 'http://evillocalhost' }, 'E_BODY'],
  ['an origin of no kind', { origin: 'javascript:alert(1)' }, 'E_BODY'],
  ['a relying party that is an address', { relyingPartyId: 'https://acme.example' }, 'E_BODY'],
  ['a key of a client-side application', { publicKey: testKey('Ed25519').publicKey }, 'E_BODY'],
  ['a server-signed application without a key', { kind: 'ServerSideApplication' }, 'E_BODY'],
  ['a key that is none', { kind: 'ServerSideApplication', publicKey: 'mine' }, 'E_PUBLIC_KEY'],
  ['a permission that is not there', { permissionId: 'pm-00000-00000-0000000000000000' }, 'E_NOT_FOUND'],
] as const)
  test(`refuses an application with ${what}`, () => {
    equal(
      refusal(() => create(founded, { ...wish, ...body })),
      code,
    );
  });

for (const origin of [
  'android:apk-key-hash:Ab-_9',
  'ios:bundle-id:com.acme.Wallet',
  'http://localhost:3000',
  'http://shop.localhost',
])
  test(`takes ${origin} for an origin`, () => {
    equal(added(founded.apps, create(founded, { ...wish, origin }).apps).origin, origin);
  });

test('an application is not given more than who makes it has', () => {
  const { state, account } = withAccount(founded, admin);
  const own = step(state, admin, {
    method: 'POST',
    path: '/permissions',
    body: { name: 'App makers', operations: ['Auth:Apps:Create', 'Auth:Types:Application', 'Permissions:Assign'] },
  });
  const permission = added(state.permissions, own.permissions);
  const maker = step(own, admin, {
    method: 'POST',
    path: `/permissions/${permission.id}/assignments`,
    body: { identityId: account.userId },
  });

  equal(
    refusal(() => create(maker, { ...wish, permissionId: permissionId(maker, 'ManagedKeyUser') }, account)),
    'E_GRANT',
  );
  equal(added(maker.apps, create(maker, { ...wish, permissionId: permission.id }, account).apps).restricted, true);
  equal(added(maker.apps, create(maker, wish, account).apps).restricted, false);
  equal(
    refusal(() => create(state, wish, account)),
    'E_FORBIDDEN',
  );
});

test('a permission that is assigned to an application restricts it from then on', () => {
  const made = create(founded);
  const { appId } = added(founded.apps, made.apps);
  const path = `/permissions/${permissionId(made, 'ManagedReadOnly')}/assignments`;
  const next = step(made, admin, { method: 'POST', path, body: { identityId: appId } });

  equal(next.apps.get(appId)?.restricted, true);
  equal(
    refusal(() => step(made, admin, { method: 'POST', path, body: { identityId: 'ap-00000-00000-0000000000000000' } })),
    'E_NOT_FOUND',
  );
});

// ── end users ─────────────────────────────────────────────────────────────────────────────────────────────────────

const registrar = withAccount(founded, admin, 'ManagedFullAdminAccess');
const { account } = registrar;
const register = (state: State, by: Signer = account, body: object = {}) =>
  step(state, by, {
    method: 'POST',
    path: '/auth/registration/delegated',
    body: { email: 'erin@users.example', kind: 'EndUser', ...body },
  });
const registered = register(registrar.state);
const erin = added(registrar.state.users, registered.users);
const key = testKey('P-256');
const spare = testKey('Ed25519');
const credentialOf = (of: { readonly publicKey: string }, credentialId: string, kind = 'Key') => ({
  credentialId,
  kind,
  publicKey: of.publicKey,
  name: credentialId,
});
const confirm = (state: State, by: Signer = account, body: object = {}) =>
  step(state, by, {
    method: 'POST',
    path: '/holdfast/registrations/confirm',
    body: { userId: erin.userId, credentials: [credentialOf(key, 'erin')], ...body },
  });
const confirmOne = (state: State, by: Signer, of = spare, body: object = {}) =>
  step(state, by, {
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId: erin.userId, ...credentialOf(of, 'another'), ...body },
  });

test('a service account registers an end user, who has the permission of end users and no credential', () => {
  deepEqual([erin.kind, erin.active, erin.isServiceAccount], ['EndUser', true, false]);
  const held = operationsHeld(registered, { userId: erin.userId });
  deepEqual(
    [held.has('Keys:Signatures:Create'), held.has('Keys:Create'), held.has('Auth:Users:Read')],
    [true, false, false],
  );
});

test('nobody else registers end users, nobody twice, and nobody an employee this way', () => {
  equal(
    refusal(() => register(registrar.state, admin)),
    'E_FORBIDDEN',
  );
  const plain = withAccount(founded, admin, 'ManagedKeyUser');
  equal(
    refusal(() => register(plain.state, plain.account)),
    'E_FORBIDDEN',
  );
  equal(
    refusal(() => register(registered, account, { email: 'ERIN@users.example' })),
    'E_USER_EXISTS',
  );
  equal(
    refusal(() => register(registrar.state, account, { kind: 'CustomerEmployee' })),
    'E_UNSUPPORTED',
  );
});

test('the service account confirms all that the end user registered, once', () => {
  const credentials = [credentialOf(key, 'erin'), credentialOf(spare, 'erin-recovery', 'RecoveryKey')];
  const confirmed = confirm(registered, account, { credentials });

  equal(
    refusal(() => confirm(registered, account, { credentials: [credentialOf(key, 'erin', 'Totp')] })),
    'E_BODY',
  );
  deepEqual(
    credentials.map(({ credentialId }) => confirmed.credentials.get(credentialId)?.userId),
    [erin.userId, erin.userId],
  );
  equal(
    refusal(() => confirm(confirmed, account, { credentials: [credentialOf(testKey('P-256'), 'mine')] })),
    'E_FORBIDDEN',
  );
});

test('[bad-input 87] refuses a confirmation by a person, of an employee, of a taken id and of one credential twice', () => {
  const credentials = [credentialOf(key, 'erin')];
  equal(
    refusal(() => confirm(registered, admin)),
    'E_FORBIDDEN',
  );
  equal(
    refusal(() => confirm(registered, account, { userId: admin.userId, credentials })),
    'E_NOT_FOUND',
  );
  equal(
    refusal(() => confirm(registered, account, { credentials: [credentialOf(key, 'admin-credential')] })),
    'E_CREDENTIAL_EXISTS',
  );
  equal(
    refusal(() => confirm(registered, account, { credentials: [...credentials, ...credentials] })),
    'E_CREDENTIAL_EXISTS',
  );
  const off = step(registered, admin, { method: 'PUT', path: `/auth/users/${erin.userId}/deactivate` });
  equal(
    refusal(() => confirm(off)),
    'E_FORBIDDEN',
  );
});

test('the organisation never adds a key to an end user who has one: not by any confirmation, not after everything is off', () => {
  const confirmed = confirm(registered);
  equal(
    refusal(() => confirmOne(confirmed, admin)),
    'E_FORBIDDEN',
  );
  equal(
    refusal(() => confirmOne(confirmed, account)),
    'E_FORBIDDEN',
  );
  const toggled = step(
    step(confirmed, admin, { method: 'PUT', path: `/auth/users/${erin.userId}/deactivate` }),
    admin,
    { method: 'PUT', path: `/auth/users/${erin.userId}/activate` },
  );
  equal(
    refusal(() => confirmOne(toggled, admin)),
    'E_FORBIDDEN',
  );
  // A person of the organisation may confirm the first one, with the fingerprint compared.
  ok(confirmOne(registered, admin).credentials.has('another'));
});

test('an end user confirms a further credential alone, and nobody else’s', () => {
  const confirmed = confirm(registered);
  const self: Signer = { kind: 'Key', userId: erin.userId, credId: 'erin', key };

  ok(confirmOne(confirmed, self).credentials.has('another'));
  const { state, user } = withUser(confirmed, admin, 'frank@acme.example');
  equal(
    refusal(() => confirmOne(state, self, spare, { userId: user.userId })),
    'E_FORBIDDEN',
  );
  equal(
    refusal(() => confirmOne(state, user)),
    'E_FORBIDDEN',
  );
});

test('an end user has no business with people, permissions or other keys, whatever is assigned', () => {
  const all = step(confirm(registered), admin, {
    method: 'POST',
    path: `/permissions/${permissionId(registered, 'ManagedFullAdminAccess')}/assignments`,
    body: { identityId: erin.userId },
  });
  const self: Signer = { kind: 'Key', userId: erin.userId, credId: 'erin', key };
  const held = operationsHeld(all, { userId: erin.userId });

  for (const name of [
    'Auth:Users:Create',
    'Permissions:Assign',
    'Keys:Delete',
    'Keys:Import',
    'Keys:Delegate',
    'Orgs:Settings:Update',
    'Auth:Apps:Create',
  ])
    equal(held.has(name), false, name);
  ok(held.has('Keys:Export') && held.has('Wallets:Create'));
  equal(
    refusal(() =>
      step(all, self, {
        method: 'POST',
        path: '/auth/users',
        body: { email: 'x@x.example', kind: 'CustomerEmployee' },
      }),
    ),
    'E_FORBIDDEN',
  );
  deepEqual(effectiveAdmins(all), [admin.userId]);
});

test('an entry of another signer, or altered, registers nobody', () => {
  const act = ask(registrar.state, account, {
    method: 'POST',
    path: '/auth/registration/delegated',
    body: { email: 'gail@users.example', kind: 'EndUser' },
  });
  const altered = { ...act, request: { ...act.request, payload: act.request.payload.replace('gail', 'hank') } };

  ok(apply(registrar.state, entryOf(registrar.state, act), deps));
  throws(() => apply(registrar.state, entryOf(registrar.state, altered), deps), { code: 'E_CHALLENGE_REQUEST' });
  throws(() => apply(registered, { ...entryOf(registered, act) }, deps), { code: 'E_STALE_HEAD' });
});
