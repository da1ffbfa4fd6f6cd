/** Bitcoin Cash: P2PKH wallets in CashAddr, PSBTs whose digest has the fork id, and transfers. */
import { check, refuse } from '../../errors/index.ts';
import { hash160, pkhScript } from '../bitcoin/address.ts';
import type { FeeParameters } from '../bitcoin/parameters.ts';
import { ownInputsMax, psbtBytesMax } from '../bitcoin/psbt.ts';
import { designTransfer, psbtBody } from '../bitcoin/transfer.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { planHash, unknownKind } from '../plain.ts';
import { der, wire } from '../signature.ts';
import type { Body, Family, PublicKeyRef, SigningItem } from '../types.ts';
import { encodeCashAddress, scriptOfCashAddress } from './cash-address.ts';
import {
  type CashPsbt,
  checkSighash,
  decodePsbt,
  digestOf,
  encodePsbt,
  finalOf,
  hasSignature,
  newPsbt,
  SIGHASH_ALL_FORKID,
  spentOf,
  withSignature,
} from './psbt.ts';

/** Bitcoin Cash Node policy.h: 1 satoshi a byte is relayed, dust is what Bitcoin's is. */
export const cashParameters: FeeParameters = { dustRate: 3_000n, feeRateMax: 100_000n, feeRateUsual: 1_000n };

export { scriptOfCashAddress } from './cash-address.ts';
export { finalOf } from './psbt.ts';

export const bitcoinCash: Family = {
  name: 'bitcoin-cash',

  address: (key, network) => encodeCashAddress(hash160(key.publicKey), network.name),

  plan({ key, body }) {
    switch (body['kind']) {
      case 'Hash':
        return planHash(key, body);
      case 'Psbt': {
        const { psbt, own } = readPsbt(key, body);
        const outputs = psbt.transaction.outputs.slice(0, 20);
        return {
          items: own.map(({ item }) => item),
          facts: {
            interpreted: true,
            kind: 'Psbt',
            summary: [
              { label: 'Inputs signed', value: `${own.length} of ${psbt.transaction.inputs.length}` },
              ...outputs.map(({ amount, script }, n) => ({
                label: `Output ${n}`,
                value: `${amount} to ${toHex0x(script)}`,
              })),
            ],
          },
        };
      }
      default:
        return unknownKind(body, ['Hash', 'Psbt']);
    }
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    if (body['kind'] !== 'Psbt') return { signature: wire(raw, der(raw)) };
    const { psbt, own } = readPsbt(key, body);
    check(own.length === signatures.length, '', `${own.length} inputs need ${own.length} signatures`, 'E_ASSEMBLE');
    const signed = own.reduce((filled: CashPsbt, { index }, n) => {
      const signature = signatures[n] ?? refuse('', 'a signature is missing', 'E_ASSEMBLE');
      return withSignature(filled, index, key.publicKey, concat(der(signature), Uint8Array.of(SIGHASH_ALL_FORKID)));
    }, psbt);
    return { signatures: signatures.map((each) => wire(each, der(each))), signedData: toHex0x(encodePsbt(signed)) };
  },

  construct(order) {
    const own = pkhScript(hash160(order.key.publicKey));
    const { coins, outputs, rest } = designTransfer(order, {
      kind: 'pkh',
      own,
      parameters: cashParameters,
      scriptOf: (address) => scriptOfCashAddress(address, order.network.name),
      needsPrevious: () => true,
    });
    const inputs = coins.map(({ txid, index }) => ({
      txid: hexMember({ txid }, 'txid', { exactly: 32 }).reverse(),
      index,
      script: new Uint8Array(0),
      sequence: 0xffffffff,
    }));
    const previous = coins.map(
      (coin) => coin.previous ?? refuse('completion.inputs', 'lack their transactions', 'E_COMPLETION'),
    );
    return { body: psbtBody(newPsbt({ version: 2, inputs, outputs, lockTime: 0 }, previous)), ...rest };
  },

  transactionId(signedData) {
    return finalOf(hexMember({ signedData }, 'signedData', { min: 20, max: psbtBytesMax })).id;
  },
};

interface OwnInput {
  readonly index: number;
  readonly item: SigningItem;
}

function readPsbt(key: PublicKeyRef, body: Body): { readonly psbt: CashPsbt; readonly own: readonly OwnInput[] } {
  const psbt = decodePsbt(hexMember(body, 'psbt', { min: 20, max: psbtBytesMax }));
  const { transaction } = psbt;
  check(transaction.outputs.length >= 1, 'psbt', 'has no outputs');
  const outpoints = transaction.inputs.map(({ txid, index }) => `${toHex0x(txid)}:${index}`);
  check(new Set(outpoints).size === outpoints.length, 'psbt', 'has an input twice');
  const script = pkhScript(hash160(key.publicKey));
  const own = transaction.inputs.flatMap((_, index): OwnInput[] => {
    const spent = spentOf(psbt, index);
    if (spent === undefined || !equal(spent.script, script)) return [];
    checkSighash(psbt, index);
    check(!hasSignature(psbt, index), 'psbt', `input ${index} is signed already`);
    return [{ index, item: { algorithm: 'ecdsa', digest: digestOf(transaction, index, spent) } }];
  });
  check(own.length > 0, 'psbt', 'no input belongs to this key');
  check(
    own.length <= ownInputsMax,
    'psbt',
    `${own.length} inputs belong to this key; at most ${ownInputsMax} are signed at once`,
  );
  return { psbt, own };
}
