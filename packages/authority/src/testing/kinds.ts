/**
 * Test only: a valid request of every kind of entry, for the cast. A kind that has a rule and stands not here fails the test
 * of forged entries: whoever adds one adds its line.
 */
import type { Act } from '../consent/index.ts';
import { type Cast, enrolment } from './cast.ts';
import { testKey } from './keys.ts';
import { recoveryAct } from './recovery.ts';
import { type Asked, ask, type Signer } from './world.ts';

export interface Kind {
  readonly by: Signer;
  readonly asked: Asked;
  /** For a request that no assertion of the usual form carries. */
  readonly act?: Act;
  /** Who else of the cast may ask for exactly this; the administrator's other person, unless it is one's own business. */
  readonly alsoBy?: readonly (keyof Cast)[];
}

type Make = (c: Cast) => Kind;

/** A personal access token may what its user may, but for users, credentials and tokens. */
const tokenToo = (path: string): readonly (keyof Cast)[] =>
  path.startsWith('/auth/') || path.startsWith('/holdfast/') ? [] : ['token'];

const as =
  (
    by: 'admin' | 'registrar',
    method: 'POST' | 'PUT' | 'DELETE',
    path: (c: Cast) => string,
    body: (c: Cast) => object = () => ({}),
  ): Make =>
  (c) => ({
    by: c[by],
    asked: { method, path: path(c), body: body(c) },
    alsoBy: by === 'admin' ? ['second', ...tokenToo(path(c))] : [],
  });
const own =
  (method: 'POST' | 'PUT' | 'DELETE', path: (c: Cast) => string, body: (c: Cast) => object = () => ({})): Make =>
  (c) => ({ by: c.admin, asked: { method, path: path(c), body: body(c) } });
const id = (name: string) => (c: Cast) => c.ids[name] ?? '';

export const kinds: Readonly<Record<string, Make>> = {
  'auth.createUser': as(
    'admin',
    'POST',
    () => '/auth/users',
    () => ({ email: 'new@acme.example', kind: 'CustomerEmployee' }),
  ),
  'auth.activateUser': as('admin', 'PUT', (c) => `/auth/users/${c.gone.userId}/activate`),
  'auth.deactivateUser': as('admin', 'PUT', (c) => `/auth/users/${c.reader.userId}/deactivate`),
  'auth.updateUser': as(
    'admin',
    'PUT',
    (c) => `/auth/users/${c.reader.userId}`,
    () => ({ isSSORequired: false }),
  ),
  'auth.archiveUser': as('admin', 'DELETE', (c) => `/auth/users/${c.reader.userId}`),
  'auth.createServiceAccount': as(
    'admin',
    'POST',
    () => '/auth/service-accounts',
    (c) => ({
      ...{ name: 'another', publicKey: testKey('Ed25519').publicKey, daysValid: 30, permissionId: id('custom')(c) },
    }),
  ),
  'auth.activateServiceAccount': as('admin', 'PUT', (c) => `/auth/service-accounts/${id('idle')(c)}/activate`),
  'auth.deactivateServiceAccount': as('admin', 'PUT', (c) => `/auth/service-accounts/${c.robot.userId}/deactivate`),
  'auth.updateServiceAccount': as(
    'admin',
    'PUT',
    (c) => `/auth/service-accounts/${c.robot.userId}`,
    () => ({ name: 'robot two' }),
  ),
  'auth.archiveServiceAccount': as('admin', 'DELETE', (c) => `/auth/service-accounts/${c.robot.userId}`),
  'auth.createCredential': (c) => ({
    by: c.admin,
    asked: {
      ...{ method: 'POST', path: '/auth/credentials' },
      body: enrolment(c.state, c.admin, { name: 'third', kind: 'Key', key: testKey('Ed25519') }),
    },
  }),
  'auth.activateCredential': own(
    'PUT',
    () => '/auth/credentials/activate',
    (c) => ({ credentialUuid: id('off')(c) }),
  ),
  'auth.deactivateCredential': own(
    'PUT',
    () => '/auth/credentials/deactivate',
    (c) => ({ credentialUuid: id('spare')(c) }),
  ),
  // For a person who has one already: who confirms a further one of one's own needs nobody.
  'auth.confirmCredential': (c) => ({
    by: c.admin,
    asked: {
      ...{ method: 'POST', path: '/holdfast/credentials/confirm' },
      body: {
        ...{ userId: c.nobody.userId, credentialId: 'by-a-code', kind: 'Key', name: 'phone' },
        publicKey: testKey('Ed25519').publicKey,
      },
    },
    alsoBy: ['second', 'nobody'],
  }),
  'auth.createDelegatedRegistrationChallenge': as(
    'registrar',
    'POST',
    () => '/auth/registration/delegated',
    () => ({
      ...{ email: 'another@user.example', kind: 'EndUser' },
    }),
  ),
  'auth.confirmRegistration': as(
    'registrar',
    'POST',
    () => '/holdfast/registrations/confirm',
    (c) => ({
      userId: id('endUser')(c),
      credentials: [
        { kind: 'Key', credentialId: 'of-the-end-user', name: 'phone', publicKey: testKey('Ed25519').publicKey },
      ],
    }),
  ),
  'auth.createApplication': as(
    'admin',
    'POST',
    () => '/auth/apps',
    () => ({
      ...{
        name: 'desk',
        kind: 'ClientSideApplication',
        origin: 'https://desk.example',
        relyingPartyId: 'desk.example',
      },
    }),
  ),
  'auth.updateApplication': as(
    'admin',
    'PUT',
    (c) => `/auth/apps/${id('live')(c)}`,
    () => ({ name: 'store' }),
  ),
  'auth.activateApplication': as('admin', 'PUT', (c) => `/auth/apps/${id('still')(c)}/activate`),
  'auth.deactivateApplication': as('admin', 'PUT', (c) => `/auth/apps/${id('live')(c)}/deactivate`),
  'auth.archiveApplication': as('admin', 'DELETE', (c) => `/auth/apps/${id('live')(c)}`),
  'auth.recover': (c) => {
    const act = recoveryAct(c.state, {
      userId: c.admin.userId,
      recoveryKey: { credId: c.recovery.credId, key: c.recovery.key },
      fresh: ['one', 'two', 'three'].map((name) => ({ credId: `recovered-${name}`, key: testKey('Ed25519') })),
    });
    const { method, path, payload } = act.request;
    return { by: c.admin, asked: { method, path, payload }, act };
  },
  // Of one's own: who may make tokens makes one of theirs.
  'auth.createPersonalAccessToken': as(
    'admin',
    'POST',
    () => '/auth/pats',
    (c) => ({
      ...{ name: 'third script', publicKey: testKey('Ed25519').publicKey, daysValid: 7, permissionId: id('custom')(c) },
    }),
  ),
  'auth.updatePersonalAccessToken': own(
    'PUT',
    (c) => `/auth/pats/${id('pat')(c)}`,
    () => ({ name: 'renamed' }),
  ),
  'auth.activatePersonalAccessToken': own('PUT', (c) => `/auth/pats/${id('offPat')(c)}/activate`),
  'auth.deactivatePersonalAccessToken': own('PUT', (c) => `/auth/pats/${id('pat')(c)}/deactivate`),
  'auth.archivePersonalAccessToken': own('DELETE', (c) => `/auth/pats/${id('pat')(c)}`),
  'permissions.createPermission': as(
    'admin',
    'POST',
    () => '/permissions',
    () => ({ name: 'more', operations: ['Wallets:Read'] }),
  ),
  'permissions.updatePermission': as(
    'admin',
    'PUT',
    (c) => `/permissions/${id('custom')(c)}`,
    () => ({
      ...{ name: 'custom', operations: ['Wallets:Read', 'Keys:Read'] },
    }),
  ),
  'permissions.archivePermission': as(
    'admin',
    'PUT',
    (c) => `/permissions/${id('custom')(c)}/archive`,
    () => ({ isArchived: true }),
  ),
  'permissions.createAssignment': as(
    'admin',
    'POST',
    (c) => `/permissions/${id('custom')(c)}/assignments`,
    (c) => ({
      identityId: c.nobody.userId,
    }),
  ),
  'permissions.deleteAssignment': as(
    'admin',
    'DELETE',
    (c) => `/permissions/${id('custom')(c)}/assignments/${id('assignment')(c)}`,
  ),
  'orgs.updateOrgSettings': as(
    'admin',
    'PUT',
    (c) => `/orgs/${c.state.org}/settings`,
    () => ({ keyImport: true, keyExport: true }),
  ),
};

