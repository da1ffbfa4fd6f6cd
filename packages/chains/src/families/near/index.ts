/**
 * NEAR: implicit accounts, whose name is the key in hex. SHA-256 of the transaction is signed. No byte of it says which
 * network it is for, but the block hash, which other networks do not have.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { base58 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { le, Reader } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf, u64Max } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Order, PublicKeyRef } from '../types.ts';
import { isAccount, readTransaction, type Transaction } from './transaction.ts';

const path = 'transaction';
const bytesMax = 131_072;
/** Of a key and of a signature: Ed25519. */
const ed25519 = Uint8Array.of(0);
/**
 * A transaction names no fee: the protocol charges its gas. A transfer that also creates the recipient's account uses less than
 * 12 Tgas, at 10^8 yoctoNEAR each 0.0012 NEAR; the price rises in steps when blocks are full, so this allows eight times.
 */
const transferCost = 10n ** 22n;

export const near: Family = {
  name: 'near',

  address: (key) => accountOf(key),

  plan({ key, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const { bytes, facts } = parseUnsigned(key, body);
    return { items: [{ algorithm: 'eddsa', message: sha256(bytes) }], facts };
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    return { signature, signedData: toHex0x(concat(parseUnsigned(key, body).bytes, ed25519, raw.signature)) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    if (body['kind'] !== 'Native') return unknownKind(body, ['Native']);
    transferOf(body, ['to', 'amount']);
    const to = textOf(body, 'to');
    check(isAccount(to), 'to', 'is not a NEAR account');
    const amount = amountOf(body, (1n << 128n) - 1n);
    const given = completionOf(completion, { required: ['nonce', 'blockHash'] });
    const nonce = given.number('nonce', u64Max, 1n);
    const blockHash = base58.decode(given.text('blockHash', /^[1-9A-HJ-NP-Za-km-z]{32,44}$/, 'the hash of a block'));
    check(blockHash.length === 32, 'completion.blockHash', 'must be the hash of a block', 'E_COMPLETION');
    checkFee(transferCost, network.feeMax ?? transferCost, 'NEAR');
    const account = accountOf(key);
    const bytes = concat(
      text(account),
      ed25519,
      key.publicKey,
      le(nonce, 8),
      text(to),
      blockHash,
      le(1, 4),
      Uint8Array.of(3),
      le(amount, 16),
    );
    const made = { kind: 'Transaction', transaction: toHex0x(bytes) };
    return {
      body: made,
      facts: parseUnsigned(key, made).facts,
      feeMax: transferCost,
      // Each access key counts for itself.
      exclusion: {
        kind: 'sequence',
        account,
        lane: `ed25519:${base58.encode(key.publicKey)}`,
        sequence: nonce.toString(),
      },
    };
  },

  /** Base58 of the hash that was signed. */
  transactionId(signedData) {
    const reader = new Reader(hexMember({ signedData }, 'signedData', { min: 1, max: bytesMax + 66 }), 'signedData');
    readTransaction(reader);
    return base58.encode(sha256(reader.bytes.subarray(0, reader.at)));
  },
};

function whole({ key, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: parseUnsigned(key, made).facts, exclusion: { kind: 'digest' } };
}

function parseUnsigned(key: PublicKeyRef, body: Body): { readonly bytes: Uint8Array; readonly facts: Facts } {
  const bytes = hexMember(body, path, { min: 1, max: bytesMax });
  const reader = new Reader(bytes, path);
  const transaction = readTransaction(reader);
  check(reader.left !== 65 && reader.left !== 66, path, 'is already signed');
  reader.end();
  check(equal(transaction.publicKey, concat(ed25519, key.publicKey)), path, 'is to be signed by another key');
  check(
    transaction.signer === accountOf(key),
    path,
    `is sent by ${transaction.signer}, not by this wallet's implicit account`,
  );
  return { bytes, facts: factsOf(transaction) };
}

function factsOf({ receiver, actions, nonce, blockHash }: Transaction): Facts {
  const [only] = actions;
  const deposit = actions.length === 1 ? only?.deposit : undefined;
  return {
    interpreted: deposit !== undefined,
    kind: 'Transaction',
    summary: [
      { label: 'To', value: receiver },
      ...(deposit === undefined
        ? [
            {
              label: 'Actions',
              value: actions
                .map(({ kind }) => kind)
                .join(', ')
                .slice(0, 256),
            },
          ]
        : [
            { label: 'Asset', value: 'NEAR' },
            { label: 'Amount', value: deposit.toString() },
          ]),
      { label: 'Nonce', value: nonce.toString() },
      { label: 'Block', value: base58.encode(blockHash) },
    ],
  };
}

/** The implicit account of an Ed25519 key (NEP "Account ID Rules"): its 64 hex digits. */
function accountOf(key: PublicKeyRef): string {
  return toHex0x(key.publicKey).slice(2);
}

function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return concat(le(bytes.length, 4), bytes);
}
