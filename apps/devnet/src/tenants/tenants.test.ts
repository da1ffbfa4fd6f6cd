/**
 * Two organisations on one cluster. For every operation of the contract and every place of it that takes an id, the
 * other organisation's id is answered exactly as one that never was; what one has shows in no list of the other.
 */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { fullName, type Operation, operations, paramKinds } from '@holdfast/contract/operations';
import { type IdPrefix, idKinds, idPattern } from '@holdfast/contract/types';
import { type Answer, Caller, codeOf, good } from '../faults/caller.ts';
import { Pieces } from '../faults/pieces.ts';
import { askSignature, createWallet, importBody, kinds, newPrivateKey } from '../faults/wallets.ts';

type Kind = IdPrefix;
type Ids = Readonly<Record<Kind, string>>;

interface Place {
  readonly in: 'path' | 'body';
  readonly kind: Kind;
  /** Name of the path parameter, or where in the body: `signingKey.id`. */
  readonly at: string;
}

interface Tenant {
  readonly admin: Caller;
  readonly robot: Caller;
  readonly ids: Ids;
}

// ── what the contract says ──────────────────────────────────────────────────────────────────────────────────────

const kindOfPattern = new Map((Object.keys(idKinds) as Kind[]).map((kind) => [idPattern(kind), kind]));

/** Members that hold an id though their schema takes any text. */
const idsByName: Readonly<Record<string, Kind>> = {
  identityId: 'us',
  credentialUuid: 'cr',
  keyId: 'key',
  delegateTo: 'us',
};

/** Members that end like an id and are none of this api's. */
const noIds: Readonly<Record<string, string>> = {
  externalId: 'a label of the caller; a test below shows that it is one for each organisation',
  credentialId: 'the name a credential gives itself',
  credId: 'the name a credential gives itself',
  relyingPartyId: 'the domain of a web page',
  signerId: 'the signers are the same for everybody',
  storeId: 'there is one key store; refused by name',
  chainId: 'a number of a chain',
  assetId: 'an asset of a chain',
  instrumentId: 'an asset of a chain',
  issuanceId: 'an asset of a chain',
  tokenId: 'an asset of a chain; of the path it is a token of ours',
  feeSponsorId: 'there are no fee sponsors; refused by name',
  validatorId: 'there are no validators; refused by name; of the path it is one of ours',
  clientId: 'a name at somebody else’s login',
  challengeIdentifier: 'a token; a test below shows that it serves its owner only',
};

interface Schema {
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
}

function placesInBody(schema: Schema | undefined, path: readonly string[] = []): readonly Place[] {
  if (schema === undefined) return [];
  const name = path.at(-1) ?? '';
  const kind = kindOfPattern.get(schema.pattern ?? '') ?? idsByName[name];
  if (kind !== undefined) return [{ in: 'body', kind, at: path.join('.') }];
  if (/(Id|Uuid|Identifier)$/.test(name) && noIds[name] === undefined)
    throw new Error(`${path.join('.')} looks like an id: say which kind it is, or why it is none`);
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([member, each]) => placesInBody(each, [...path, member])),
    ...(schema.anyOf ?? []).flatMap((each) => placesInBody(each, path)),
    ...placesInBody(schema.items, path),
  ];
}

function placesOf(of: Operation): readonly Place[] {
  const params = [...of.path.matchAll(/:(\w+)/g)].flatMap(([, at = '']): Place[] => {
    const kind = paramKinds[at];
    if (kind === undefined) throw new Error(`${at} has no kind`);
    // Networks are the same for everybody.
    return kind === 'network' ? [] : [{ in: 'path', kind, at }];
  });
  const all = [...params, ...placesInBody(of.request as Schema | undefined)];
  return all.filter(({ at }, k) => all.findIndex((other) => other.at === at) === k);
}

/** Nobody in particular calls these, so nothing is another's: what they tell of a user is compared below. */
const isOfSomebody = (of: Operation): boolean => of.auth === 'bearer';
const withPlaces = operations.filter((of) => isOfSomebody(of) && placesOf(of).length > 0);

// ── requests that are right in all else ─────────────────────────────────────────────────────────────────────────

const conf = newWalletExportContext().getConf();
const pem =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n';

