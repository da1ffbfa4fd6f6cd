import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { test } from 'node:test';
import { clusterFingerprint, encodeChallenge, payloadHash, signerId } from '@holdfast/authority/challenge';
import { deriveId } from '@holdfast/authority/ids';
import { importKeyBytes, keyStatementBytes } from '@holdfast/authority/log';
import type { ChallengeRecord } from '@holdfast/authority/types';
import { toBase64, toBase64Url } from '@holdfast/contract/wire';
import { curve } from '@holdfast/crypto/curves-noble';
import { checkSigners, checkWallet } from './cluster/index.ts';
import { ChallengeRefused, VerifyingSigner } from './credentials/index.ts';
import { newWalletExportContext } from './key-export/index.ts';
import { splitPrivateKeyForSigners } from './key-import/index.ts';

// The other side of the envelope, from its description alone and with node:crypto only (reference keys.md §5).
function openWithNode(secret: Buffer, sealed: Buffer): Buffer {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(secret);
  const ephemeral = sealed.subarray(-33);
  const key = deriveWithNode(secret, ephemeral);
  const body = sealed.subarray(0, -33);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12));
  decipher.setAuthTag(body.subarray(-16));
  return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]);
}

function sealWithNode(to: Buffer, plaintext: Buffer): Buffer {
  const ephemeral = createECDH('secp256k1');
  ephemeral.generateKeys();
  const cipher = createCipheriv(
    'aes-256-gcm',
    deriveWithNode(ephemeral.getPrivateKey(), to.subarray(1)),
    Buffer.alloc(12),
  );
  return Buffer.concat([
    cipher.update(plaintext),
    cipher.final(),
    cipher.getAuthTag(),
    ephemeral.getPublicKey(null, 'compressed'),
  ]);
}

/** The compressed shared point: node gives its x only, so its parity comes from the sum rule of the other library. */
function deriveWithNode(secret: Buffer, point: Buffer): Buffer {
  const secp = curve('secp256k1');
  const shared = secp.mulPublic(
    secp.decodePoint(point),
    secp.scalar.decode(Buffer.concat([Buffer.alloc(32 - secret.length), secret])),
  );
  return Buffer.from(hkdfSync('sha256', secp.encodePoint(shared), 'DFNS_KEY_IMPORT', 'ENCRYPTION_KEY', 32));
}

const receivers = Array.from({ length: 5 }, () => {
  const ecdh = createECDH('secp256k1');
  ecdh.generateKeys();
  return {
    secret: ecdh.getPrivateKey(),
    info: {
      signerId: randomBytes(32).toString('base64'),
      encryptionKey: Buffer.concat([Buffer.of(1), ecdh.getPublicKey(null, 'compressed')]).toString('base64'),
    },
  };
});

const cases = [
  { keyCurve: 'secp256k1', keyScheme: 'ECDSA', protocol: 'CGGMP21', bytes: 1008 },
  { keyCurve: 'secp256k1', keyScheme: 'Schnorr', protocol: 'FROST_BITCOIN', bytes: 1008 },
  { keyCurve: 'ed25519', keyScheme: 'EdDSA', protocol: 'FROST', bytes: 666 },
  { keyCurve: 'stark', keyScheme: 'ECDSA', protocol: 'CGGMP21', bytes: 984 },
] as const;

