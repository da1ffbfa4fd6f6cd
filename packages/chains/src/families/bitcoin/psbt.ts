/** PSBTs that a user brings, and those built here (BIP-174, 370, 371). */
import { OutScript, SigHash, Transaction } from '@scure/btc-signer';
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { der } from '../signature.ts';
import type { Body, Network, PublicKeyRef, RawSignature, SigningItem, SigningPlan } from '../types.ts';
import { addressOfScript, hash160, ownScript, taprootScript, tweakedKey, xOnly } from './address.ts';
import { bitcoinParameters } from './parameters.ts';
import { legacyDigest, type RawTransaction } from './raw.ts';

/** One PSBT can ask for this many signatures; each is a run of the cluster. */
export const ownInputsMax = 100;
const inputsMax = 2_000;
/** Outputs that facts name; the rest is counted. */
const outputsShownMax = 20;
export const psbtBytesMax = 400_000;

export interface OwnInput {
  readonly index: number;
  readonly kind: 'wpkh' | 'pkh' | 'tr';
  readonly sighash: number;
  readonly item: SigningItem;
}

export function planPsbt(key: PublicKeyRef, network: Network, body: Body): SigningPlan {
  const { transaction, own, spent } = readPsbt(key, network, body);
  const outputs = Array.from({ length: transaction.outputsLength }, (_, index) => transaction.getOutput(index));
  return {
    items: own.map((input) => input.item),
    facts: {
      interpreted: true,
      kind: 'Psbt',
      summary: [
        { label: 'Inputs signed', value: `${own.length} of ${transaction.inputsLength}` },
        ...outputs.slice(0, outputsShownMax).map((output, index) => ({
          label: `Output ${index}`,
          value: `${output.amount ?? 0n} to ${recipient(output.script ?? new Uint8Array(0), network)}`,
        })),
        ...(outputs.length > outputsShownMax ? [{ label: 'Outputs', value: String(outputs.length) }] : []),
        ...feeOf(spent, outputs),
      ],
    },
  };
}

/** A script as its address where the network is known and the script has one. */
function recipient(script: Uint8Array, network: Network): string {
  return (network.name === '' ? undefined : addressOfScript(script, network.name)) ?? toHex0x(script);
}

/** Known only where every input says what it spends. */
function feeOf(
  spent: readonly (Spent | undefined)[],
  outputs: readonly { readonly amount?: bigint | undefined }[],
): SigningPlan['facts']['summary'] {
  if (spent.some((each) => each === undefined)) return [];
  const paid = spent.reduce((sum, each) => sum + (each?.amount ?? 0n), 0n);
  return [{ label: 'Fee', value: String(outputs.reduce((rest, each) => rest - (each.amount ?? 0n), paid)) }];
}

export function readPsbt(
  key: PublicKeyRef,
  network: Network,
  body: Body,
): { transaction: Transaction; own: readonly OwnInput[]; spent: readonly (Spent | undefined)[] } {
  const bytes = hexMember(body, 'psbt', { min: 20, max: psbtBytesMax });
  const transaction = parse(bytes);
  check(
    transaction.inputsLength >= 1 && transaction.inputsLength <= inputsMax,
    'psbt',
    `must have 1 to ${inputsMax} inputs`,
  );
  check(transaction.outputsLength >= 1, 'psbt', 'has no outputs');

  const spent = previousOutputs(transaction);
  const own: OwnInput[] = [];
  for (let index = 0; index < transaction.inputsLength; index += 1) {
    const input =
      key.scheme === 'Schnorr'
        ? taprootInput(transaction, key, spent, index)
        : (segwitInput(transaction, key, network, spent, index) ?? legacyInput(transaction, key, spent, index));
    if (input !== undefined) own.push(input);
  }
  check(own.length > 0, 'psbt', 'no input belongs to this key');
  check(
    own.length <= ownInputsMax,
    'psbt',
    `${own.length} inputs belong to this key; at most ${ownInputsMax} are signed at once`,
  );
  return { transaction, own, spent };
}

interface Spent {
  readonly amount: bigint;
  readonly script: Uint8Array;
}

