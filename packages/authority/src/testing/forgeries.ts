/**
 * Test only: what a hostile api and up to two hostile signers can make of a valid request, generated from the request itself.
 * Each is wrong in one thing and valid in all else: signed by real keys over what it says.
 */
import type { JsonObject, JsonValue } from '@holdfast/contract/wire';
import { parseStrictJson, toBase64Url, utf8 } from '@holdfast/contract/wire';
import { encodeChallenge, freshDigest } from '../challenge/index.ts';
import type { Act } from '../consent/index.ts';
import type { EntryAfterGenesis } from '../log/index.ts';
import type { Assertion, ChallengeAssertion, ChallengeRecord, FactorAssertion, FreshToken } from '../types/index.ts';
import type { Cast } from './cast.ts';
import { changes } from './changes.ts';
import { testKey } from './keys.ts';
import type { Kind } from './kinds.ts';
import {
  type Asked,
  ask,
  bytesOf,
  challengeFor,
  encodeUnchecked,
  NOW,
  proofBy,
  SEALED,
  type Signer,
  tokens,
} from './world.ts';

/** Where the wrong is; the test demands some of every group. */
export const groups = [
  ...['request', 'challenge', 'assertion', 'second', 'protected', 'identity', 'freshness', 'replay', 'body', 'entry'],
] as const;
export type Group = (typeof groups)[number];

export interface Forgery {
  readonly group: Group;
  readonly name: string;
  readonly act: Act;
  /** What a signer that is asked live knows, where that is what differs. */
  readonly live?: { readonly now?: number; readonly holdsOwnToken?: false; readonly isBurnt?: true };
  /** Changes the entry that the act would be, for those who send entries. */
  readonly entry?: (entry: EntryAfterGenesis) => unknown;
}

const another = toBase64Url(bytesOf('another'));

/** Everything that is wrong with a kind; `act` is its valid request. */
export function* forgeries(c: Cast, kind: Kind, act: Act): Generator<Forgery> {
  yield* ofRequest(c, kind, act);
  yield* ofAssertion(c, act);
  yield* ofSecond(c, kind, act);
  yield* ofProtectedKey(c, kind, act);
  if (kind.act === undefined) {
    yield* ofChallenge(c, kind);
    yield* ofIdentity(c, kind);
    yield* ofBody(c, kind);
  }
  yield* ofFreshness(kind, act);
  yield { group: 'replay', name: 'a spent assertion', act, live: { isBurnt: true } };
  yield* ofEntry(c, act);
}

/** The user signed something else than what is sent. */
function* ofRequest({ other }: Cast, kind: Kind, act: Act): Generator<Forgery> {
  const { request } = act;
  const sent = (name: string, changed: object): Forgery => ({
    ...{ group: 'request', name },
    act: { ...act, request: { ...request, ...changed } },
  });
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'post'])
    if (method !== request.method) yield sent(`method ${method}`, { method });
  const parts = request.path.split('/').slice(1);
  for (const k of parts.keys()) {
    for (const part of [
      '..',
      '%61',
      '',
      parts[k]?.replace(/.$/, (last) => (last === '0' ? '1' : '0')) ?? '',
      other.org,
    ])
      if (part !== parts[k])
        yield sent(`path part ${k + 1} is "${part}"`, { path: `/${parts.with(k, part).join('/')}` });
  }
  for (const path of [`${request.path}?force=true`, `${request.path}/`, `${request.path}#`, `/${request.path}`])
    yield sent(`path ${path.replace(request.path, '…')}`, { path });
  const body = parseStrictJson(request.payload);
  for (const [k, changed] of [...changes(body)].entries())
    yield sent(`payload, change ${k + 1}`, { payload: JSON.stringify(changed) });
  // What a recovery key signs is compared as JSON: to it these are the same text (challenge-record.md §1).
  const spaced = kind.act === undefined ? [`${request.payload} `, ` ${request.payload}`] : [];
  for (const payload of [...spaced, '', '[]', 'null', `${request.payload}{}`])
    if (payload !== request.payload) yield sent(`payload of ${payload.length} characters`, { payload });
}

