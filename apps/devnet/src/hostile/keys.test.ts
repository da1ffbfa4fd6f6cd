/**
 * Import, export, key creation and destruction against five real signers that a hostile api commands: every parcel,
 * list and label that can be wrong, one at a time, with a signature of the user over exactly that.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { type SignerInfo, splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import type { Reply } from '@holdfast/cluster/commands';
import { type Curve, type CurveName, curve, type Scalar } from '@holdfast/crypto/curves';
import { encodeImportShare, generateRecipient, seal } from '@holdfast/crypto/envelope';
import { evaluate } from '@holdfast/crypto/sharing';
import { everybody, HostileApi, type Org, refusalOf, resultOf } from './hostile-api.ts';

let api: HostileApi;
let org: Org;
let other: Org;

before(async () => {
  api = await HostileApi.start();
  org = await api.found('Keys');
  other = await api.found('Neighbour');
  await api.switchOn(org);
  await api.switchOn(other);
});
after(() => api.stop());

const random = (n: number) => new Uint8Array(randomBytes(n));
const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const freshKey = () => Uint8Array.of(1, ...random(31));

/** The import keys the signers hand out, in roster order. */
async function signers(): Promise<SignerInfo[]> {
  const replies = await api.send(everybody, (id) => ({ v: 1, id, kind: 'ImportKey' }));
  return replies.map((reply, at) => ({
    signerId: b64(api.roster.signers[at]?.signerId ?? random(32)),
    encryptionKey: resultOf(reply, 'importKey').encryptionKey,
  }));
}

type Shares = { signerId: string; encryptedKeyShare: string }[];
interface ImportBody {
  curve: string;
  protocol: string;
  minSigners: unknown;
  encryptedKeyShares: Shares;
  network?: string;
  masterKey?: boolean;
}

async function honest(privateKey = freshKey()): Promise<ImportBody> {
  return { ...splitPrivateKeyForSigners({ signers: await signers(), privateKey, keyCurve: 'secp256k1' }) };
}

async function importKey(body: unknown, where: Org = org): Promise<readonly Reply[]> {
  return api.act(everybody, api.sign(api.draft(where, 'POST', '/keys/import', body), where.admin));
}

/** Refused by all, at least one naming one of the codes; no key anywhere afterwards. */
async function refused(replies: readonly Reply[], codes: readonly string[]): Promise<void> {
  const given = replies.map((reply) => refusalOf(reply)?.code ?? 'accepted');
  ok(
    given.every((code) => code !== 'accepted'),
    `accepted by somebody: ${JSON.stringify(replies)}`,
  );
  ok(
    given.some((code) => codes.includes(code)),
    `expected ${codes.join(' or ')}, got ${given.join(', ')}`,
  );
}

/** What each signer's journal calls an active or pending key, by count. */
function keysMade(): readonly number[] {
  return everybody.map(
    (index) => api.journal(index).filter(({ event }) => event === 'key.active' || event === 'key.pending').length,
  );
}

/** A dealer that does not keep to the rules: any shares, any points, sealed to whom it likes. */
async function dealt(
  deal: (
    group: Curve,
    f: (x: number) => Scalar,
  ) => { share: (i: number) => Scalar; points: (i: number) => Uint8Array[] },
  options: {
    readonly curveName?: CurveName;
    readonly degree?: number;
    readonly edit?: (text: string, i: number) => string;
  } = {},
): Promise<ImportBody> {
  const { curveName = 'secp256k1', degree = 2, edit = (text) => text } = options;
  const group = curve(curveName);
  const polynomial = Array.from({ length: degree + 1 }, () => group.scalar.random(random));
  const { share, points } = deal(group, (x) => evaluate(group, polynomial, x));
  const listed = await signers();
  return {
    curve: curveName,
    protocol: curveName === 'ed25519' ? 'FROST' : 'CGGMP21',
    minSigners: 3,
    encryptedKeyShares: listed.map(({ signerId, encryptionKey }, at) => {
      const plaintext = encodeImportShare({
        curve: curveName,
        secretShare: share(at + 1),
        publicShares: points(at + 1),
      });
      const text = edit(new TextDecoder().decode(plaintext), at + 1);
      return {
        signerId,
        encryptedKeyShare: b64(
          seal({ to: Buffer.from(encryptionKey, 'base64'), plaintext: new TextEncoder().encode(text), random }),
        ),
      };
    }),
  };
}