/** A body that the operation would take, were its ids the caller's own; an operation without one needs none. */
const bodies: Readonly<Record<string, object>> = {
  'auth.confirmRegistration': {
    credentials: [{ credentialId: 'AAAA', kind: 'Key', publicKey: pem, name: 'phone' }],
  },
  'auth.createApplication': {
    name: 'mine now',
    kind: 'ClientSideApplication',
    relyingPartyId: 'bolt.example',
    origin: 'https://bolt.example',
  },
  'auth.updateApplication': { name: 'mine now' },
  'auth.confirmCredential': { credentialId: 'AAAA', kind: 'Key', publicKey: pem, name: 'laptop' },
  'auth.createServiceAccount': { name: 'robot', publicKey: pem },
  'orgs.updateOrgSettings': { keyImport: true },
  'keys.createKey': { scheme: 'EdDSA', curve: 'ed25519' },
  'keys.deriveKey': { domain: '0x6578616d706c65', seed: '0x616c696365' },
  'keys.exportKey': conf,
  'keys.generateSignature': kinds.ed25519.what,
  'keys.updateKey': { name: 'mine now' },
  'auth.createPersonalAccessToken': { name: 'script', publicKey: pem },
  'auth.updatePersonalAccessToken': { name: 'mine now' },
  'auth.updateServiceAccount': { name: 'mine now' },
  'auth.updateUser': { isSSORequired: false },
  'permissions.archivePermission': { isArchived: true },
  'permissions.updatePermission': { name: 'mine now' },
  'networks.createCantonValidator': { kind: 'Shared' },
  'networks.updateCantonValidator': { name: 'mine now' },
  'wallets.activateWallet': {},
  'wallets.broadcastTransaction': { kind: 'Transaction', transaction: '0x00' },
  'wallets.cantonLedgerApiProxy': { requestMethod: 'GET', resource: '/v2/version' },
  'wallets.createWallet': { network: 'KeyEdDSA' },
  'wallets.exportWallet': conf,
  'wallets.generateSignature': kinds.ed25519.what,
  'wallets.tagWallet': { tags: ['mine'] },
  'wallets.transferAsset': { kind: 'Native', to: 'somebody', amount: '1' },
  'wallets.untagWallet': { tags: ['secret tag'] },
  'wallets.updateWallet': { name: 'mine now' },
};

function requestOf(of: Operation, idAt: (place: Place) => string): { path: string; body: object | undefined } {
  const places = placesOf(of);
  const path = of.path.replace(/:(\w+)/g, (_, at: string) =>
    paramKinds[at] === 'network' ? 'canton' : idAt(find(places, at)),
  );
  if (of.request === undefined) return { path, body: undefined };
  const body: Record<string, unknown> = { ...bodies[fullName(of)] };
  for (const place of places.filter((each) => each.in === 'body')) {
    if (!optional(of, place)) put(body, place.at.split('.'), idAt(place));
  }
  return { path, body };
}

function put(body: Record<string, unknown>, [first = '', ...rest]: readonly string[], id: string): void {
  if (rest.length === 0) body[first] = id;
  else {
    const inner = { ...(body[first] as object | undefined) };
    put(inner, rest, id);
    body[first] = inner;
  }
}

const optional = (of: Operation, { at }: Place): boolean =>
  !((of.request as { required?: readonly string[] }).required ?? []).includes(at.split('.')[0] ?? '');

function find(places: readonly Place[], at: string): Place {
  const place = places.find((each) => each.at === at);
  if (place === undefined) throw new Error(`no place ${at}`);
  return place;
}

// ── two organisations ───────────────────────────────────────────────────────────────────────────────────────────

let pieces: Pieces;
let a: Tenant;
let b: Tenant;
let unknown: Ids;

before(async () => {
  pieces = await Pieces.found();
  await pieces.startApi({ online: 5 });
  a = await tenant('Acme', 'the secret of Acme');
  b = await tenant('Bolt', 'the secret of Bolt');
  unknown = Object.fromEntries(
    Object.entries(a.ids).map(([kind, id]) => [kind, id.replace(/.{8}$/, '00000000')]),
  ) as unknown as Ids;
});
after(async () => {
  await pieces.stop();
  pieces.remove();
});