/** The right user signs a challenge that says something else. */
function* ofChallenge(c: Cast, { by, asked }: Kind): Generator<Forgery> {
  const record = challengeFor(c.state, by.userId, asked);
  const values: { readonly [Field in keyof ChallengeRecord]: readonly unknown[] } = {
    v: [0, 2, '1'],
    k: ['Login', 'Registration', 'Recovery', 'useraction'],
    c: [another, '', record.c.slice(1)],
    o: [c.other.org, '', record.o.toUpperCase()],
    u: [...c.state.users.keys(), [...c.other.users.keys()][0], ''].filter((user) => user !== by.userId),
    m: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter((method) => method !== record.m),
    p: ['/wallets', `${record.p}/x`, `${record.p}?force=true`, ''],
    h: [another, record.a, ''],
    a: [...c.past.map(({ head }) => head), c.other.head, another, ''],
    x: [another, 'AA'],
    b: [another, '', freshDigest(tokens.slice(1))],
    e: [Math.floor(NOW / 1000) - 1, Math.floor(NOW / 1000) + 331, 0, -1, 1.5, '1', Number.MAX_SAFE_INTEGER],
    n: ['', toBase64Url(bytesOf('short', 15)), toBase64Url(bytesOf('long', 17))],
  };
  const signed = (name: string, text: string): Forgery => ({
    ...{ group: 'challenge', name },
    act: ask(c.state, by, { ...asked, challengeText: () => text }),
  });
  for (const [field, wrong] of Object.entries(values)) {
    for (const value of wrong)
      yield signed(`${field} = ${String(value)}`, encodeUnchecked({ ...record, [field]: value }));
    const { [field as keyof ChallengeRecord]: _, ...rest } = record;
    yield signed(`no ${field}`, encodeUnchecked(rest));
  }
  yield signed('a member too many', encodeUnchecked({ ...record, z: 1 }));
  yield signed('another order', encodeUnchecked(Object.fromEntries(Object.entries(record).reverse())));
  yield signed('white space', toBase64Url(utf8(JSON.stringify(record, null, 1))));
  yield signed('no challenge', 'AAAA');
  for (const [name, clientData] of [
    ['another type', { type: 'key.create' }],
    ['a frame', { crossOrigin: true }],
    ['a page of others', { topOrigin: 'https://elsewhere.example' }],
  ] as const)
    yield { group: 'challenge', name: `client data of ${name}`, act: ask(c.state, by, { ...asked, clientData }) };
}

/** The proof itself, altered behind the user's back. */
function* ofAssertion(c: Cast, act: Act): Generator<Forgery> {
  const forged = (name: string, assertion: unknown): Forgery => ({
    ...{ group: 'assertion', name },
    act: { ...act, assertion: assertion as Assertion },
  });
  for (const [k, changed] of [...changes(act.assertion as unknown as JsonValue)].entries())
    yield forged(`change ${k + 1}`, changed);
  for (const kind of ['Key', 'Fido2', 'PasswordProtectedKey', 'RecoveryKey', 'Password', 'Totp'])
    if (kind !== act.assertion.kind) yield forged(`of kind ${kind}`, { ...act.assertion, kind });
  for (const credId of [...c.state.credentials.keys(), ...c.other.credentials.keys(), '__proto__', ''])
    if (credId !== act.assertion.credId) yield forged(`by ${credId}`, { ...act.assertion, credId });
  for (const nothing of [undefined, null, [], 'Key', {}]) yield forged(`${JSON.stringify(nothing)}`, nothing);
  const { state, nobody } = c;
  const theirs = ask(state, nobody, { method: 'POST', path: '/wallets', body: {} }).assertion;
  yield forged('of another request by another user', theirs);
}

