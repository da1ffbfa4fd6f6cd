/**
 * The Internet Computer: calls signed by their request id, transfers on the ICP ledger and, for ORIGYN, on its ICRC-1
 * ledger. A ledger makes one transfer of several that say the same and were created at the same moment; that is the
 * exclusion.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, memoOf, textOf, transferOf, u64Max } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Network, Order, PublicKeyRef } from '../types.ts';
import { encodeIcrcTransfer, encodeLedgerTransfer, readIcrcTransfer, readLedgerTransfer } from './candid.ts';
import {
  accountOf,
  accountText,
  derOf,
  parseAccount,
  parsePrincipal,
  principalOf,
  principalText,
} from './principal.ts';
import {
  type Call,
  encodeContent,
  parseEnvelope,
  requestId,
  signedBytes,
  signedEnvelope,
  unsignedEnvelope,
} from './request.ts';

const path = 'transaction';
const bytesMax = 131_072;
/** ICRC-1 memos; most ledgers take no more. */
const memoMax = 32;

interface Ledger {
  readonly canister: string;
  readonly standard: 'icp' | 'icrc1';
  readonly symbol: string;
  /** Highest fee, smallest unit: ten times what the ledger asks. */
  readonly feeMax: bigint;
}

/**
 * internetcomputer.org, "ICP ledger" (fee 10,000 e8s); the SNS ledger of ORIGYN (dashboard.internetcomputer.org, SNS
 * root leu43-oiaaa-aaaaq-aadgq-cai; fee 200,000).
 */
const ledgers: Readonly<Record<string, Ledger>> = {
  InternetComputer: {
    canister: 'ryjl3-tyaaa-aaaaa-aaaba-cai',
    standard: 'icp',
    symbol: 'ICP',
    feeMax: 100_000n,
  },
  Origyn: { canister: 'lkwrt-vyaaa-aaaaq-aadhq-cai', standard: 'icrc1', symbol: 'OGY', feeMax: 2_000_000n },
};
/** Nodes take calls that expire within five minutes; ledgers know a transfer again for a day. */
const validityMax = 600_000_000_000n;

export const icp: Family = {
  name: 'icp',

  /** Of the ICP ledger the account identifier; of ICRC-1 ledgers the principal. */
  address(key, network) {
    const principal = principalOf(key);
    return ledgerOf(network).standard === 'icp' ? accountText(accountOf(principal)) : principalText(principal);
  },

  plan({ key, network, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const { call } = unsignedOf(key, body);
    const bytes = signedBytes(call);
    return {
      items: [
        key.scheme === 'EdDSA' ? { algorithm: 'eddsa', message: bytes } : { algorithm: 'ecdsa', digest: sha256(bytes) },
      ],
      facts: factsOf(call, network),
    };
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    const { content } = unsignedOf(key, body);
    return { signature, signedData: toHex0x(signedEnvelope(content, { der: derOf(key), signature: concat(r, s) })) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    const ledger = ledgerOf(network);
    if (body['kind'] !== 'Native') return unknownKind(body, ['Native']);
    transferOf(body, ['to', 'amount', 'memo']);
    const given = completionOf(completion, { required: ['fee', 'createdAt', 'expiry'] });
    const fee = given.number('fee');
    checkFee(fee, network.feeMax ?? ledger.feeMax, ledger.symbol);
    const createdAt = given.number('createdAt', u64Max, 1n);
    const expiry = given.number('expiry', u64Max, createdAt + 1n);
    check(
      expiry - createdAt <= validityMax,
      'completion.expiry',
      'must be within ten minutes of createdAt',
      'E_COMPLETION',
    );
    const call: Call = {
      canister: parsePrincipal(ledger.canister, 'canister'),
      ...callOf(ledger, body, { fee, createdAt }),
      sender: principalOf(key),
      expiry,
    };
    return {
      body: { kind: 'Transaction', transaction: toHex0x(unsignedEnvelope(encodeContent(call))) },
      facts: factsOf(call, network),
      feeMax: fee,
      // The ledger compares all of a transfer: of two that say different things it makes both.
      exclusion: {
        kind: 'sequence',
        account: principalText(call.sender),
        lane: toHex0x(sha256(call.arg)),
        sequence: createdAt.toString(),
      },
    };
  },

  /** The request id. */
  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 1, max: 2 * bytesMax });
    return toHex0x(requestId(parseEnvelope(bytes, 'signedData').call)).slice(2);
  },
};

function whole({ key, network, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: factsOf(unsignedOf(key, made).call, network), exclusion: { kind: 'digest' } };
}

function callOf(
  { standard }: Ledger,
  body: Body,
  { fee, createdAt }: { readonly fee: bigint; readonly createdAt: bigint },
): Pick<Call, 'method' | 'arg'> {
  const amount = amountOf(body);
  const memo = memoOf(body);
  const to = textOf(body, 'to');
  if (standard === 'icp') {
    check(memo === undefined || /^(0|[1-9][0-9]{0,19})$/.test(memo), 'memo', 'must be a number on the ICP ledger');
    const number = BigInt(memo ?? 0);
    check(number <= u64Max, 'memo', `exceeds ${u64Max}`);
    const account = parseAccount(to, 'to');
    return { method: 'transfer', arg: encodeLedgerTransfer({ to: account, amount, fee, memo: number, createdAt }) };
  }
  const bytes = new TextEncoder().encode(memo ?? '');
  check(bytes.length <= memoMax, 'memo', `must be at most ${memoMax} bytes`);
  const owner = parsePrincipal(to, 'to');
  return { method: 'icrc1_transfer', arg: encodeIcrcTransfer({ to: owner, amount, fee, memo: bytes, createdAt }) };
}

function ledgerOf(network: Network): Ledger {
  return ledgers[network.name] ?? refuse('network', 'must be named: each has a ledger of its own', 'E_NETWORK');
}

/** Refuses what another principal sends. */
function unsignedOf(key: PublicKeyRef, body: Body): { readonly call: Call; readonly content: Uint8Array } {
  const { call, content, isSigned } = parseEnvelope(hexMember(body, path, { min: 1, max: bytesMax }), path);
  check(!isSigned, path, 'is already signed');
  check(equal(call.sender, principalOf(key)), path, `is sent by ${principalText(call.sender)}, not by this wallet`);
  return { call, content };
}

function factsOf(call: Call, network: Network): Facts {
  const canister = principalText(call.canister);
  const ledger = ledgers[network.name];
  const transfer = ledger?.canister === canister ? transferIn(call, ledger) : undefined;
  return {
    interpreted: transfer !== undefined,
    kind: 'Transaction',
    summary: [
      ...(transfer ?? [{ label: 'Calls', value: `${call.method.slice(0, 64)} of ${canister}` }]),
      { label: 'Expires', value: call.expiry.toString() },
    ],
  };
}

function transferIn({ method, arg }: Call, { standard, symbol }: Ledger): Facts['summary'] | undefined {
  const isIcp = standard === 'icp';
  if (method !== (isIcp ? 'transfer' : 'icrc1_transfer')) return undefined;
  const read = isIcp ? readLedgerTransfer(arg) : readIcrcTransfer(arg);
  if (read === undefined) return undefined;
  return [
    { label: 'To', value: isIcp ? accountText(read.to) : principalText(read.to) },
    { label: 'Asset', value: symbol },
    { label: 'Amount', value: read.amount.toString() },
    { label: 'Fee', value: read.fee.toString() },
    { label: 'Memo', value: typeof read.memo === 'bigint' ? read.memo.toString() : toHex0x(read.memo) },
    { label: 'Created', value: read.createdAt.toString() },
  ];
}
