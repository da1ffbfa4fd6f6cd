/** The main job, four kinds of key: import a published key, sign, verify elsewhere, export, and be refused after. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { DfnsApiClient } from '@dfns/sdk';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { type AccountFile, Cluster, type Engine, sdk } from '../harness/index.ts';
import { oracle } from '../oracles.ts';

interface Kind {
  readonly name: string;
  readonly network: string;
  readonly keyCurve: 'secp256k1' | 'ed25519' | 'stark';
  readonly keyScheme: 'ECDSA' | 'EdDSA' | 'Schnorr';
  /** Published private key and what it must become; the source is named beside it. */
  readonly privateKey: string;
  readonly publicKey: string;
  readonly address?: string;
  readonly body: Readonly<Record<string, string>>;
  /** What export must give: the scalar. */
  readonly scalar: string;
  verify(signature: { r: string; s: string; recid?: number }): Promise<boolean>;
}

const hash = `0x${'07'.repeat(32)}`;
const message = `0x${Buffer.from('holdfast').toString('hex')}`;
const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/^0x/, ''), 'hex'));

const kinds: readonly Kind[] = [
  {
    // BIP-32 test vector 1, chain m.
    name: 'secp256k1 CGGMP21',
    network: 'Ethereum',
    keyCurve: 'secp256k1',
    keyScheme: 'ECDSA',
    privateKey: 'e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35',
    publicKey: '0339a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2',
    body: { kind: 'Hash', hash },
    scalar: 'e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35',
    async verify({ r, s, recid }) {
      const { recoverPublicKey } = await oracle('viem');
      const recovered: string = await recoverPublicKey({ hash, signature: { r, s, yParity: recid } });
      return secp256k1.Point.fromHex(recovered.slice(2)).toHex(true) === this.publicKey;
    },
  },
  {
    // starkware-libs/crypto-cpp signature test data: private key and public key x-coordinate.
    name: 'stark CGGMP21',
    network: 'Starknet',
    keyCurve: 'stark',
    keyScheme: 'ECDSA',
    privateKey: '03c1e9550e66958296d11b60f8e8e7a7ad990d07fa65d5f7652c4a6c87d4e3cc',
    publicKey: '77a3b314db07c45076d11f62b6f9e748a39790441823307743cf00d6597ea43',
    body: { kind: 'Hash', hash },
    scalar: '03c1e9550e66958296d11b60f8e8e7a7ad990d07fa65d5f7652c4a6c87d4e3cc',
    async verify({ r, s }) {
      const { ec } = await oracle('starknet');
      const signature = new ec.starkCurve.Signature(BigInt(r), BigInt(s));
      return ec.starkCurve.verify(signature, hash.slice(2), ec.starkCurve.getPublicKey(this.privateKey, true));
    },
  },
  {
    // RFC 8032 §7.1 test 1.
    name: 'ed25519 FROST',
    network: 'Solana',
    keyCurve: 'ed25519',
    keyScheme: 'EdDSA',
    privateKey: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    address: 'FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z',
    body: { kind: 'Message', message },
    scalar: '0fe94d9006f020a5a3c080d96827fffce8852346655006e96ae99be612ac2c7c',
    async verify({ r, s }) {
      const key = createPublicKey({
        key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), hex(this.publicKey)]),
        format: 'der',
        type: 'spki',
      });
      return verify(null, hex(message), key, hex(r + s.slice(2)));
    },
  },
  {
    // BIP-340 test vector 1: secret key and x-only public key.
    name: 'secp256k1 FROST_BITCOIN',
    network: 'Bitcoin',
    keyCurve: 'secp256k1',
    keyScheme: 'Schnorr',
    privateKey: 'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef',
    publicKey: 'dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659',
    body: { kind: 'Hash', hash },
    scalar: 'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef',
    async verify({ r, s }) {
      const ecc = await oracle('@bitcoinerlab/secp256k1');
      const theirs: boolean = (ecc.default ?? ecc).verifySchnorr(hex(hash), hex(this.publicKey), hex(r + s.slice(2)));
      return theirs && schnorr.verify(hex(r + s.slice(2)), hex(hash), hex(this.publicKey));
    },
  },
];

export function roundTrips(engine: Engine): void {
  let cluster: Cluster;
  let account: AccountFile;
  let dfns: DfnsApiClient;

  before(async () => {
    cluster = await Cluster.start({ engine });
    account = cluster.createOrg('Acme');
    dfns = sdk(account);
  });
  after(async () => {
    await cluster.stop();
    cluster.remove();
  });

  for (const kind of kinds)
    test(`${engine}: a published ${kind.name} key is imported, signs, comes back by export, and signs no more`, async () => {
      const privateKey = hex(kind.privateKey);
      const [signing] = (await dfns.signers.listSigners()).clusters;
      const shares = splitPrivateKeyForSigners({
        signers: signing?.signers ?? [],
        privateKey,
        keyCurve: kind.keyCurve,
        keyScheme: kind.keyScheme,
      });

      const wallet = await dfns.wallets.importWallet({
        body: { network: kind.network, name: kind.name, ...shares } as never,
      });
      match(wallet.signingKey.publicKey, new RegExp(`${kind.publicKey}$`));
      if (kind.address !== undefined) equal(wallet.address, kind.address);
      equal((await dfns.keys.getKey({ keyId: wallet.signingKey.id })).imported, true);

      const signed = await dfns.wallets.generateSignature({ walletId: wallet.id, body: kind.body as never });
      equal(signed.status, 'Signed');
      equal(await kind.verify(signed.signature as never), true);

      const context = newWalletExportContext();
      const reply = await dfns.wallets.exportWallet({ walletId: wallet.id, body: context.getConf() as never });
      equal(reply.encryptedKeyShares.length, 5);
      deepEqual(Buffer.from(context.recoverSecretKey(reply)).toString('hex'), kind.scalar);

      const key = await dfns.keys.getKey({ keyId: wallet.signingKey.id });
      equal(key.exported, true);
      await rejects(dfns.wallets.generateSignature({ walletId: wallet.id, body: kind.body as never }), /exported/);
      await rejects(dfns.keys.generateSignature({ keyId: key.id, body: kind.body as never }), /exported/);
    });
}
