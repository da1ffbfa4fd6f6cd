/**
 * Transfers, built by every signer for itself. The recipient's token account is found by the token's own contract; ours,
 * which has to be asked, is derived from owner and master, so that no other token can be put in its place.
 */
import { check } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../bytes.ts';
import { amountOf, type CompletionMembers, checkFee, completionOf, memoOf, textOf, transferOf } from '../members.ts';
import type { Completion, Construction, Order } from '../types.ts';
import {
  addressBits,
  contractAddress,
  formatAddress,
  parseAddress,
  type TonAddress,
  WALLET_ID,
  walletAddress,
  walletInit,
} from './address.ts';
import { type Cell, cell, coins, encodeBoc, type Stub, stub, uint } from './cell.ts';
import { comment, externalMessage, type Internal, internalMessage, walletPayload } from './message.ts';

/** Fees apart from the value; and a message that cannot be sent uses its number up, so that nobody can repeat it. */
const SEND_MODE = 3;
const amountMax = (1n << 120n) - 1n;
const u32Max = (1n << 32n) - 1n;
const memoBytesMax = 1_000;
const JETTON_TRANSFER = 0x0f8a7ea5;
/** What executing and forwarding a transfer may cost beside the value sent; a plain one takes a tenth of it. */
const GAS_MAX = 50_000_000n;
/** 0.2 coins for a token transfer, where the network's row says nothing else; what is left over comes back. */
const FEE_MAX = 250_000_000n;
/** Tells the recipient of tokens about them (TEP-74). */
const NOTIFY = 1n;

/**
 * Completion: `seqno`, `validUntil` (Unix seconds) decimal, `deployed`; for tokens `value` (for gas, smallest unit), and of
 * our token account `walletCodeHash` hex, `walletCodeDepth`, `walletLayout` Reference or Governed.
 */
export function constructTon(order: Order & { readonly completion: Completion }): Construction {
  const { key, network, body, purpose, completion } = order;
  const kind = String(body['kind']).slice(0, 64);
  check(
    purpose === 'transfer' && (kind === 'Native' || kind === 'Tep74'),
    'kind',
    `${kind} is not built here; Native and Tep74 transfers are`,
    'E_KIND',
  );
  const isToken = kind === 'Tep74';
  transferOf(body, ['to', 'amount', 'memo', ...(isToken ? ['master'] : [])]);
  const amount = amountOf(body, amountMax);
  const to = textOf(body, 'to');
  const recipient = parseAddress(to, network);
  const memo = memoOf(body);
  check(
    memo === undefined || new TextEncoder().encode(memo).length <= memoBytesMax,
    'memo',
    `must be at most ${memoBytesMax} bytes`,
  );
  check(memo === undefined || !/\p{Surrogate}/u.test(memo), 'memo', 'must be Unicode text');
  const master = isToken ? parseAddress(textOf(body, 'master'), network, 'master').address : undefined;

  const members = completionOf(completion, {
    required: [
      ...['seqno', 'validUntil', 'deployed'],
      ...(isToken ? ['value', 'walletCodeHash', 'walletCodeDepth', 'walletLayout'] : []),
    ],
  });
  const seqno = members.number('seqno', u32Max);
  const own = walletAddress(key);
  const note = memo === undefined ? undefined : comment(memo);
  const message: Internal =
    master === undefined
      ? { to: recipient.address, bounce: recipient.bounceable, value: amount, body: note }
      : {
          to: tokenAccount(own, master, members),
          bounce: true,
          value: members.number('value', amountMax, 1n),
          body: tokenTransfer({ amount, to: recipient.address, own, queryId: seqno, note }),
        };
  const feeMax = GAS_MAX + (isToken ? message.value : 0n);
  checkFee(feeMax, network.feeMax ?? FEE_MAX, network.native?.symbol ?? '');

  const payload = walletPayload({
    walletId: WALLET_ID,
    validUntil: Number(members.number('validUntil', u32Max, 1n)),
    seqno: Number(seqno),
    mode: SEND_MODE,
    message: internalMessage(message),
  });
  const init = members.flag('deployed') ? undefined : walletInit(key);
  return {
    body: { kind: 'Transaction', transaction: toHex0x(encodeBoc(externalMessage({ to: own, init, body: payload }))) },
    facts: {
      interpreted: true,
      kind,
      summary: [
        { label: 'To', value: to },
        { label: 'Amount', value: String(amount) },
        ...(isToken ? [{ label: 'Master', value: textOf(body, 'master') }] : []),
        ...(memo === undefined ? [] : [{ label: 'Comment', value: memo.slice(0, 200) }]),
      ],
    },
    feeMax,
    exclusion: { kind: 'sequence', account: formatAddress(own, network), lane: '', sequence: String(seqno) },
  };
}

/** TEP-74 `transfer`; what is left of the value comes back to the wallet. */
function tokenTransfer(o: {
  readonly amount: bigint;
  readonly to: TonAddress;
  readonly own: TonAddress;
  readonly queryId: bigint;
  readonly note: Cell | undefined;
}): Cell {
  const bits = `${uint(JETTON_TRANSFER, 32)}${uint(o.queryId, 64)}${coins(o.amount)}${addressBits(o.to)}${addressBits(o.own)}`;
  return cell(`${bits}0${coins(NOTIFY)}${o.note === undefined ? '0' : '1'}`, o.note === undefined ? [] : [o.note]);
}

function tokenAccount(owner: TonAddress, master: TonAddress, members: CompletionMembers): TonAddress {
  const text = members.text('walletCodeHash', /^[0-9a-f]{64}$/, '64 lower-case hex digits');
  const code: Stub = {
    hash: hexMember({ text }, 'text', { exactly: 32 }),
    depth: Number(members.number('walletCodeDepth', 1_000n)),
  };
  const layout = members.text('walletLayout', /^(Reference|Governed)$/, 'Reference or Governed');
  return deriveTokenAccount({ owner, master, code, layout: layout as TokenLayout });
}

/**
 * First data of a token account: the reference contract of TEP-74 (balance, owner, master, its code), or the governed one
 * of stablecoins (status, balance, owner, master).
 */
export type TokenLayout = 'Reference' | 'Governed';

export function deriveTokenAccount(o: {
  readonly owner: TonAddress;
  readonly master: TonAddress;
  readonly code: Stub;
  readonly layout: TokenLayout;
}): TonAddress {
  const holder = `${coins(0n)}${addressBits(o.owner)}${addressBits(o.master)}`;
  const data = o.layout === 'Reference' ? stub(holder, [o.code]) : stub(uint(0, 4) + holder, []);
  return contractAddress(o.code, data);
}
