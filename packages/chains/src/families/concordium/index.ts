/**
 * Concordium: account transactions. An account comes with a credential that an identity provider has issued, and its
 * address from there: a key alone has none, and the completion names the wallet's account. The network takes the signature
 * for accounts of this key alone.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { textString } from '../cbor.ts';
import { amountOf, checkFee, completionOf, memoOf, textOf, transferOf, u64Max } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Family, Order } from '../types.ts';
import { encodeAccount, parseAccount, parseToken } from './address.ts';
import {
  encodePayload,
  encodeSigned,
  encodeTransaction,
  type Header,
  memoMax,
  type Payload,
  readTransaction,
} from './transaction.ts';

const path = 'transaction';
const bytesMax = 100_100;
const u256Max = (1n << 256n) - 1n;
/** For a signature, for each byte, and for a payment (Concordium/concordium-base, haskell-src/Concordium/Cost.hs). */
const energyOf = (bytes: number) => 100n + BigInt(bytes) + 300n;
/** Of a contract's transfer: several times what the token contracts of the standard's examples use. */
const contractEnergyMax = 30_000n;
/**
 * The chain prices energy in euro and converts at a rate of its own; a transaction bounds the energy alone. This assumes 0.00002
 * euro a unit, above which Concordium has said no fee will rise ("Concordium Lowers Fees in Pricing Mechanism Revamp",
 * February 2024, when they fell by a hundred), at 1,000 CCD a euro.
 */
const energyPrice = 20_000n;
const feeMaxDefault = contractEnergyMax * energyPrice;

export const concordium: Family = {
  name: 'concordium',

  /** Comes with the credential of an identity provider, not with the key. */
  address: () => undefined,

  plan({ key, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const bytes = unsignedOf(body);
    const { facts } = readTransaction(bytes);
    return { items: [{ algorithm: 'eddsa', message: sha256(bytes) }], facts };
  },

  assemble({ body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    return { signature, signedData: toHex0x(encodeSigned(unsignedOf(body), raw.signature)) };
  },

  occupies({ body }) {
    return exclusionOf(readTransaction(unsignedOf(body)).header);
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { network, body, completion } = order;
    const isToken = body['kind'] === 'Cis2';
    const wanted = wantedOf(body);
    const given = completionOf(completion, {
      required: ['account', 'sequence', 'expiry', ...(isToken ? ['contract', 'energy'] : [])],
    });
    const account = given.text('account', /^[1-9A-HJ-NP-Za-km-z]{50}$/, 'an account');
    const sender = parseAccount(account, 'completion.account', 'E_COMPLETION');
    check(!equal(sender, wanted.to), 'to', 'is this wallet itself');
    const payload = encodePayload(
      wanted.kind === 'transfer'
        ? wanted
        : { ...wanted, from: sender, contract: given.text('contract', /^[!-\-/-~]{1,90}$/, 'the name of a contract') },
    );
    const energy = isToken ? given.number('energy', contractEnergyMax, 1n) : energyOf(60 + payload.length);
    const feeMax = energy * energyPrice;
    checkFee(feeMax, network.feeMax ?? feeMaxDefault, 'CCD');
    const header = {
      sender,
      nonce: given.number('sequence', u64Max, 1n),
      energy,
      expiry: given.number('expiry', u64Max, 1n),
    };
    const bytes = encodeTransaction(header, payload);
    return {
      body: { kind: 'Transaction', transaction: toHex0x(bytes) },
      facts: readTransaction(bytes).facts,
      feeMax,
      exclusion: exclusionOf(header),
    };
  },

  /** Of the block item, its kind included, as nodes hash it (haskell-src/Concordium/Types/Transactions.hs). */
  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 1, max: 2 * bytesMax });
    return toHex0x(sha256(bytes)).slice(2);
  },
};

function whole({ body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: readTransaction(unsignedOf(made)).facts, exclusion: { kind: 'digest' } };
}

type Wanted = Extract<Payload, { kind: 'transfer' }> | Omit<Extract<Payload, { kind: 'token' }>, 'from' | 'contract'>;

function wantedOf(body: Body): Wanted {
  switch (body['kind']) {
    case 'Native': {
      transferOf(body, ['to', 'amount', 'memo']);
      const memo = memoOf(body);
      check(memo === undefined || textString(memo).length <= memoMax, 'memo', `must be at most ${memoMax - 2} bytes`);
      const to = parseAccount(textOf(body, 'to'), 'to');
      return { kind: 'transfer', to, amount: amountOf(body, u64Max), ...(memo === undefined ? {} : { memo }) };
    }
    case 'Cis2':
      transferOf(body, ['to', 'amount', 'tokenAddress']);
      return {
        kind: 'token',
        to: parseAccount(textOf(body, 'to'), 'to'),
        amount: amountOf(body, u256Max),
        token: parseToken(textOf(body, 'tokenAddress'), 'tokenAddress'),
      };
    case 'Cis7':
      return refuse(
        'kind',
        'Cis7 is not available: the number of decimals is a part of its amounts, and only a node knows it',
        'E_KIND',
      );
    default:
      return unknownKind(body, ['Native', 'Cis2']);
  }
}

const exclusionOf = ({ sender, nonce }: Header) =>
  ({ kind: 'sequence', account: encodeAccount(sender), lane: '', sequence: nonce.toString() }) as const;

function unsignedOf(body: Body): Uint8Array {
  return hexMember(body, path, { min: 61, max: bytesMax });
}