const pointsOf = (group: Curve, f: (x: number) => Scalar, n = 5) =>
  Array.from({ length: n }, (_, at) => group.encodeUncompressed(group.mulBase(f(at + 1))));

test('imports what an honest dealer sends, and what the hand-made dealer sends when it keeps the rules', async () => {
  const body = await honest();
  const replies = await importKey(body);
  equal(new Set(replies.map((reply) => resultOf(reply, 'key').publicKey)).size, 1);

  for (const curveName of ['secp256k1', 'ed25519', 'stark'] as const) {
    const made = await importKey(
      await dealt((group, f) => ({ share: f, points: () => pointsOf(group, f) }), { curveName }),
    );
    equal(
      made.every((reply) => reply.ok),
      true,
      JSON.stringify(made),
    );
  }
});

const lists: readonly (readonly [string, readonly string[], (body: ImportBody) => unknown])[] = [
  ['[bad-input 142] minSigners 2 (row 26)', ['E_BODY', 'E_MIN_SIGNERS'], (body) => ({ ...body, minSigners: 2 })],
  ['[bad-input 142] minSigners 4', ['E_BODY', 'E_MIN_SIGNERS'], (body) => ({ ...body, minSigners: 4 })],
  ['[bad-input 142] minSigners as text', ['E_BODY', 'E_MIN_SIGNERS'], (body) => ({ ...body, minSigners: '3' })],
  [
    '[bad-input 143] four shares',
    ['E_IMPORT_SHARES', 'E_BODY'],
    (body) => ({ ...body, encryptedKeyShares: body.encryptedKeyShares.slice(1) }),
  ],
  [
    '[bad-input 143] six shares',
    ['E_IMPORT_SHARES', 'E_BODY'],
    (body) => ({
      ...body,
      encryptedKeyShares: [...body.encryptedKeyShares, { ...body.encryptedKeyShares[0], signerId: b64(random(32)) }],
    }),
  ],
  [
    '[bad-input 143] a signer twice',
    ['E_IMPORT_SHARES', 'E_BODY'],
    (body) => ({ ...body, encryptedKeyShares: [...body.encryptedKeyShares.slice(1), body.encryptedKeyShares[1]] }),
  ],
  [
    '[bad-input 143] an unknown signer',
    ['E_IMPORT_SHARES', 'E_BODY'],
    (body) => ({
      ...body,
      encryptedKeyShares: body.encryptedKeyShares.map((each, at) =>
        at === 0 ? { ...each, signerId: b64(random(32)) } : each,
      ),
    }),
  ],
  [
    '[bad-input 144] two shares swapped',
    ['E_IMPORT_KEYS_EXPIRED'],
    (body) => {
      const [a, b, ...rest] = body.encryptedKeyShares;
      return {
        ...body,
        encryptedKeyShares: [
          { ...a, encryptedKeyShare: b?.encryptedKeyShare },
          { ...b, encryptedKeyShare: a?.encryptedKeyShare },
          ...rest,
        ],
      };
    },
  ],
  [
    'a curve that does not fit the protocol',
    ['E_KEY_KIND', 'E_BODY', 'E_CURVE', 'E_SCHEME', 'E_IMPORT_PROTOCOL', 'E_PROTOCOL'],
    (body) => ({ ...body, curve: 'ed25519' }),
  ],
  [
    'a protocol that is not for keys',
    ['E_KEY_KIND', 'E_BODY', 'E_CURVE', 'E_SCHEME', 'E_PROTOCOL'],
    (body) => ({ ...body, protocol: 'GLOW20_DH' }),
  ],
  [
    'a master key, whose chain code is not settled',
    ['E_MASTER_KEY', 'E_BODY'],
    (body) => ({ ...body, masterKey: true }),
  ],
];
for (const [name, codes, change] of lists)
  test(`import refused: ${name}`, async () => {
    const before = keysMade();
    await refused(await importKey(change(await honest())), codes);
    deepEqual(keysMade(), before);
  });

