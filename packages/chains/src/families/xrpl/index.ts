/**
 * XRP Ledger: classic addresses, transactions as binary blobs. A blob may lack SigningPubKey, as wallets' libraries leave
 * it to the signer: it is then this wallet's. Multi-signing, regular keys and delegates are refused.
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { be, Reader } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, memoOf, textOf, transferOf } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { der, rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Order, PublicKeyRef, SigningItem } from '../types.ts';
import { accountId, decodeAddress, encodeAddress, ledgerKey } from './address.ts';
import {
  type Amount,
  encodeAmount,
  encodeField,
  encodeFields,
  type Field,
  parseAmount,
  parseFields,
  types,
} from './codec.ts';

/** "STX\0" and "TXN\0" (xrpl.org, "Hash Prefixes"). */
const signingPrefix = be(0x53545800, 4);
const idPrefix = be(0x54584e00, 4);
const u32Max = (1n << 32n) - 1n;
/** One tenth of the smallest account reserve; the network's usual fee is 10 drops (xrpl.org, "Transaction Cost"). */
const feeMaxDefault = 100_000n;
/** An issued currency has no smallest unit of its own; `amount` counts 10^-15, its precision (docs/decisions/0021). */
const iouDecimals = 15;

export const xrpl: Family = {
  name: 'xrpl',

  address: (key) => encodeAddress(accountId(key)),

  plan({ key, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const { signed, facts } = parseUnsigned(key, body);
    const message = concat(signingPrefix, encodeFields(signed));
    const item: SigningItem =
      key.curve === 'ed25519' ? { algorithm: 'eddsa', message } : { algorithm: 'ecdsa', digest: sha512Half(message) };
    return { items: [item], facts };
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const encoded = key.curve === 'ed25519' ? concat(r, s) : der(raw);
    const signature = wire(raw, encoded);
    if (body['kind'] !== 'Transaction') return { signature };
    const { signed } = parseUnsigned(key, body);
    return { signature, signedData: toHex0x(encodeFields([...signed, encodeField(types.blob, 4, encoded)])) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, body, network, completion } = order;
    const { amount, members } = transferAmount(body);
    transferOf(body, ['to', 'amount', 'memo', ...members]);
    const tag = memoOf(body);
    check(
      tag === undefined || (/^(0|[1-9][0-9]{0,9})$/.test(tag) && BigInt(tag) <= u32Max),
      'memo',
      'must be a destination tag, 0 to 4294967295',
    );
    const destination = decodeAddress(textOf(body, 'to'), 'to');
    const given = completionOf(completion, { required: ['fee', 'sequence', 'lastLedgerSequence'] });
    const fee = given.number('fee', u32Max, 1n);
    const feeMax = network.feeMax ?? feeMaxDefault;
    checkFee(fee, feeMax, 'XRP');
    const sequence = given.number('sequence', u32Max, 1n);
    const fields = [
      encodeField(types.uint16, 2, be(0, 2)),
      encodeField(types.uint32, 2, be(0, 4)),
      encodeField(types.uint32, 4, be(sequence, 4)),
      ...(tag === undefined ? [] : [encodeField(types.uint32, 14, be(BigInt(tag), 4))]),
      encodeField(types.uint32, 27, be(given.number('lastLedgerSequence', u32Max, 1n), 4)),
      encodeField(types.amount, 1, encodeAmount(amount)),
      encodeField(types.amount, 8, encodeAmount({ kind: 'xrp', drops: fee })),
      encodeField(types.blob, 3, ledgerKey(key)),
      encodeField(types.account, 1, accountId(key)),
      encodeField(types.account, 3, destination),
    ];
    const made = { kind: 'Transaction', transaction: toHex0x(encodeFields(fields)) };
    return {
      body: made,
      facts: parseUnsigned(key, made).facts,
      feeMax: fee,
      exclusion: {
        kind: 'sequence',
        account: encodeAddress(accountId(key)),
        lane: '',
        sequence: sequence.toString(),
      },
    };
  },

  /** SHA-512Half of the whole blob behind "TXN\0", upper case as the ledger's servers write it. */
  transactionId: (signedData) =>
    toHex0x(sha512Half(concat(idPrefix, hexMember({ signedData }, 'signedData', { min: 1 }))))
      .slice(2)
      .toUpperCase(),
};

function whole({ key, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: parseUnsigned(key, made).facts, exclusion: { kind: 'digest' } };
}

function transferAmount(body: Body): { readonly amount: Amount; readonly members: readonly string[] } {
  switch (body['kind']) {
    case 'Native':
      return { amount: { kind: 'xrp', drops: amountOf(body, 10n ** 17n) }, members: [] };
    case 'Iou': {
      const issuer = decodeAddress(textOf(body, 'issuer'), 'issuer');
      const currency = currencyOf(textOf(body, 'currency'));
      return { amount: { ...normalised(body), currency, issuer }, members: ['currency', 'issuer'] };
    }
    case 'Xls33': {
      const value = amountOf(body, (1n << 63n) - 1n);
      const issuance = hexMember(body, 'issuanceId', { exactly: 24 });
      return { amount: { kind: 'mpt', value, issuance }, members: ['issuanceId'] };
    }
    default:
      return unknownKind(body, ['Native', 'Iou', 'Xls33']);
  }
}

/** 16 significant digits is all the ledger keeps; an amount that needs more is refused, not rounded. */
function normalised(body: Body) {
  let mantissa = amountOf(body, 10n ** 77n);
  let exponent = -iouDecimals;
  while (mantissa >= 10n ** 16n) {
    check(mantissa % 10n === 0n, 'amount', 'has more than 16 significant digits');
    mantissa /= 10n;
    exponent += 1;
  }
  while (mantissa < 10n ** 15n) {
    mantissa *= 10n;
    exponent -= 1;
  }
  return { kind: 'iou', mantissa, exponent, negative: false } as const;
}

/** Three characters or 40 hex digits (xrpl.org, "Currency Formats"). */
function currencyOf(text: string): Uint8Array {
  if (/^[0-9a-fA-F]{40}$/.test(text)) {
    const bytes = Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    check(bytes[0] !== 0, 'currency', 'as hex must not begin with 00; write a standard code as three characters');
    return bytes;
  }
  check(
    /^[A-Za-z0-9?!@#$%^&*<>(){}[\]|]{3}$/.test(text) && text !== 'XRP',
    'currency',
    'must be three characters other than XRP, or 40 hex digits',
  );
  return concat(new Uint8Array(12), new TextEncoder().encode(text), new Uint8Array(5));
}

function parseUnsigned(key: PublicKeyRef, body: Body): { readonly signed: readonly Field[]; readonly facts: Facts } {
  const path = 'transaction';
  const fields = parseFields(hexMember(body, path, { min: 1, max: 65_536 }));
  const find = (type: number, code: number) => fields.find((each) => each.type === type && each.code === code)?.value;
  check(find(types.blob, 4) === undefined, path, 'is already signed');
  check(find(15, 3) === undefined, path, 'is signed by several, which this wallet cannot do');
  const own = ledgerKey(key);
  const named = find(types.blob, 3);
  check(named === undefined || equal(named, own), path, 'names another key in SigningPubKey');
  const account = find(types.account, 1);
  check(account !== undefined, path, 'has no Account');
  check(equal(account, accountId(key)), path, `is sent by ${encodeAddress(account)}, not by this wallet`);
  // Networks of an id up to 1024 forbid the field, and both of ours are (xrpl.org, "Transaction Common Fields").
  check(find(types.uint32, 1) === undefined, path, 'has a NetworkID, which this network forbids');
  const kind = find(types.uint16, 2);
  check(kind !== undefined, path, 'has no TransactionType');
  const fee = find(types.amount, 8);
  check(fee?.length === 8, path, 'has no Fee in XRP');
  const sequence = find(types.uint32, 4);
  check(sequence !== undefined, path, 'has no Sequence');
  const signed = named === undefined ? [...fields, encodeField(types.blob, 3, own)] : fields;
  return { signed, facts: factsOf(fields, find, number(kind), fee) };
}

/** What a plain payment may have: anything besides (paths, partial payments, other limits) is not interpreted. */
const paymentFields = new Set(['1.2', '2.2', '2.4', '2.14', '2.27', '6.1', '6.8', '7.3', '8.1', '8.3']);
const fullyCanonical = 0x80000000;

function factsOf(
  fields: readonly Field[],
  find: (type: number, code: number) => Uint8Array | undefined,
  kind: number,
  fee: Uint8Array,
): Facts {
  const paid = find(types.amount, 1);
  const to = find(types.account, 3);
  const flags = find(types.uint32, 2);
  const plain =
    kind === 0 &&
    fields.every(({ type, code }) => paymentFields.has(`${type}.${code}`)) &&
    (flags === undefined || number(flags) === 0 || number(flags) === fullyCanonical);
  const tag = find(types.uint32, 14);
  const feeFact = { label: 'Fee', value: amountText(parseAmount(fee)).amount };
  if (!plain || paid === undefined || to === undefined)
    return { interpreted: false, kind: 'Transaction', summary: [{ label: 'Type', value: String(kind) }, feeFact] };
  const { amount, asset } = amountText(parseAmount(paid));
  return {
    interpreted: true,
    kind: 'Transaction',
    summary: [
      { label: 'To', value: encodeAddress(to) },
      { label: 'Asset', value: asset },
      { label: 'Amount', value: amount },
      ...(tag === undefined ? [] : [{ label: 'Destination tag', value: String(number(tag)) }]),
      feeFact,
      { label: 'Sequence', value: String(number(find(types.uint32, 4) ?? new Uint8Array(0))) },
    ],
  };
}

function amountText(amount: Amount): { readonly amount: string; readonly asset: string } {
  switch (amount.kind) {
    case 'xrp':
      return { amount: amount.drops.toString(), asset: 'XRP' };
    case 'mpt':
      return { amount: amount.value.toString(), asset: toHex0x(amount.issuance).slice(2) };
    case 'iou': {
      const asset = `${toHex0x(amount.currency).slice(2)}.${encodeAddress(amount.issuer)}`;
      const shift = amount.exponent + iouDecimals;
      const text = `${amount.negative ? '-' : ''}${amount.mantissa}`;
      return { amount: shift >= 0 ? text + '0'.repeat(shift) : `${text}e${shift}`, asset };
    }
    default:
      return amount satisfies never;
  }
}

function number(value: Uint8Array): number {
  return Number(new Reader(value, 'transaction').be(value.length));
}

function sha512Half(bytes: Uint8Array): Uint8Array {
  return sha512(bytes).slice(0, 32);
}
