/**
 * Recovery (auth.md §8, security-model.md 2.6 (d) E3): the user's recovery key signs the whole set of new credentials, and
 * each of these answers one recovery challenge. So nobody but the holder of the recovery key can make a set, nobody can
 * put another set in its place, and a set made for one challenge is worth nothing after it.
 */
import {
  equalJson,
  fromBase64Url,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
  utf8Decode,
  WireError,
} from '@holdfast/contract/wire';
import {
  canonicalSignature,
  checkClientData,
  claimedChallengeText,
  isSigningKind,
  readClientData,
  signingKinds,
  type VerifiedAttestation,
  verifyAttestation,
} from '../assertion/index.ts';
import { decodeChallenge, payloadHash, recoveryContext } from '../challenge/index.ts';
import { AuthorityError, refuse } from '../errors/index.ts';
import { type AuthorityDeps, placesOf, type State, type UserRecord } from '../reduce/state.ts';
import type { ChallengeRecord, CredentialRecord, SignedRequest } from '../types/index.ts';

/** The set travels inside the client data, attestation objects of passkeys and all. */
export const RECOVERY_CLIENT_DATA_BYTES_MAX = 192 * 1024;
export const RECOVERY = 'auth.recover';

/** In the order of the body. */
const places = [
  { member: 'firstFactorCredential', kinds: signingKinds, required: true },
  { member: 'secondFactorCredential', kinds: signingKinds, required: false },
  { member: 'recoveryCredential', kinds: ['RecoveryKey'], required: false },
] as const;

export interface NewCredential extends VerifiedAttestation {
  readonly name: string;
}

export interface VerifiedRecovery {
  readonly challenge: ChallengeRecord;
  readonly challengeText: string;
  readonly credential: CredentialRecord;
  readonly user: UserRecord;
}

/** The set that a body brings, each attested for the same challenge. */
export function attestNewCredentials(
  body: JsonObject,
  o: { readonly places: ReturnType<typeof placesOf> } & Pick<AuthorityDeps, 'verify'>,
): { readonly challengeText: string; readonly credentials: readonly NewCredential[] } {
  const set = objectOf(body['newCredentials'], 'newCredentials');
  const unknown = Object.keys(set).find((member) => !places.some((place) => place.member === member));
  if (unknown !== undefined) invalid(`newCredentials.${unknown.slice(0, 64)}`, 'is not a known field');
  const credentials: NewCredential[] = [];
  for (const { member, kinds, required } of places) {
    const value = set[member];
    if (value === undefined && !required) continue;
    credentials.push(attest(objectOf(value, `newCredentials.${member}`), `newCredentials.${member}`, kinds, o));
  }
  const challengeText = credentials[0]?.challenge ?? '';
  if (credentials.some((each) => each.challenge !== challengeText))
    refuse('E_ATTESTATION', 'attestation is not valid: it answers another challenge');
  const ids = credentials.map(({ credentialId }) => credentialId);
  if (new Set(ids).size !== ids.length) refuse('E_CREDENTIAL_EXISTS', 'a credential stands in the set twice');
  return { challengeText, credentials };
}

/**
 * Who recovers, and by which challenge. Freshness, replay and the schema are the caller's. Refuses a recovery key that is not
 * enrolled and active, a signature over another set, and a challenge for anything or anybody else.
 */
export function verifyRecovery(
  state: State,
  o: { readonly request: SignedRequest; readonly credId: string; readonly body: JsonObject },
  deps: AuthorityDeps,
): VerifiedRecovery {
  const { credential, user } = recoveryKey(state, o.credId);
  const proof = objectOf(
    objectOf(o.body['recovery'], 'recovery')['credentialAssertion'],
    'recovery.credentialAssertion',
  );
  if (proof['credId'] !== o.credId) refuse('E_CREDENTIAL_UNKNOWN', 'the recovery key that signed is another one');
  const clientData = bytesOf(proof['clientData'], 'clientData', RECOVERY_CLIENT_DATA_BYTES_MAX);
  const signature = canonicalSignature(credential.algorithm, bytesOf(proof['signature'], 'signature', 1024), {
    raw: true,
  });
  const { algorithm, publicKey } = credential;
  if (signature === undefined || !deps.verify.verifySignature({ publicKey, algorithm, message: clientData, signature }))
    refuse('E_ASSERTION', 'signature is not valid');
  const signed = checkClientData(readClientData(clientData, RECOVERY_CLIENT_DATA_BYTES_MAX), {
    kind: 'RecoveryKey',
    purpose: 'get',
    origins: [],
  });
  // Members in any order: clients build the body a second time.
  if (!equalJson(readSet(signed.challenge), o.body['newCredentials']))
    refuse('E_CHALLENGE_REQUEST', 'the recovery key signed another set of credentials', { field: 'newCredentials' });
  const { challengeText } = attestNewCredentials(o.body, { places: placesOf(state), verify: deps.verify });
  const challenge = decodeChallenge(challengeText);
  checkChallenge(challenge, { request: o.request, org: state.org, userId: user.userId, credId: o.credId }, deps);
  return { challenge, challengeText, credential, user };
}