/** Who of the cast signs nothing for who asked: other people's, switched off, or of another sort. */
const strangers = [
  ...(['second', 'reader', 'nobody', 'gone', 'robot', 'registrar', 'token', 'offToken'] as const),
  ...(['off', 'recovery', 'stranger', 'othersProtected'] as const),
];

/** A second factor beside a first one that is right: whatever is wrong with it, the request is. */
function* ofSecond(c: Cast, { by, asked }: Kind, act: Act): Generator<Forgery> {
  const record = challengeFor(c.state, by.userId, asked);
  const challenge = encodeChallenge(record);
  // A recovery key signs no challenge, and takes nothing beside it.
  const first =
    act.assertion.kind === 'RecoveryKey' ? act : ask(c.state, by, { ...asked, challengeText: () => challenge });
  const beside = (name: string, second: unknown): Forgery => ({
    ...{ group: 'second', name },
    act: { ...first, assertion: { ...first.assertion, second } as Assertion },
  });
  yield beside('the first once more', proofBy(by, challenge));
  for (const nothing of [null, [], 'Key', {}]) yield beside(JSON.stringify(nothing), nothing);
  for (const name of strangers) if (c[name] !== by) yield beside(`by ${name}`, proofBy(c[name], challenge));
  yield beside('by a credential that nobody confirmed', proofBy({ ...c.spare, credId: 'by-a-code' }, challenge));
  for (const [k, spent] of spentFactors(c).entries()) yield beside(`from an entry that was made, ${k + 1}`, spent);
  for (const signer of [c.protected, c.passkey]) {
    const { kind } = signer;
    const second = proofBy(signer, challenge);
    const answer = (changed: Partial<ChallengeRecord>) => proofBy(signer, encodeUnchecked({ ...record, ...changed }));
    for (const [k, changed] of [...changes(second as unknown as JsonValue)].entries())
      yield beside(`${kind}, change ${k + 1}`, changed);
    yield beside(`${kind} of another key`, proofBy({ ...signer, key: testKey(signer.key.algorithm) }, challenge));
    yield beside(`${kind} over another challenge`, answer({ n: toBase64Url(bytesOf(`again ${kind}`, 16)) }));
    yield beside(`${kind} over an earlier head`, answer({ a: c.past.at(-1)?.head ?? '' }));
    yield beside(`${kind} over a login`, answer({ k: 'Login', b: '' }));
    yield beside(`${kind} over another request`, answer({ p: '/wallets' }));
    yield beside(`${kind} over another user's challenge`, answer({ u: c.second.userId }));
    yield beside(`${kind} over nothing`, proofBy(signer, 'AAAA'));
    for (const other of ['Key', 'Fido2', 'PasswordProtectedKey', 'RecoveryKey', 'Password', 'Totp'])
      if (other !== kind) yield beside(`${kind} as ${other}`, { ...second, kind: other });
    for (const other of [by, ...strangers.map((name) => c[name])])
      yield beside(`${kind} under the name of ${other.credId}`, { ...second, credId: other.credId });
    for (const clientData of [
      { type: 'key.create' },
      { type: 'webauthn.create' },
      { type: kind === 'Fido2' ? 'key.get' : 'webauthn.get' },
      { crossOrigin: true },
    ])
      yield beside(`${kind}, ${JSON.stringify(clientData)}`, proofBy(signer, challenge, { clientData }));
    yield beside(`${kind} with a third`, { ...second, second: proofBy(c.admin, challenge) });
  }
  yield beside('a key of another key', proofBy({ ...c.spare, key: testKey('Ed25519') }, challenge));
  yield beside('a key over another challenge', proofBy(c.spare, encodeUnchecked({ ...record, e: record.e + 1 })));
  yield beside('a key that says it is protected', proofBy({ ...c.spare, kind: 'PasswordProtectedKey' }, challenge));
  yield beside('a passkey on a page of others', proofBy(c.passkey, challenge, { at: elsewhere }));
}