for (const { keyCurve, keyScheme, protocol, bytes } of cases)
  test(`splits a ${keyCurve} ${keyScheme} key into shares that an independent reader opens, and recovers it from three, two liars among five`, () => {
    const group = curve(keyCurve);
    const privateKey = Buffer.from(`02${'11'.repeat(31)}`, 'hex');
    const split = splitPrivateKeyForSigners({
      signers: receivers.map((each) => each.info),
      privateKey,
      keyCurve,
      keyScheme,
    });
    equal(split.protocol, protocol);
    equal(split.minSigners, 3);

    // Import direction: each parcel opens with its receiver's key only, and holds f(i) for the i-th signer by id.
    const context = newWalletExportContext();
    const exportKey = Buffer.from(context.getConf().encryptionKey, 'base64');
    const order = [...receivers].sort((a, b) =>
      Buffer.compare(Buffer.from(a.info.signerId, 'base64'), Buffer.from(b.info.signerId, 'base64')),
    );
    const plaintexts = order.map(({ secret, info }) => {
      const parcel = split.encryptedKeyShares.find((each) => each.signerId === info.signerId);
      const sealed = Buffer.from(parcel?.encryptedKeyShare ?? '', 'base64');
      equal(sealed.length, bytes);
      return JSON.parse(openWithNode(secret, sealed).toString('utf8')) as {
        secret_share: { scalar: string };
        public_shares: unknown[];
      };
    });
    equal(plaintexts[0]?.public_shares.length, 5);

    // Export direction: an independent writer seals shares to the client; two of them lie, one claims another's point.
    const indices = [1, 2, 2, 4, 5];
    const lies = ['', '11'.repeat(32), '', '', '05'.padStart(64, '0')];
    const encryptedKeyShares = plaintexts.map(({ secret_share }, at) => {
      const scalar =
        at === 1
          ? '03'.padStart(64, '0')
          : at === 2
            ? (plaintexts[1]?.secret_share.scalar ?? '')
            : at === 4
              ? lies[4]
              : secret_share.scalar;
      const text = JSON.stringify({
        version: 1,
        index: { curve: keyCurve, scalar: (indices[at] ?? 0).toString(16).padStart(64, '0') },
        secret_share: { curve: keyCurve, scalar },
      });
      return {
        signerId: order[at]?.info.signerId ?? '',
        encryptedKeyShare: sealWithNode(exportKey, Buffer.from(text)).toString('base64'),
      };
    });
    const expected = keyCurve === 'ed25519' ? ed25519Scalar(privateKey) : privateKey;
    const publicKey = Buffer.from(group.encodePoint(group.mulBase(group.scalar.decode(expected)))).toString('hex');
    const reply = { publicKey, protocol, curve: keyCurve, minSigners: 3, encryptedKeyShares };

    deepEqual(Buffer.from(context.recoverSecretKey(reply)), Buffer.from(expected));
    throws(
      () => context.recoverSecretKey({ ...reply, encryptedKeyShares: encryptedKeyShares.slice(0, 2) }),
      /no three of 2 shares/,
    );
    throws(() => newWalletExportContext().recoverSecretKey(reply), /no three of 5 shares/);
  });

