/** Test only: an organisation with its chain, and users who sign requests for it. */
import { createHash } from 'node:crypto';
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { clusterFingerprint, encodeChallenge, freshDigest, payloadHash } from '../challenge/index.ts';
import type { Act, ActDeps } from '../consent/index.ts';
import { authorityDeps } from '../contract-rules/index.ts';
import { encodeGenesis, type Genesis, genesisChallenge } from '../genesis/index.ts';
import type { EntryAfterGenesis, GenesisEntry } from '../log/index.ts';
import { type AuthorityDeps, apply, initialState, type State } from '../reduce/index.ts';
import type {
  ChallengeAssertion,
  ChallengeRecord,
  FactorAssertion,
  FreshToken,
  SignedRequest,
} from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import { fido2Assertion, keyAssertion, type TestKey, testKey } from './keys.ts';

/** Milliseconds since 1970. */
export let NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** 32 bytes that are different for different names and the same in every run. */
export function bytesOf(name: string, length = 32): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(name).digest()).slice(0, length);
}

export const identityKeys: readonly Uint8Array[] = [1, 2, 3, 4, 5].map((k) => bytesOf(`identity ${k}`));
export let fingerprint: Uint8Array = clusterFingerprint(0, identityKeys);
export let deps: AuthorityDeps = depsOf(fingerprint);
export let tokens: readonly FreshToken[] = [1, 2, 3, 4, 5].map((k) => [k, toBase64Url(bytesOf(`token ${k}`, 16))]);
/** A signer that issued the token of index 3. */
export const actDeps: ActDeps = {
  ...deps,
  holdsOwnToken: (list) => list.some(([index, token]) => index === 3 && token === tokens[2]?.[1]),
};

function depsOf(cluster: Uint8Array): AuthorityDeps {
  return authorityDeps({ clusterFingerprint: toBase64Url(cluster), verify: nodeVerify });
}

/** From here on everything is made for the signers of a real cluster, with tokens that they have just issued. */
export function playAt(o: {
  readonly fingerprint: Uint8Array;
  readonly tokens: readonly FreshToken[];
  readonly now: number;
}): void {
  ({ fingerprint, tokens, now: NOW } = o);
  deps = depsOf(fingerprint);
}

export interface Signer {
  readonly kind: 'Key' | 'Fido2' | 'PasswordProtectedKey';
  readonly userId: string;
  readonly credId: string;
  readonly key: TestKey;
}

export interface World {
  readonly state: State;
  readonly admin: Signer;
  readonly genesis: GenesisEntry;
}

export const origin = 'http://localhost:8787';
export const rpId = 'localhost';
/** The private half of a protected key, which only its owner opens: to signers it is a text that was signed over. */
export const SEALED = 'sealed-by-its-owner';

export function genesisOf(key: TestKey, o: Partial<Genesis> = {}, kind: 'Key' | 'Fido2' = 'Key'): Genesis {
  return {
    v: 1,
    c: toBase64Url(fingerprint),
    name: 'Acme',
    admin: {
      username: 'admin@acme.example',
      credential: { kind, id: 'admin-credential', publicKey: key.publicKey, algorithm: key.algorithm },
    },
    app: { origin, rpId },
    time: '2026-01-02T03:04:05.000Z',
    nonce: toBase64Url(bytesOf('genesis nonce', 16)),
    ...o,
  };
}

export function prove(text: string, key: TestKey, kind: 'Key' | 'Fido2' = 'Key'): ChallengeAssertion {
  const common = { credId: 'admin-credential', key, challenge: genesisChallenge(text) };
  return kind === 'Key' ? keyAssertion(common) : fido2Assertion({ ...common, origin, rpId });
}

export function world(
  key: TestKey = testKey('Ed25519'),
  kind: 'Key' | 'Fido2' = 'Key',
  o: Partial<Genesis> = {},
): World {
  const text = encodeGenesis(genesisOf(key, o, kind));
  const genesis: GenesisEntry = { v: 1, height: 0, genesis: text, proof: prove(text, key, kind) };
  const state = initialState(genesis, deps);
  const userId = [...state.users.keys()][0] ?? '';
  return { state, genesis, admin: { kind, userId, credId: 'admin-credential', key } };
}

export interface Asked {
  readonly method: SignedRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  /** The exact payload, in place of JSON of `body`. */
  readonly payload?: string;
  /** Overwrites fields of the challenge before it is signed. */
  readonly challenge?: Partial<ChallengeRecord>;
  /** Replaces the challenge text altogether. */
  readonly challengeText?: (text: string) => string;
  /** The request sent, where it is not the one signed. */
  readonly sent?: Partial<SignedRequest>;
  readonly clientData?: Readonly<Record<string, unknown>>;
  /** Who answers the same challenge as a second factor. */
  readonly second?: Signer;
  /** Where a passkey signs, if not at the first application. */
  readonly at?: { readonly origin: string; readonly rpId: string };
}

