/**
 * bad-inputs G against real processes, as the caller sees them: imports and exports that are properly signed and whose
 * sealed material, lists or labels are wrong. What each signer does when commanded past the api is in hostile/keys.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { type SignerInfo, splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import { type Curve, curve, type Scalar } from '@holdfast/crypto/curves';
import { encodeImportShare, generateRecipient, seal } from '@holdfast/crypto/envelope';
import { evaluate } from '@holdfast/crypto/sharing';
import { type AccountFile, Cluster, sdk } from '../harness/index.ts';
import { type Answer, Door, type Expected, good, refused } from './door.ts';

let cluster: Cluster;
let account: AccountFile;
let door: Door;
let other: Door;
let signers: readonly SignerInfo[];
/** A wallet that stays, and what everything looked like with it. */
let standing: string;
let atFirst: unknown;
/** Where only some signers have a reason to refuse, the others wait ten seconds for them: these imports go on meanwhile. */
let waiting: Promise<Readonly<Record<'order' | 'zero' | 'above' | 'mixed', Answer>>>;

before(async () => {
  cluster = await Cluster.start({ env: { HOLDFAST_RATE_LIMIT: '0' } });
  account = cluster.createOrg('Vaults');
  door = new Door(account);
  other = new Door(cluster.createOrg('Neighbours'));
  signers = good(await door.read('/signers')).body.clusters[0].signers;
  standing = good(await door.act('POST', '/wallets', { network: 'Solana' })).body.id;
  atFirst = await door.everything();
  waiting = partlyWrong();
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

const random = (n: number) => new Uint8Array(randomBytes(n));
const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const freshKey = () => Uint8Array.of(1, ...random(31));
const bad = (code: string | string[], message: string | RegExp): Expected => ({ status: 400, code, message });

type Share = { readonly signerId: string; readonly encryptedKeyShare: string };
const split = (privateKey = freshKey(), to = signers) =>
  splitPrivateKeyForSigners({ signers: to, privateKey, keyCurve: 'secp256k1' }) as unknown as {
    encryptedKeyShares: Share[];
  };
const importKey = (body: unknown, by = door) => by.act('POST', '/keys/import', body);
const exportKey = (keyId: string, body: unknown, by = door) => by.act('POST', `/keys/${keyId}/export`, body);

/** Refused, and nothing was kept; the very same key then comes in as it should, unless told otherwise. */
async function notImported(body: unknown, expected: Expected, by = door): Promise<void> {
  await by.unchanged(async () => refused(await importKey(body, by), expected));
}

/** A dealer that does not keep to the rules, on secp256k1. */
function dealt(deal: {
  degree?: number;
  share?: (f: (x: number) => Scalar, i: number) => Scalar;
  points?: (all: Uint8Array[], i: number) => Uint8Array[];
  edit?: (text: string) => string;
}): object {
  const group: Curve = curve('secp256k1');
  const polynomial = Array.from({ length: (deal.degree ?? 2) + 1 }, () => group.scalar.random(random));
  const f = (x: number) => evaluate(group, polynomial, x);
  const all = signers.map((_, at) => group.encodeUncompressed(group.mulBase(f(at + 1))));
  const encryptedKeyShares = signers.map(({ signerId, encryptionKey }, at) => {
    const plaintext = encodeImportShare({
      curve: 'secp256k1',
      secretShare: deal.share?.(f, at + 1) ?? f(at + 1),
      publicShares: deal.points?.(all, at + 1) ?? all,
    });
    const text = deal.edit?.(new TextDecoder().decode(plaintext)) ?? new TextDecoder().decode(plaintext);
    const to = Buffer.from(encryptionKey, 'base64');
    return { signerId, encryptedKeyShare: b64(seal({ to, plaintext: new TextEncoder().encode(text), random })) };
  });
  return { curve: 'secp256k1', protocol: 'CGGMP21', minSigners: 3, encryptedKeyShares };
}

async function partlyWrong() {
  const group = curve('secp256k1');
  const atOrder = Uint8Array.from(Buffer.from(group.order.toString(16).padStart(64, '0'), 'hex')) as Scalar;
  const first = dealt({}) as { encryptedKeyShares: Share[] };
  const second = dealt({}) as { encryptedKeyShares: Share[] };
  const [order, zero, above, mixed] = await Promise.all(
    [
      dealt({ share: (f, i) => f(i === 1 ? 2 : i === 2 ? 1 : i) }),
      dealt({ share: (f, i) => (i === 3 ? group.scalar.zero : f(i)) }),
      dealt({ share: (f, i) => (i === 2 ? atOrder : f(i)) }),
      {
        ...first,
        encryptedKeyShares: first.encryptedKeyShares.map((each, at) =>
          at === 4 ? second.encryptedKeyShares[4] : each,
        ),
      },
    ].map((body) => importKey(body)),
  );
  return { order, zero, above, mixed } as Record<'order' | 'zero' | 'above' | 'mixed', Answer>;
}

test('[bad-input 141] [bad-input 156] import and export while they are off, and without the permission', async () => {
  const closed = cluster.createOrg('Closed', { enable: false, allowExport: false });
  const [user, admin] = [new Door(closed), new Door(closed, closed.admin)];
  const { id } = good(await user.act('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519' })).body;
  const conf = newWalletExportContext().getConf();
  await user.unchanged(async () => {
    refused(await importKey(split(), user), {
      status: 403,
      code: 'E_IMPORT_DISABLED',
      message: /not enabled.*holdfast org enable import/,
    });
    refused(await exportKey(id, conf, admin), {
      status: 403,
      code: 'E_EXPORT_DISABLED',
      message: /not enabled.*holdfast org enable export/,
    });
    refused(await exportKey(id, conf, user), {
      status: 403,
      code: 'E_FORBIDDEN',
      message: /^CustomerEmployee us-[a-z0-9-]+ is not authorized to perform operation \(Keys:Export\)$/,
    });
  });
});

test('[bad-input 142] minSigners of 0, 2, 4, 3.5 or a text', async () => {
  for (const minSigners of [0, 2, 4, 3.5, '3', null])
    refused(
      await door.json('POST', '/keys/import', JSON.stringify({ ...split(), minSigners })),
      bad('E_BODY', 'body.minSigners must be 3'),
    );
});

test('[bad-input 143] four or six shares, a signer twice, an unknown signer, none', async () => {
  const whole = split();
  const [first, ...rest] = whole.encryptedKeyShares as [Share, ...Share[]];
  const unknown = { ...first, signerId: b64(random(32)) };
  const missing = first.signerId.slice(0, 8).replace(/[+/]/g, '\\$&');
  for (const [encryptedKeyShares, why] of [
    [rest, `missing ${missing}…`],
    [[unknown, ...rest], `missing ${missing}…`],
    [[...whole.encryptedKeyShares, unknown], '1 of them unknown; call GET /signers'],
    [[...whole.encryptedKeyShares, first], 'a signer appears twice'],
    [[rest[0], ...rest], `missing ${missing}…`],
    [[], 'missing .*…'],
  ] as const)
    await notImported(
      { ...whole, encryptedKeyShares },
      bad(
        'E_IMPORT_SHARES',
        new RegExp(`^body.encryptedKeyShares must have one entry for each of the 5 signers; ${why}$`),
      ),
    );
});

test('[bad-input 144] shares swapped between two signers, in their parcels or under them', async () => {
  const whole = split();
  const [a, b, ...rest] = whole.encryptedKeyShares as [Share, Share, ...Share[]];
  const swapped = [
    { ...a, encryptedKeyShare: b.encryptedKeyShare },
    { ...b, encryptedKeyShare: a.encryptedKeyShare },
    ...rest,
  ];
  await notImported({ ...whole, encryptedKeyShares: swapped }, bad('E_IMPORT_KEYS_EXPIRED', /./));
  refused((await waiting).order, bad('E_IMP_SHARE', /./));
});

test('[bad-input 146] a share of another version, with a member too many, of zero, at the order, in another byte order, no parcel at all', async () => {
  const { zero, above } = await waiting;
  refused(zero, bad(['E_IMP_SCALAR', 'E_IMP_SHARE'], /./));
  refused(above, bad(['E_IMP_SCALAR', 'E_IMP_FORMAT'], /./));
  for (const [body, codes] of [
    [dealt({ edit: (text) => text.replace('"version":1', '"version":2') }), ['E_IMP_FORMAT']],
    [dealt({ edit: (text) => text.replace('{"version":1', '{"version":1,"extra":1') }), ['E_IMP_FORMAT']],
    [dealt({ edit: (text) => `${text} ` }), ['E_IMP_FORMAT']],
    [dealt({ share: (f, i) => Uint8Array.from(f(i)).reverse() as Scalar }), ['E_IMP_SHARE', 'E_IMP_SCALAR']],
  ] as const)
    await notImported(body, bad([...codes], /./));
  const whole = split();
  for (const encryptedKeyShare of ['AAAA', b64(random(1008)), '!!!!', 'A'.repeat(4096)])
    await notImported(
      { ...whole, encryptedKeyShares: whole.encryptedKeyShares.map((each) => ({ ...each, encryptedKeyShare })) },
      bad(['E_IMPORT_KEYS_EXPIRED', 'E_IMP_FORMAT', 'E_BODY', 'E_BASE64', 'E_IMPORT_SHARES', 'E_ENVELOPE'], /./),
    );
});

test('[bad-input 147] public shares of a wrong number, twice the same, off one polynomial of degree 2', async () => {
  for (const [deal, codes] of [
    [{ degree: 3 }, ['E_IMP_DEGREE']],
    [{ degree: 1 }, ['E_IMP_DEGREE']],
    [{ points: (all: Uint8Array[]) => all.slice(0, 4) }, ['E_IMP_POINTS', 'E_IMP_FORMAT']],
    [{ points: (all: Uint8Array[]) => [...all, ...all.slice(0, 1)] }, ['E_IMP_POINTS', 'E_IMP_FORMAT']],
    [
      { points: (all: Uint8Array[]) => [...all.slice(0, 4), ...all.slice(3, 4)] },
      ['E_IMP_POINTS', 'E_IMP_DEGREE', 'E_IMP_SHARE'],
    ],
  ] as const)
    await notImported(dealt(deal), bad([...codes], /./));
});

test('[bad-input 148] different public shares to different signers', async () => {
  const { mixed } = await waiting;

  refused(mixed, { status: mixed.status, code: ['E_IMP_MISMATCH', 'E_PEER_GONE'], message: /./ });
  ok([400, 503].includes(mixed.status));
  deepEqual(await door.everything(), atFirst);
});

test('[bad-input 153] shares sealed to import keys that no signer has', async () => {
  const strangers = signers.map((each) => ({ ...each, encryptionKey: b64(generateRecipient(random).publicKey34) }));
  await notImported(split(freshKey(), strangers), bad('E_IMPORT_KEYS_EXPIRED', /call GET \/signers again$/));
});

test('[bad-input 151] [bad-input 152] a key that is here already, in whatever organisation; a parcel that was used', async () => {
  const privateKey = freshKey();
  const body = split(privateKey);
  const key = good(await importKey(body)).body;
  // Its own organisation may be told where it is; nobody else is.
  const exists = { status: 409, code: 'E_KEY_EXISTS', message: /^this key already exists here/ };
  const used = { status: 409, code: ['E_IMP_CIPHERTEXT_USED', 'E_KEY_EXISTS'], message: /./ };
  for (const by of [door, other]) {
    await notImported(split(privateKey), exists, by);
    await notImported(body, used, by);
  }
  const hint = await importKey(split(privateKey), other);
  equal(hint.body.error.message, 'this key already exists here');
  ok(!hint.text.includes(account.orgId) && !hint.text.includes(key.id), 'says where');
  good(await new Door(account, account.admin).act('DELETE', `/keys/${key.id}`));
  await notImported(split(privateKey), exists, other);
  atFirst = await door.everything();
});

test('[bad-input 157] [bad-input 158] exports to what is no key, or for a client that cannot read them; the key still signs', async () => {
  const key = good(await door.act('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519' })).body;
  const conf = newWalletExportContext().getConf();
  const bytes = Buffer.from(conf.encryptionKey, 'base64');
  await door.unchanged(async () => {
    for (const encryptionKey of [
      b64(Uint8Array.of(2, ...bytes.subarray(1))),
      b64(bytes.subarray(0, 33)),
      b64(bytes.subarray(0, 32)),
      b64(Buffer.concat([bytes, Uint8Array.of(0)])),
      b64(Uint8Array.of(1, 0, ...new Uint8Array(32))),
      b64(Uint8Array.of(1, 4, ...bytes.subarray(2))),
      b64(Uint8Array.of(1, 2, ...new Uint8Array(31), 5)),
      b64(Uint8Array.of(1, 2, ...new Uint8Array(32).fill(0xff))),
      bytes.toString('base64url').replace(/[AQ]/g, '-'),
      `${conf.encryptionKey.slice(0, -1)}`,
      'not base64',
    ])
      refused(
        await exportKey(key.id, { ...conf, encryptionKey }),
        bad('E_ENCRYPTION_KEY', 'body.encryptionKey is not a valid key'),
      );
    refused(
      await exportKey(key.id, { ...conf, supportedSchemes: [] }),
      bad('E_EXPORT_SCHEME', 'key uses FROST/ed25519; your client lists nothing'),
    );
    refused(
      await exportKey(key.id, { ...conf, supportedSchemes: [{ protocol: 'CGGMP21', curve: 'secp256k1' }] }),
      bad('E_EXPORT_SCHEME', 'key uses FROST/ed25519; your client lists CGGMP21/secp256k1'),
    );
  });
  equal(
    good(await door.act('POST', `/keys/${key.id}/signatures`, { kind: 'Message', message: '01' })).body.status,
    'Signed',
  );
});

