/**
 * Native transfers, built by every signer for itself: the recipient's output from what the user signed, the rest back to
 * the wallet, inputs and fee rate from the completion. The fee is inputs less outputs, so what a coin is worth must be
 * certain: Taproot signs over all amounts (BIP-341); otherwise each coin comes with the transaction that made it, save a
 * single P2WPKH one, whose own signature commits to its amount (BIP-143).
 */
import { Transaction } from '@scure/btc-signer';
import { check, refuse } from '../../errors/index.ts';
import { equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, type CompletionMembers, checkFee, completionOf, textOf, transferOf } from '../members.ts';
import type { Completion, Construction, Order } from '../types.ts';
import { type OwnKind, ownKind, ownScript, scriptOfAddress, xOnly } from './address.ts';
import { bitcoinParameters, type FeeParameters } from './parameters.ts';
import { ownInputsMax, psbtBytesMax } from './psbt.ts';
import { compactSize, decodeRaw, type RawOutput, sized, txidOf } from './raw.ts';

/** 21 million of 10^8; Dogecoin has no such end, so its bound is what an output can hold. */
const amountMax = (1n << 63n) - 1n;
/** BIP-125: replaceable, without a relative lock time. */
const sequence = 0xfffffffd;
const previousBytesMax = 100_000;
const u32Max = (1n << 32n) - 1n;

export interface Coin {
  readonly txid: string;
  readonly index: number;
  readonly amount: bigint;
  readonly previous?: Uint8Array;
}

/**
 * Completion: `inputs` [{`txid` hex, `vout`, `value` decimal, `previous`? hex without witness}], `feeRate` decimal,
 * smallest units for 1000 virtual bytes.
 */
export function constructTransfer(order: Order & { readonly completion: Completion }): Construction {
  const { key, network } = order;
  const kind = ownKind(key, network.name);
  const own = ownScript(key, kind);
  const made = designTransfer(order, {
    kind,
    own,
    parameters: bitcoinParameters(network.name),
    scriptOf: (address) => scriptOfAddress(address, network.name),
    needsPrevious: (coins) => kind === 'pkh' || (kind === 'wpkh' && coins > 1),
  });
  const transaction = new Transaction({ version: 2 });
  for (const coin of made.coins)
    transaction.addInput({
      txid: coin.txid,
      index: coin.index,
      sequence,
      ...(kind === 'pkh' ? {} : { witnessUtxo: { amount: coin.amount, script: own } }),
      ...(coin.previous === undefined ? {} : { nonWitnessUtxo: coin.previous }),
      ...(kind === 'tr' ? { tapInternalKey: xOnly(key) } : {}),
    });
  for (const output of made.outputs) transaction.addOutput(output);
  return { body: psbtBody(transaction.toPSBT()), ...made.rest };
}

export function psbtBody(psbt: Uint8Array): Construction['body'] {
  check(psbt.length <= psbtBytesMax, 'completion.inputs', 'take more bytes than are signed at once', 'E_COMPLETION');
  return { kind: 'Psbt', psbt: toHex0x(psbt) };
}

/** What chains with coins share: which coins, which outputs, what fee. */
export function designTransfer(
  { network, purpose, body, completion }: Order & { readonly completion: Completion },
  chain: {
    readonly kind: OwnKind;
    readonly own: Uint8Array;
    readonly parameters: FeeParameters;
    scriptOf(address: string): Uint8Array;
    needsPrevious(coins: number): boolean;
  },
): {
  readonly coins: readonly Coin[];
  readonly outputs: readonly RawOutput[];
  readonly rest: Omit<Construction, 'body'>;
} {
  check(
    purpose === 'transfer' && body['kind'] === 'Native',
    'kind',
    `${String(body['kind']).slice(0, 64)} is not built here; Native transfers are`,
    'E_KIND',
  );
  const { kind, own, parameters } = chain;
  transferOf(body, ['to', 'amount', 'priority']);
  const amount = amountOf(body, amountMax);
  const to = textOf(body, 'to');
  const script = chain.scriptOf(to);
  check(amount >= dust(script, parameters), 'amount', `is below the dust limit ${dust(script, parameters)}`);

  const members = completionOf(completion, { required: ['inputs', 'feeRate'] });
  const coins = coinsOf(members, own, chain.needsPrevious);
  const rate = members.number('feeRate', u32Max, 1n);
  checkFee(rate, parameters.feeRateMax, `${network.native?.symbol ?? ''}, for 1000 vbytes`);
  const { fee, change } = balance({ coins, amount, rate, kind, script, own, parameters });
  if (network.feeMax !== undefined) checkFee(fee, network.feeMax, network.native?.symbol ?? '');
  return {
    coins,
    outputs: [{ script, amount }, ...(change > 0n ? [{ script: own, amount: change }] : [])],
    rest: {
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
      exclusion: { kind: 'inputs', inputs: coins.map(({ txid, index }) => `${txid}:${index}`).sort() },
    },
  };
}