const zero = (group: Curve) => group.scalar.zero;
const dealings: readonly (readonly [string, readonly string[], () => Promise<ImportBody>])[] = [
  [
    '[bad-input 144] row 16: shares in another order of points',
    ['E_IMP_SHARE'],
    () => dealt((group, f) => ({ share: (i) => f(i === 1 ? 2 : i === 2 ? 1 : i), points: () => pointsOf(group, f) })),
  ],
  [
    '[bad-input 146] a share of zero',
    ['E_IMP_SCALAR', 'E_IMP_SHARE'],
    () => dealt((group, f) => ({ share: (i) => (i === 3 ? zero(group) : f(i)), points: () => pointsOf(group, f) })),
  ],
  [
    '[bad-input 146] a share at the group order',
    ['E_IMP_SCALAR', 'E_IMP_FORMAT'],
    () =>
      dealt((group, f) => ({
        share: (i) =>
          i === 2 ? (Uint8Array.from(Buffer.from(group.order.toString(16).padStart(64, '0'), 'hex')) as Scalar) : f(i),
        points: () => pointsOf(group, f),
      })),
  ],
  [
    '[bad-input 146] another version',
    ['E_IMP_FORMAT'],
    () =>
      dealt((group, f) => ({ share: f, points: () => pointsOf(group, f) }), {
        edit: (text) => text.replace('"version":1', '"version":2'),
      }),
  ],
  [
    '[bad-input 146] an extra member',
    ['E_IMP_FORMAT'],
    () =>
      dealt((group, f) => ({ share: f, points: () => pointsOf(group, f) }), {
        edit: (text) => text.replace('{"version":1', '{"version":1,"extra":1'),
      }),
  ],
  [
    '[bad-input 146] another byte order',
    ['E_IMP_SHARE', 'E_IMP_SCALAR'],
    () =>
      dealt((group, f) => ({
        share: (i) => Uint8Array.from(f(i)).reverse() as Scalar,
        points: () => pointsOf(group, f),
      })),
  ],
  [
    '[bad-input 147] row 25: a polynomial of degree 3',
    ['E_IMP_DEGREE'],
    () => dealt((group, f) => ({ share: f, points: () => pointsOf(group, f) }), { degree: 3 }),
  ],
  [
    '[bad-input 147] row 25: a polynomial of degree 1',
    ['E_IMP_DEGREE'],
    () => dealt((group, f) => ({ share: f, points: () => pointsOf(group, f) }), { degree: 1 }),
  ],
  [
    '[bad-input 147] four public shares',
    ['E_IMP_POINTS', 'E_IMP_SIZE', 'E_IMP_FORMAT'],
    () => dealt((group, f) => ({ share: f, points: () => pointsOf(group, f, 4) })),
  ],
  [
    '[bad-input 147] six public shares',
    ['E_IMP_POINTS', 'E_IMP_SIZE', 'E_IMP_FORMAT'],
    () => dealt((group, f) => ({ share: f, points: () => pointsOf(group, f, 6) })),
  ],
  [
    '[bad-input 147] a public share twice',
    ['E_IMP_POINTS', 'E_IMP_DEGREE', 'E_IMP_SHARE'],
    () =>
      dealt((group, f) => ({
        share: f,
        points: () => pointsOf(group, f).map((point, at, all) => (at === 4 ? (all[3] ?? point) : point)),
      })),
  ],
  [
    'row 24: a public share off the curve',
    ['E_IMP_POINTS', 'E_IMP_POINT', 'E_POINT'],
    () =>
      dealt((group, f) => ({
        share: f,
        points: () =>
          pointsOf(group, f).map((point, at) =>
            at === 4 ? Uint8Array.from(point, (byte, n) => (n === 64 ? byte ^ 1 : byte)) : point,
          ),
      })),
  ],
  [
    '[bad-input 148] row 25: different public shares to different signers',
    ['E_IMP_MISMATCH', 'E_PEER_GONE'],
    () => {
      const group = curve('secp256k1');
      const two = Array.from({ length: 3 }, () => group.scalar.random(random));
      return dealt((g, f) => ({
        share: (i) => (i === 5 ? evaluate(g, two, i) : f(i)),
        points: (i) => pointsOf(g, i === 5 ? (x) => evaluate(g, two, x) : f),
      }));
    },
  ],
  [
    '[bad-input 149] row 24: ed25519 points with a torsion component',
    ['E_IMP_POINTS', 'E_IMP_POINT', 'E_POINT'],
    () => {
      // y = −1: the point of order two, in its canonical encoding.
      const order2 = Buffer.from('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex');
      return dealt(
        (group, f) => ({
          share: f,
          points: () => pointsOf(group, f).map((point, at) => (at === 0 ? new Uint8Array(order2) : point)),
        }),
        { curveName: 'ed25519' },
      );
    },
  ],
];
for (const [name, codes, make] of dealings)
  test(`import refused: ${name}`, async () => {
    const before = keysMade();
    const replies = await importKey(await make());
    await refused(replies, codes);
    deepEqual(keysMade(), before, 'a share was kept');
  });