function ed25519Scalar(seed: Buffer): Buffer {
  const hash = createHash('sha512').update(seed).digest().subarray(0, 32);
  hash[0] = (hash[0] ?? 0) & 248;
  hash[31] = ((hash[31] ?? 0) & 127) | 64;
  const value = BigInt(`0x${Buffer.from(hash).reverse().toString('hex')}`) % curve('ed25519').order;
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

test('refuses keys that are out of range, of a wrong length, or on a curve that does not fit the scheme', () => {
  const signers = receivers.map((each) => each.info);
  throws(() => splitPrivateKeyForSigners({ signers, privateKey: new Uint8Array(32), keyCurve: 'secp256k1' }));
  throws(() => splitPrivateKeyForSigners({ signers, privateKey: new Uint8Array(32).fill(255), keyCurve: 'secp256k1' }));
  throws(() => splitPrivateKeyForSigners({ signers, privateKey: new Uint8Array(31), keyCurve: 'ed25519' }), /32 bytes/);
  throws(
    () =>
      splitPrivateKeyForSigners({
        signers,
        privateKey: new Uint8Array(32).fill(1),
        keyCurve: 'ed25519',
        keyScheme: 'ECDSA',
      }),
    /cannot be imported/,
  );
  throws(
    () =>
      splitPrivateKeyForSigners({
        signers: signers.slice(0, 2),
        privateKey: new Uint8Array(32).fill(1),
        keyCurve: 'secp256k1',
      }),
    /at least 3/,
  );
});

const fingerprint = toBase64Url(new Uint8Array(32).fill(7));
const record: ChallengeRecord = {
  v: 1,
  k: 'UserAction',
  c: fingerprint,
  o: 'or-00000-00000-0000000000000000',
  u: 'us-00000-00000-0000000000000000',
  m: 'POST',
  p: '/wallets',
  h: payloadHash('{"network":"Ethereum"}'),
  a: toBase64Url(new Uint8Array(32)),
  x: '',
  b: toBase64Url(new Uint8Array(32)),
  e: 1_800_000_000,
  n: toBase64Url(new Uint8Array(16)),
};
const pins = { clusterFingerprint: fingerprint, orgId: record.o, userId: record.u };

async function signWith(change: Partial<ChallengeRecord>): Promise<number> {
  let signed = 0;
  const signer = new VerifyingSigner({ sign: async () => (signed += 1) }, pins);
  await signer.approve({ method: 'POST', path: '/wallets', body: { network: 'Ethereum' } }, () =>
    signer.sign({
      challenge: encodeChallenge({ ...record, ...change }),
      challengeIdentifier: '',
      allowCredentials: { key: [], webauthn: [] },
    }),
  );
  return signed;
}

test('signs a challenge for exactly the request being sent', async () => {
  equal(await signWith({}), 1);
});

const forged: readonly (readonly [string, Partial<ChallengeRecord>])[] = [
  ['body', { h: payloadHash('{"network":"Bitcoin"}') }],
  ['path', { p: '/wallets/import' }],
  ['method', { m: 'PUT' }],
  ['cluster', { c: toBase64Url(new Uint8Array(32).fill(8)) }],
  ['organisation', { o: 'or-00000-00000-0000000000000001' }],
  ['user', { u: 'us-00000-00000-0000000000000001' }],
  ['kind', { k: 'Login', b: '' }],
];
for (const [name, change] of forged)
  test(`refuses a challenge for another ${name}, before the key is used`, async () => {
    await rejects(signWith(change), ChallengeRefused);
  });

test('refuses a second signature under one approval, and any without one', async () => {
  const signer = new VerifyingSigner({ sign: async () => 'signature' }, pins);
  const challenge = {
    challenge: encodeChallenge(record),
    challengeIdentifier: '',
    allowCredentials: { key: [], webauthn: [] },
  };

  await rejects(signer.sign(challenge), ChallengeRefused);
  await signer.approve({ method: 'POST', path: '/wallets', body: { network: 'Ethereum' } }, async () => {
    await signer.sign(challenge);
    await rejects(signer.sign(challenge), ChallengeRefused);
  });
});

test('logs in under a challenge for a login of this user, and under nothing that could authorise a request', async () => {
  let signed = 0;
  const signer = new VerifyingSigner({ sign: async () => (signed += 1) }, pins);
  const logIn = (change: Partial<ChallengeRecord>) =>
    signer.signLogin({
      challenge: encodeChallenge({ ...record, k: 'Login', b: '', ...change }),
      challengeIdentifier: '',
      allowCredentials: { key: [], webauthn: [] },
    });

  equal(await logIn({}), 1);
  for (const change of [
    { k: 'UserAction', b: record.b },
    { c: toBase64Url(new Uint8Array(32).fill(8)) },
    { o: 'or-00000-00000-0000000000000001' },
    { u: 'us-00000-00000-0000000000000001' },
  ] as const)
    await rejects(logIn(change), ChallengeRefused);
  equal(signed, 1);
});

test('takes import keys from the pinned cluster only, signed and unexpired', () => {
  const identities = Array.from({ length: 5 }, () => generateKeyPairSync('ed25519'));
  const rawKey = (n: number) =>
    new Uint8Array(identities[n]?.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32) ?? []);
  const order = [0, 1, 2, 3, 4].sort((a, b) => Buffer.compare(signerId(rawKey(a)), signerId(rawKey(b))));
  const pinned = clusterFingerprint(0, order.map(rawKey));
  const expires = '2026-06-01T00:00:00.000Z';
  const listed = {
    clusters: [
      {
        clusterId: 'cl-1',
        signers: order.map((n, at) => {
          const id = signerId(rawKey(n));
          const key = Buffer.from(receivers[at]?.info.encryptionKey ?? '', 'base64');
          const privateKey = identities[n]?.privateKey;
          if (privateKey === undefined) throw new Error('no key');
          return {
            signerId: toBase64(id),
            encryptionKey: key.toString('base64'),
            identityKey: toBase64(rawKey(n)),
            expires,
            encryptionKeySignature: sign(
              null,
              importKeyBytes(pinned, id, new Uint8Array(key), expires),
              privateKey,
            ).toString('base64'),
          };
        }),
      },
    ],
  };
  const now = Date.parse('2026-05-31T23:30:00.000Z');
  const [cluster] = listed.clusters;
  const [first, ...others] = cluster?.signers ?? [];
  if (first === undefined) throw new Error('no signer');
  const swapped = {
    clusters: [
      { clusterId: 'cl-1', signers: [{ ...first, encryptionKey: receivers[4]?.info.encryptionKey ?? '' }, ...others] },
    ],
  };

  equal(checkSigners(listed, { clusterFingerprint: toBase64Url(pinned), now }).length, 5);
  throws(() => checkSigners(listed, { clusterFingerprint: fingerprint, now }), /not the signers of the pinned cluster/);
  throws(
    () => checkSigners(listed, { clusterFingerprint: toBase64Url(pinned), now: Date.parse(expires) }),
    /has expired/,
  );
  throws(() => checkSigners(swapped, { clusterFingerprint: toBase64Url(pinned), now }), /is not signed by it/);
  throws(
    () =>
      checkSigners(
        { clusters: [{ clusterId: 'cl-1', signers: others }] },
        { clusterFingerprint: toBase64Url(pinned), now },
      ),
    /pinned cluster/,
  );
});