async function tenant(name: string, secret: string): Promise<Tenant> {
  const account = await pieces.createOrg(name);
  const [admin, robot] = [new Caller(account, account.admin), new Caller(account)];
  const wallet = await createWallet(robot, 'ed25519');
  good(await robot.act('PUT', `/wallets/${wallet.id}`, { name: secret, externalId: 'shared-label' }));
  good(await robot.act('PUT', `/wallets/${wallet.id}/tags`, { tags: ['secret tag'] }));
  const signature = good(await askSignature(robot, wallet)).body as { id: string };
  await createWallet(robot, 'ed25519');
  const user = good(
    await admin.act('POST', '/auth/users', { email: `user@${name.toLowerCase()}.example`, kind: 'CustomerEmployee' }),
  ).body as { userId: string };
  const [permission] = good(await admin.read('/permissions')).body.items as { id: string }[];
  const assignment = good(
    await admin.act('POST', `/permissions/${permission?.id}/assignments`, { identityId: user.userId }),
  ).body as { id: string };
  const [credential] = good(await admin.read('/auth/credentials')).body.items as { credentialUuid: string }[];
  const token = good(await admin.act('POST', '/auth/pats', { name: 'script', publicKey: pem })).body as {
    tokenId: string;
  };
  const application = good(
    await admin.act('POST', '/auth/apps', {
      name: `${name} mobile`,
      kind: 'ClientSideApplication',
      relyingPartyId: `${name.toLowerCase()}.example`,
      origin: `https://${name.toLowerCase()}.example`,
    }),
  ).body as { appId: string };
  const log = good(await admin.read('/auth/action/logs?startTime=2020-01-01&endTime=2100-01-01')).body as unknown;
  const [logged = ''] = String(log).split('\r\n')[1]?.split(',') ?? [];
  return {
    admin,
    robot,
    ids: {
      or: account.orgId,
      us: user.userId,
      to: token.tokenId,
      ch: logged,
      ap: application.appId,
      cr: credential?.credentialUuid ?? '',
      key: wallet.keyId,
      wa: wallet.id,
      sig: signature.id,
      pm: permission?.id ?? '',
      as: assignment.id,
      // Nodes would be needed to make some; the wallet before them in each path is refused first.
      xfr: 'xfr-00000-00000-0000000000000000',
      tx: 'tx-00000-00000-0000000000000000',
      // This release makes none.
      of: 'of-00000-00000-0000000000000000',
      cv: 'cv-00000-00000-0000000000000000',
    },
  };
}

const call = (who: Caller, of: Operation, { path, body }: ReturnType<typeof requestOf>): Promise<Answer> =>
  of.userAction
    ? who.act(of.method, path, body ?? {})
    : who.send(of.method, path, body === undefined ? undefined : JSON.stringify(body));

/** A refusal without what is different in every reply, and without the id that was asked for. */
function shape(answer: Answer, ids: readonly string[]): unknown {
  const text = ids.reduce((rest, id) => rest.replaceAll(id, '<id>'), answer.text);
  return { status: answer.status, text: text.replace(/"id":"req-[0-9a-f]+"/, '"id":"req"') };
}

const asked = new Map<string, number>();

for (const of of withPlaces)
  test(`${fullName(of)}: another organisation's ids are as unknown as ids that never were`, async () => {
    for (const who of [b.admin, b.robot]) {
      const places = placesOf(of);
      const subjects = [...places.map((place) => [place]), ...(places.length > 1 ? [places] : [])];
      for (const foreign of subjects) {
        const fill = (ids: Ids) => {
          const request = requestOf(of, (place) =>
            foreign.some(({ at }) => at === place.at) ? ids[place.kind] : ownId(of, who, place),
          );
          for (const place of foreign.filter((each) => each.in === 'body' && optional(of, each))) {
            put(request.body as Record<string, unknown>, place.at.split('.'), ids[place.kind]);
          }
          return request;
        };

        const theirs = await call(who, of, fill(a.ids));
        const nobodys = await call(who, of, fill(unknown));

        const what = `${fullName(of)} ${foreign.map(({ at }) => at).join('+')}`;
        deepEqual(shape(theirs, Object.values(a.ids)), shape(nobodys, Object.values(unknown)), what);
        const expected = theirs.status === 404 || theirs.status === 403;
        ok(expected, `${what}: ${theirs.status} ${theirs.text}`);
        asked.set(`${theirs.status} ${codeOf(theirs)}`, (asked.get(`${theirs.status} ${codeOf(theirs)}`) ?? 0) + 1);
      }
    }
  });

