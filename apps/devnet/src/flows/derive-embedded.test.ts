/**
 * Master keys, their children and deterministic derivation, by the unmodified public client: what it makes is checked by
 * libraries that share no code with the signers.
 */
import { deepEqual, equal, match, notEqual, rejects } from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { DfnsApiClient } from '@dfns/sdk';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { type AccountFile, Cluster, sdk } from '../harness/index.ts';
import { oracle } from '../oracles.ts';
import { Secrets } from '../secrets/scan.ts';

const hash = `0x${'07'.repeat(32)}`;
const message = `0x${Buffer.from('holdfast').toString('hex')}`;
const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/^0x/, ''), 'hex'));
const input = {
  domain: `0x${Buffer.from('holdfast:documentation').toString('hex')}`,
  seed: `0x${Buffer.from('alice@example.com').toString('hex')}`,
};

let cluster: Cluster;
let account: AccountFile;
let dfns: DfnsApiClient;
/** A service account that may use keys and wallets, but has neither of the two permissions this file is about. */
let service: DfnsApiClient;

before(async () => {
  cluster = await Cluster.start({ engine: 'embedded' });
  account = cluster.createOrg('Acme');
  dfns = sdk(account, account.admin);
  service = sdk(account);
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

interface Kind {
  readonly name: string;
  readonly network: string;
  readonly scheme: 'ECDSA' | 'EdDSA' | 'Schnorr';
  readonly curve: 'secp256k1' | 'ed25519' | 'stark';
  readonly body: Readonly<Record<string, string>>;
  verify(publicKey: string, signature: { r: string; s: string; recid?: number }): Promise<boolean>;
}

const kinds: readonly Kind[] = [
  {
    name: 'ECDSA on secp256k1',
    network: 'Ethereum',
    scheme: 'ECDSA',
    curve: 'secp256k1',
    body: { kind: 'Hash', hash },
    async verify(publicKey, { r, s, recid }) {
      const { recoverPublicKey } = await oracle('viem');
      const recovered: string = await recoverPublicKey({ hash, signature: { r, s, yParity: recid } });
      return secp256k1.Point.fromHex(recovered.slice(2)).toHex(true) === publicKey;
    },
  },
  {
    name: 'ECDSA on stark',
    network: 'Starknet',
    scheme: 'ECDSA',
    curve: 'stark',
    body: { kind: 'Hash', hash },
    async verify(publicKey, { r, s }) {
      const { ec } = await oracle('starknet');
      return ec.starkCurve.verify(new ec.starkCurve.Signature(BigInt(r), BigInt(s)), hash.slice(2), publicKey);
    },
  },
  {
    name: 'EdDSA on ed25519',
    network: 'Solana',
    scheme: 'EdDSA',
    curve: 'ed25519',
    body: { kind: 'Message', message },
    async verify(publicKey, { r, s }) {
      const key = createPublicKey({
        key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), hex(publicKey)]),
        format: 'der',
        type: 'spki',
      });
      return verify(null, hex(message), key, hex(r + s.slice(2)));
    },
  },
  {
    name: 'Schnorr on secp256k1',
    network: 'Bitcoin',
    scheme: 'Schnorr',
    curve: 'secp256k1',
    body: { kind: 'Hash', hash },
    async verify(publicKey, { r, s }) {
      const ecc = await oracle('@bitcoinerlab/secp256k1');
      const xOnly = hex(publicKey).subarray(1);
      const theirs: boolean = (ecc.default ?? ecc).verifySchnorr(hex(hash), xOnly, hex(r + s.slice(2)));
      return theirs && schnorr.verify(hex(r + s.slice(2)), hex(hash), xOnly);
    },
  },
];

for (const { name, network, scheme, curve, body, verify: holds } of kinds)
  test(`a child of a master key for ${name} gets a wallet, signs, and says where it comes from`, async () => {
    const master = await dfns.keys.createKey({ body: { scheme, curve, masterKey: true, name } as never });
    equal(master.masterKey, true);
    const path = 'm/44/0/7';

    const wallet = await dfns.wallets.createWallet({
      body: { network, signingKey: { deriveFrom: { keyId: master.id, path } } } as never,
    });
    const child = await dfns.keys.getKey({ keyId: wallet.signingKey.id });
    const signed = await dfns.wallets.generateSignature({ walletId: wallet.id, body: body as never });

    deepEqual(child.derivedFrom, { keyId: master.id, path });
    deepEqual([child.scheme, child.curve, child.masterKey], [scheme, curve, undefined]);
    notEqual(child.publicKey, master.publicKey);
    equal(await holds(child.publicKey, signed.signature as never), true);
    const again = { scheme, curve, deriveFrom: { keyId: master.id, path } };
    await rejects(dfns.keys.createKey({ body: again as never }), /already exists/);
    // The master signs on as itself.
    const own = await dfns.keys.generateSignature({ keyId: master.id, body: body as never });
    equal(await holds(master.publicKey, own.signature as never), true);
  });

