/**
 * Substrate chains, Polymesh among them: SS58 addresses, payloads of extrinsics from the members that signers' libraries give
 * them, and payments. Every runtime numbers its own calls: those that are built and read hold for the transaction version
 * that `parameters.ts` names, which is signed with them.
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Network, Order, PublicKeyRef } from '../types.ts';
import { decodeRecipient, encodeAddress } from './address.ts';
import { ed25519, encodeCall, encodeExtrinsic, extrinsicHash, mortalEra, type Payment, readCall } from './extrinsic.ts';
import { type Parameters, parameters } from './parameters.ts';
import { encodePayload, type Payload } from './payload.ts';

const payloadMax = 65_536;
/** Longer payloads are signed by their BLAKE2b-256 (sp_runtime, SignedPayload::using_encoded). */
const unhashedMax = 256;
const u32Max = (1n << 32n) - 1n;
const u128Max = (1n << 128n) - 1n;

export const substrate: Family = {
  name: 'substrate',

  address: (key, network) => addressOf(key.publicKey, network),

  plan({ key, network, body }) {
    const { kind } = body;
    if (kind !== 'SignerPayload' && kind !== 'Transaction')
      return planPlain(key, body, ['SignerPayload', 'Transaction']);
    const { bytes, facts } =
      typeof body['payload'] === 'string' && kind === 'SignerPayload' ? asGiven(body) : inMembers(key, network, body);
    const message = bytes.length > unhashedMax ? blake2b(bytes, { dkLen: 32 }) : bytes;
    return { items: [{ algorithm: 'eddsa', message }], facts };
  },

  assemble({ key, network, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(ed25519, r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    const { extra, method } = inMembers(key, network, body);
    const signed = encodeExtrinsic({ account: key.publicKey, signature: raw.signature, extra, method });
    return { signature, signedData: toHex0x(signed) };
  },

  occupies({ key, network, body }) {
    return exclusionOf(key, network, inMembers(key, network, body).nonce);
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    const { prefix, genesis, runtime } = parametersOf(network);
    if (runtime === undefined) refuse('kind', `no transfers are built for ${network.name}`, 'E_KIND');
    const payment = paymentOf(body, { prefix, runtime });
    const given = completionOf(completion, {
      required: ['nonce', 'specVersion', 'transactionVersion', 'blockNumber', 'blockHash'],
    });
    const version = given.number('transactionVersion', u32Max);
    check(
      version === BigInt(runtime.transactionVersion),
      'completion.transactionVersion',
      `is ${version}; the calls of ${network.name} are known for ${runtime.transactionVersion}`,
      'E_COMPLETION',
    );
    checkFee(runtime.cost, network.feeMax ?? runtime.cost, network.native?.symbol ?? '');
    const nonce = given.number('nonce', u32Max);
    const transaction = {
      address: addressOf(key.publicKey, network),
      method: toHex0x(encodeCall(runtime, payment)),
      era: toHex0x(mortalEra(given.number('blockNumber', u32Max))),
      blockHash: given.text('blockHash', /^0x[0-9a-f]{64}$/, '0x and 64 hex digits'),
      genesisHash: `0x${genesis}`,
      nonce: hex(nonce),
      tip: '0x0',
      specVersion: hex(given.number('specVersion', u32Max)),
      transactionVersion: hex(version),
      signedExtensions: runtime.extensions,
      version: 4,
    };
    const made = { kind: 'Transaction', transaction };
    return {
      body: made,
      facts: inMembers(key, network, made).facts,
      feeMax: runtime.cost,
      exclusion: exclusionOf(key, network, nonce),
    };
  },

  transactionId: (signedData) => toHex0x(extrinsicHash(signedData, 2 * payloadMax)),
};

function whole({ key, network, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: inMembers(key, network, made).facts, exclusion: { kind: 'digest' } };
}

function paymentOf(body: Body, { prefix, runtime }: Pick<Parameters, 'prefix' | 'runtime'>): Payment {
  switch (body['kind']) {
    case 'Native':
      transferOf(body, ['to', 'amount']);
      return { to: decodeRecipient(textOf(body, 'to'), prefix, 'to'), amount: amountOf(body, u128Max) };
    case 'Asset': {
      check(runtime?.assets !== undefined, 'kind', 'Asset is for Asset Hubs', 'E_KIND');
      transferOf(body, ['to', 'amount', 'assetId']);
      const assetId = textOf(body, 'assetId');
      check(/^(0|[1-9][0-9]{0,9})$/.test(assetId) && BigInt(assetId) <= u32Max, 'assetId', 'must be a decimal number');
      const to = decodeRecipient(textOf(body, 'to'), prefix, 'to');
      return { assetId: BigInt(assetId), to, amount: amountOf(body, u128Max) };
    }
    default:
      return unknownKind(body, ['Native', 'Asset']);
  }
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

const exclusionOf = (key: PublicKeyRef, network: Network, nonce: bigint) =>
  ({ kind: 'sequence', account: addressOf(key.publicKey, network), lane: '', sequence: nonce.toString() }) as const;

function addressOf(publicKey: Uint8Array, network: Network): string {
  return encodeAddress(publicKey, parametersOf(network).prefix);
}

function parametersOf(network: Network): Parameters {
  return parameters[network.name] ?? refuse('network', 'must be named: addresses differ between chains', 'E_NETWORK');
}

/** What a library has already encoded: nothing of it is read. */
function asGiven(body: Body): { readonly bytes: Uint8Array; readonly facts: Facts } {
  const bytes = hexMember(body, 'payload', { min: 1, max: payloadMax });
  const summary = [{ label: 'Payload', value: `${bytes.length} bytes` }];
  return { bytes, facts: { interpreted: false, kind: 'SignerPayload', summary } };
}

function inMembers(key: PublicKeyRef, network: Network, body: Body): Payload & { readonly facts: Facts } {
  const kind = String(body['kind']);
  const path = kind === 'Transaction' ? 'transaction' : 'payload';
  const value = body[path];
  check(
    typeof value === 'object' && value !== null && !Array.isArray(value),
    path,
    kind === 'Transaction' ? 'must be an object' : 'must be hex or an object',
  );
  const own = parameters[network.name];
  const genesis = own === undefined ? undefined : hexMember(own as unknown as Body, 'genesis', { exactly: 32 });
  const read = encodePayload({ value: value as Body, path }, key.publicKey, genesis);
  const { runtime } = own ?? {};
  const isKnown = runtime !== undefined && read.transactionVersion === BigInt(runtime.transactionVersion);
  const payment = isKnown ? readCall(runtime, read.method) : undefined;
  const said = payment === undefined ? [] : saidOf(payment, network);
  return {
    ...read,
    facts: { interpreted: payment !== undefined, kind, summary: [...said, ...read.summary] },
  };
}

function saidOf({ assetId, to, amount }: Payment, network: Network): Facts['summary'] {
  return [
    { label: 'To', value: addressOf(to, network) },
    { label: 'Asset', value: assetId === undefined ? (network.native?.symbol ?? '') : assetId.toString() },
    { label: 'Amount', value: amount.toString() },
  ];
}
