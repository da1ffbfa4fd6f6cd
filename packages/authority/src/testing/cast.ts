/** Test only: an organisation with somebody of every kind, and another one beside it. */

import { toBase64Url } from '@holdfast/contract/wire';
import { encodeChallenge } from '../challenge/index.ts';
import type { Act } from '../consent/index.ts';
import type { GenesisEntry } from '../log/index.ts';
import type { State } from '../reduce/index.ts';
import { keyAttestation, type TestKey, testKey } from './keys.ts';
import {
  type Asked,
  added,
  bytesOf,
  challengeFor,
  hear,
  permissionId,
  SEALED,
  type Signer,
  step,
  withAccount,
  withUser,
  world,
} from './world.ts';

export interface Cast {
  readonly state: State;
  /** What made it: the genesis, and every request after it. */
  readonly genesis: GenesisEntry;
  readonly acts: readonly Act[];
  /** States before, oldest first: heads that are past. */
  readonly past: readonly State[];
  readonly admin: Signer;
  /** A person with full access too. */
  readonly second: Signer;
  /** Reads. */
  readonly reader: Signer;
  /** Has nothing assigned. */
  readonly nobody: Signer;
  /** Had full access, and was deactivated. */
  readonly gone: Signer;
  /** A service account that uses keys, and one that registers end users. */
  readonly robot: Signer;
  readonly registrar: Signer;
  /** The administrator's personal access token, and one that is switched off. */
  readonly token: Signer;
  readonly offToken: Signer;
  /** Of the administrator: a spare credential, one that is switched off, and a recovery key. */
  readonly spare: Signer;
  readonly off: Signer;
  readonly recovery: Signer;
  /** Of the administrator: a password protected key and a passkey; and a protected key of who reads. */
  readonly protected: Signer;
  readonly passkey: Signer;
  readonly othersProtected: Signer;
  /** The administrator of another organisation, and that organisation. */
  readonly stranger: Signer;
  readonly other: State;
  readonly ids: Readonly<Record<string, string>>;
}