/** The caller's own thing at a place that is not the one in question. */
const ownId = (_of: Operation, who: Caller, { kind }: Place): string => (kind === 'us' ? who.who.userId : b.ids[kind]);

test('what was asked for above changed nothing of the other organisation', async () => {
  const { body } = good(await a.robot.read(`/wallets/${a.ids.wa}`));
  equal(body.name, 'the secret of Acme');
  deepEqual(body.tags, ['secret tag']);
  equal(body.status, 'Active');
  equal(good(await a.robot.read(`/keys/${a.ids.key}`)).body.exported ?? false, false);
  equal(
    good(await askSignature(a.robot, { id: a.ids.wa, keyId: a.ids.key, publicKey: '', kind: 'ed25519' })).status,
    200,
  );
  console.log(`asked with foreign ids: ${[...asked].map(([how, count]) => `${count} × ${how}`).join(', ')}`);
});

const reads = operations.filter((of) => isOfSomebody(of) && of.method === 'GET');
const lists = reads.filter((of) =>
  Object.hasOwn((of.query as Schema | undefined)?.properties ?? {}, 'paginationToken'),
);

for (const of of reads)
  test(`${fullName(of)}: shows nothing of another organisation`, async () => {
    const marks = [...Object.values(a.ids).filter((id) => !id.startsWith('to-')), 'Acme', 'acme', a.admin.who.userId];
    for (const who of [b.admin, b.robot]) {
      const answer = await call(
        who,
        of,
        requestOf(of, (place) => ownRead(place)),
      );
      for (const mark of marks) equal(answer.text.includes(mark), false, `${fullName(of)} shows ${mark}`);
      for (const query of ownersIn(of)) {
        const path = requestOf(of, ownRead).path;
        const [theirs, nobodys] = await Promise.all(
          [a.ids.us, unknown.us].map((id) => who.read(`${path}?${query}=${id}`)),
        );
        deepEqual(shape(theirs as Answer, [a.ids.us]), shape(nobodys as Answer, [unknown.us]));
        const named = await who.read(`${path}?${query}=user@acme.example`);
        deepEqual(shape(named, []), shape(await who.read(`${path}?${query}=user@nowhere.example`), []));
      }
    }
  });

const ownRead = ({ kind }: Place): string => b.ids[kind];
const ownersIn = (of: Operation): readonly string[] =>
  Object.keys((of.query as Schema | undefined)?.properties ?? {}).filter((name) => /^owner/.test(name));

for (const of of lists)
  test(`${fullName(of)}: a page token of another organisation is none`, async () => {
    const theirPath = requestOf(of, ({ kind }) => a.ids[kind]).path;
    const span = spanOf(of);
    const page = await a.admin.read(`${theirPath}?limit=1${span}`);
    // The history of one wallet comes from nodes, of which there are none here: refused before any token is looked at.
    const isWithoutNode = codeOf(page) === 'E_NODE_UNSET';
    const { nextPageToken } = (isWithoutNode ? {} : good(page).body) as { nextPageToken?: string };
    // Too short a list has no second page; a token of the longest list serves as well, and is as foreign.
    const token = nextPageToken ?? (good(await a.admin.read('/wallets?limit=1')).body.nextPageToken as string);
    const ownPath = requestOf(of, ownRead).path;

    const theirs = await b.admin.read(`${ownPath}?paginationToken=${encodeURIComponent(token)}${span}`);
    const madeUp = await b.admin.read(`${ownPath}?paginationToken=${encodeURIComponent(flipped(token))}${span}`);

    equal(codeOf(theirs), isWithoutNode ? 'E_NODE_UNSET' : 'E_PAGINATION_TOKEN');
    deepEqual(shape(theirs, [token]), shape(madeUp, [flipped(token)]));
  });

