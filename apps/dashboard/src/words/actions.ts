/**
 * What a request does, in one sentence, made in the browser from the very text that is about to be signed. Nothing here
 * comes from the api: ids, names and keys are those of the payload.
 */
import {
  asJsonObject,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
  visibleText,
  WireError,
} from '@holdfast/contract/wire';
import { fingerprintOf } from '../account/fingerprint.ts';

export interface ActionRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Without query. */
  readonly path: string;
  /** The exact JSON text whose hash is signed. */
  readonly payload: string;
}

export interface Described {
  readonly sentence: string;
  /** `opaque`: nobody can read from it what will happen; the person has to say that they know. */
  readonly level: 'described' | 'opaque';
  /** Every member of the body that the sentence does not hold whole. */
  readonly rows: readonly Row[];
  /** What deserves a second look. */
  readonly caution?: string;
}

export interface Row {
  readonly label: string;
  readonly value: string;
  /** A public key's fingerprint, in groups to compare. */
  readonly groups?: readonly string[];
}

interface Words {
  readonly sentence: string;
  readonly caution?: string;
  readonly isOpaque?: boolean;
}

type Say = (body: JsonObject, ids: readonly string[]) => Words;

const SENTENCE_CHARS_MAX = 200;

/** A text of the body inside a sentence, which it can neither turn around nor push away. */
function textOf(value: JsonValue | undefined): string {
  const text = typeof value === 'string' ? value : '';
  return visibleText(text.length <= SENTENCE_CHARS_MAX ? text : `${text.slice(0, SENTENCE_CHARS_MAX)}…`);
}
const quoted = (value: JsonValue | undefined): string => `“${textOf(value)}”`;

const kinds: Readonly<Record<string, string>> = {
  Fido2: 'passkey',
  Key: 'key',
  RecoveryKey: 'recovery key',
  PasswordProtectedKey: 'password-protected key',
  Password: 'password',
  Totp: 'one-time code generator',
};
const kindOf = (value: JsonValue | undefined): string => wordFor(kinds, textOf(value));

/** A body may say `constructor` too. */
const wordFor = (words: Readonly<Record<string, string>>, name: string, otherwise = name): string =>
  (Object.hasOwn(words, name) ? words[name] : undefined) ?? otherwise;

const RECOVERS =
  'Whoever holds its private key and can read your mail can put new credentials in the place of all of yours.';
const SIGNS_ALONE =
  'Whoever holds the private key of this fingerprint signs with it from then on, and nobody is asked again.';
const LEAVES = 'After this, whoever holds the key can move everything alone, and Holdfast never signs with it again.';
const OPAQUE = 'Nobody can read from this what it does. Sign it only if you made it yourself.';