test('[bad-input 153] import refused: sealed to keys that no signer made', async () => {
  const false_ = (await signers()).map((each) => ({
    ...each,
    encryptionKey: b64(generateRecipient(random).publicKey34),
  }));
  const body = splitPrivateKeyForSigners({ signers: false_, privateKey: freshKey(), keyCurve: 'secp256k1' });

  await refused(await importKey(body), ['E_IMPORT_KEYS_EXPIRED']);
});

test('[bad-input 152] the same ciphertext again is refused, in the same organisation and in another', async () => {
  const body = await honest();
  equal(
    (await importKey(body)).every((reply) => reply.ok),
    true,
  );

  await refused(await importKey(body), ['E_IMP_CIPHERTEXT_USED', 'E_KEY_EXISTS']);
  await refused(await importKey(body, other), ['E_IMP_CIPHERTEXT_USED', 'E_KEY_EXISTS']);
});

test('[bad-input 151] a key that is here already is refused, in whatever organisation', async () => {
  const privateKey = freshKey();
  equal(
    (await importKey(await honest(privateKey))).every((reply) => reply.ok),
    true,
  );

  await refused(await importKey(await honest(privateKey)), ['E_KEY_EXISTS']);
  await refused(await importKey(await honest(privateKey), other), ['E_KEY_EXISTS']);
});

test('[bad-input 141] import and export are refused by every signer while they are off for the organisation', async () => {
  const off = await api.found('Off');
  await refused(await importKey(await honest(), off), ['E_IMPORT_DISABLED']);
  const { keyId } = await api.createKey(off, 'KeyEdDSA');
  const replies = await api.act(
    everybody,
    api.sign(api.draft(off, 'POST', `/keys/${keyId}/export`, newWalletExportContext().getConf()), off.admin),
    { participants: [] },
  );
  await refused(replies, ['E_EXPORT_DISABLED']);
});

test('one request makes one key, however often it is sent and with however many run nonces at once', async () => {
  const parts = api.sign(api.draft(org, 'POST', '/wallets', { network: 'KeyECDSA' }), org.admin);
  const [first, second] = await Promise.all([api.act(everybody, parts), api.act(everybody, parts)]);
  const third = await api.act(everybody, parts);

  const keys = [...first, ...second, ...third].flatMap((reply) =>
    reply.ok && reply.result.t === 'key' ? [`${reply.result.keyId} ${reply.result.publicKey}`] : [],
  );
  equal(new Set(keys).size, 1, JSON.stringify(keys));
  equal(
    third.every((reply) => reply.ok),
    true,
    JSON.stringify(third),
  );
});

test('key creation needs all five: four participants, or four signers, make nothing', async () => {
  const before = keysMade();
  const parts = api.sign(api.draft(org, 'POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519' }), org.admin);
  const four = everybody.slice(0, 4);

  for (const reply of await api.act(four, parts, { participants: four }))
    equal(refusalOf(reply)?.code, 'E_COMMAND', JSON.stringify(reply));
  deepEqual(keysMade(), before);
});

const exportBodies: readonly (readonly [
  string,
  readonly string[],
  (conf: ReturnType<ReturnType<typeof newWalletExportContext>['getConf']>) => unknown,
])[] = [
  [
    '[bad-input 157] a wrong version byte',
    ['E_ENCRYPTION_KEY', 'E_BODY'],
    (conf) => ({
      ...conf,
      encryptionKey: b64(Uint8Array.of(2, ...Buffer.from(conf.encryptionKey, 'base64').subarray(1))),
    }),
  ],
  [
    '[bad-input 157] 33 bytes',
    ['E_ENCRYPTION_KEY', 'E_BODY'],
    (conf) => ({ ...conf, encryptionKey: b64(Buffer.from(conf.encryptionKey, 'base64').subarray(1)) }),
  ],
  [
    '[bad-input 157] a point off the curve',
    ['E_ENCRYPTION_KEY', 'E_BODY'],
    (conf) => ({ ...conf, encryptionKey: b64(Uint8Array.of(1, 2, ...new Uint8Array(31), 5)) }),
  ],
  [
    '[bad-input 158] schemes without the key’s',
    ['E_EXPORT_SCHEME'],
    (conf) => ({ ...conf, supportedSchemes: [{ protocol: 'CGGMP21', curve: 'stark' }] }),
  ],
  ['[bad-input 158] no schemes', ['E_EXPORT_SCHEME', 'E_BODY'], (conf) => ({ ...conf, supportedSchemes: [] })],
];
for (const [name, codes, change] of exportBodies)
  test(`export refused, and the key still signs: ${name}`, async () => {
    const { keyId } = await api.createKey(org, 'KeyEdDSA');
    const body = change(newWalletExportContext().getConf());

    await refused(
      await api.act(everybody, api.sign(api.draft(org, 'POST', `/keys/${keyId}/export`, body), org.admin), {
        participants: [],
      }),
      codes,
    );

    const three = everybody.slice(0, 3);
    const signing = api.sign(
      api.draft(org, 'POST', `/keys/${keyId}/signatures`, { kind: 'Message', message: '0x01' }),
      org.admin,
    );
    equal(
      (await api.act(three, signing)).every((reply) => reply.ok),
      true,
    );
  });

