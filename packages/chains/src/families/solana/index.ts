/**
 * Solana: the address is the key in base58. A transaction arrives in wire form with this wallet's signature slot empty;
 * every byte of it is parsed before it is signed, so that nothing but a transaction passes as one.
 */
import { base58 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { le, Reader } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { planMessage, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Family, PublicKeyRef, SigningPlan } from '../types.ts';
import { systemProgram } from './programs.ts';
import { constructSolana, TRANSACTION_BYTES_MAX } from './transfer.ts';
import { parseWireTransaction, type WireInstruction, type WireTransaction } from './wire.ts';

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

  construct: constructSolana,

  /** The first signature, which is the payer's. */
  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 1, max: TRANSACTION_BYTES_MAX });
    const { signaturesAt } = parseWireTransaction(bytes);
    return base58.encode(bytes.subarray(signaturesAt, signaturesAt + 64));
  },
};

function planTransaction(key: PublicKeyRef, body: Readonly<Record<string, unknown>>): SigningPlan {
  const bytes = transactionMember(body);
  const parsed = parseWireTransaction(bytes);
  const slot = ownSlot(parsed.accounts.slice(0, parsed.requiredSignatures), key);
  check(
    slot === 0,
    'transaction',
    `fee payer ${base58.encode(parsed.accounts[0] ?? new Uint8Array(32))} is not this wallet`,
  );
  const { signaturesAt } = parsed;
  check(
    bytes.subarray(signaturesAt, signaturesAt + 64).every((byte) => byte === 0),
    'transaction',
    'is signed by this wallet already',
  );
  return {
    items: [{ algorithm: 'eddsa', message: parsed.message }],
    facts: {
      interpreted: false,
      kind: 'Transaction',
      summary: [
        { label: 'Fee payer', value: base58.encode(key.publicKey) },
        { label: 'Instructions', value: String(parsed.instructions.length) },
        { label: 'Blockhash', value: base58.encode(parsed.blockhash) },
        ...parsed.instructions.slice(0, SHOWN_MAX).map((each) => instructionFact(each, parsed)),
        ...parsed.tables.map(({ address, accounts }) => ({
          label: 'Lookup table',
          value: `${accounts} accounts of ${base58.encode(address)}, which are not known here`,
        })),
      ],
    },
  };
}

const SHOWN_MAX = 20;

/** A payment of the system program by what it does, any other by the program it asks. */
function instructionFact({ program, accounts, data }: WireInstruction, { accounts: listed }: WireTransaction) {
  const name = (index: number | undefined) => {
    const account = index === undefined ? undefined : listed[index];
    return account === undefined ? 'an account that is looked up' : base58.encode(account);
  };
  const isTransfer = name(program) === systemProgram && data.length === 12 && equal(data.subarray(0, 4), le(2, 4));
  return isTransfer
    ? { label: 'Transfer', value: `${new Reader(data.subarray(4), 'transaction').le(8)} to ${name(accounts[1])}` }
    : { label: 'Program', value: `${name(program)}, ${data.length} bytes` };
}

function transactionMember(body: Readonly<Record<string, unknown>>): Uint8Array {
  return hexMember(body, 'transaction', { min: 1, max: TRANSACTION_BYTES_MAX });
}

function ownSlot(signers: readonly Uint8Array[], key: PublicKeyRef): number {
  const slot = signers.findIndex((account) => equal(account, key.publicKey));
  check(slot >= 0, 'transaction', 'is not to be signed by this wallet');
  return slot;
}