/** What each input spends, with every claim of the PSBT about it checked against the previous transaction if given. */
function previousOutputs(transaction: Transaction): readonly (Spent | undefined)[] {
  const seen = new Set<string>();
  return Array.from({ length: transaction.inputsLength }, (_, index) => {
    const input = transaction.getInput(index);
    const outpoint = `${toHex0x(input.txid ?? new Uint8Array(0))}:${input.index}`;
    check(input.txid !== undefined && input.index !== undefined, 'psbt', `input ${index} names no previous output`);
    check(!seen.has(outpoint), 'psbt', `input ${index} appears twice`);
    seen.add(outpoint);

    const witness = input.witnessUtxo;
    if (input.nonWitnessUtxo === undefined) return witness;
    const previous = input.nonWitnessUtxo.outputs[input.index];
    check(
      previous !== undefined,
      'psbt',
      `input ${index} names output ${input.index}, which its previous transaction lacks`,
    );
    if (witness !== undefined) {
      check(
        witness.amount === previous.amount,
        'psbt',
        `input ${index} amount does not match its previous transaction`,
      );
      check(
        equal(witness.script, previous.script),
        'psbt',
        `input ${index} script does not match its previous transaction`,
      );
    }
    return { amount: previous.amount, script: previous.script };
  });
}

function segwitInput(
  transaction: Transaction,
  key: PublicKeyRef,
  network: Network,
  spent: readonly (Spent | undefined)[],
  index: number,
): OwnInput | undefined {
  const previous = spent[index];
  if (previous === undefined) return undefined;
  const keyHash = hash160(key.publicKey);
  const redeem = transaction.getInput(index).redeemScript;
  const native = Uint8Array.of(0x00, 0x14, ...keyHash);
  const nested =
    redeem !== undefined &&
    equal(redeem, native) &&
    equal(previous.script, Uint8Array.of(0xa9, 0x14, ...hash160(native), 0x87));
  if (!equal(previous.script, native) && !nested) return undefined;
  check(
    network.name === '' || bitcoinParameters(network.name).bech32 !== '',
    'psbt',
    `input ${index} is a SegWit one, which ${network.name} does not have`,
  );
  const sighash = transaction.getInput(index).sighashType ?? SigHash.ALL;
  check(
    sighash === SigHash.ALL,
    'psbt',
    `input ${index} asks for sighash ${sighashName(sighash)}, which is not allowed`,
  );
  // BIP-143: the script code of P2WPKH is the P2PKH script of the key hash.
  const digest = transaction.preimageWitnessV0(
    index,
    OutScript.encode({ type: 'pkh', hash: keyHash }),
    sighash,
    previous.amount,
  );
  return { index, kind: 'wpkh', sighash, item: { algorithm: 'ecdsa', digest } };
}

/** P2PKH, whose signature does not commit to the amount: what it spends has to be there whole. */
function legacyInput(
  transaction: Transaction,
  key: PublicKeyRef,
  spent: readonly (Spent | undefined)[],
  index: number,
): OwnInput | undefined {
  const previous = spent[index];
  const script = ownScript(key, 'pkh');
  if (previous === undefined || !equal(previous.script, script)) return undefined;
  const input = transaction.getInput(index);
  check(
    input.nonWitnessUtxo !== undefined,
    'psbt',
    `input ${index} pays to a legacy address of this key; it needs its whole previous transaction (nonWitnessUtxo)`,
  );
  const sighash = input.sighashType ?? SigHash.ALL;
  check(
    sighash === SigHash.ALL,
    'psbt',
    `input ${index} asks for sighash ${sighashName(sighash)}, which is not allowed`,
  );
  const digest = legacyDigest(rawOf(transaction), index, script);
  return { index, kind: 'pkh', sighash, item: { algorithm: 'ecdsa', digest } };
}

