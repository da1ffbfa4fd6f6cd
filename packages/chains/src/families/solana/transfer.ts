/**
 * Transfers and nonce accounts, built by every signer for itself: who gets what from the signed body; blockhash or nonce,
 * compute budget and decimals from the completion, of which only the budget costs anything.
 */
import { base58 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { toHex0x } from '../bytes.ts';
import {
  amountOf,
  type CompletionMembers,
  checkFee,
  completionOf,
  flagOf,
  memoOf,
  textOf,
  transferOf,
} from '../members.ts';
import type { Body, Completion, Construction, Exclusion, Order } from '../types.ts';
import { encodeTransaction } from './message.ts';
import {
  addressBytes,
  addressWithSeed,
  advanceNonce,
  associatedAccount,
  computeBudget,
  createAssociatedAccount,
  createNonceAccount,
  type Instruction,
  memo,
  token2022Program,
  tokenProgram,
  transferLamports,
  transferTokens,
} from './programs.ts';

/** Lamports for each signature. */
const SIGNATURE_FEE = 5_000n;
/** 0.01 SOL, where the network's row says nothing else. */
const FEE_MAX = 10_000_000n;
const UNITS_MAX = 1_400_000n;
const u64Max = (1n << 64n) - 1n;
export const TRANSACTION_BYTES_MAX = 1232;
const memoBytesMax = 500;
/** Room in one transaction. */
export const NONCE_ACCOUNTS_MAX = 5;
/** A nonce account's rent has been 1,447,680 lamports; more than this is not paid for one. */
const NONCE_RENT_MAX = 3_000_000n;

interface Plan {
  readonly instructions: readonly Instruction[];
  readonly summary: readonly { readonly label: string; readonly value: string }[];
  /** Members of the completion that this kind has besides. */
  readonly costs: bigint;
}

/**
 * Completion: `blockhash` base58, `computeUnitLimit`, `computeUnitPrice` (micro-lamports) decimal; `nonceAccount` base58
 * where a durable nonce is used, whose value `blockhash` then is; `decimals` for tokens; `first` and `rent` (lamports for
 * each) for nonce accounts.
 */
export function constructSolana(order: Order & { readonly completion: Completion }): Construction {
  const { key, network, body, purpose, completion } = order;
  const kind = String(body['kind']).slice(0, 64);
  const own = base58.encode(key.publicKey);
  const isToken = kind === 'Spl' || kind === 'Spl2022';
  const isNonce = purpose === 'transaction' && kind === 'CreateSolanaNonceAccounts';
  check(
    isNonce || (purpose === 'transfer' && (kind === 'Native' || isToken)),
    'kind',
    `${kind} is not built here; Native, Spl, Spl2022 and CreateSolanaNonceAccounts are`,
    'E_KIND',
  );
  const durable = !isNonce && flagOf(body, 'useDurableNonce');
  const members = completionOf(completion, {
    required: [
      ...['blockhash', 'computeUnitLimit', 'computeUnitPrice'],
      ...(durable ? ['nonceAccount'] : []),
      ...(isToken ? ['decimals'] : []),
      ...(isNonce ? ['first', 'rent'] : []),
    ],
  });
  const plan = isNonce
    ? planNonces(body, own, members)
    : isToken
      ? planTokens(body, own, members)
      : planNative(body, own);

  const limit = members.number('computeUnitLimit', UNITS_MAX, 1n);
  const price = members.number('computeUnitPrice', u64Max);
  const fee = SIGNATURE_FEE + (limit * price + 999_999n) / 1_000_000n;
  checkFee(fee, network.feeMax ?? FEE_MAX, network.native?.symbol ?? '');
  const blockhash = addressBytes(text(members, 'blockhash'), 'completion.blockhash', 'E_COMPLETION');
  const nonceAccount = durable ? text(members, 'nonceAccount') : undefined;
  if (nonceAccount !== undefined) addressBytes(nonceAccount, 'completion.nonceAccount', 'E_COMPLETION');

  const bytes = encodeTransaction({
    payer: own,
    blockhash,
    instructions: [
      // The chain looks for it in the first place only.
      ...(nonceAccount === undefined ? [] : [advanceNonce({ nonceAccount, authority: own })]),
      ...computeBudget({ limit, price }),
      ...plan.instructions,
    ],
  });
  check(
    bytes.length <= TRANSACTION_BYTES_MAX,
    '',
    `the transaction would have ${bytes.length} bytes of at most ${TRANSACTION_BYTES_MAX}`,
  );
  const exclusion: Exclusion =
    nonceAccount === undefined
      ? { kind: 'digest' }
      : { kind: 'sequence', account: nonceAccount, lane: '', sequence: base58.encode(blockhash) };
  return {
    body: { kind: 'Transaction', transaction: toHex0x(bytes) },
    facts: { interpreted: true, kind, summary: [...plan.summary, { label: 'Fee', value: String(fee) }] },
    feeMax: fee + plan.costs,
    exclusion,
  };
}

export function nonceSeed(index: bigint | number): string {
  return `holdfast nonce ${index}`;
}

/** The n-th nonce account that this wallet makes. */
export function nonceAddress(own: string, index: bigint | number): string {
  return addressWithSeed(own, nonceSeed(index));
}

function planNative(body: Body, own: string): Plan {
  transferOf(body, ['to', 'amount', 'memo', 'priority', 'useDurableNonce']);
  priorityOf(body);
  const lamports = amountOf(body, u64Max);
  const to = textOf(body, 'to');
  addressBytes(to, 'to');
  return {
    instructions: [transferLamports({ from: own, to, lamports }), ...memoInstructions(body)],
    summary: [
      { label: 'To', value: to },
      { label: 'Amount', value: String(lamports) },
    ],
    costs: 0n,
  };
}

function planTokens(body: Body, own: string, members: CompletionMembers): Plan {
  transferOf(body, ['mint', 'to', 'amount', 'memo', 'createDestinationAccount', 'useDurableNonce']);
  const amount = amountOf(body, u64Max);
  const owner = textOf(body, 'to');
  const mint = textOf(body, 'mint');
  addressBytes(owner, 'to');
  addressBytes(mint, 'mint');
  const program = body['kind'] === 'Spl2022' ? token2022Program : tokenProgram;
  const from = associatedAccount(own, mint, program);
  const account = associatedAccount(owner, mint, program);
  const creates = flagOf(body, 'createDestinationAccount');
  return {
    instructions: [
      ...(creates ? [createAssociatedAccount({ payer: own, account, owner, mint, program })] : []),
      transferTokens({
        program,
        from,
        mint,
        to: account,
        owner: own,
        amount,
        decimals: members.number('decimals', 255n),
      }),
      ...memoInstructions(body),
    ],
    summary: [
      { label: 'To', value: owner },
      { label: 'Amount', value: String(amount) },
      { label: 'Mint', value: mint },
      ...(creates ? [{ label: 'Creates account', value: account }] : []),
    ],
    costs: 0n,
  };
}

function planNonces(body: Body, own: string, members: CompletionMembers): Plan {
  const known = ['kind', 'externalId', 'nonceAuthority', 'count', 'priority'];
  for (const name of Object.keys(body)) check(known.includes(name), name, 'is not known');
  priorityOf(body);
  const count = body['count'] ?? 1;
  check(
    typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= NONCE_ACCOUNTS_MAX,
    'count',
    `must be 1 to ${NONCE_ACCOUNTS_MAX}`,
  );
  const authority = body['nonceAuthority'] === undefined ? own : textOf(body, 'nonceAuthority');
  addressBytes(authority, 'nonceAuthority');
  const first = members.number('first', 1_000_000n);
  const lamports = members.number('rent', NONCE_RENT_MAX, 1n);
  const indices = Array.from({ length: count }, (_, n) => first + BigInt(n));
  return {
    instructions: indices.flatMap((n) => createNonceAccount({ payer: own, seed: nonceSeed(n), lamports, authority })),
    summary: [
      { label: 'Nonce authority', value: authority },
      ...indices.map((n) => ({ label: 'Creates account', value: nonceAddress(own, n) })),
      { label: 'Rent', value: String(lamports * BigInt(count)) },
    ],
    costs: lamports * BigInt(count),
  };
}

function memoInstructions(body: Body): readonly Instruction[] {
  const said = memoOf(body);
  if (said === undefined) return [];
  check(new TextEncoder().encode(said).length <= memoBytesMax, 'memo', `must be at most ${memoBytesMax} bytes`);
  check(!/\p{Surrogate}/u.test(said), 'memo', 'must be Unicode text');
  return [memo(said)];
}

export function priorityOf(body: Body): 'Slow' | 'Standard' | 'Fast' | undefined {
  const priority = body['priority'];
  if (priority === undefined || priority === 'Slow' || priority === 'Standard' || priority === 'Fast') return priority;
  return refuse('priority', 'must be Slow, Standard or Fast');
}

function text(members: CompletionMembers, name: string): string {
  return members.text(name, /^[1-9A-HJ-NP-Za-km-z]{32,44}$/, '32 bytes in base58');
}
