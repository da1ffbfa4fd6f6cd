/**
 * Cardano: enterprise wallets of one key. A transaction is CBOR with an empty witness set; the hash of its body, as the bytes
 * came, is signed. CIP-8 messages are COSE_Sign1 (RFC 9052).
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { byteString, type Cbor, decodeCbor, list, map, negative, no, simple, textString, uint } from '../cbor.ts';
import { planMessage, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Family, Network, PublicKeyRef } from '../types.ts';
import { checkAddressBytes, formatAddress, networkId, ownAddressBytes } from './address.ts';
import { constructTransfer } from './transfer.ts';

const path = 'transaction';
/** Cardano's own limit is 16,384. */
const bytesMax = 16_384;
const messageBytesMax = 65_536;
/** Members of a body that do nothing but pay: inputs, outputs, fee, times, hash of the data beside, network. */
const plainMembers = [0n, 1n, 2n, 3n, 7n, 8n, 15n];

export const cardano: Family = {
  name: 'cardano',

  address: (key, network) => formatAddress(ownAddressBytes(key, network), network),

  plan({ key, network, body }) {
    switch (body['kind']) {
      case 'Message':
        return planMessage(key, body);
      case 'Transaction': {
        const read = readTransaction(body, network);
        return {
          items: [{ algorithm: 'eddsa', message: blake2b(read.body.raw, { dkLen: 32 }) }],
          facts: { interpreted: read.interpreted, kind: 'Transaction', summary: read.summary },
        };
      }
      case 'Cip8': {
        const { payload, structure } = readCip8(key, network, body);
        return {
          items: [{ algorithm: 'eddsa', message: structure }],
          facts: {
            interpreted: false,
            kind: 'Cip8',
            summary: [{ label: 'Message', value: `${payload.length} bytes` }],
          },
        };
      }
      default:
        return unknownKind(body, ['Message', 'Transaction', 'Cip8']);
    }
  },

  assemble({ key, network, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    switch (body['kind']) {
      case 'Transaction': {
        const { body: signed, isValid, beside } = readTransaction(body, network);
        const witness = list(byteString(key.publicKey), byteString(raw.signature));
        const bytes = list(signed.raw, map([uint(0), list(witness)]), isValid.raw, beside.raw);
        return { signature, signedData: toHex0x(bytes) };
      }
      case 'Cip8': {
        const { payload, header } = readCip8(key, network, body);
        const bytes = list(
          byteString(header),
          map([textString('hashed'), no]),
          byteString(payload),
          byteString(raw.signature),
        );
        return { signature, signedData: toHex0x(bytes) };
      }
      default:
        return { signature };
    }
  },

  construct: constructTransfer,

  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 4, max: 2 * bytesMax });
    const [body] = items(decodeCbor(bytes, 'signedData'), 'signedData');
    return toHex0x(blake2b(body?.raw ?? refuse('signedData', 'is no transaction'), { dkLen: 32 })).slice(2);
  },
};

