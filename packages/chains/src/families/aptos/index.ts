/**
 * Aptos: the address is SHA3-256 of the key and a zero byte. A transaction is a RawTransaction in BCS, or a SignedTransaction
 * with a fee payer or several agents in which this wallet's authenticator is still empty (aptos.dev, "Creating a signed
 * transaction"; AIP-39).
 */
import { sha3_256 } from '@noble/hashes/sha3.js';
import { check, refuse } from '../../errors/index.ts';
import { be, le, leb128, Reader } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf, u64Max } from '../members.ts';
import { addressBytes, decodeAddress, encodeBytes, encodeStructTag, encodeText } from '../move.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Network, Order, PublicKeyRef } from '../types.ts';
import { type Envelope, parseEnvelope, type RawTransaction } from './transaction.ts';

const path = 'transaction';
const bytesMax = 65_536;
/** aptos.dev, "Networks". */
const chainIds: Readonly<Record<string, number>> = { Aptos: 1, AptosTestnet: 2 };
/** 0.05 APT; a transfer costs about a thousandth of one. */
const feeMaxDefault = 5_000_000n;
const coinType = `0x${'0'.repeat(63)}1::aptos_coin::AptosCoin`;

const seed = (text: string) => sha3_256(new TextEncoder().encode(text));

export const aptos: Family = {
  name: 'aptos',

  address: (key) => toHex0x(addressOf(key)),

  plan({ key, network, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const { envelope, facts } = parseUnsigned(key, network, body);
    return { items: [{ algorithm: 'eddsa', message: messageOf(envelope) }], facts };
  },

  assemble({ key, network, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    const { envelope, slot } = parseUnsigned(key, network, body);
    // Ed25519, as an account's authenticator and as a transaction's alike: variant 0, key, signature.
    const own = concat(be(0, 1), encodeBytes(key.publicKey), encodeBytes(raw.signature));
    const { bytes } = envelope;
    const signed =
      slot === undefined ? concat(bytes, own) : concat(bytes.subarray(0, slot.start), own, bytes.subarray(slot.end));
    return { signature, signedData: toHex0x(signed) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    const payload = payloadOf(body);
    const given = completionOf(completion, {
      required: ['sequence', 'maxGasAmount', 'gasUnitPrice', 'expiration'],
    });
    const sequence = given.number('sequence');
    const maxGasAmount = given.number('maxGasAmount', u64Max, 1n);
    const gasUnitPrice = given.number('gasUnitPrice');
    checkFee(maxGasAmount * gasUnitPrice, network.feeMax ?? feeMaxDefault, 'APT');
    const sender = addressOf(key);
    const transaction = concat(
      sender,
      le(sequence, 8),
      payload,
      le(maxGasAmount, 8),
      le(gasUnitPrice, 8),
      le(given.number('expiration', u64Max, 1n), 8),
      be(chainIdOf(network), 1),
    );
    const made = { kind: 'Transaction', transaction: toHex0x(transaction) };
    return {
      body: made,
      facts: parseUnsigned(key, network, made).facts,
      feeMax: maxGasAmount * gasUnitPrice,
      exclusion: { kind: 'sequence', account: toHex0x(sender), lane: '', sequence: sequence.toString() },
    };
  },

  /** SHA3-256 of the transaction as the ledger counts it: variant 0, a user's. */
  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 1, max: bytesMax });
    return toHex0x(sha3_256(concat(seed('APTOS::Transaction'), be(0, 1), bytes)));
  },
};

function whole({ key, network, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: parseUnsigned(key, network, made).facts, exclusion: { kind: 'digest' } };
}

/** Calls of the framework's own functions; each creates the recipient's account or store where it has to. */
function payloadOf(body: Body): Uint8Array {
  switch (body['kind']) {
    case 'Native':
      transferOf(body, ['to', 'amount']);
      return entryFunction('aptos_account', 'transfer', [], [recipientOf(body), le(amountOf(body), 8)]);
    case 'Coin': {
      transferOf(body, ['coin', 'to', 'amount']);
      const type = encodeStructTag(textOf(body, 'coin'), 'coin');
      return entryFunction('aptos_account', 'transfer_coins', [type], [recipientOf(body), le(amountOf(body), 8)]);
    }
    case 'Aip21': {
      transferOf(body, ['metadata', 'to', 'amount']);
      const metadata = textOf(body, 'metadata');
      check(/^0x[0-9a-fA-F]{1,64}$/.test(metadata), 'metadata', 'must be 0x and at most 64 hex digits');
      const type = encodeStructTag('0x1::fungible_asset::Metadata', 'metadata');
      const args = [addressBytes(metadata), recipientOf(body), le(amountOf(body), 8)];
      return entryFunction('primary_fungible_store', 'transfer', [type], args);
    }
    default:
      return unknownKind(body, ['Native', 'Coin', 'Aip21']);
  }
}