export function cast(): Cast {
  const w = world();
  const acts: Act[] = [];
  hear((act) => acts.push(act));
  const past: State[] = [];
  let state = w.state;
  const { admin } = w;
  const go = (by: Signer, asked: Asked): void => {
    past.push(state);
    state = step(state, by, asked);
  };
  const person = (name: string, permission?: string): Signer => {
    past.push(state);
    const made = withUser(state, admin, `${name}@acme.example`, permission);
    state = made.state;
    return made.user;
  };
  const account = (permission?: string): Signer => {
    past.push(state);
    const made = withAccount(state, admin, permission);
    state = made.state;
    return made.account;
  };
  const credential = (name: string, kind: 'Key' | 'RecoveryKey' | 'PasswordProtectedKey'): Signer => {
    const key = testKey('Ed25519');
    const before = state;
    go(admin, { method: 'POST', path: '/auth/credentials', body: enrolment(state, admin, { name, kind, key }) });
    const { credentialId } = added(before.credentials, state.credentials);
    return { kind: kind === 'RecoveryKey' ? 'Key' : kind, userId: admin.userId, credId: credentialId, key };
  };
  /** Enrolled by a code, and confirmed by the administrator. */
  const confirmed = (userId: string, kind: 'Fido2' | 'PasswordProtectedKey'): Signer => {
    const [key, credId] = [testKey('P-256'), `${kind}-of-${userId}`];
    const body = { userId, credentialId: credId, kind, name: kind, publicKey: key.publicKey };
    go(admin, { method: 'POST', path: '/holdfast/credentials/confirm', body });
    return { kind, userId, credId, key };
  };
  const pat = (name: string): Signer & { readonly tokenId: string } => {
    const key = testKey('Ed25519');
    const before = state;
    go(admin, { method: 'POST', path: '/auth/pats', body: { name, publicKey: key.publicKey } });
    const { tokenId, credentialId } = added(before.personalTokens, state.personalTokens);
    return { kind: 'Key', userId: admin.userId, credId: credentialId, key, tokenId };
  };
  const permission = (name: string, operations: readonly string[]): string => {
    const before = state;
    go(admin, { method: 'POST', path: '/permissions', body: { name, operations } });
    return added(before.permissions, state.permissions).id;
  };
  const assign = (id: string, identityId: string): string => {
    const before = state;
    go(admin, { method: 'POST', path: `/permissions/${id}/assignments`, body: { identityId } });
    return added(before.assignments, state.assignments).id;
  };
  const application = (name: string): string => {
    const before = state;
    const body = {
      name,
      kind: 'ClientSideApplication',
      origin: `https://${name}.example`,
      relyingPartyId: `${name}.example`,
    };
    go(admin, { method: 'POST', path: '/auth/apps', body });
    return added(before.apps, state.apps).appId;
  };

  const second = person('second', 'ManagedFullAdminAccess');
  const reader = person('reader', 'ManagedReadOnly');
  const nobody = person('nobody');
  const gone = person('gone', 'ManagedFullAdminAccess');
  go(admin, { method: 'PUT', path: `/auth/users/${gone.userId}/deactivate`, body: {} });
  const robot = account('ManagedKeyUser');
  const idle = account();
  go(admin, { method: 'PUT', path: `/auth/service-accounts/${idle.userId}/deactivate`, body: {} });
  const registers = permission('registers', ['Auth:Register:Delegated']);
  const registrar = account();
  assign(registers, registrar.userId);
  const token = pat('script');
  const offToken = pat('old script');
  go(admin, { method: 'PUT', path: `/auth/pats/${offToken.tokenId}/deactivate`, body: {} });
  const spare = credential('spare', 'Key');
  const off = credential('off', 'Key');
  const uuidOf = (signer: Signer): string => state.credentials.get(signer.credId)?.uuid ?? '';
  go(admin, { method: 'PUT', path: '/auth/credentials/deactivate', body: { credentialUuid: uuidOf(off) } });
  const recovery = credential('recovery', 'RecoveryKey');
  const protectedKey = credential('protected', 'PasswordProtectedKey');
  const passkey = confirmed(admin.userId, 'Fido2');
  const othersProtected = confirmed(reader.userId, 'PasswordProtectedKey');
  const custom = permission('custom', ['Wallets:Read']);
  const assignment = assign(custom, reader.userId);
  const live = application('shop');
  const still = application('kiosk');
  const path = `/auth/apps/${still}/deactivate`;
  go(protectedKey, { method: 'PUT', path, body: {}, second: passkey });
  const before = state;
  go(registrar, {
    method: 'POST',
    path: '/auth/registration/delegated',
    body: { email: 'end@user.example', kind: 'EndUser' },
  });
  const endUser = added(before.users, state.users).userId;

  hear(undefined);
  const elsewhere = world(testKey('Ed25519'), 'Key', { nonce: toBase64Url(bytesOf('another genesis', 16)) });
  return {
    ...{ state, past, admin, second, reader, nobody, gone, robot, registrar, token, offToken, spare, off, recovery },
    ...{ protected: protectedKey, passkey, othersProtected },
    ...{ genesis: w.genesis, acts },
    ...{ stranger: elsewhere.admin, other: elsewhere.state },
    ids: {
      ...{ orgId: state.org, endUser, idle: idle.userId, custom, assignment, live, still },
      ...{ pat: token.tokenId, offPat: offToken.tokenId, spare: uuidOf(spare), off: uuidOf(off) },
      full: permissionId(state, 'ManagedFullAdminAccess'),
    },
  };
}

/** The body of POST /auth/credentials: a key that attests itself for a registration challenge of this user. */
export function enrolment(
  state: State,
  user: Signer,
  o: {
    readonly name: string;
    readonly kind: 'Key' | 'RecoveryKey' | 'PasswordProtectedKey';
    readonly key: TestKey;
  },
): object {
  const record = challengeFor(state, user.userId, { method: 'POST', path: '/auth/credentials' });
  const challenge = encodeChallenge({ ...record, k: 'Registration', b: '' });
  return {
    challengeIdentifier: 'of-the-api',
    credentialKind: o.kind,
    credentialName: o.name,
    credentialInfo: keyAttestation({ credId: `id-of-${o.name}`, key: o.key, challenge }),
    ...(o.kind === 'PasswordProtectedKey' ? { encryptedPrivateKey: SEALED } : {}),
  };
}
