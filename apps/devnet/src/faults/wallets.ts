/** Wallets of the three kinds as the fault tests make, import and use them; every signature is verified elsewhere. */
import { equal } from 'node:assert/strict';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { type Answer, type Caller, good } from './caller.ts';

export type KindName = 'ed25519' | 'bip340' | 'ecdsa';

interface Kind {
  readonly create: object;
  readonly network: string;
  readonly keyCurve: 'ed25519' | 'secp256k1';
  readonly keyScheme: 'EdDSA' | 'Schnorr' | 'ECDSA';
  readonly what: object;
  /** `bytes` is the message or hash, `signature` 64 bytes. */
  verifies(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean;
}

const signed = Buffer.alloc(32, 7);
const hash = { kind: 'Hash', hash: `0x${signed.toString('hex')}` };
const SPKI_ED25519 = '302a300506032b6570032100';

export const kinds: Readonly<Record<KindName, Kind>> = {
  ed25519: {
    create: { network: 'Solana' },
    network: 'Solana',
    keyCurve: 'ed25519',
    keyScheme: 'EdDSA',
    what: { kind: 'Message', message: `0x${signed.toString('hex')}` },
    verifies: (publicKey, bytes, signature) => {
      const der = Buffer.from(SPKI_ED25519 + publicKey, 'hex');
      return verify(null, bytes, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
    },
  },
  bip340: {
    create: { network: 'Bitcoin', signingKey: { scheme: 'Schnorr', curve: 'secp256k1' } },
    network: 'Bitcoin',
    keyCurve: 'secp256k1',
    keyScheme: 'Schnorr',
    what: hash,
    verifies: (publicKey, bytes, signature) =>
      schnorr.verify(signature, bytes, Buffer.from(publicKey.slice(-64), 'hex')),
  },
  ecdsa: {
    create: { network: 'KeyECDSA' },
    network: 'KeyECDSA',
    keyCurve: 'secp256k1',
    keyScheme: 'ECDSA',
    what: hash,
    verifies: (publicKey, bytes, signature) =>
      secp256k1.verify(signature, bytes, Buffer.from(publicKey, 'hex'), { prehash: false }),
  },
};

export const kindNames = Object.keys(kinds) as KindName[];

export interface Wallet {
  readonly id: string;
  readonly keyId: string;
  readonly publicKey: string;
  readonly kind: KindName;
}

export function walletIn(answer: Answer, kind: KindName): Wallet {
  const { id, signingKey } = good(answer).body as { id: string; signingKey: { id: string; publicKey: string } };
  return { id, keyId: signingKey.id, publicKey: signingKey.publicKey, kind };
}

export async function createWallet(caller: Caller, kind: KindName): Promise<Wallet> {
  return walletIn(await caller.act('POST', '/wallets', kinds[kind].create), kind);
}

export const askSignature = (caller: Caller, wallet: Wallet): Promise<Answer> =>
  caller.act('POST', `/wallets/${wallet.id}/signatures`, kinds[wallet.kind].what);

/** Signs and verifies with a library that had no part in it; how long the signed call took. */
export async function signs(caller: Caller, wallet: Wallet): Promise<number> {
  const started = performance.now();
  const answer = good(await askSignature(caller, wallet));
  const ms = performance.now() - started;
  verifySignature(wallet, answer);
  return ms;
}

export function verifySignature({ publicKey, kind }: Pick<Wallet, 'publicKey' | 'kind'>, answer: Answer): void {
  equal(answer.body.status, 'Signed');
  const { r, s } = answer.body.signature as { r: string; s: string };
  const signature = Buffer.from(r.slice(2) + s.slice(2), 'hex');
  equal(kinds[kind].verifies(publicKey, signed, signature), true, `the signature of a ${kind} key verifies`);
}

/** A private key valid on either curve. */
export function newPrivateKey(): Uint8Array {
  const key = new Uint8Array(randomBytes(32));
  // Below every group order, and not zero: no draw has to be repeated.
  key[0] = 1;
  return key;
}

/** The body of an import, sealed to the signers as they are now. */
export async function importBody(caller: Caller, kind: KindName, privateKey: Uint8Array) {
  const { clusters } = good(await caller.read('/signers')).body as { clusters: { signers: never[] }[] };
  const { keyCurve, keyScheme, network } = kinds[kind];
  const shares = splitPrivateKeyForSigners({ signers: clusters[0]?.signers ?? [], privateKey, keyCurve, keyScheme });
  return { network, ...shares };
}
