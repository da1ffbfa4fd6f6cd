/** Kaspa: wallets of Schnorr and ECDSA keys, transactions in the SDK's safe JSON, native transfers. */
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf } from '../members.ts';
import { planHash, unknownKind } from '../plain.ts';
import { wire } from '../signature.ts';
import type { Body, Completion, Construction, Family, Order, PublicKeyRef, SigningItem } from '../types.ts';
import { kaspaAddress, ownKaspaScript, scriptOfKaspaAddress } from './address.ts';
import {
  digestOf,
  ecdsaDigest,
  INPUTS_MAX,
  type KaspaTransaction,
  massOf,
  readTransaction,
  SIGHASH_ALL,
  writeTransaction,
} from './transaction.ts';

export { digestOf, idOf } from './transaction.ts';

/** Sompi a gram; nodes have asked for 1 to 100. */
const FEE_RATE_MAX = 10_000n;
/** Above this no node takes a transaction (rusty-kaspa MAXIMUM_STANDARD_TRANSACTION_MASS). */
const MASS_MAX = 100_000n;
const amountMax = (1n << 63n) - 1n;
const signedBytesMax = 200_000;

export const kaspa: Family = {
  name: 'kaspa',

  address: (key, network) => kaspaAddress(key, network.name),

  plan({ key, body }) {
    switch (body['kind']) {
      case 'Hash':
        return planHash(key, body);
      case 'Transaction': {
        const { transaction, own } = readOwn(key, body);
        const spent = transaction.inputs.reduce((sum, each) => sum + each.spent.amount, 0n);
        const fee = transaction.outputs.reduce((rest, each) => rest - each.amount, spent);
        check(fee >= 0n, 'transaction', 'pays more than it spends');
        return {
          items: own.map(({ item }) => item),
          facts: {
            interpreted: true,
            kind: 'Transaction',
            summary: [
              { label: 'Inputs signed', value: `${own.length} of ${transaction.inputs.length}` },
              ...transaction.outputs.slice(0, 20).map(({ amount, script }, n) => ({
                label: `Output ${n}`,
                value: `${amount} to ${toHex0x(script)}`,
              })),
              { label: 'Fee', value: String(fee) },
            ],
          },
        };
      }
      default:
        return unknownKind(body, ['Hash', 'Transaction']);
    }
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    if (body['kind'] !== 'Transaction') return { signature: wire(raw, raw.signature) };
    const { transaction, own } = readOwn(key, body);
    check(own.length === signatures.length, '', `${own.length} inputs need ${own.length} signatures`, 'E_ASSEMBLE');
    // Each pushes 64 bytes of signature, of either scheme, and the sighash type.
    const scripts = transaction.inputs.map((_, index) => {
      const signature = signatures[own.findIndex((each) => each.index === index)];
      if (signature === undefined) return new Uint8Array(0);
      return concat(Uint8Array.of(0x41), signature.signature, Uint8Array.of(SIGHASH_ALL));
    });
    const json = JSON.stringify(writeTransaction(transaction, scripts));
    return {
      signatures: signatures.map((each) => wire(each, each.signature)),
      signedData: toHex0x(new TextEncoder().encode(json)),
    };
  },

  construct: constructTransfer,

  transactionId: (signedData) => String(signedJson(signedData)['id']),
};