test('[bad-input 161] an exported key signs no more, at both levels, for the stock client too; it can be exported again', async () => {
  const wallet = good(await door.act('POST', '/wallets', { network: 'KeyEdDSA' })).body;
  const context = newWalletExportContext();
  const secret = context.recoverSecretKey(good(await exportKey(wallet.signingKey.id, context.getConf())).body);
  const exported = bad('E_KEY_EXPORTED', 'key is exported and can no longer sign');
  const body = { kind: 'Message', message: '0x01' };
  await door.unchanged(async () => {
    for (const path of [`/wallets/${wallet.id}`, `/keys/${wallet.signingKey.id}`])
      refused(await door.act('POST', `${path}/signatures`, body), exported);
    const stock: Error & { httpStatus?: number } = await sdk(account)
      .wallets.generateSignature({ walletId: wallet.id, body: body as never })
      .then(
        () => new Error('signed'),
        (error) => error,
      );
    match(stock.message, /exported and can no longer sign/);
    equal(stock.httpStatus, 400);
  });
  const again = newWalletExportContext();
  const reply: Answer = await door.act('POST', `/wallets/${wallet.id}/export`, again.getConf());
  deepEqual(again.recoverSecretKey(good(reply).body), secret);
  good(await importKey({ ...splitPrivateKeyForSigners({ signers, privateKey: freshKey(), keyCurve: 'secp256k1' }) }));
});

test('[bad-input 162] master keys are refused by name on import', async () => {
  await notImported({ ...split(), masterKey: true }, bad('E_MASTER_KEY', /^masterKey is not available on import/));
});

test('after all of this the cluster imports and signs', async () => {
  equal(
    good(await door.act('POST', `/wallets/${standing}/signatures`, { kind: 'Message', message: '01' })).body.status,
    'Signed',
  );
  const key = good(await importKey(split())).body;
  const signed = good(
    await door.act('POST', `/keys/${key.id}/signatures`, { kind: 'Hash', hash: 'ab'.repeat(32) }),
  ).body;
  equal(signed.status, 'Signed');
});