function coinsOf(
  members: CompletionMembers,
  own: Uint8Array,
  needsPrevious: (coins: number) => boolean,
): readonly Coin[] {
  const listed = members.list('inputs', ownInputsMax);
  check(listed.length > 0, 'completion.inputs', 'must have at least one', 'E_COMPLETION');
  const seen = new Set<string>();
  return listed.map((each, n) => {
    const one = completionOf(each, { required: ['txid', 'vout', 'value'], optional: ['previous'] });
    const coin = {
      txid: one.text('txid', /^[0-9a-f]{64}$/, '64 lower-case hex digits'),
      index: Number(one.number('vout', u32Max)),
      amount: one.number('value', amountMax, 1n),
    };
    const outpoint = `${coin.txid}:${coin.index}`;
    check(!seen.has(outpoint), 'completion.inputs', `${n} appears twice`, 'E_COMPLETION');
    seen.add(outpoint);
    if (!needsPrevious(listed.length)) {
      check(!one.has('previous'), `completion.inputs.${n}.previous`, 'is not needed', 'E_COMPLETION');
      return coin;
    }
    check(one.has('previous'), `completion.inputs.${n}.previous`, 'is missing', 'E_COMPLETION');
    return { ...coin, previous: previousOf(each, coin, own, `completion.inputs.${n}`) };
  });
}

/** The transaction that made the coin: of that txid, with that amount for this wallet. */
function previousOf(from: Completion, coin: Omit<Coin, 'previous'>, own: Uint8Array, path: string): Uint8Array {
  const bytes = hexMember(from, 'previous', { min: 60, max: previousBytesMax });
  const output = decodeRaw(bytes, `${path}.previous`).outputs[coin.index];
  check(txidOf(bytes) === coin.txid, path, 'txid does not match its previous transaction', 'E_COMPLETION');
  check(output !== undefined, path, `output ${coin.index} is not in its previous transaction`, 'E_COMPLETION');
  check(output.amount === coin.amount, path, 'value does not match its previous transaction', 'E_COMPLETION');
  check(equal(output.script, own), path, 'does not pay to this wallet', 'E_COMPLETION');
  return bytes;
}

/** Change that is not worth its output is left to the fee, which stays bounded: by the rate, plus one dust output. */
function balance(o: {
  readonly coins: readonly Coin[];
  readonly amount: bigint;
  readonly rate: bigint;
  readonly kind: OwnKind;
  readonly script: Uint8Array;
  readonly own: Uint8Array;
  readonly parameters: FeeParameters;
}): { readonly fee: bigint; readonly change: bigint } {
  const total = o.coins.reduce((sum, coin) => sum + coin.amount, 0n);
  const feeFor = (...scripts: readonly Uint8Array[]) => feeOf(vsize(o.coins.length, o.kind, scripts), o.rate);
  const withChange = total - o.amount - feeFor(o.script, o.own);
  if (withChange >= dust(o.own, o.parameters)) return { fee: feeFor(o.script, o.own), change: withChange };
  const fee = total - o.amount;
  const needed = feeFor(o.script);
  if (fee < needed)
    refuse('completion.inputs', `are worth ${total}, less than amount ${o.amount} plus fee ${needed}`, 'E_COMPLETION');
  return { fee, change: 0n };
}

/** Rounded up. */
export function feeOf(size: number, rate: bigint): bigint {
  return (BigInt(size) * rate + 999n) / 1000n;
}

/** Largest size in virtual bytes once signed: a DER signature with its sighash byte has at most 72 bytes (low s). */
export function vsize(inputs: number, kind: OwnKind, outputs: readonly Uint8Array[]): number {
  const perInput = kind === 'pkh' ? 148 : 41;
  const witness = kind === 'pkh' ? 0 : kind === 'wpkh' ? 1 + 73 + 34 : 1 + 65;
  const plain =
    8 +
    compactSize(inputs).length +
    compactSize(outputs.length).length +
    inputs * perInput +
    outputs.reduce((sum, script) => sum + 8 + sized(script).length, 0);
  const weight = 4 * plain + (kind === 'pkh' ? 0 : 2 + inputs * witness);
  return Math.ceil(weight / 4);
}

/**
 * Bitcoin Core policy.cpp GetDustThreshold: an output must be worth three times (at the dust relay rate) what it and its
 * spending take.
 */
export function dust(script: Uint8Array, parameters: FeeParameters): bigint {
  if (parameters.dustFixed !== undefined) return parameters.dustFixed;
  const segwit = script.length >= 4 && script.length <= 42 && (script[0] === 0 || (script[0] ?? 0) >= 0x51);
  const spending = segwit ? 32 + 4 + 1 + 26 + 4 : 148;
  return (BigInt(8 + sized(script).length + spending) * parameters.dustRate) / 1000n;
}