/** The JSON of `signedData`, as `assemble` wrote it. */
export function signedJson(signedData: string): Readonly<Record<string, unknown>> {
  const bytes = hexMember({ signedData }, 'signedData', { min: 2, max: signedBytesMax });
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Completion: `inputs` [{`transactionId`, `index`, `value`}], `feeRate` in sompi a gram, decimal. */
function constructTransfer(order: Order & { readonly completion: Completion }): Construction {
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
  const script = scriptOfKaspaAddress(to, network.name);
  const own = ownKaspaScript(key);
  const members = completionOf(completion, { required: ['inputs', 'feeRate'] });
  const rate = members.number('feeRate', 1n << 32n, 1n);
  checkFee(rate, FEE_RATE_MAX, `${network.native?.symbol ?? ''}, for a gram`);
  const listed = members.list('inputs', INPUTS_MAX);
  check(listed.length > 0, 'completion.inputs', 'must have at least one', 'E_COMPLETION');
  const coins = listed.map((each) => {
    const one = completionOf(each, { required: ['transactionId', 'index', 'value'] });
    return {
      transactionId: one.text('transactionId', /^[0-9a-f]{64}$/, '64 lower-case hex digits'),
      index: Number(one.number('index', (1n << 32n) - 1n)),
      amount: one.number('value', amountMax, 1n),
    };
  });
  const outpoints = coins.map(({ transactionId, index }) => `${transactionId}:${index}`);
  check(new Set(outpoints).size === outpoints.length, 'completion.inputs', 'has one twice', 'E_COMPLETION');

  const { outputs, fee } = split({ coins, amount, script, own, rate });
  if (network.feeMax !== undefined) checkFee(fee, network.feeMax, network.native?.symbol ?? '');
  const transaction: KaspaTransaction = {
    inputs: coins.map(({ transactionId, index, amount: value }) => ({
      transactionId,
      index,
      sequence: 0n,
      sigOpCount: 1,
      spent: { amount: value, script: own },
    })),
    outputs,
    lockTime: 0n,
  };
  return {
    body: {
      kind: 'Transaction',
      transaction: toHex0x(new TextEncoder().encode(JSON.stringify(writeTransaction(transaction)))),
    },
    facts: {
      interpreted: true,
      kind: 'Native',
      summary: [
        { label: 'To', value: to },
        { label: 'Amount', value: String(amount) },
        { label: 'Fee', value: String(fee) },
      ],
    },
    feeMax: fee,
    // A signature commits to the worth of its own input only, and nobody can show here what the others are worth: two
    // runs with different claims could be put together to one transaction that gives the difference to the fee.
    exclusion: coins.length === 1 ? { kind: 'inputs', inputs: outpoints } : { kind: 'digest' },
  };
}

/** With change where that keeps the transaction light enough, else without. */
function split(o: {
  readonly coins: readonly { readonly amount: bigint }[];
  readonly amount: bigint;
  readonly script: Uint8Array;
  readonly own: Uint8Array;
  readonly rate: bigint;
}) {
  const total = o.coins.reduce((sum, each) => sum + each.amount, 0n);
  const paid = { amount: o.amount, script: o.script };
  // What change is worth depends on the fee, and the fee on what change is worth: the fee only falls as change grows.
  let change = total - o.amount;
  for (let round = 0; round < 8 && change > 0n; round += 1) {
    const outputs = [paid, { amount: change, script: o.own }];
    const mass = massOf({ inputs: o.coins, outputs });
    const left = total - o.amount - mass * o.rate;
    if (mass <= MASS_MAX && left === change) return { outputs, fee: mass * o.rate };
    if (mass <= MASS_MAX && change < left) return { outputs, fee: total - o.amount - change };
    change = left;
  }
  const outputs = [paid];
  const mass = massOf({ inputs: o.coins, outputs });
  const fee = total - o.amount;
  check(mass <= MASS_MAX, 'amount', 'is so small that the chain would not store it (KIP-9)');
  check(
    fee >= mass * o.rate,
    'completion.inputs',
    `are worth ${total}, less than amount ${o.amount} plus fee ${mass * o.rate}`,
    'E_COMPLETION',
  );
  check(fee <= FEE_RATE_MAX * mass, 'completion', `fee ${fee} is above the cap ${FEE_RATE_MAX * mass}`, 'E_FEE');
  return { outputs, fee };
}

function readOwn(key: PublicKeyRef, body: Body) {
  const transaction = readTransaction(body);
  const script = ownKaspaScript(key);
  const own = transaction.inputs.flatMap(({ spent }, index): { index: number; item: SigningItem }[] => {
    if (!equal(spent.script, script)) return [];
    const digest = digestOf(transaction, index);
    return [
      {
        index,
        item:
          key.scheme === 'Schnorr'
            ? { algorithm: 'bip340', message: digest }
            : { algorithm: 'ecdsa', digest: ecdsaDigest(digest) },
      },
    ];
  });
  check(own.length > 0, 'transaction', 'no input belongs to this key');
  return { transaction, own };
}