/** Both proofs of the entry of the chain that has two, each by itself. */
function spentFactors({ acts }: Cast): readonly FactorAssertion[] {
  const { second, ...first } = acts
    .map(({ assertion }) => assertion as ChallengeAssertion)
    .find((assertion) => assertion.second !== undefined) as ChallengeAssertion;
  if (second === undefined) throw new Error('an entry of the cast has two proofs');
  return [first, second];
}

const elsewhere = { origin: 'https://elsewhere.example', rpId: 'elsewhere.example' };

/** A password protected key signs as a key does: everything else about it is wrong. */
function* ofProtectedKey(c: Cast, { by, asked }: Kind, act: Act): Generator<Forgery> {
  const signed = (name: string, signer: Signer, o: Partial<Asked> = {}): Forgery => ({
    ...{ group: 'protected', name },
    act: { ...ask(c.state, signer, { ...asked, ...o }), request: act.request },
  });
  const forged = (name: string, assertion: unknown): Forgery => ({
    ...{ group: 'protected', name },
    act: { ...act, assertion: assertion as Assertion },
  });
  yield signed('a key that says it is protected', { ...by, kind: 'PasswordProtectedKey' });
  yield signed('of another user', { ...c.othersProtected, userId: by.userId });
  yield signed('switched off', { ...c.off, kind: 'PasswordProtectedKey' });
  yield signed('nobody confirmed', { ...c.protected, credId: 'by-a-code' });
  yield signed('of another key', { ...c.protected, key: testKey(c.protected.key.algorithm) });
  yield signed('under the name of another user', { ...c.protected, userId: c.second.userId });
  yield signed('as a key', { ...c.protected, kind: 'Key' });
  yield signed('as a passkey', { ...c.protected, kind: 'Fido2' });
  yield signed('beside itself', c.protected, { second: c.protected });
  for (const type of ['key.create', 'webauthn.get', 'webauthn.create'])
    yield signed(`made for ${type}`, c.protected, { clientData: { type } });
  yield signed('in a frame', c.protected, { clientData: { crossOrigin: true } });
  const { assertion } = ask(c.state, c.protected, asked);
  for (const [k, changed] of [...changes(assertion as unknown as JsonValue)].entries())
    yield forged(`change ${k + 1}`, changed);
  for (const kind of ['Key', 'Fido2', 'RecoveryKey', 'Password', 'Totp'])
    yield forged(`of kind ${kind}`, { ...assertion, kind });
  for (const credId of [by, ...strangers.map((name) => c[name])].map((signer) => signer.credId))
    yield forged(`by ${credId}`, { ...assertion, credId });
  for (const member of ['encryptedPrivateKey', 'authenticatorData', 'userHandle', 'password'])
    yield forged(`with ${member}`, { ...assertion, [member]: toBase64Url(utf8(SEALED)) });
  for (const spent of spentFactors(c)) yield forged(`${spent.kind} from an entry that was made`, spent);
  yield forged('hashed otherwise', { ...assertion, algorithm: 'SHA512' });
}

/** Somebody else signs, truthfully. */
function* ofIdentity(c: Cast, { by, asked, alsoBy = [] }: Kind): Generator<Forgery> {
  const people: readonly (keyof Cast)[] = [
    ...(['admin', 'second', 'reader', 'nobody', 'gone', 'robot', 'registrar'] as const),
    ...(['token', 'offToken', 'off', 'recovery', 'stranger', 'othersProtected'] as const),
  ];
  const signed = (name: string, signer: Signer): Forgery => ({
    ...{ group: 'identity', name },
    act: ask(c.state, signer, asked),
  });
  for (const name of people) {
    const signer = c[name] as Signer;
    if (signer !== by && !alsoBy.includes(name)) yield signed(`by ${name}`, signer);
  }
  const key = testKey('Ed25519');
  yield signed('by a key that nobody enrolled', { ...by, key });
  yield signed('by a credential that nobody confirmed', { ...by, key, credId: 'by-a-code' });
  yield signed('by a user that is not the credential’s', { ...by, userId: c.nobody.userId });
  yield { group: 'identity', name: 'in another organisation', act: ask(c.other, c.stranger, asked) };
}