/** The challenge that the first of a set of new credentials claims to answer, nothing verified; undefined: none to read. */
export function recoveryChallengeText({ payload }: SignedRequest): string | undefined {
  try {
    const set = objectOf(objectOf(parseStrictJson(payload), 'body')['newCredentials'], 'newCredentials');
    const { credentialKind: kind, credentialInfo } = objectOf(set['firstFactorCredential'], 'firstFactorCredential');
    const { clientData } = objectOf(credentialInfo, 'credentialInfo');
    if (typeof clientData !== 'string' || !isSigningKind(kind)) return undefined;
    return claimedChallengeText(fromBase64Url(clientData), kind);
  } catch (error) {
    if (error instanceof AuthorityError || error instanceof WireError) return undefined;
    throw error;
  }
}

function recoveryKey(state: State, credId: string): { credential: CredentialRecord; user: UserRecord } {
  const credential = state.credentials.get(credId);
  const user = credential === undefined ? undefined : state.users.get(credential.userId);
  if (credential === undefined || user === undefined)
    return refuse('E_CREDENTIAL_UNKNOWN', 'recovery key is not known to this signer');
  if (credential.kind !== 'RecoveryKey') refuse('E_CREDENTIAL_KIND', `credential is of kind ${credential.kind}`);
  if (!credential.active) refuse('E_CREDENTIAL_UNKNOWN', 'credential is deactivated');
  if (!user.active) refuse('E_CREDENTIAL_UNKNOWN', 'the user of this credential is deactivated');
  return { credential, user };
}

function checkChallenge(
  challenge: ChallengeRecord,
  expected: { readonly request: SignedRequest; readonly org: string; readonly userId: string; readonly credId: string },
  deps: AuthorityDeps,
): void {
  const { request, org, userId, credId } = expected;
  if (challenge.k !== 'Recovery') refuse('E_CHALLENGE_KIND', `challenge kind ${challenge.k} cannot recover an account`);
  if (challenge.c !== deps.clusterFingerprint)
    refuse('E_CHALLENGE_CLUSTER', 'challenge was issued for another cluster');
  if (challenge.o !== org) refuse('E_CHALLENGE_ORG', 'challenge was issued for another organisation');
  if (challenge.u !== userId) refuse('E_CHALLENGE_USER', 'challenge was issued for another user');
  // The set holds answers to the challenge, so the challenge cannot hold a hash of the set.
  const isForThis = challenge.m === request.method && challenge.p === request.path && challenge.h === payloadHash('');
  if (!isForThis) refuse('E_CHALLENGE_REQUEST', 'challenge was issued for another request', { field: 'p' });
  if (challenge.x !== recoveryContext(credId))
    refuse('E_CHALLENGE_REQUEST', 'challenge was issued for another recovery key', { field: 'x' });
}

function attest(
  wish: JsonObject,
  path: string,
  kinds: readonly CredentialRecord['kind'][],
  o: { readonly places: ReturnType<typeof placesOf> } & Pick<AuthorityDeps, 'verify'>,
): NewCredential {
  const kind = kinds.find((each) => each === wish['credentialKind']);
  if (kind === undefined) return refuse('E_UNSUPPORTED', `body.${path}.credentialKind must be ${kinds.join(' or ')}`);
  const info = objectOf(wish['credentialInfo'], `${path}.credentialInfo`);
  const text = (member: string, charsMax: number): string => {
    const value = info[member];
    if (typeof value !== 'string' || value.length < 1 || value.length > charsMax)
      return invalid(`${path}.credentialInfo.${member}`, `must be 1 to ${charsMax} characters`);
    return value;
  };
  const attested = verifyAttestation({
    kind,
    info: {
      credId: text('credId', 1364),
      clientData: text('clientData', 8192),
      attestationData: text('attestationData', 32_768),
    },
    ...o.places,
    verify: o.verify,
  });
  const name = wish['credentialName'];
  return { ...attested, name: typeof name === 'string' && name !== '' ? name.slice(0, 100) : `${kind} of a recovery` };
}

function readSet(challenge: string): JsonValue {
  try {
    return parseStrictJson(utf8Decode(fromBase64Url(challenge)), {
      bytesMax: RECOVERY_CLIENT_DATA_BYTES_MAX,
      depthMax: 8,
    });
  } catch (error) {
    if (error instanceof WireError)
      return refuse('E_CHALLENGE_FORM', 'the recovery key must sign the JSON text of newCredentials', {
        field: 'text',
      });
    throw error;
  }
}

function bytesOf(value: JsonValue | undefined, member: string, bytesMax: number): Uint8Array {
  const path = `recovery.credentialAssertion.${member}`;
  if (typeof value !== 'string' || value === '' || value.length > Math.ceil((bytesMax * 4) / 3) + 2)
    return invalid(path, `must be base64url of 1 to ${bytesMax} bytes`);
  try {
    return fromBase64Url(value.replace(/={1,2}$/, ''), { name: path });
  } catch (error) {
    if (error instanceof WireError) return invalid(path, 'must be base64url');
    throw error;
  }
}

function objectOf(value: JsonValue | undefined, path: string): JsonObject {
  if (value === undefined || value === null || typeof value !== 'object' || Array.isArray(value))
    return invalid(path, 'must be a JSON object');
  return value as JsonObject;
}

function invalid(path: string, what: string): never {
  return refuse('E_BODY', `body.${path} ${what}`, { path: `body.${path}` });
}