/** By method and path; `*` stands for one id. */
const table: readonly (readonly [ActionRequest['method'], string, Say])[] = [
  [
    'POST',
    '/auth/credentials',
    (body) => ({
      sentence: `Add the ${kindOf(body['credentialKind'])} ${quoted(body['credentialName'])} to your account`,
      ...(body['credentialKind'] === 'RecoveryKey' ? { caution: RECOVERS } : {}),
    }),
  ],
  ['PUT', '/auth/credentials/activate', () => ({ sentence: 'Switch one of your credentials on again' })],
  [
    'PUT',
    '/auth/credentials/deactivate',
    () => ({ sentence: 'Switch one of your credentials off', caution: 'It signs nothing and signs you in no more.' }),
  ],
  [
    'POST',
    '/auth/credentials/code',
    () => ({ sentence: 'Make a code that enrols a further device of yours within a minute' }),
  ],
  [
    'POST',
    '/holdfast/credentials/confirm',
    (body) => ({
      sentence: `Let signers accept the ${kindOf(body['kind'])} ${quoted(body['name'])} of user ${textOf(body['userId'])}`,
      caution: 'Compare the fingerprint with its owner first, by voice or face to face, and the id of the user too.',
    }),
  ],
  ['POST', '/auth/users', (body) => ({ sentence: `Invite ${textOf(body['email'])} to your organisation` })],
  ['PUT', '/auth/users/*', (_, [user]) => ({ sentence: `Change the settings of user ${user}` })],
  ['PUT', '/auth/users/*/activate', (_, [user]) => ({ sentence: `Switch user ${user} on` })],
  ['PUT', '/auth/users/*/deactivate', (_, [user]) => ({ sentence: `Switch user ${user} off, tokens and all` })],
  ['DELETE', '/auth/users/*', (_, [user]) => ({ sentence: `Archive user ${user}, for good` })],
  [
    'POST',
    '/auth/service-accounts',
    (body) => ({
      sentence: `Create the service account ${quoted(body['name'])}, which signs with a key of its own`,
      caution: SIGNS_ALONE,
    }),
  ],
  ['PUT', '/auth/service-accounts/*', (_, [user]) => ({ sentence: `Change the service account ${user}` })],
  ['PUT', '/auth/service-accounts/*/activate', (_, [user]) => ({ sentence: `Switch service account ${user} on` })],
  ['PUT', '/auth/service-accounts/*/deactivate', (_, [user]) => ({ sentence: `Switch service account ${user} off` })],
  ['DELETE', '/auth/service-accounts/*', (_, [user]) => ({ sentence: `Archive service account ${user}, for good` })],
  [
    'POST',
    '/auth/pats',
    (body) => ({ sentence: `Create the personal access token ${quoted(body['name'])}`, caution: SIGNS_ALONE }),
  ],
  ['PUT', '/auth/pats/*', (_, [token]) => ({ sentence: `Change the personal access token ${token}` })],
  ['PUT', '/auth/pats/*/activate', (_, [token]) => ({ sentence: `Switch the personal access token ${token} on` })],
  ['PUT', '/auth/pats/*/deactivate', (_, [token]) => ({ sentence: `Switch the personal access token ${token} off` })],
  ['DELETE', '/auth/pats/*', (_, [token]) => ({ sentence: `Archive the personal access token ${token}, for good` })],
  [
    'POST',
    '/auth/apps',
    (body) => ({
      sentence: `Let passkeys and requests of the application ${quoted(body['name'])} count in your organisation`,
      caution: `Passkeys used on ${textOf(body['origin'])} will sign for your people.`,
    }),
  ],
  ['PUT', '/auth/apps/*', (_, [app]) => ({ sentence: `Change the application ${app}` })],
  ['PUT', '/auth/apps/*/activate', (_, [app]) => ({ sentence: `Switch the application ${app} on` })],
  ['PUT', '/auth/apps/*/deactivate', (_, [app]) => ({ sentence: `Switch the application ${app} off` })],
  ['DELETE', '/auth/apps/*', (_, [app]) => ({ sentence: `Archive the application ${app}, for good` })],
  [
    'POST',
    '/auth/registration/delegated',
    (body) => ({ sentence: `Begin the registration of ${textOf(body['email'])}` }),
  ],
  [
    'POST',
    '/auth/registration/delegated/restart',
    (body) => ({ sentence: `Begin the registration of ${textOf(body['email'])} again` }),
  ],
  ['POST', '/auth/login/delegated', (body) => ({ sentence: `Sign in for ${textOf(body['username'])}, to read` })],
  [
    'POST',
    '/auth/recover/user/delegated',
    (body) => ({ sentence: `Begin the recovery of the account of ${textOf(body['username'])}` }),
  ],
  [
    'POST',
    '/holdfast/registrations/confirm',
    (body) => ({
      sentence: `Let signers accept what ${textOf(body['userId'])} registered`,
      caution: 'Compare the fingerprints with what the person registered first.',
    }),
  ],
  ['POST', '/permissions', (body) => ({ sentence: `Define the role ${quoted(body['name'])}` })],
  ['PUT', '/permissions/*', (_, [permission]) => ({ sentence: `Change what the role ${permission} allows` })],
  [
    'PUT',
    '/permissions/*/archive',
    (body, [permission]) => ({
      sentence: body['isArchived'] === false ? `Bring the role ${permission} back` : `Archive the role ${permission}`,
    }),
  ],
  [
    'POST',
    '/permissions/*/assignments',
    (body, [permission]) => ({ sentence: `Give ${textOf(body['identityId'])} the role ${permission}` }),
  ],
  [
    'DELETE',
    '/permissions/*/assignments/*',
    (_, [permission, assignment]) => ({ sentence: `Take back the role ${permission} (assignment ${assignment})` }),
  ],
  [
    'PUT',
    '/orgs/*/settings',
    (body) => ({
      sentence: `Change what your organisation allows: ${
        [
          ...(typeof body['keyImport'] === 'boolean' ? [`key import ${body['keyImport'] ? 'on' : 'off'}`] : []),
          ...(typeof body['keyExport'] === 'boolean' ? [`key export ${body['keyExport'] ? 'on' : 'off'}`] : []),
        ].join(', ') || 'nothing'
      }`,
      ...(body['keyExport'] === true
        ? { caution: 'With export on, keys can leave for those whose role allows it.' }
        : {}),
    }),
  ],
  ['POST', '/keys', (body) => ({ sentence: `Make a new key on the five signers${forUser(body)}` })],
  ['PUT', '/keys/*', (body, [key]) => ({ sentence: `Name key ${key} ${quoted(body['name'])}` })],
  ['DELETE', '/keys/*', (_, [key]) => ({ sentence: `Archive key ${key}; it signs no more` })],
  ['POST', '/keys/import', (body) => ({ sentence: `Import the key ${quoted(body['name'])} onto the five signers` })],
  ['POST', '/keys/*/export', (_, [key]) => ({ sentence: `Export key ${key}`, caution: LEAVES })],
  ['POST', '/keys/*/derive', (_, [key]) => ({ sentence: `Derive 32 secret bytes from key ${key}` })],
  [
    'POST',
    '/keys/*/signatures',
    (body, [key]) => ({ sentence: `Sign ${article(body['kind'])} with key ${key}`, isOpaque: true }),
  ],
  [
    'POST',
    '/wallets',
    (body) => ({
      sentence: `Create a wallet on ${textOf(body['network'])}${body['name'] === undefined ? '' : `, named ${quoted(body['name'])}`}${forUser(body)}`,
    }),
  ],
  ['PUT', '/wallets/*', (body, [wallet]) => ({ sentence: `Name wallet ${wallet} ${quoted(body['name'])}` })],
  ['DELETE', '/wallets/*', (_, [wallet]) => ({ sentence: `Archive wallet ${wallet}; it signs no more` })],
  ['PUT', '/wallets/*/tags', (_, [wallet]) => ({ sentence: `Tag wallet ${wallet}` })],
  ['DELETE', '/wallets/*/tags', (_, [wallet]) => ({ sentence: `Take tags off wallet ${wallet}` })],
  [
    'POST',
    '/wallets/import',
    (body) => ({ sentence: `Import a wallet on ${textOf(body['network'])} onto the five signers` }),
  ],
  ...(['keys', 'wallets'] as const).map((things): readonly [ActionRequest['method'], string, Say] => [
    'POST',
    `/${things}/*/delegate`,
    (body, [id]) => ({
      sentence: `Hand ${things === 'keys' ? 'key' : 'wallet'} ${id} over to user ${textOf(body['userId'] ?? body['delegateTo'])}`,
      caution: 'From then on only that user signs with it. It cannot be taken back.',
    }),
  ]),
  ['POST', '/wallets/*/activate', (_, [wallet]) => ({ sentence: `Activate wallet ${wallet} on its network` })],
  [
    'PUT',
    '/wallets/*/offers/*/accept',
    (_, [wallet, offer]) => ({ sentence: `Accept offer ${offer} to wallet ${wallet}` }),
  ],
  [
    'PUT',
    '/wallets/*/offers/*/reject',
    (_, [wallet, offer]) => ({ sentence: `Reject offer ${offer} to wallet ${wallet}` }),
  ],
  ['POST', '/wallets/*/export', (_, [wallet]) => ({ sentence: `Export the key of wallet ${wallet}`, caution: LEAVES })],
  [
    'POST',
    '/wallets/*/signatures',
    (body, [wallet]) => ({ sentence: `Sign ${article(body['kind'])} with wallet ${wallet}`, isOpaque: true }),
  ],
  [
    'POST',
    '/wallets/*/transfers',
    (body, [wallet]) => ({
      sentence: `Send ${amountOf(body)} from wallet ${wallet} to ${textOf(body['to'])}`,
    }),
  ],
  [
    'POST',
    '/wallets/*/transactions',
    (body, [wallet]) => ({ sentence: `Sign and send ${article(body['kind'])} from wallet ${wallet}`, isOpaque: true }),
  ],
  ...['transfers', 'transactions'].flatMap((orders): (readonly [ActionRequest['method'], string, Say])[] => {
    const one = orders.slice(0, -1);
    return [
      ['PUT', `/wallets/*/${orders}/*/abort`, (_, [, id]) => ({ sentence: `Abort ${one} ${id} before it is sent` })],
      ['POST', `/wallets/*/${orders}/*/cancel`, (_, [, id]) => ({ sentence: `Cancel ${one} ${id} on its chain` })],
      [
        'POST',
        `/wallets/*/${orders}/*/speed-up`,
        (_, [, id]) => ({ sentence: `Send ${one} ${id} again with a higher fee` }),
      ],
    ];
  }),
];

