import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { SigHash, Transaction } from '@scure/btc-signer';
import { verifyRaw } from '../../schemes/index.ts';
import { toHex0x } from '../bytes.ts';
import { addressOf, assembleSignature, loadFamily, planSignature } from '../index.ts';
import type { PublicKeyRef, RawSignature, SigningItem } from '../types.ts';
import { scriptOfAddress } from './index.ts';

await Promise.all([loadFamily('pseudo'), loadFamily('bitcoin')]);

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const secret = hex('11'.repeat(32));
const ecdsaKey: PublicKeyRef = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: secp256k1.getPublicKey(secret, true) };
const schnorrKey: PublicKeyRef = {
  scheme: 'Schnorr',
  curve: 'secp256k1',
  publicKey: secp256k1.getPublicKey(secret, true),
};

test('gives the first addresses of BIP-84 and BIP-86 and their testnet and Litecoin forms', () => {
  // BIP-84: m/84'/0'/0'/0/0 of the "abandon … about" mnemonic; BIP-86: m/86'/0'/0'/0/0, internal key.
  const bip84: PublicKeyRef = {
    ...ecdsaKey,
    publicKey: hex('0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c'),
  };
  const bip86: PublicKeyRef = {
    ...schnorrKey,
    publicKey: hex('02cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115'),
  };

  equal(addressOf('Bitcoin', bip84), 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu');
  equal(addressOf('Bitcoin', bip86), 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr');
  equal(addressOf('BitcoinTestnet3', bip84)?.slice(0, 4), 'tb1q');
  equal(addressOf('Litecoin', bip84)?.slice(0, 5), 'ltc1q');
});

test('refuses a scheme the network does not take', () => {
  throws(() => addressOf('Bitcoin', { scheme: 'EdDSA', curve: 'ed25519', publicKey: new Uint8Array(32) }), {
    code: 'E_SCHEME',
  });
});

interface Shape {
  readonly key: PublicKeyRef;
  readonly sighash?: number;
  readonly amount?: bigint;
  readonly previousAmount?: bigint;
  readonly foreign?: boolean;
  readonly twice?: boolean;
}

function psbt({ key, sighash, amount = 10_000n, previousAmount, foreign = false, twice = false }: Shape): string {
  const transaction = new Transaction({ allowUnknownOutputs: true });
  const address = addressOf('Bitcoin', key) ?? '';
  const script = foreign ? hex(`0014${'22'.repeat(20)}`) : scriptOfAddress(address, 'Bitcoin');
  const previous = new Transaction({ allowUnknownOutputs: true, allowUnknownInputs: true });
  previous.addInput({ txid: '01'.repeat(32), index: 0, finalScriptSig: new Uint8Array(0) });
  previous.addOutput({ script, amount: previousAmount ?? amount });
  for (const index of twice ? [0, 1] : [0])
    transaction.addInput({
      txid: previousAmount === undefined ? '02'.repeat(32) : previous.id,
      index,
      witnessUtxo: { script, amount },
      ...(sighash === undefined ? {} : { sighashType: sighash }),
      ...(key.scheme === 'Schnorr' ? { tapInternalKey: key.publicKey.subarray(1) } : {}),
    });
  transaction.addOutput({ script: hex(`0014${'33'.repeat(20)}`), amount: 9_000n });
  return toHex0x(transaction.toPSBT());
}

function sign(item: SigningItem): RawSignature {
  if (item.algorithm === 'ecdsa') {
    const bytes = secp256k1.sign(item.digest, secret, { prehash: false, format: 'recovered' });
    return { signature: bytes.subarray(1), recid: bytes[0] ?? 0 };
  }
  if (item.algorithm !== 'bip340') throw new Error('unexpected item');
  // BIP-341 key path: d = ±secret, then d + tweak.
  const order = secp256k1.Point.Fn.ORDER;
  let d = BigInt(toHex0x(secret));
  if ((secp256k1.getPublicKey(secret, true)[0] ?? 0) === 3) d = order - d;
  if (item.taprootMerkleRoot !== undefined) {
    const internal = secp256k1.getPublicKey(secret, true).subarray(1);
    d =
      (d +
        BigInt(
          toHex0x(schnorr.utils.taggedHash('TapTweak', Uint8Array.from([...internal, ...item.taprootMerkleRoot]))),
        )) %
      order;
  }
  return { signature: schnorr.sign(item.message, hex(d.toString(16).padStart(64, '0'))) };
}

for (const key of [ecdsaKey, schnorrKey])
  test(`signs a PSBT of a ${key.scheme} wallet so that it finalises into a transaction`, () => {
    const body = { kind: 'Psbt', psbt: psbt({ key, twice: true }) };
    const { items } = planSignature({ key, network: 'Bitcoin', body });
    const signatures = items.map(sign);

    deepEqual(
      items.map((item, n) => verifyRaw(item, key, signatures[n] ?? { signature: new Uint8Array(64) })),
      [true, true],
    );
    const { signedData, signatures: wired } = assembleSignature({ key, network: 'Bitcoin', body, signatures });
    equal(wired?.length, 2);
    const done = Transaction.fromPSBT(hex((signedData ?? '').slice(2)));
    done.finalize();
    equal(done.isFinal, true);
    equal(done.extract().length > 100, true);
  });

test('[bad-input 126] refuses a PSBT that does not concern the key, asks for another sighash, or is none', () => {
  const refused = (shape: Shape, message: RegExp) =>
    throws(
      () => planSignature({ key: shape.key, network: 'Bitcoin', body: { kind: 'Psbt', psbt: psbt(shape) } }),
      message,
    );

  refused({ key: ecdsaKey, foreign: true }, /no input belongs to this key/);
  refused(
    { key: ecdsaKey, sighash: SigHash.NONE },
    /psbt input 0 asks for sighash NONE, which is not allowed|input 0 asks for sighash NONE/,
  );
  refused({ key: ecdsaKey, sighash: SigHash.SINGLE }, /sighash SINGLE/);
  refused({ key: ecdsaKey, sighash: SigHash.ALL_ANYONECANPAY }, /sighash ALL\|ANYONECANPAY/);
  refused({ key: schnorrKey, sighash: SigHash.NONE }, /sighash NONE/);
  throws(
    () => planSignature({ key: ecdsaKey, network: 'Bitcoin', body: { kind: 'Psbt', psbt: '0x70736274ff00' } }),
    /not a PSBT|must be/,
  );
});
