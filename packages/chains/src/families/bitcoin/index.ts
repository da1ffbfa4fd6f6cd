/**
 * Bitcoin and its relatives by PSBT. ECDSA wallets are P2WPKH (on Dogecoin, which has no SegWit, P2PKH), Schnorr wallets
 * P2TR with the BIP-86 tweak. Every input that pays to the key is signed, under the one sighash that commits to everything.
 */
import { refuse } from '../../errors/index.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { planHash, unknownKind } from '../plain.ts';
import { der, rs, wire } from '../signature.ts';
import type { Family } from '../types.ts';
import { addressOfScript, ownKind, ownScript } from './address.ts';
import { assembleBip322, planBip322 } from './bip322.ts';
import { fill, finalOf, planPsbt, psbtBytesMax, readPsbt } from './psbt.ts';
import { constructTransfer } from './transfer.ts';

export { addressOfScript, scriptOfAddress } from './address.ts';

export const bitcoin: Family = {
  name: 'bitcoin',

  address(key, network) {
    return addressOfScript(ownScript(key, ownKind(key, network.name)), network.name);
  },

  plan({ key, network, body }) {
    switch (body['kind']) {
      case 'Hash':
        return planHash(key, body);
      case 'Psbt':
        return planPsbt(key, network, body);
      case 'Bip322':
        return planBip322(key, network, body);
      default:
        return unknownKind(body, ['Hash', 'Psbt', 'Bip322']);
    }
  },

  assemble({ key, network, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    if (body['kind'] === 'Bip322') return assembleBip322({ key, network, body, raw });
    if (body['kind'] !== 'Psbt')
      return { signature: wire(raw, key.scheme === 'ECDSA' ? der(raw) : concat(...Object.values(rs(raw)))) };
    const { transaction, own } = readPsbt(key, network, body);
    fill(key, transaction, own, signatures);
    const wired = signatures.map((each) => wire(each, key.scheme === 'ECDSA' ? der(each) : each.signature));
    return { signatures: wired, signedData: toHex0x(transaction.toPSBT()) };
  },

  construct: constructTransfer,

  transactionId(signedData) {
    return finalOf(hexMember({ signedData }, 'signedData', { min: 20, max: psbtBytesMax })).id;
  },
};
