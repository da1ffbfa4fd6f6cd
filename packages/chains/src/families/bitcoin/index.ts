/**
 * Bitcoin and its relatives by PSBT (BIP-174, 370, 371). ECDSA wallets are P2WPKH, Schnorr wallets P2TR with the
 * BIP-86 tweak. Every input that pays to the key is signed, under the one sighash that commits to everything.
 */

import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Address, OutScript, p2tr, p2wpkh, Script, SigHash, Transaction } from '@scure/btc-signer';
import { check, refuse } from '../../errors/index.ts';
import { bytesToBigInt, concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { planHash, unknownKind } from '../plain.ts';
import { der, rs, wire } from '../signature.ts';
import type { Family, PublicKeyRef, SigningItem, SigningPlan } from '../types.ts';
import { bitcoinParameters } from './parameters.ts';

/** One PSBT can ask for this many signatures; each is a run of the cluster. */
const ownInputsMax = 100;
const inputsMax = 2_000;
const psbtBytesMax = 400_000;

export const bitcoin: Family = {
  name: 'bitcoin',

  address(key, network) {
    const parameters = bitcoinParameters(network.name);
    return key.scheme === 'Schnorr'
      ? p2tr(xOnly(key), undefined, parameters).address
      : p2wpkh(key.publicKey, parameters).address;
  },

  plan({ key, body }) {
    switch (body['kind']) {
      case 'Hash':
        return planHash(key, body);
      case 'Psbt':
        return planPsbt(key, body);
      default:
        return unknownKind(body, ['Hash', 'Psbt']);
    }
  },

  assemble({ key, body, signatures }) {
    if (body['kind'] !== 'Psbt') {
      const [raw] = signatures;
      if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
      return { signature: wire(raw, key.scheme === 'ECDSA' ? der(raw) : concat(...Object.values(rs(raw)))) };
    }
    const { transaction, own } = readPsbt(key, body);
    check(own.length === signatures.length, '', `${own.length} inputs need ${own.length} signatures`, 'E_ASSEMBLE');
    const wired = own.map((input, n) => {
      const raw = signatures[n] ?? refuse('', 'a signature is missing', 'E_ASSEMBLE');
      if (input.kind === 'tr') {
        transaction.updateInput(
          input.index,
          { tapKeySig: concat(raw.signature, input.sighash === 0 ? new Uint8Array(0) : Uint8Array.of(input.sighash)) },
          true,
        );
        return wire(raw, raw.signature);
      }
      transaction.updateInput(
        input.index,
        { partialSig: [[key.publicKey, concat(der(raw), Uint8Array.of(input.sighash))]] },
        true,
      );
      return wire(raw, der(raw));
    });
    return { signatures: wired, signedData: toHex0x(transaction.toPSBT()) };
  },
};

interface OwnInput {
  readonly index: number;
  readonly kind: 'wpkh' | 'tr';
  readonly sighash: number;
  readonly item: SigningItem;
}

function planPsbt(key: PublicKeyRef, body: Readonly<Record<string, unknown>>): SigningPlan {
  const { transaction, own } = readPsbt(key, body);
  const outputs = Array.from({ length: transaction.outputsLength }, (_, index) => transaction.getOutput(index));
  return {
    items: own.map((input) => input.item),
    facts: {
      interpreted: true,
      kind: 'Psbt',
      summary: [
        { label: 'Inputs signed', value: `${own.length} of ${transaction.inputsLength}` },
        ...outputs.slice(0, 20).map((output, index) => ({
          label: `Output ${index}`,
          value: `${output.amount ?? 0n} to ${toHex0x(output.script ?? new Uint8Array(0))}`,
        })),
      ],
    },
  };
}

function readPsbt(
  key: PublicKeyRef,
  body: Readonly<Record<string, unknown>>,
): { transaction: Transaction; own: readonly OwnInput[] } {
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
        : segwitInput(transaction, key, spent, index);
    if (input !== undefined) own.push(input);
  }
  check(own.length > 0, 'psbt', 'no input belongs to this key');
  check(
    own.length <= ownInputsMax,
    'psbt',
    `${own.length} inputs belong to this key; at most ${ownInputsMax} are signed at once`,
  );
  return { transaction, own };
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
  spent: readonly (Spent | undefined)[],
  index: number,
): OwnInput | undefined {
  const previous = spent[index];
  if (previous === undefined) return undefined;
  const keyHash = ripemd160(sha256(key.publicKey));
  const redeem = transaction.getInput(index).redeemScript;
  const native = Uint8Array.of(0x00, 0x14, ...keyHash);
  const nested =
    redeem !== undefined &&
    equal(redeem, native) &&
    equal(previous.script, Uint8Array.of(0xa9, 0x14, ...ripemd160(sha256(native)), 0x87));
  if (!equal(previous.script, native) && !nested) {
    check(
      !equal(previous.script, Uint8Array.of(0x76, 0xa9, 0x14, ...keyHash, 0x88, 0xac)),
      'psbt',
      `input ${index} pays to a legacy address of this key; segwit inputs are signed here`,
    );
    return undefined;
  }
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

/** BIP-341: Q = lift_x(P) + int(hashTapTweak(P ‖ root))·G, x-only. */
function tweakedKey(internal: Uint8Array, root: Uint8Array): Uint8Array {
  const tweak = bytesToBigInt(schnorr.utils.taggedHash('TapTweak', concat(internal, root)));
  const order = secp256k1.Point.Fn.ORDER;
  check(tweak < order, 'psbt', 'the taproot tweak is out of range');
  const point = schnorr.utils.lift_x(bytesToBigInt(internal)).add(secp256k1.Point.BASE.multiply(tweak));
  return point.toBytes(true).subarray(1);
}

function taprootScript(output: Uint8Array): Uint8Array {
  return Uint8Array.of(0x51, 0x20, ...output);
}

function xOnly(key: PublicKeyRef): Uint8Array {
  return key.publicKey.subarray(1);
}

function sighashName(sighash: number): string {
  const base = ['DEFAULT', 'ALL', 'NONE', 'SINGLE'][sighash & 0x1f] ?? String(sighash);
  return sighash & 0x80 ? `${base}|ANYONECANPAY` : base;
}

function parse(bytes: Uint8Array): Transaction {
  try {
    return Transaction.fromPSBT(bytes, {
      allowUnknownOutputs: true,
      allowUnknownInputs: true,
      unknown: 'ignore',
      proprietary: 'ignore',
    });
  } catch (cause) {
    refuse('psbt', `is not a PSBT: ${cause instanceof Error ? cause.message.slice(0, 120) : 'unreadable'}`);
  }
}

/** Exported for tests and for address validation elsewhere in the room. */
export function scriptOfAddress(address: string, networkName: string): Uint8Array {
  return OutScript.encode(Address(bitcoinParameters(networkName)).decode(address));
}

export { Script };
