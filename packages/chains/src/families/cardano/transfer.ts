/**
 * Native transfers, built by every signer for itself. What inputs are worth need not be proven: the chain takes a
 * transaction only if inputs equal outputs and fee exactly, so a false claim makes one that nobody takes.
 */
import { check } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../bytes.ts';
import { byteString, list, map, nothing, uint, yes } from '../cbor.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf } from '../members.ts';
import type { Completion, Construction, Order } from '../types.ts';
import { networkId, ownAddressBytes, parseAddress } from './address.ts';

/** 2 ADA, where the network's row says nothing else; a payment of a hundred inputs costs half of it. */
const FEE_MAX = 2_000_000n;
export const INPUTS_MAX = 100;
const amountMax = 45_000_000_000_000_000n;
/** Protocol parameter coinsPerUTxOByte since Babbage; were it another, the chain would say no, and nothing be lost. */
const COINS_PER_BYTE = 4_310n;
/** What an entry of the ledger takes beside the output itself (CIP-55). */
const ENTRY_BYTES = 160;
/** `{0: [[key, signature]]}` instead of `{}`. */
const WITNESS_BYTES = 1 + 1 + 1 + 34 + 66;

/**
 * Completion, decimal: `inputs` [{`txid` hex, `index`, `value`}], `ttl` (the first slot in which it is too late),
 * `feePerByte` and `feeFixed` (protocol parameters txFeePerByte and txFeeFixed).
 */
export function constructTransfer(order: Order & { readonly completion: Completion }): Construction {
  const { key, network, purpose, body, completion } = order;
  check(
    purpose === 'transfer' && body['kind'] === 'Native',
    'kind',
    `${String(body['kind']).slice(0, 64)} is not built here; Native transfers are`,
    'E_KIND',
  );
  transferOf(body, ['to', 'amount']);
  const amount = amountOf(body, amountMax);
  const to = textOf(body, 'to');
  const recipient = parseAddress(to, network);
  const own = ownAddressBytes(key, network);
  const least = coinsMin(recipient, amount);
  check(amount >= least, 'amount', `must be at least ${least}, which the chain asks of an output`);

  const members = completionOf(completion, { required: ['inputs', 'ttl', 'feePerByte', 'feeFixed'] });
  const u32Max = (1n << 32n) - 1n;
  const [perByte, fixed] = [members.number('feePerByte', u32Max), members.number('feeFixed', u32Max)];
  const ttl = members.number('ttl', (1n << 63n) - 1n, 1n);
  const listed = members.list('inputs', INPUTS_MAX);
  check(listed.length > 0, 'completion.inputs', 'must have at least one', 'E_COMPLETION');
  const coins = listed.map((each) => {
    const one = completionOf(each, { required: ['txid', 'index', 'value'] });
    return {
      txid: one.text('txid', /^[0-9a-f]{64}$/, '64 lower-case hex digits'),
      index: one.number('index', 65_535n),
      value: one.number('value', amountMax, 1n),
    };
  });
  const outpoints = coins.map(({ txid, index }) => `${txid}:${index}`);
  check(new Set(outpoints).size === outpoints.length, 'completion.inputs', 'has one twice', 'E_COMPLETION');

  const encode = (fee: bigint, change: bigint) =>
    list(
      map(
        [
          uint(0),
          list(
            ...coins.map(({ txid, index }) =>
              list(byteString(hexMember({ txid }, 'txid', { exactly: 32 })), uint(index)),
            ),
          ),
        ],
        [uint(1), list(output(recipient, amount), ...(change > 0n ? [output(own, change)] : []))],
        [uint(2), uint(fee)],
        [uint(3), uint(ttl)],
        [uint(15), uint(networkId(network))],
      ),
      map(),
      yes,
      nothing,
    );
  const total = coins.reduce((sum, each) => sum + each.value, 0n);
  const feeMax = network.feeMax ?? FEE_MAX;
  const feeFor = (change: bigint) => perByte * BigInt(encode(feeMax, change).length + WITNESS_BYTES) + fixed;
  const left = total - amount;
  check(
    left >= feeFor(0n),
    'completion.inputs',
    `are worth ${total}, less than amount ${amount} plus fee ${feeFor(0n)}`,
    'E_COMPLETION',
  );
  // Counted with the longest fee and change there can be: a few bytes too many, never one too few.
  const withChange = left - feeFor(left);
  const change = withChange >= coinsMin(own, withChange) ? withChange : 0n;
  const fee = left - change;
  checkFee(fee, feeMax, network.native?.symbol ?? '');
  return {
    body: { kind: 'Transaction', transaction: toHex0x(encode(fee, change)) },
    facts: {
      interpreted: true,
      kind: 'Native',
      summary: [
        { label: 'To', value: to },
        { label: 'Amount', value: String(amount) },
        { label: 'Fee', value: String(fee) },
        { label: 'Change', value: String(change) },
      ],
    },
    feeMax: fee,
    exclusion: { kind: 'inputs', inputs: [...outpoints].sort() },
  };
}

function output(address: Uint8Array, amount: bigint): Uint8Array {
  return list(byteString(address), uint(amount));
}

/** The least an output may hold. */
function coinsMin(address: Uint8Array, amount: bigint): bigint {
  return COINS_PER_BYTE * BigInt(ENTRY_BYTES + output(address, amount > 0n ? amount : 0n).length);
}