function recipientOf(body: Body): Uint8Array {
  return decodeAddress(textOf(body, 'to'), 'to');
}

/** Payload variant 2, of a module of the framework at 0x1. */
function entryFunction(
  module: string,
  name: string,
  types: readonly Uint8Array[],
  args: readonly Uint8Array[],
): Uint8Array {
  return concat(
    be(2, 1),
    be(1, 32),
    encodeText(module),
    encodeText(name),
    leb128(types.length),
    ...types,
    leb128(args.length),
    ...args.map(encodeBytes),
  );
}

function parseUnsigned(key: PublicKeyRef, network: Network, body: Body) {
  const envelope = parseEnvelope(hexMember(body, path, { min: 1, max: bytesMax }), path);
  const { raw } = envelope;
  const own = addressOf(key);
  if (network.name !== '')
    check(
      raw.chainId === chainIdOf(network),
      path,
      `chain id ${raw.chainId} does not match network ${network.name} (${chainIdOf(network)})`,
    );
  const slot = envelope.slots.find(({ address }) => equal(address, own));
  if (envelope.kind === 'raw')
    check(equal(raw.sender, own), path, `is sent by ${toHex0x(raw.sender)}, not by this wallet`);
  else {
    check(slot !== undefined, path, 'is not to be signed by this wallet');
    check(slot.empty, path, 'is already signed by this wallet');
    check(
      slot.publicKey === undefined || equal(slot.publicKey, key.publicKey),
      path,
      'names another key for this wallet',
    );
  }
  return { envelope, slot, facts: factsOf(envelope) };
}

function messageOf(envelope: Envelope): Uint8Array {
  const raw = envelope.bytes.subarray(0, envelope.raw.length);
  if (envelope.kind === 'raw') return concat(seed('APTOS::RawTransaction'), raw);
  const secondary = concat(leb128(envelope.secondary.length), ...envelope.secondary);
  const variant = envelope.feePayer === undefined ? 0 : 1;
  return concat(
    seed('APTOS::RawTransactionWithData'),
    be(variant, 1),
    raw,
    secondary,
    envelope.feePayer ?? new Uint8Array(0),
  );
}

function factsOf(envelope: Envelope): Facts {
  const { raw } = envelope;
  const transfer = transferFacts(raw);
  return {
    interpreted: transfer !== undefined && envelope.secondary.length === 0,
    kind: 'Transaction',
    summary: [
      ...(transfer ?? [{ label: 'Calls', value: raw.calls }]),
      { label: 'Sender', value: toHex0x(raw.sender) },
      ...(envelope.feePayer === undefined ? [] : [{ label: 'Fee payer', value: toHex0x(envelope.feePayer) }]),
      { label: 'Fee, at most', value: (raw.maxGasAmount * raw.gasUnitPrice).toString() },
      { label: 'Sequence', value: raw.sequence.toString() },
      { label: 'Expires', value: raw.expiration.toString() },
    ],
  };
}

const framework = `0x${'0'.repeat(63)}1`;

function transferFacts({ call }: RawTransaction): Facts['summary'] | undefined {
  if (call === undefined) return undefined;
  const [first = new Uint8Array(0), second = new Uint8Array(0), third = new Uint8Array(0)] = call.args;
  const fits = (bytes: Uint8Array, length: number) => bytes.length === length;
  const facts = (asset: string, to: Uint8Array, amount: Uint8Array) => [
    { label: 'To', value: toHex0x(to) },
    { label: 'Asset', value: asset },
    { label: 'Amount', value: new Reader(amount, path).le(8).toString() },
  ];
  const two = call.args.length === 2 && fits(first, 32) && fits(second, 8);
  const three = call.args.length === 3 && fits(first, 32) && fits(second, 32) && fits(third, 8);
  const [type = ''] = call.types;
  switch (call.name) {
    case `${framework}::aptos_account::transfer`:
      return two && call.types.length === 0 ? facts('APT', first, second) : undefined;
    case `${framework}::aptos_account::transfer_coins`:
      return two && call.types.length === 1 ? facts(type === coinType ? 'APT' : type, first, second) : undefined;
    case `${framework}::primary_fungible_store::transfer`:
      return three && type === `${framework}::fungible_asset::Metadata` && call.types.length === 1
        ? facts(toHex0x(first), second, third)
        : undefined;
    default:
      return undefined;
  }
}

/** SHA3-256 of the key and 00, the scheme of a single Ed25519 key. */
function addressOf(key: PublicKeyRef): Uint8Array {
  return sha3_256(concat(key.publicKey, Uint8Array.of(0)));
}

function chainIdOf(network: Network): number {
  return chainIds[network.name] ?? refuse('network', 'must be named: a transaction names its chain', 'E_NETWORK');
}
