/**
 * Every operation of the areas auth and permissions that the public client has, called with it as it comes from the
 * registry: once by the client that signs itself, once by the one that has the signing done elsewhere.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DfnsApiClient, DfnsDelegatedApiClient } from '@dfns/sdk';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';
import type { TestProvider } from '@holdfast/api/identity/test';
import { keyAttestation, newCredentials, recoveryProof, type TestKey, testKey } from '@holdfast/authority/testing';
import type { AccountFile } from '../harness/index.ts';

export type Way = 'direct' | 'delegated';

type Auth = DfnsApiClient['auth'];
type Permissions = DfnsApiClient['permissions'];
type Given<M> = M extends (...given: infer G) => unknown ? G : never;
type Answered<M> = M extends (...given: never[]) => Promise<infer R> ? R : never;

export interface Identity {
  readonly credId: string;
  readonly privateKey: string;
  readonly token: string;
}

interface Client {
  auth<N extends keyof Auth>(name: N, ...given: Given<Auth[N]>): Promise<Answered<Auth[N]>>;
  permissions<N extends keyof Permissions>(name: N, ...given: Given<Permissions[N]>): Promise<Answered<Permissions[N]>>;
}

type Method = (...given: unknown[]) => Promise<unknown>;
type Methods = Readonly<Record<string, Method | undefined>>;

/** Either client behind one face. The delegated one splits what is signed: `…Init`, a signature, `…Complete`. */
function client(way: Way, o: { baseUrl: string; orgId: string; who: Partial<Identity> }): Client {
  const { token, credId, privateKey } = o.who;
  const base = { baseUrl: o.baseUrl, orgId: o.orgId, ...(token === undefined ? {} : { authToken: token }) };
  const signer =
    credId === undefined || privateKey === undefined ? undefined : new AsymmetricKeySigner({ credId, privateKey });
  const direct = new DfnsApiClient({ ...base, ...(signer === undefined ? {} : { signer }) } as ConstructorParameters<
    typeof DfnsApiClient
  >[0]);
  const delegated = new DfnsDelegatedApiClient(base as ConstructorParameters<typeof DfnsDelegatedApiClient>[0]);
  const call = async (area: 'auth' | 'permissions', name: string, given: unknown[]): Promise<unknown> => {
    const methods = (way === 'direct' ? direct[area] : delegated[area]) as unknown as Methods;
    const whole = methods[name];
    if (whole !== undefined) return whole.apply(methods, given);
    const [init, complete] = [methods[`${name}Init`], methods[`${name}Complete`]];
    if (init === undefined || complete === undefined || signer === undefined)
      throw new Error(`the client has no ${name}`);
    const challenge = (await init.apply(methods, given)) as Parameters<typeof signer.sign>[0];
    const firstFactor = await signer.sign(challenge);
    return complete.apply(methods, [...given, { challengeIdentifier: challenge.challengeIdentifier, firstFactor }]);
  };
  return {
    auth: (name, ...given) => call('auth', name, given) as never,
    permissions: (name, ...given) => call('permissions', name, given) as never,
  };
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const id = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
const fresh = (): { credId: string; key: TestKey } => ({ credId: id(), key: testKey('P-256') });

function keyPair(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey: pemOf(privateKey) };
}

