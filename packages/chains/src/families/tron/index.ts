/**
 * TRON: Ethereum's accounts in base58check, transactions as `raw_data` in Protocol Buffers, tied to a recent block and
 * a time of expiry in place of a nonce.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf, u64Max } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { protoMessage, readMessage } from '../protobuf.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Family, Order } from '../types.ts';
import { accountOf, decodeAddress, encodeAddress } from './address.ts';
import {
  contractTypes,
  encodeRaw,
  encodeTransfer,
  encodeTransferAsset,
  encodeTrigger,
  i64Max,
  nftCall,
  parseRaw,
  tokenCall,
} from './raw.ts';

const bytesMax = 65_536;
const u256Max = (1n << 256n) - 1n;
/** 100 TRX: several times what a token transfer to a new holder costs. */
const feeMaxDefault = 100_000_000n;
/**
 * Sun a byte of bandwidth costs (chain parameter getTransactionFee, 1000), bytes the signature and result take, and what a
 * new account costs (getCreateAccountFee, 100000, and getCreateNewAccountFeeInSystemContract, 1000000): values of
 * tronprotocol/documentation-en, docs/introduction/overview.md, and of its page /wallet/getchainparameters.
 */
const bandwidthPrice = 1_000n;
const signedBytes = 69 + 64;
const newAccountFee = 1_100_000n;
/** The chain refuses an expiry further ahead of its latest block (java-tron, MAXIMUM_TIME_UNTIL_EXPIRATION). */
const validityMax = 86_400_000n;

export const tron: Family = {
  name: 'tron',

  address: (key) => encodeAddress(accountOf(key)),

  plan({ key, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const bytes = rawOf(body);
    const facts = parseRaw(bytes, accountOf(key));
    return { items: [{ algorithm: 'ecdsa', digest: sha256(bytes) }], facts };
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw?.recid === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const encoded = concat(r, s, Uint8Array.of(27 + raw.recid));
    const signature = wire(raw, encoded);
    if (body['kind'] !== 'Transaction') return { signature };
    const bytes = rawOf(body);
    parseRaw(bytes, accountOf(key));
    return { signature, signedData: toHex0x(concat(protoMessage(1, bytes), protoMessage(2, encoded))) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, body, network, completion } = order;
    const own = accountOf(key);
    const { type, value } = contractOf(body, own);
    const runs = type === contractTypes.trigger;
    const given = completionOf(completion, {
      required: ['refBlockBytes', 'refBlockHash', 'expiration', 'timestamp', ...(runs ? ['feeLimit'] : [])],
    });
    const hexOf = (name: string, bytes: number) => {
      const text = given.text(name, new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `${2 * bytes} hex digits`);
      return hexMember({ [name]: text }, name, { exactly: bytes });
    };
    const timestamp = given.number('timestamp', i64Max, 1n);
    const expiration = given.number('expiration', i64Max, timestamp + 1n);
    check(
      expiration - timestamp <= validityMax,
      'completion.expiration',
      'must be within 24 hours of the timestamp',
      'E_COMPLETION',
    );
    const feeLimit = runs ? given.number('feeLimit', u64Max, 1n) : 0n;
    const refBlockBytes = hexOf('refBlockBytes', 2);
    const refBlockHash = hexOf('refBlockHash', 8);
    const capacity = network.feeMax ?? feeMaxDefault;
    checkFee(feeLimit, capacity, 'TRX');
    const bytes = encodeRaw({ refBlockBytes, refBlockHash, expiration, timestamp, feeLimit, type, value });
    const feeMax = feeLimit + BigInt(bytes.length + signedBytes) * bandwidthPrice + (runs ? 0n : newAccountFee);
    checkFee(feeMax, capacity, 'TRX');
    const made = { kind: 'Transaction', transaction: toHex0x(bytes) };
    return { body: made, facts: parseRaw(bytes, own), feeMax, exclusion: { kind: 'digest' } };
  },

  /** SHA-256 of `raw_data`, as the chain's explorers write it. */
  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 1, max: 2 * bytesMax });
    const signed = readMessage(bytes, 'signedData', { 1: 'bytes', 2: 'bytes' });
    return toHex0x(sha256(signed.bytes(1))).slice(2);
  },
};

function whole({ key, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: parseRaw(rawOf(made), accountOf(key)), exclusion: { kind: 'digest' } };
}

function contractOf(body: Body, own: Uint8Array): { readonly type: number; readonly value: Uint8Array } {
  switch (body['kind']) {
    case 'Native': {
      transferOf(body, ['to', 'amount']);
      const value = encodeTransfer(own, decodeAddress(textOf(body, 'to'), 'to'), amountOf(body, i64Max));
      return { type: contractTypes.transfer, value };
    }
    case 'Trc10': {
      transferOf(body, ['to', 'amount', 'tokenId']);
      const tokenId = textOf(body, 'tokenId');
      check(/^[1-9][0-9]{0,18}$/.test(tokenId), 'tokenId', 'must be the decimal id of a TRC-10 token');
      const to = decodeAddress(textOf(body, 'to'), 'to');
      return {
        type: contractTypes.transferAsset,
        value: encodeTransferAsset(own, to, amountOf(body, i64Max), tokenId),
      };
    }
    case 'Trc20': {
      transferOf(body, ['to', 'amount', 'contract']);
      const call = tokenCall(decodeAddress(textOf(body, 'to'), 'to'), amountOf(body, u256Max));
      return trigger(body, own, call);
    }
    case 'Trc721': {
      transferOf(body, ['to', 'tokenId', 'contract']);
      const tokenId = textOf(body, 'tokenId');
      check(
        /^(0|[1-9][0-9]{0,77})$/.test(tokenId) && BigInt(tokenId) <= u256Max,
        'tokenId',
        'must be a decimal integer below 2^256',
      );
      return trigger(body, own, nftCall(own, decodeAddress(textOf(body, 'to'), 'to'), BigInt(tokenId)));
    }
    default:
      return unknownKind(body, ['Native', 'Trc10', 'Trc20', 'Trc721']);
  }
}

function trigger(body: Body, own: Uint8Array, call: Uint8Array) {
  const contract = decodeAddress(textOf(body, 'contract'), 'contract');
  return { type: contractTypes.trigger, value: encodeTrigger(own, contract, call) };
}

function rawOf(body: Body): Uint8Array {
  return hexMember(body, 'transaction', { min: 1, max: bytesMax });
}