/** What a report over a span of time cannot be asked without. */
const spanOf = (of: Operation): string =>
  'startTime' in ((of.query as Schema | undefined)?.properties ?? {}) ? '&startTime=2020-01-01&endTime=2100-01-01' : '';

const flipped = (token: string): string => `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.slice(-1)}`;

test('an external id is its organisation’s own', async () => {
  const made = good(await b.robot.act('POST', '/wallets', { network: 'Solana', externalId: 'Acme-7' })).body;
  const theirs = good(await a.robot.act('POST', '/wallets', { network: 'Solana', externalId: 'Acme-7' })).body;

  notEqual(made.id, theirs.id);
  notEqual(made.signingKey.id, theirs.signingKey.id);
});

test('a user action serves the one who signed it, and so does the challenge before it', async () => {
  const payload = JSON.stringify({ network: 'KeyEdDSA' });
  const token = await a.robot.approve('POST', '/wallets', payload);
  ok(typeof token === 'string');
  const stolen = await b.robot.send('POST', '/wallets', payload, token);
  const madeUp = await b.robot.send('POST', '/wallets', payload, `${token.slice(0, -4)}AAAA`);
  ok(stolen.status >= 400 && stolen.status < 404, stolen.text);
  deepEqual(shape(stolen, []), shape(madeUp, []));

  const wish = { userActionPayload: payload, userActionHttpMethod: 'POST', userActionHttpPath: '/wallets' };
  const challenge = good(await a.robot.send('POST', '/auth/action/init', JSON.stringify(wish))).body;
  const answer = { kind: 'Key', credentialAssertion: { credId: 'AAAA', clientData: 'e30', signature: 'AAAA' } };
  const complete = (challengeIdentifier: string) =>
    b.robot.send('POST', '/auth/action', JSON.stringify({ challengeIdentifier, firstFactor: answer }));
  const [theirs, nobodys] = [
    await complete(challenge.challengeIdentifier),
    await complete(`${challenge.challengeIdentifier.slice(0, -4)}AAAA`),
  ];
  ok(theirs.status >= 400 && theirs.status < 404, theirs.text);
  deepEqual(shape(theirs, []), shape(nobodys, []));
});

test('who knows a name of one organisation learns nothing from the other’s login and registration', async () => {
  const nobody = (path: string, method: 'POST' | 'PUT', more: object) => async (username: string) => {
    const body = JSON.stringify({ username, orgId: b.ids.or, ...more });
    return b.robot.send(method, path, body);
  };
  for (const ask of [
    nobody('/auth/login/init', 'POST', {}),
    nobody('/auth/registration/init', 'POST', { registrationCode: 'ABCD-EFGH-JKLM' }),
    nobody('/auth/registration/code', 'PUT', {}),
    nobody('/auth/login/code', 'POST', {}),
    nobody('/auth/login/init', 'POST', { loginCode: '0000-0000-0000-0000' }),
    nobody('/auth/recover/user/code', 'POST', {}),
    nobody('/auth/recover/user/init', 'POST', { verificationCode: '0000-0000-0000-0000', credentialId: 'AAAA' }),
  ]) {
    const [theirs, nobodys] = [await ask('user@acme.example'), await ask('user@nowhere.example')];
    equal(theirs.status, nobodys.status);
    deepEqual(skeleton(theirs.body), skeleton(nobodys.body));
  }
});

/** Members, lengths and kinds; not what is drawn anew for every reply. */
function skeleton(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(skeleton);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, skeleton(each)]));
  return typeof value === 'string' ? typeof value : value;
}

test('a key imported by one organisation is not usable by the other, whatever it imports', async () => {
  const secret = newPrivateKey();
  const theirs = good(await a.robot.act('POST', '/wallets/import', await importBody(a.robot, 'ed25519', secret))).body;
  const again = await b.robot.act('POST', '/wallets/import', await importBody(b.robot, 'ed25519', secret));

  // One key of one cluster (rulings 13). That it is there is told to who holds the private key already, and no more.
  equal(codeOf(again), 'E_KEY_EXISTS');
  equal(again.text.includes(theirs.id) || again.text.includes(theirs.signingKey.id), false);
});