function readTransaction(from: Body, network: Network) {
  const bytes = hexMember(from, path, { min: 4, max: bytesMax });
  const [body, witnesses, isValid, beside, ...more] = items(decodeCbor(bytes, path), path);
  if (
    body?.type !== 'map' ||
    witnesses === undefined ||
    isValid === undefined ||
    beside === undefined ||
    more.length > 0
  )
    return refuse(path, 'is no transaction: body, witnesses, validity and what is beside');
  check(witnesses.type === 'map' && witnesses.value.length === 0, path, 'must have an empty witness set');
  check(isValid.type === 'simple' && isValid.value === simple.true, path, 'must not be marked as failing');
  const keys = body.value.map(([name]) =>
    name.type === 'int' ? name.value : refuse(path, 'has a member without a number'),
  );
  check(new Set(keys).size === keys.length, path, 'has a member twice');
  const member = (name: bigint) => body.value.find(([each]) => each.type === 'int' && each.value === name)?.[1];

  const inputs = items(member(0n) ?? refuse(path, 'has no inputs'), path);
  check(inputs.length >= 1, path, 'has no inputs');
  const spent = inputs.map((each) => toHex0x(each.raw));
  check(new Set(spent).size === spent.length, path, 'has an input twice');
  const outputs = items(member(1n) ?? refuse(path, 'has no outputs'), path).map((each) => readOutput(each, network));
  const fee = member(2n);
  check(fee?.type === 'int' && fee.value >= 0n, path, 'has no fee');
  const of = member(15n);
  check(
    of === undefined || (of.type === 'int' && of.value === BigInt(networkId(network))),
    path,
    `is for another network than ${network.name}`,
  );
  const hash = member(7n);
  const isEmpty = beside.type === 'simple' && beside.value === simple.null;
  check(
    hash === undefined ? isEmpty : !isEmpty,
    path,
    'has data beside it that its body does not name, or the other way about',
  );
  if (hash !== undefined)
    check(
      hash.type === 'bytes' && toHex0x(hash.value) === toHex0x(blake2b(beside.raw, { dkLen: 32 })),
      path,
      'has other data beside it than its body names',
    );

  return {
    body,
    isValid,
    beside,
    interpreted: keys.every((each) => plainMembers.includes(each)) && outputs.every((each) => each.plain),
    summary: [
      { label: 'Inputs', value: String(inputs.length) },
      ...outputs.slice(0, 20).map((each, n) => ({ label: `Output ${n}`, value: `${each.amount} to ${each.address}` })),
      { label: 'Fee', value: String(fee.value) },
      ...keys
        .filter((each) => !plainMembers.includes(each))
        .map((each) => ({ label: 'Not read', value: `member ${each}` })),
    ],
  };
}

/** Legacy `[address, value]` or `{0: address, 1: value, …}`; a value is coins, or coins with tokens. */
function readOutput(output: Cbor, network: Network) {
  const parts =
    output.type === 'map'
      ? [0n, 1n].map((name) => output.value.find(([each]) => each.type === 'int' && each.value === name)?.[1])
      : items(output, path);
  const [address, value] = parts;
  if (address?.type !== 'bytes' || value === undefined) return refuse(path, 'has an output that cannot be read');
  // Byron addresses are lists inside a tag: as bytes they begin with 0x82.
  const isByron = address.value[0] === 0x82;
  if (!isByron) checkAddressBytes(address.value, network, path);
  const coins = value.type === 'list' ? value.value[0] : value;
  if (coins?.type !== 'int' || coins.value < 0n) return refuse(path, 'has an output without an amount');
  return {
    address: isByron ? toHex0x(address.value) : formatAddress(address.value, network),
    amount: value.type === 'list' ? `${coins.value} and tokens` : String(coins.value),
    plain: value.type === 'int' && !isByron && (output.type === 'map' ? output.value.length === 2 : parts.length === 2),
  };
}

/** A list, or the tagged set that Conway writes for it. */
function items(from: Cbor, at: string): readonly Cbor[] {
  const found = from.type === 'tag' && from.tag === 258n ? from.value : from;
  return found.type === 'list' ? found.value : refuse(at, 'has something else where a list belongs');
}

/** Protected: the algorithm (EdDSA) and the wallet's address (CIP-8). */
function readCip8(key: PublicKeyRef, network: Network, body: Body) {
  check(network.name !== '', 'network', 'must be named: the message carries the address of the network');
  check(body['context'] === 'Signature1', 'context', 'must be Signature1');
  const part = (name: 'payload' | 'externalAad') =>
    body[name] === undefined ? new Uint8Array(0) : hexMember(body, name, { max: messageBytesMax });
  const [payload, externalAad] = [part('payload'), part('externalAad')];
  const header = map([uint(1), negative(-8)], [textString('address'), byteString(ownAddressBytes(key, network))]);
  const structure = list(textString('Signature1'), byteString(header), byteString(externalAad), byteString(payload));
  return { payload, header, structure };
}