test('[bad-input 159] the api cannot put its own key into an export', async () => {
  const { keyId } = await api.createKey(org, 'KeyEdDSA');
  const users = newWalletExportContext().getConf();
  const draft = api.draft(org, 'POST', `/keys/${keyId}/export`, users);
  const parts = api.sign(draft, org.admin);
  const swapped = JSON.stringify({ ...users, encryptionKey: b64(generateRecipient(random).publicKey34) });

  await refused(
    await api.act(everybody, { ...parts, request: { ...parts.request, payload: swapped } }, { participants: [] }),
    ['E_CHALLENGE_REQUEST'],
  );
});

test('[bad-input 161] after an export every signer refuses to sign, at both levels, commanded past the api; a second export gives the same key', async () => {
  const { keyId, walletId, publicKey } = await api.createKey(org, 'KeyEdDSA');
  const group = curve('ed25519');
  const exported = async () => {
    const context = newWalletExportContext();
    const replies = await api.act(
      everybody,
      api.sign(api.draft(org, 'POST', `/wallets/${walletId}/export`, context.getConf()), org.admin),
      { participants: [] },
    );
    const encryptedKeyShares = replies.map((reply, at) => ({
      signerId: b64(api.roster.signers[at]?.signerId ?? random(32)),
      encryptedKeyShare: resultOf(reply, 'share').encryptedKeyShare,
    }));
    return context.recoverSecretKey({
      publicKey,
      protocol: 'FROST',
      curve: 'ed25519',
      minSigners: 3,
      encryptedKeyShares,
    });
  };

  const secret = await exported();
  deepEqual(Buffer.from(group.encodePoint(group.mulBase(group.scalar.decode(secret)))).toString('hex'), publicKey);
  const before = everybody.map((index) => api.journal(index).length);
  for (const path of [`/keys/${keyId}/signatures`, `/wallets/${walletId}/signatures`])
    for (const three of [
      [1, 2, 3],
      [3, 4, 5],
      [1, 3, 5],
    ] as const)
      for (const reply of await api.act(
        three,
        api.sign(api.draft(org, 'POST', path, { kind: 'Message', message: '0x01' }), org.admin),
      ))
        ok(['E_KEY_EXPORTED', 'E_EXPORTED'].includes(refusalOf(reply)?.code ?? ''), JSON.stringify(reply));
  deepEqual(
    everybody.map((index) => api.journal(index).length),
    before,
  );
  deepEqual(await exported(), secret);
});

test('row 52: an EdDSA key is not used under another protocol, whatever the body says', async () => {
  const { keyId, walletId } = await api.createKey(org, 'KeyEdDSA');
  for (const [path, body] of [
    [`/keys/${keyId}/signatures`, { kind: 'Hash', hash: `0x${'01'.repeat(32)}` }],
    [`/keys/${keyId}/signatures`, { kind: 'Hash', hash: `0x${'01'.repeat(32)}`, network: 'Ethereum' }],
    [`/keys/${keyId}/signatures`, { kind: 'Message', message: '0x01', network: 'Bitcoin' }],
    [`/wallets/${walletId}/signatures`, { kind: 'Psbt', psbt: '0x70736274ff' }],
  ] as const) {
    const replies = await api.act(everybody.slice(0, 3), api.sign(api.draft(org, 'POST', path, body), org.admin));
    await refused(replies, ['E_KIND', 'E_SCHEME', 'E_BODY']);
  }
});