/** Refuses nothing: a request that nobody has words for is shown whole, and called what it is. */
export function describeRequest(request: ActionRequest): Described {
  const body = bodyOf(request.payload);
  const rows = Object.entries(body).map(([member, value]) => rowOf(member, value));
  for (const [method, pattern, say] of table) {
    const ids = method === request.method ? idsOf(pattern, request.path) : undefined;
    if (ids === undefined) continue;
    const { sentence, caution, isOpaque } = say(body, ids);
    const second = isOpaque === true ? (caution ?? OPAQUE) : caution;
    return {
      sentence,
      level: isOpaque === true ? 'opaque' : 'described',
      rows,
      ...(second === undefined ? {} : { caution: second }),
    };
  }
  return {
    sentence: `Send a signed ${request.method} to ${request.path}`,
    level: 'opaque',
    rows,
    caution: 'This page has no words for this request. Sign it only if you know what it does.',
  };
}

/** A list of everything a role allows is shorter; sealed keys and whole transactions are not. */
const VALUE_CHARS_MAX = 4_000;
const BEGINNING_CHARS = 200;

/** Never left out: what is too long says so, and where it stands whole. */
export const shortened = (value: string): string =>
  value.length <= VALUE_CHARS_MAX
    ? value
    : `${value.slice(0, BEGINNING_CHARS)}… (${value.length} characters; the whole stands under “What exactly is signed”)`;