/** Calls them all; an answer that is none ends the run. */
export async function runAll(
  way: Way,
  o: { baseUrl: string; account: AccountFile; outbox: string; provider: TestProvider; clientId: string },
): Promise<void> {
  const { account, baseUrl, provider } = o;
  const { orgId } = account;
  const as = (who: Partial<Identity>): Client => client(way, { baseUrl, orgId, who });
  const adminIs = {
    credId: account.admin.credentialId,
    privateKey: account.admin.privateKey,
    token: account.admin.authToken,
  };
  const admin = as(adminIs);
  const anybody = as({});
  const email = (name: string): string => `${name}@${way}.example`;
  const codeFor = (to: string): string => {
    const mails = readdirSync(o.outbox)
      .filter((name) => name.endsWith('.eml'))
      .map((name) => ({ text: readFileSync(join(o.outbox, name), 'utf8'), at: statSync(join(o.outbox, name)).mtimeMs }))
      .filter(({ text }) => text.includes(`To: ${to}\r\n`))
      .sort((a, b) => a.at - b.at);
    return /code: ([0-9-]{19})/.exec(mails.at(-1)?.text ?? '')?.[1] ?? 'no mail';
  };
  const keyCredential = (made: { credId: string; key: TestKey }, challenge: string) => ({
    credentialKind: 'Key' as const,
    credentialInfo: keyAttestation({ ...made, challenge }),
    credentialName: 'laptop',
  });

  // ── permissions ────────────────────────────────────────────────────────────────────────────────────────────────
  const { items: permissions } = await admin.permissions('listPermissions', {});
  const full = permissions.find(({ name }) => name === 'ManagedFullAdminAccess')?.id ?? '';
  const made = await admin.permissions('createPermission', {
    body: { name: `readers ${way}`, operations: ['Wallets:Read'] },
  });
  await admin.permissions('getPermission', { permissionId: made.id });
  await admin.permissions('updatePermission', { permissionId: made.id, body: { name: `some readers ${way}` } });

  // ── users, and registration by code ────────────────────────────────────────────────────────────────────────────
  const ann = await admin.auth('createUser', { body: { email: email('ann'), kind: 'CustomerEmployee' } });
  await admin.auth('listUsers', {});
  await admin.auth('getUser', { userId: ann.userId });
  await anybody.auth('resendRegistrationCode', { body: { username: ann.username, orgId } });
  const registration = await anybody.auth('createRegistrationChallenge', {
    body: { orgId, username: ann.username, registrationCode: codeFor(ann.username) },
  });
  const annsKey = fresh();
  await as({ token: registration.temporaryAuthenticationToken }).auth('register', {
    body: { firstFactorCredential: keyCredential(annsKey, registration.challenge) },
  });
  const assignment = await admin.permissions('createAssignment', {
    permissionId: made.id,
    body: { identityId: ann.userId },
  });
  await admin.permissions('listAssignments', { permissionId: made.id });
  await admin.permissions('deleteAssignment', { permissionId: made.id, assignmentId: assignment.id });
  await admin.permissions('archivePermission', { permissionId: made.id, body: { isArchived: true } });

  // ── login and logout ───────────────────────────────────────────────────────────────────────────────────────────
  const challenge = await anybody.auth('createLoginChallenge', { body: { username: ann.username, orgId } });
  const annSigns = new AsymmetricKeySigner({ credId: annsKey.credId, privateKey: pemOf(annsKey.key.privateKey) });
  const login = await anybody.auth('login', {
    body: {
      challengeIdentifier: challenge.challengeIdentifier,
      firstFactor: (await annSigns.sign(challenge as Parameters<typeof annSigns.sign>[0])) as never,
    },
  });
  const annsToken = 'token' in login ? login.token : '';
  await as({ token: annsToken }).auth('listCredentials');
  await as({ token: annsToken }).auth('logout', { body: {} });
  await anybody.auth('sendLoginCode', { body: { username: ann.username, orgId } });
  await admin.auth('updateUser', { userId: ann.userId, body: { isSSORequired: false } });
  await admin.auth('deactivateUser', { userId: ann.userId });
  await admin.auth('activateUser', { userId: ann.userId });

  // ── identity providers ─────────────────────────────────────────────────────────────────────────────────────────
  const claims = { sub: `ann of ${way}`, email: ann.username, email_verified: true };
  const sam = await admin.auth('createUser', { body: { email: email('sam'), kind: 'CustomerEmployee' } });
  const samIs = { sub: `sam of ${way}`, email: sam.username, email_verified: true };
  const socialLoginProviderKind = 'Oidc' as const;
  const social = await anybody.auth('createSocialRegistrationChallenge', {
    body: { orgId, socialLoginProviderKind, idToken: await provider.token({ ...samIs, jti: 'one' }) },
  });
  await as({ token: social.temporaryAuthenticationToken }).auth('register', {
    body: { firstFactorCredential: keyCredential(fresh(), social.challenge) },
  });
  await anybody.auth('socialLogin', {
    body: { orgId, socialLoginProviderKind, idToken: await provider.token({ ...samIs, jti: 'two' }) },
  });
  const redirectUri = 'https://app.acme.example/signed-on';
  const { ssoRedirectUrl } = await anybody.auth('ssoLoginInit', { body: { orgId, clientId: o.clientId, redirectUri } });
  const member = (name: string): string => new URL(ssoRedirectUrl).searchParams.get(name) ?? '';
  const idToken = await provider.token({ ...claims, nonce: member('nonce') });
  provider.codes.set(`code ${way}`, { idToken, challenge: member('code_challenge'), redirectUri });
  await anybody.auth('ssoLogin', { body: { code: `code ${way}`, state: member('state') } });

  // ── service accounts, and what they do for others ──────────────────────────────────────────────────────────────
  const robotsKey = keyPair();
  const robot = await admin.auth('createServiceAccount', {
    body: { name: `robot ${way}`, publicKey: robotsKey.publicKey, permissionId: full },
  });
  const serviceAccountId = robot.userInfo.userId;
  const [robotsToken] = robot.accessTokens;
  const asRobot = as({
    credId: robotsToken?.credId ?? '',
    privateKey: robotsKey.privateKey,
    token: robotsToken?.accessToken ?? '',
  });
  await admin.auth('listServiceAccounts');
  await admin.auth('getServiceAccount', { serviceAccountId });
  await admin.auth('updateServiceAccount', { serviceAccountId, body: { name: `robot of ${way}` } });
  const end = await asRobot.auth('createDelegatedRegistrationChallenge', {
    body: { email: email('eve'), kind: 'EndUser' },
  });
  await as({ token: end.temporaryAuthenticationToken }).auth('registerEndUser', {
    body: { firstFactorCredential: keyCredential(fresh(), end.challenge), wallets: [] },
  });
  await asRobot.auth('delegatedLogin', { body: { username: email('eve') } });

  // ── own credentials ────────────────────────────────────────────────────────────────────────────────────────────
  const further = await admin.auth('createCredentialChallenge', { body: { kind: 'Key' } });
  const spare = fresh();
  const created = await admin.auth('createCredential', {
    body: {
      ...keyCredential(spare, 'challenge' in further ? further.challenge : ''),
      challengeIdentifier: further.challengeIdentifier,
    },
  });
  await admin.auth('deactivateCredential', { body: { credentialUuid: created.credentialUuid } });
  await admin.auth('activateCredential', { body: { credentialUuid: created.credentialUuid } });
  const { code } = await admin.auth('createCredentialCode', {
    body: { expiration: new Date(Date.now() + 50_000).toISOString() },
  });
  const byCode = await anybody.auth('createCredentialChallengeWithCode', { body: { credentialKind: 'Key', code } });
  await anybody.auth('createCredentialWithCode', {
    body: {
      ...keyCredential(fresh(), 'challenge' in byCode ? byCode.challenge : ''),
      challengeIdentifier: byCode.challengeIdentifier,
    },
  });

  // ── personal access tokens ─────────────────────────────────────────────────────────────────────────────────────
  const token = await admin.auth('createPersonalAccessToken', {
    body: { name: `script ${way}`, publicKey: keyPair().publicKey },
  });
  const { tokenId } = token;
  await admin.auth('listPersonalAccessTokens');
  await admin.auth('getPersonalAccessToken', { tokenId });
  await admin.auth('updatePersonalAccessToken', { tokenId, body: { name: `a script ${way}` } });
  await admin.auth('deactivatePersonalAccessToken', { tokenId });
  await admin.auth('activatePersonalAccessToken', { tokenId });
  await admin.auth('archivePersonalAccessToken', { tokenId });

  // ── user actions by hand, and the log of them ──────────────────────────────────────────────────────────────────
  const action = await admin.auth('createUserActionChallenge', {
    body: {
      userActionHttpMethod: 'POST',
      userActionHttpPath: '/permissions',
      userActionPayload: JSON.stringify({ name: 'never made', operations: ['Wallets:Read'] }),
      userActionServerKind: 'Api',
    },
  });
  const adminSigns = new AsymmetricKeySigner(adminIs);
  await admin.auth('createUserActionSignature', {
    body: {
      challengeIdentifier: action.challengeIdentifier,
      firstFactor: (await adminSigns.sign(action as Parameters<typeof adminSigns.sign>[0])) as never,
    },
  });
  const log = await admin.auth('listAuditLogs', { query: { startTime: '2020-01-01', endTime: '2100-01-01' } } as never);
  const [logged = ''] = String(log).split('\r\n')[1]?.split(',') ?? [];
  await admin.auth('getAuditLog', { id: logged } as never);

  // ── applications ───────────────────────────────────────────────────────────────────────────────────────────────
  await admin.auth('listApplications');
  await admin.auth('getApplication', { appId: account.appId });

  // ── recovery: last, because it ends all else ───────────────────────────────────────────────────────────────────
  const kit = await admin.auth('createCredentialChallenge', { body: { kind: 'RecoveryKey' } });
  const recoveryKey = fresh();
  await admin.auth('createCredential', {
    body: {
      credentialKind: 'RecoveryKey',
      credentialName: 'kit',
      credentialInfo: keyAttestation({ ...recoveryKey, challenge: 'challenge' in kit ? kit.challenge : '' }),
      encryptedPrivateKey: 'sealed by its owner',
      challengeIdentifier: kit.challengeIdentifier,
    },
  });
  const { username } = await admin.auth('getUser', { userId: account.admin.userId });
  await anybody.auth('sendRecoveryCode', { body: { username, orgId } });
  await anybody.auth('createRecoveryChallenge', {
    body: { username, orgId, verificationCode: codeFor(username), credentialId: recoveryKey.credId },
  });
  const recovery = await asRobot.auth('createDelegatedRecoveryChallenge', {
    body: { username, credentialId: recoveryKey.credId },
  });
  const next = fresh();
  const set = newCredentials([next], recovery.challenge);
  await as({ token: recovery.temporaryAuthenticationToken }).auth('recover', {
    body: {
      recovery: { kind: 'RecoveryKey', credentialAssertion: recoveryProof({ ...recoveryKey, set }) },
      newCredentials: set,
    } as never,
  });

  // ── and the end of what was made ───────────────────────────────────────────────────────────────────────────────
  await asRobot.auth('archiveUser', { userId: ann.userId });
  const other = keyPair();
  const second = await asRobot.auth('createServiceAccount', {
    body: { name: `second ${way}`, publicKey: other.publicKey },
  });
  const ended = { serviceAccountId: second.userInfo.userId };
  await asRobot.auth('deactivateServiceAccount', { ...ended, body: {} } as never);
  await asRobot.auth('activateServiceAccount', ended);
  await asRobot.auth('archiveServiceAccount', ended);
}