test('children without a path take m/0, m/1, …; hardened steps and other masters are refused', async () => {
  const kind = { scheme: 'EdDSA', curve: 'ed25519' };
  const master = await dfns.keys.createKey({ body: { ...kind, masterKey: true } as never });
  const plain = await dfns.keys.createKey({ body: kind as never });
  const derive = (keyId: string, path?: string) =>
    dfns.keys.createKey({ body: { ...kind, deriveFrom: { keyId, ...(path && { path }) } } as never });

  const children = [await derive(master.id), await derive(master.id)];

  deepEqual(
    children.map(({ derivedFrom }) => derivedFrom?.path),
    ['m/0', 'm/1'],
  );
  await rejects(derive(master.id, "m/0'"), /unhardened/);
  await rejects(derive(plain.id), /master/);
  await rejects(derive(children[0]?.id ?? ''), /master/);
});

test('row 50: a derived key is not exported; its master is, after its children, and has no more children then', async () => {
  const kind = { scheme: 'EdDSA', curve: 'ed25519' };
  const master = await dfns.keys.createKey({ body: { ...kind, masterKey: true } as never });
  const derived = { ...kind, deriveFrom: { keyId: master.id } } as never;
  const child = await dfns.keys.createKey({ body: derived });
  const body = newWalletExportContext().getConf() as never;

  await rejects(dfns.keys.exportKey({ keyId: child.id, body }), /derived key/);
  await rejects(dfns.keys.exportKey({ keyId: master.id, body }), /active children/);
  await dfns.keys.deleteKey({ keyId: child.id });
  equal((await dfns.keys.exportKey({ keyId: master.id, body })).encryptedKeyShares.length, 5);

  await rejects(dfns.keys.createKey({ body: derived }), /exported/);
  await rejects(
    dfns.keys.generateSignature({ keyId: child.id, body: { kind: 'Message', message } as never }),
    /archived/,
  );
});

test('without Keys:ChildKeys:Create nobody derives a child, without Keys:Derive nobody an output', async () => {
  const kind = { scheme: 'EdDSA', curve: 'ed25519' };
  const { id } = await dfns.keys.createKey({ body: { ...kind, masterKey: true } as never });
  const dh = await dfns.keys.createKey({ body: { scheme: 'DH', curve: 'secp256k1' } as never });
  const signingKey = { deriveFrom: { keyId: id } };

  await rejects(service.keys.createKey({ body: { ...kind, ...signingKey } as never }), /Keys:ChildKeys:Create/);
  await rejects(service.wallets.createWallet({ body: { network: 'Solana', signingKey } as never }), /Keys:ChildKeys/);
  await rejects(service.keys.deriveKey({ keyId: dh.id, body: input as never }), /Keys:Derive/);
});

test('a DH key derives the same 32 bytes each time, with two signers down too, and does nothing else', async () => {
  const key = await dfns.keys.createKey({ body: { scheme: 'DH', curve: 'secp256k1' } as never });
  const derive = (body: object = input) => dfns.keys.deriveKey({ keyId: key.id, body: body as never });

  const { output } = await derive();

  match(output, /^0x[0-9a-f]{64}$/);
  deepEqual(await derive(), { output });
  notEqual((await derive({ ...input, seed: '0x00' })).output, output);
  notEqual((await derive({ ...input, domain: '0x00' })).output, output);
  await rejects(dfns.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash } as never }), /signs nothing/);
  const body = {
    ...(newWalletExportContext().getConf() as object),
    supportedSchemes: [{ protocol: 'GLOW20_DH', curve: 'secp256k1' }],
  };
  await rejects(dfns.keys.exportKey({ keyId: key.id, body: body as never }), /stays/);
  const signing = await dfns.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } as never });
  await rejects(dfns.keys.deriveKey({ keyId: signing.id, body: input as never }), /made for signing/);

  // Passed on and kept by nobody: neither the api's database and logs nor any signer's folder holds it.
  const secrets = new Secrets();
  secrets.add('an output', hex(output));
  deepEqual(
    secrets.findUnder(cluster.dir, () => false),
    [],
  );

  await cluster.kill('signer-2');
  await cluster.kill('signer-4');
  await cluster.untilOnline(3);
  deepEqual(await derive(), { output });
  await cluster.kill('signer-5');
  await cluster.untilOnline(2);
  await rejects(derive(), /not enough signers/);
});
