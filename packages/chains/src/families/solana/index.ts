/**
 * Solana: the address is the key in base58. A transaction arrives in wire form with empty signature slots; every
 * byte of it is parsed before it is signed, so that nothing but a transaction passes as one.
 */
import { base58 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { planMessage, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Family, PublicKeyRef, SigningPlan } from '../types.ts';
import { parseWireTransaction } from './wire.ts';

export const solana: Family = {
  name: 'solana',

  address: (key) => base58.encode(key.publicKey),

  plan({ key, body }) {
    switch (body['kind']) {
      case 'Message':
        return planMessage(key, body);
      case 'Transaction':
        return planTransaction(key, body);
      default:
        return unknownKind(body, ['Message', 'Transaction']);
    }
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] === 'Message') return { signature };
    const bytes = transactionMember(body);
    const parsed = parseWireTransaction(bytes);
    const slot = ownSlot(parsed.accounts.slice(0, parsed.requiredSignatures), key);
    const signed = Uint8Array.from(bytes);
    signed.set(raw.signature, parsed.signaturesAt + 64 * slot);
    return { signature, signedData: toHex0x(signed) };
  },
};

function planTransaction(key: PublicKeyRef, body: Readonly<Record<string, unknown>>): SigningPlan {
  const parsed = parseWireTransaction(transactionMember(body));
  const slot = ownSlot(parsed.accounts.slice(0, parsed.requiredSignatures), key);
  check(
    slot === 0,
    'transaction',
    `fee payer ${base58.encode(parsed.accounts[0] ?? new Uint8Array(32))} is not this wallet`,
  );
  return {
    items: [{ algorithm: 'eddsa', message: parsed.message }],
    facts: {
      interpreted: false,
      kind: 'Transaction',
      summary: [
        { label: 'Fee payer', value: base58.encode(key.publicKey) },
        { label: 'Instructions', value: String(parsed.instructions) },
        { label: 'Blockhash', value: base58.encode(parsed.blockhash) },
      ],
    },
  };
}

function transactionMember(body: Readonly<Record<string, unknown>>): Uint8Array {
  return hexMember(body, 'transaction', { min: 1, max: 1232 });
}

function ownSlot(signers: readonly Uint8Array[], key: PublicKeyRef): number {
  const slot = signers.findIndex((account) => equal(account, key.publicKey));
  check(slot >= 0, 'transaction', 'is not to be signed by this wallet');
  return slot;
}