/** The unsigned transaction of a PSBT. */
export function rawOf(transaction: Transaction): RawTransaction {
  return {
    version: transaction.version,
    inputs: Array.from({ length: transaction.inputsLength }, (_, n) => {
      const { txid, index, sequence } = transaction.getInput(n);
      if (txid === undefined || index === undefined) refuse('psbt', `input ${n} names no previous output`);
      return {
        txid: Uint8Array.from(txid).reverse(),
        index,
        script: new Uint8Array(0),
        sequence: sequence ?? 0xffffffff,
      };
    }),
    outputs: Array.from({ length: transaction.outputsLength }, (_, n) => {
      const { amount, script } = transaction.getOutput(n);
      if (amount === undefined || script === undefined) refuse('psbt', `output ${n} lacks its amount or script`);
      return { amount, script };
    }),
    lockTime: transaction.lockTime,
  };
}

/** Puts the signatures in, in the order of `own`. */
export function fill(
  key: PublicKeyRef,
  transaction: Transaction,
  own: readonly OwnInput[],
  signatures: readonly RawSignature[],
): void {
  check(own.length === signatures.length, '', `${own.length} inputs need ${own.length} signatures`, 'E_ASSEMBLE');
  for (const [n, input] of own.entries()) {
    const raw = signatures[n] ?? refuse('', 'a signature is missing', 'E_ASSEMBLE');
    const type = input.sighash === SigHash.DEFAULT ? new Uint8Array(0) : Uint8Array.of(input.sighash);
    const filled =
      input.kind === 'tr'
        ? { tapKeySig: concat(raw.signature, type) }
        : { partialSig: [[key.publicKey, concat(der(raw), type)] as [Uint8Array, Uint8Array]] };
    transaction.updateInput(input.index, filled, true);
  }
}

/** The transaction to broadcast: every input has its signature. Throws ChainError at `signedData`. */
export function finalOf(psbt: Uint8Array): { readonly id: string; readonly bytes: Uint8Array; readonly vsize: number } {
  const transaction = parse(psbt, 'signedData');
  try {
    transaction.finalize();
    return { id: transaction.id, bytes: transaction.extract(), vsize: transaction.vsize };
  } catch (cause) {
    refuse('psbt', `not every input is signed: ${cause instanceof Error ? cause.message.slice(0, 120) : 'unreadable'}`);
  }
}

function taprootInput(
  transaction: Transaction,
  key: PublicKeyRef,
  spent: readonly (Spent | undefined)[],
  index: number,
): OwnInput | undefined {
  const previous = spent[index];
  if (previous === undefined) return undefined;
  const input = transaction.getInput(index);
  const internal = xOnly(key);
  const root = input.tapMerkleRoot ?? new Uint8Array(0);
  const tweaked = equal(previous.script, taprootScript(tweakedKey(internal, root)));
  if (!tweaked && !equal(previous.script, taprootScript(internal))) return undefined;

  const sighash = input.sighashType ?? SigHash.DEFAULT;
  check(
    sighash === SigHash.DEFAULT || sighash === SigHash.ALL,
    'psbt',
    `input ${index} asks for sighash ${sighashName(sighash)}, which is not allowed`,
  );
  // BIP-341 commits to the amounts and scripts of all inputs, so all of them have to be there.
  const all = spent.map(
    (each, n) => each ?? refuse('psbt', `input ${n} lacks its amount and script, which taproot signs over`),
  );
  const message = transaction.preimageWitnessV1(
    index,
    all.map((each) => each.script),
    sighash,
    all.map((each) => each.amount),
  );
  return {
    index,
    kind: 'tr',
    sighash,
    item: { algorithm: 'bip340', message, ...(tweaked ? { taprootMerkleRoot: root } : {}) },
  };
}

function sighashName(sighash: number): string {
  const base = ['DEFAULT', 'ALL', 'NONE', 'SINGLE'][sighash & 0x1f] ?? String(sighash);
  return sighash & 0x80 ? `${base}|ANYONECANPAY` : base;
}

export function parse(bytes: Uint8Array, path = 'psbt'): Transaction {
  try {
    return Transaction.fromPSBT(bytes, {
      allowUnknownOutputs: true,
      allowUnknownInputs: true,
      unknown: 'ignore',
      proprietary: 'ignore',
    });
  } catch (cause) {
    refuse(path, `is not a PSBT: ${cause instanceof Error ? cause.message.slice(0, 120) : 'unreadable'}`);
  }
}
