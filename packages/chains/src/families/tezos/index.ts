/**
 * Tezos: tz1 and tz2 accounts. A transaction is the forged bytes of manager operations without watermark, every one of them
 * from this wallet. No byte of it says which network it is for, but the branch: a block that other networks do not have.
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Order, PublicKeyRef, SigningItem } from '../types.ts';
import {
  curveTag,
  decodeBlock,
  decodeDestination,
  encodeAddress,
  encodeBlock,
  encodeOperation,
  ownHash,
} from './address.ts';
import { type Forged, forgeReveal, forgeTransaction, parseForged } from './forged.ts';

/** Generic operations (octez: "watermark"). */
const watermark = 0x03;
const i64Max = (1n << 63n) - 1n;
/** Of one operation; the protocol's hard limits. */
const gasMax = 1_040_000n;
const storageMax = 60_000n;
/** Mutez for a byte of storage (protocol constant cost_per_byte): creating an account burns 257 of them. */
const costPerByte = 250n;
/** 0.25 tez; a transfer to a new account costs about 0.065. */
const feeMaxDefault = 250_000n;

export const tezos: Family = {
  name: 'tezos',

  address: (key) => encodeAddress(ownHash(key)),

  plan({ key, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const { bytes, facts } = parseUnsigned(key, body);
    const digest = blake2b(concat(Uint8Array.of(watermark), bytes), { dkLen: 32 });
    const item: SigningItem =
      key.curve === 'ed25519' ? { algorithm: 'eddsa', message: digest } : { algorithm: 'ecdsa', digest };
    return { items: [item], facts };
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    return { signature, signedData: toHex0x(concat(parseUnsigned(key, body).bytes, r, s)) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    if (body['kind'] !== 'Native') return unknownKind(body, ['Native']);
    transferOf(body, ['to', 'amount']);
    const destination = decodeDestination(textOf(body, 'to'), 'to');
    const amount = amountOf(body, i64Max);
    const given = completionOf(completion, {
      required: ['branch', 'counter', 'fee', 'gasLimit', 'storageLimit', 'reveal'],
      optional: ['revealFee', 'revealGasLimit'],
    });
    const branch = decodeBlock(given.text('branch', /^B[1-9A-HJ-NP-Za-km-z]{50}$/, 'the hash of a block'));
    check(branch !== undefined, 'completion.branch', 'must be the hash of a block', 'E_COMPLETION');
    const reveal = given.flag('reveal');
    check(
      given.has('revealFee') === reveal && given.has('revealGasLimit') === reveal,
      'completion.reveal',
      'needs revealFee and revealGasLimit, and they need it',
      'E_COMPLETION',
    );
    const source = ownHash(key);
    const first = given.number('counter', i64Max - 1n, 1n);
    const fee = given.number('fee', i64Max);
    const revealFee = reveal ? given.number('revealFee', i64Max) : 0n;
    const storageLimit = given.number('storageLimit', storageMax);
    const cost = fee + revealFee + storageLimit * costPerByte;
    checkFee(cost, network.feeMax ?? feeMaxDefault, 'XTZ');
    const publicKey = concat(Uint8Array.of(curveTag(key)), key.publicKey);
    const operations = [
      ...(reveal
        ? [
            forgeReveal(
              {
                source,
                fee: revealFee,
                counter: first,
                gasLimit: given.number('revealGasLimit', gasMax),
                storageLimit: 0n,
              },
              publicKey,
            ),
          ]
        : []),
      forgeTransaction(
        {
          source,
          fee,
          counter: reveal ? first + 1n : first,
          gasLimit: given.number('gasLimit', gasMax),
          storageLimit,
        },
        { amount, destination },
      ),
    ];
    const made = { kind: 'Transaction', transaction: toHex0x(concat(branch, ...operations)) };
    return {
      body: made,
      facts: parseUnsigned(key, made).facts,
      feeMax: cost,
      // With a reveal two counters are used, and nothing else with the last of them can be included beside it.
      exclusion: {
        kind: 'sequence',
        account: encodeAddress(source),
        lane: '',
        sequence: (reveal ? first + 1n : first).toString(),
      },
    };
  },

  transactionId: (signedData) =>
    encodeOperation(blake2b(hexMember({ signedData }, 'signedData', { min: 1, max: 65_536 }), { dkLen: 32 })),
};

function whole({ key, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: parseUnsigned(key, made).facts, exclusion: { kind: 'digest' } };
}

function parseUnsigned(key: PublicKeyRef, body: Body): { readonly bytes: Uint8Array; readonly facts: Facts } {
  const path = 'transaction';
  const bytes = hexMember(body, path, { min: 1, max: 32_768 });
  const forged = parseForged(bytes);
  const own = ownHash(key);
  const ownKey = concat(Uint8Array.of(curveTag(key)), key.publicKey);
  let counter: bigint | undefined;
  for (const operation of forged.operations) {
    check(equal(operation.source, own), path, `is sent by ${encodeAddress(operation.source)}, not by this wallet`);
    check(
      operation.publicKey === undefined || equal(operation.publicKey, ownKey),
      path,
      'reveals a key that is not this wallet’s',
    );
    check(
      counter === undefined || operation.counter === counter + 1n,
      path,
      `has counter ${operation.counter} after ${counter}; the chain wants the next`,
    );
    counter = operation.counter;
  }
  return { bytes, facts: factsOf(forged) };
}

function factsOf({ branch, operations }: Forged): Facts {
  const fee = operations.reduce((sum, each) => sum + each.fee, 0n);
  const paid = operations.filter(({ kind }) => kind !== 'reveal');
  const [only] = paid;
  const plain =
    paid.length === 1 && only?.kind === 'transaction' && only.destination !== undefined && !only.hasParameters
      ? only
      : undefined;
  return {
    interpreted: plain !== undefined,
    kind: 'Transaction',
    summary: [
      ...(plain?.destination === undefined
        ? [
            {
              label: 'Operations',
              value: operations
                .map(({ kind }) => kind)
                .join(', ')
                .slice(0, 256),
            },
          ]
        : [
            { label: 'To', value: encodeAddress(plain.destination) },
            { label: 'Asset', value: 'XTZ' },
            { label: 'Amount', value: String(plain.amount) },
          ]),
      { label: 'Fee', value: fee.toString() },
      {
        label: 'Storage, at most',
        value: `${operations.reduce((sum, each) => sum + each.storageLimit, 0n)} bytes`,
      },
      { label: 'Counter', value: String(operations[0]?.counter ?? '') },
      { label: 'Branch', value: encodeBlock(branch) },
    ],
  };
}