test('takes a wallet only if its ids, its key and its address follow from the signed request and the pinned signers', () => {
  const identities = Array.from({ length: 5 }, () => generateKeyPairSync('ed25519'));
  const raw = (n: number) =>
    new Uint8Array(identities[n]?.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32) ?? []);
  const order = [0, 1, 2, 3, 4].sort((a, b) => Buffer.compare(signerId(raw(a)), signerId(raw(b))));
  const made = new Uint8Array(32).fill(5);
  const orgId = record.o;
  const publicKey = 'ab'.repeat(32);
  const epoch = 'cd'.repeat(32);
  const keyId = deriveId('key', made);
  const sign5 = (id: string, hex: string) => {
    const bytes = keyStatementBytes(
      orgId,
      id,
      'ed25519',
      new Uint8Array(Buffer.from(hex, 'hex')),
      new Uint8Array(Buffer.from(epoch, 'hex')),
    );
    return order.map((n) => ({
      signerId: toBase64(signerId(raw(n))),
      signature: toBase64Url(sign(null, bytes, identities[n]?.privateKey as never)),
    }));
  };
  const key = { id: keyId, curve: 'ed25519', publicKey, epoch, attestations: sign5(keyId, publicKey) };
  const wallet = {
    id: deriveId('wa', made),
    network: 'Solana',
    address: 'addr-of-ab',
    signingKey: { id: keyId, scheme: 'EdDSA', curve: 'ed25519', publicKey },
  };
  const pins = {
    clusterFingerprint: toBase64Url(clusterFingerprint(0, order.map(raw))),
    orgId,
    identityKeys: order.map((n) => toBase64(raw(n))),
    nullifier: made,
    addressOf: (_: string, { publicKey: bytes }: { publicKey: Uint8Array }) =>
      `addr-of-${Buffer.from(bytes).toString('hex').slice(0, 2)}`,
  };
  const other = 'ef'.repeat(32);
  const elsewhere = new Uint8Array(32).fill(6);

  checkWallet(wallet, key, pins);
  checkWallet(wallet, { ...key, attestations: key.attestations.slice(0, 3) }, pins);
  const refused = (w: typeof wallet, k: typeof key, p: typeof pins, message: RegExp) =>
    throws(() => checkWallet(w, k, p), message);
  refused({ ...wallet, address: 'addr-of-ef' }, key, pins, /shows the address/);
  refused({ ...wallet, signingKey: { ...wallet.signingKey, publicKey: other } }, key, pins, /shows another key/);
  refused(
    { ...wallet, signingKey: { ...wallet.signingKey, publicKey: other }, address: 'addr-of-ef' },
    { ...key, publicKey: other },
    pins,
    /only 0 signers/,
  );
  refused(wallet, { ...key, attestations: key.attestations.slice(0, 2) }, pins, /only 2 signers/);
  refused(
    wallet,
    { ...key, attestations: [0, 0, 0].map((n) => key.attestations[n] as (typeof key.attestations)[number]) },
    pins,
    /only 1 signers/,
  );
  refused(wallet, { ...key, attestations: sign5(deriveId('key', elsewhere), publicKey) }, pins, /only 0 signers/);
  refused(wallet, key, { ...pins, nullifier: elsewhere }, /was not made by the request/);
  refused(wallet, key, { ...pins, orgId: 'or-00000-00000-0000000000000001' }, /only 0 signers/);
  refused(wallet, key, { ...pins, clusterFingerprint: fingerprint }, /pinned cluster/);
});
