/**
 * BIP-322: a message is signed as the spending of a coin that cannot exist. `Simple` answers the witness of that
 * spending, `Full` the whole transaction.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { SigHash, Transaction } from '@scure/btc-signer';
import { check } from '../../errors/index.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { der, wire } from '../signature.ts';
import type {
  AssembledSignature,
  Body,
  Network,
  PublicKeyRef,
  RawSignature,
  SigningItem,
  SigningPlan,
} from '../types.ts';
import { addressOfScript, hash160, type OwnKind, ownKind, ownScript, pkhScript } from './address.ts';
import { compactSize, encodeRaw, hash256, legacyDigest, type RawTransaction, sized } from './raw.ts';

const messageBytesMax = 65_536;

export function planBip322(key: PublicKeyRef, network: Network, body: Body): SigningPlan {
  const { message, kind, toSign, script } = read(key, network, body);
  return {
    items: [itemOf(kind, key, toSign, script)],
    facts: {
      interpreted: true,
      kind: 'Bip322',
      summary: [
        { label: 'Address', value: addressOfScript(script, network.name) ?? '' },
        { label: 'Message', value: readable(message) },
      ],
    },
  };
}

export function assembleBip322(o: {
  readonly key: PublicKeyRef;
  readonly network: Network;
  readonly body: Body;
  readonly raw: RawSignature;
}): AssembledSignature {
  const { key, raw } = o;
  const { kind, toSign, format } = read(key, o.network, o.body);
  const encoded = kind === 'tr' ? raw.signature : der(raw);
  const withType = concat(encoded, Uint8Array.of(SigHash.ALL));
  const stack = kind === 'tr' ? [raw.signature] : [withType, key.publicKey];
  const witness = concat(compactSize(stack.length), ...stack.map(sized));
  const signature = wire(raw, encoded);
  if (format === 'Simple') return { signature, signedData: toHex0x(witness) };
  if (kind === 'pkh') {
    const script = concat(...[withType, key.publicKey].map(sized));
    const inputs = toSign.inputs.map((input) => ({ ...input, script }));
    return { signature, signedData: toHex0x(encodeRaw({ ...toSign, inputs })) };
  }
  const plain = encodeRaw(toSign);
  // BIP-144: marker and flag behind the version, the witness before the lock time.
  const full = concat(plain.subarray(0, 4), Uint8Array.of(0, 1), plain.subarray(4, -4), witness, plain.subarray(-4));
  return { signature, signedData: toHex0x(full) };
}

function read(key: PublicKeyRef, network: Network, body: Body) {
  check(network.name !== '', 'network', 'must be named: the signature is tied to the address of the network');
  const message = hexMember(body, 'message', { max: messageBytesMax });
  const format = body['format'] ?? 'Simple';
  check(format === 'Simple' || format === 'Full', 'format', 'must be Simple or Full');
  const kind = ownKind(key, network.name);
  check(format === 'Full' || kind !== 'pkh', 'format', `must be Full on ${network.name}, which has no witness`);
  const script = ownScript(key, kind);
  return { message, format, kind, script, toSign: toSign(message, script) };
}

/** BIP-322, "Full": to_spend pays nothing to the script and carries the message, to_sign spends it to nobody. */
export function toSign(message: Uint8Array, script: Uint8Array): RawTransaction {
  const toSpend = encodeRaw({
    version: 0,
    inputs: [
      {
        txid: new Uint8Array(32),
        index: 0xffffffff,
        script: concat(Uint8Array.of(0x00, 0x20), messageHash(message)),
        sequence: 0,
      },
    ],
    outputs: [{ amount: 0n, script }],
    lockTime: 0,
  });
  return {
    version: 0,
    inputs: [{ txid: hash256(toSpend), index: 0, script: new Uint8Array(0), sequence: 0 }],
    outputs: [{ amount: 0n, script: Uint8Array.of(0x6a) }],
    lockTime: 0,
  };
}

/** BIP-340's tagged hash. */
export function messageHash(message: Uint8Array): Uint8Array {
  const tag = sha256(new TextEncoder().encode('BIP0322-signed-message'));
  return sha256(concat(tag, tag, message));
}

function itemOf(kind: OwnKind, key: PublicKeyRef, transaction: RawTransaction, script: Uint8Array): SigningItem {
  if (kind === 'pkh') return { algorithm: 'ecdsa', digest: legacyDigest(transaction, 0, script) };
  const inner = new Transaction({ version: 0, allowUnknownOutputs: true });
  const [input] = transaction.inputs;
  inner.addInput({ txid: Uint8Array.from(input?.txid ?? []).reverse(), index: 0, sequence: 0 });
  inner.addOutput({ script: Uint8Array.of(0x6a), amount: 0n });
  if (kind === 'tr') {
    const message = inner.preimageWitnessV1(0, [script], SigHash.DEFAULT, [0n]);
    return { algorithm: 'bip340', message, taprootMerkleRoot: new Uint8Array(0) };
  }
  const digest = inner.preimageWitnessV0(0, pkhScript(hash160(key.publicKey)), SigHash.ALL, 0n);
  return { algorithm: 'ecdsa', digest };
}

function readable(message: Uint8Array): string {
  const text = new TextDecoder().decode(message.subarray(0, 200));
  return message.length <= 200 && /^[\x20-\x7e]*$/.test(text) ? text : `${message.length} bytes`;
}