let nonces = 0;

export function challengeFor(state: State, userId: string, asked: Asked): ChallengeRecord {
  return {
    v: 1,
    k: 'UserAction',
    c: deps.clusterFingerprint,
    o: state.org,
    u: userId,
    m: asked.method,
    p: asked.path,
    h: payloadHash(asked.payload ?? JSON.stringify(asked.body ?? {})),
    a: state.head,
    x: '',
    b: freshDigest(tokens),
    e: Math.floor(NOW / 1000) + 300,
    n: toBase64Url(bytesOf(`nonce ${nonces++}`, 16)),
    ...asked.challenge,
  };
}

/** A request signed as the user's own client would. */
export function ask(state: State, by: Signer, asked: Asked): Act & { readonly assertion: ChallengeAssertion } {
  const request: SignedRequest = {
    method: asked.method,
    path: asked.path,
    payload: asked.payload ?? JSON.stringify(asked.body ?? {}),
  };
  const record = challengeFor(state, by.userId, asked);
  const text = asked.challengeText?.(encodeUnchecked(record)) ?? encodeChallenge(record);
  const first = proofBy(by, text, asked);
  const assertion = asked.second === undefined ? first : { ...first, second: proofBy(asked.second, text) };
  return { request: { ...request, ...asked.sent }, assertion, tokens };
}

/** One factor's answer to a challenge. */
export function proofBy(by: Signer, challenge: string, o: Pick<Asked, 'clientData' | 'at'> = {}): FactorAssertion {
  const common = { credId: by.credId, key: by.key, challenge, clientData: o.clientData ?? {} };
  return by.kind === 'Fido2'
    ? fido2Assertion({ ...common, ...(o.at ?? { origin, rpId }) })
    : { ...keyAssertion(common), kind: by.kind };
}

/** The text of a record as it stands, valid or not. */
export function encodeUnchecked(record: unknown): string {
  return toBase64Url(utf8(JSON.stringify(record)));
}

export function entryOf(state: State, act: Pick<Act, 'request' | 'assertion'>): EntryAfterGenesis {
  return {
    v: 1,
    org: state.org,
    height: state.height + 1,
    prev: state.head,
    request: act.request,
    assertion: act.assertion,
  };
}

/** Hears of every request that `step` makes an entry. */
let heard: ((act: Act) => void) | undefined;
export function hear(listener: typeof heard): void {
  heard = listener;
}

/** The state after a request, as an entry of the chain. */
export function step(state: State, by: Signer, asked: Asked): State {
  const act = ask(state, by, asked);
  const next = apply(state, entryOf(state, act), deps);
  heard?.(act);
  return next;
}

/** What a later state has in a map that an earlier one has not. */
export function added<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): V {
  const [key] = [...after.keys()].filter((one) => !before.has(one));
  const value = key === undefined ? undefined : after.get(key);
  if (value === undefined) throw new Error('nothing was added');
  return value;
}

export function permissionId(state: State, name: string): string {
  const permission = [...state.permissions.values()].find((one) => one.name === name);
  if (permission === undefined) throw new Error(`no permission ${name}`);
  return permission.id;
}

/** A service account with a permission, made by the administrator. */
export function withAccount(state: State, admin: Signer, permission?: string): { state: State; account: Signer } {
  const key = testKey('Ed25519');
  const body = {
    name: 'robot',
    publicKey: key.publicKey,
    ...(permission === undefined ? {} : { permissionId: permissionId(state, permission) }),
  };
  const next = step(state, admin, { method: 'POST', path: '/auth/service-accounts', body });
  const { userId, credentialId } = added(state.serviceAccounts, next.serviceAccounts);
  return { state: next, account: { kind: 'Key', userId, credId: credentialId, key } };
}

/** A second person with a confirmed credential. */
export function withUser(
  state: State,
  admin: Signer,
  email: string,
  permission?: string,
): { state: State; user: Signer } {
  const key = testKey('Ed25519');
  let next = step(state, admin, { method: 'POST', path: '/auth/users', body: { email, kind: 'CustomerEmployee' } });
  const { userId } = added(state.users, next.users);
  const credId = `credential-of-${userId}`;
  next = step(next, admin, {
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId, credentialId: credId, kind: 'Key', publicKey: key.publicKey, name: 'laptop' },
  });
  if (permission !== undefined) {
    const path = `/permissions/${permissionId(next, permission)}/assignments`;
    next = step(next, admin, { method: 'POST', path, body: { identityId: userId } });
  }
  return { state: next, user: { kind: 'Key', userId, credId, key } };
}