/** The right user signs a body that the contract does not have. */
function* ofBody(c: Cast, { by, asked }: Kind): Generator<Forgery> {
  const body = (asked.body ?? {}) as JsonObject;
  const signed = (name: string, changed: unknown): Forgery => {
    const payload = JSON.stringify(changed);
    return { group: 'body', name, act: ask(c.state, by, { ...asked, payload }) };
  };
  yield signed('an unknown member', { ...body, extra: true });
  yield signed('an operator’s wish', { ...body, trustFirstUse: true });
  yield signed('a list', [body]);
  for (const [name, value] of Object.entries(body)) {
    for (const wrong of [null, -7, {}, [], '', typeof value === 'boolean' ? 'true' : true])
      yield signed(`${name} = ${JSON.stringify(wrong)}`, { ...body, [name]: wrong });
    const repeated = JSON.stringify(body).replace(/\}$/, `,${JSON.stringify(name)}:${JSON.stringify(value)}}`);
    yield { group: 'body', name: `${name} twice`, act: ask(c.state, by, { ...asked, payload: repeated }) };
  }
  const proto = JSON.stringify(body).replace(/^\{/, `{"__proto__":{}${Object.keys(body).length === 0 ? '' : ','}`);
  yield { group: 'body', name: '__proto__', act: ask(c.state, by, { ...asked, payload: proto }) };
}

/** Held back, minted ahead, of other processes. */
function* ofFreshness({ by }: Kind, act: Act): Generator<Forgery> {
  const withTokens = (name: string, list: readonly FreshToken[]): Forgery => ({
    ...{ group: 'freshness', name },
    act: { ...act, tokens: list },
  });
  const [first, ...rest] = tokens;
  if (first === undefined) throw new Error('there are five tokens');
  yield withTokens('no tokens', []);
  yield withTokens('a token too few', rest);
  yield withTokens('a token twice', [...tokens, first]);
  yield withTokens('a token of signer 6', [...rest, [6, first[1]]]);
  yield withTokens('a token that was never issued', [[first[0], toBase64Url(bytesOf('invented', 16))], ...rest]);
  yield withTokens('a token that is too short', [[first[0], 'AAAA'], ...rest]);
  yield { group: 'freshness', name: 'tokens of an earlier process', act, live: { holdsOwnToken: false } };
  yield { group: 'freshness', name: 'held until it had expired', act, live: { now: NOW + 301_000 } };
  yield { group: 'freshness', name: 'held for a month', act, live: { now: NOW + 30 * 86_400_000 } };
  yield { group: 'freshness', name: `minted ahead for ${by.userId}`, act, live: { now: NOW - 60_000 } };
}

/** What is shown as an entry to those who take entries with acknowledgements. */
function* ofEntry({ past, other }: Cast, act: Act): Generator<Forgery> {
  const shown = (name: string, entry: (entry: EntryAfterGenesis) => unknown): Forgery => ({
    ...{ group: 'entry', name, act, entry },
  });
  for (const by of [-2, -1, 1, 2, 0.5]) yield shown(`height ${by}`, (e) => ({ ...e, height: e.height + by }));
  for (const { head } of [...past.slice(-3), other]) yield shown('on another head', (e) => ({ ...e, prev: head }));
  yield shown('of another organisation', (e) => ({ ...e, org: other.org }));
  for (const v of [0, 2, '1']) yield shown(`of version ${v}`, (e) => ({ ...e, v }));
  yield shown('with a member too many', (e) => ({ ...e, note: '' }));
  yield shown('with a request of one member too many', (e) => ({ ...e, request: { ...e.request, query: '' } }));
  yield shown('without a request', ({ request: _, ...e }) => e);
  yield shown('without an assertion', ({ assertion: _, ...e }) => e);
}