/** Kinds that can be about a password protected key, about one: what keeps the private half is signed over with the rest. */
export const aboutProtectedKeys: Readonly<Record<string, Make>> = {
  'auth.createCredential': (c) => ({
    by: c.admin,
    asked: {
      ...{ method: 'POST', path: '/auth/credentials' },
      body: enrolment(c.state, c.admin, { name: 'third', kind: 'PasswordProtectedKey', key: testKey('P-256') }),
    },
  }),
  'auth.confirmCredential': (c) => ({
    by: c.admin,
    asked: {
      ...{ method: 'POST', path: '/holdfast/credentials/confirm' },
      body: {
        ...{ userId: c.nobody.userId, credentialId: 'by-a-code', kind: 'PasswordProtectedKey', name: 'browser' },
        publicKey: testKey('P-256').publicKey,
      },
    },
    alsoBy: ['second', 'nobody'],
  }),
  'auth.confirmRegistration': as(
    'registrar',
    'POST',
    () => '/holdfast/registrations/confirm',
    (c) => ({
      userId: id('endUser')(c),
      credentials: [
        {
          ...{ kind: 'PasswordProtectedKey', credentialId: 'of-the-end-user', name: 'browser' },
          publicKey: testKey('P-256').publicKey,
        },
      ],
    }),
  ),
  'auth.recover': (c) => {
    const act = recoveryAct(c.state, {
      userId: c.admin.userId,
      recoveryKey: { credId: c.recovery.credId, key: c.recovery.key },
      fresh: [{ credId: 'recovered-protected', key: testKey('P-256'), kind: 'PasswordProtectedKey' }],
    });
    const { method, path, payload } = act.request;
    return { by: c.admin, asked: { method, path, payload }, act };
  },
};

/** The request of a kind as its user's own software makes it. */
export const valid = (c: Cast, { by, asked, act }: Kind): Act => act ?? ask(c.state, by, asked);