/** Every pattern there are words for, as `METHOD /path/*`: compared with the contract by a test. */
export const described = (): readonly string[] => table.map(([method, pattern]) => `${method} ${pattern}`);

function idsOf(pattern: string, path: string): readonly string[] | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const fits = wanted.every((part, at) =>
    part === '*' ? /^[a-z]{2,3}-[a-z0-9-]+$|^[A-Za-z0-9_-]{16,}$/.test(given[at] ?? '') : part === given[at],
  );
  return fits ? given.filter((_, at) => wanted[at] === '*') : undefined;
}

function bodyOf(payload: string): JsonObject {
  if (payload === '') return {};
  try {
    return asJsonObject(parseStrictJson(payload), 'body');
  } catch (cause) {
    if (cause instanceof WireError) return { body: payload };
    throw cause;
  }
}

const names: Readonly<Record<string, string>> = {
  credentialKind: 'Kind',
  credentialName: 'Name',
  credentialId: 'Credential',
  credentialUuid: 'Credential',
  userId: 'User',
  name: 'Name',
  kind: 'Kind',
  network: 'Network',
  to: 'To',
  amount: 'Amount, in the smallest unit',
  contract: 'Contract of the token',
  memo: 'Memo',
  email: 'E-mail',
  operations: 'Allows',
  keyImport: 'Key import',
  keyExport: 'Key export',
};

function rowOf(member: string, value: JsonValue): Row {
  const label = wordFor(names, visibleText(member));
  if (member === 'publicKey' && typeof value === 'string')
    return { label: 'Fingerprint of the public key', value: value, groups: fingerprintOf(value) };
  return { label, value: visibleText(typeof value === 'string' ? value : JSON.stringify(value)) };
}

const articles: Readonly<Record<string, string>> = {
  Hash: 'a hash',
  Message: 'a message',
  Eip191: 'a message (EIP-191)',
  Eip712: 'typed data (EIP-712)',
  Eip7702: 'an authorisation of code (EIP-7702)',
  Transaction: 'a transaction',
  Psbt: 'a Bitcoin transaction (PSBT)',
};
const article = (kind: JsonValue | undefined): string =>
  wordFor(articles, textOf(kind), `a request of kind ${textOf(kind)}`);

/** A key that belongs to one user from its beginning. */
const forUser = (body: JsonObject): string =>
  body['delegateTo'] === undefined ? '' : `, for user ${textOf(body['delegateTo'])} alone`;

function amountOf(body: JsonObject): string {
  const amount = textOf(body['amount']);
  if (body['kind'] === 'Native') return `${amount || 'an amount'} of the smallest unit`;
  const token = textOf(body['contract']) || textOf(body['mint']) || textOf(body['assetId']);
  if (body['tokenId'] !== undefined) return `token ${textOf(body['tokenId'])} of ${token}`;
  return `${amount || 'an amount'} of the smallest unit of ${token || textOf(body['kind'])}`;
}
