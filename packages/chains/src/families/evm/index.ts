/**
 * EVM networks: keccak address, EIP-191 and EIP-712 messages, EIP-7702 authorisations, transactions of types 0, 1, 2 and 4 in their unsigned
 * serialised form. Signatures carry v = 27 + recid; signed transactions the parity their type wants.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { planHash, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { AssembledSignature, Family, Network, RawSignature, SigningPlan } from '../types.ts';
import { planAuthorization } from './authorization.ts';
import { constructEvm, occupiedBy, outbidEvm, replaceEvm } from './construct.ts';
import { addressBytes } from './key-address.ts';
import { parseUnsigned, serializeSigned } from './transaction.ts';
import { typedDataDigest } from './typed-data.ts';

const kinds = ['Hash', 'Message', 'Eip191', 'Eip712', 'Eip7702', 'Transaction'];

export const evm: Family = {
  name: 'evm',

  address: (key) => toHex0x(addressBytes(key)),

  plan({ key, network, body }) {
    switch (body['kind']) {
      case 'Hash':
        return planHash(key, body);
      case 'Message':
      case 'Eip191':
        return planPersonalMessage(body);
      case 'Eip712':
        return planTypedData(network, body);
      case 'Eip7702':
        return planAuthorization(network, body);
      case 'Transaction':
        return planTransaction(network, body);
      default:
        return unknownKind(body, kinds);
    }
  },

  assemble({ network, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const signature = wireEvm(raw);
    if (body['kind'] !== 'Transaction') return signature;
    const transaction = parseUnsigned(hexMember(body, 'transaction', { min: 1, max: 131_072 }), network);
    return { ...signature, signedData: serializeSigned(transaction, raw) };
  },

  occupies: occupiedBy,
  construct: constructEvm,
  replace: replaceEvm,
  outbid: outbidEvm,

  transactionId: (signedData) => toHex0x(keccak_256(hexMember({ signedData }, 'signedData', { min: 1, max: 262_144 }))),
};

function wireEvm(raw: RawSignature): AssembledSignature {
  const { r, s } = rs(raw);
  return { signature: wire(raw, concat(r, s, Uint8Array.of(27 + (raw.recid ?? 0)))) };
}

function planPersonalMessage(body: Readonly<Record<string, unknown>>): SigningPlan {
  const message = hexMember(body, 'message', { min: 0, max: 65_536 });
  // EIP-191 version 0x45: "\x19Ethereum Signed Message:\n" ‖ length in decimal ‖ message.
  const prefix = new TextEncoder().encode(`\x19Ethereum Signed Message:\n${message.length}`);
  return {
    items: [{ algorithm: 'ecdsa', digest: keccak_256(concat(prefix, message)) }],
    facts: { interpreted: false, kind: 'Eip191', summary: [{ label: 'Message', value: `${message.length} bytes` }] },
  };
}

function planTypedData(network: Network, body: Readonly<Record<string, unknown>>): SigningPlan {
  const { digest, primaryType, domain } = typedDataDigest({
    types: body['types'],
    domain: body['domain'],
    message: body['message'],
  });
  if (domain.chainId !== undefined && network.chainId !== undefined)
    check(
      domain.chainId === BigInt(network.chainId),
      'domain.chainId',
      `${domain.chainId} does not match network ${network.name} (${network.chainId})`,
    );
  return {
    items: [{ algorithm: 'ecdsa', digest }],
    facts: {
      interpreted: true,
      kind: 'Eip712',
      summary: [
        { label: 'Type', value: primaryType },
        ...(domain.name === undefined ? [] : [{ label: 'Domain', value: domain.name.slice(0, 64) }]),
      ],
    },
  };
}

function planTransaction(network: Network, body: Readonly<Record<string, unknown>>): SigningPlan {
  const transaction = parseUnsigned(hexMember(body, 'transaction', { min: 1, max: 131_072 }), network);
  return {
    items: [{ algorithm: 'ecdsa', digest: keccak_256(transaction.bytes) }],
    facts: {
      interpreted: true,
      kind: 'Transaction',
      summary: [
        { label: 'To', value: transaction.to === '' ? 'contract creation' : transaction.to },
        { label: 'Value', value: transaction.value.toString() },
        { label: 'Nonce', value: transaction.nonce.toString() },
        { label: 'Chain id', value: String(network.chainId ?? '') },
        { label: 'Data', value: `${transaction.dataBytes} bytes` },
      ],
    },
  };
}
