/**
 * Solana's wire transaction: compact array of 64-byte signatures, then a legacy or version 0 message
 * (solana.com/docs, "Transactions" and "Versioned transactions"). Read strictly to the last byte.
 */
import { check, refuse } from '../../errors/index.ts';
import { toHex0x } from '../bytes.ts';

export interface WireTransaction {
  /** Offset of the first signature slot. */
  readonly signaturesAt: number;
  readonly requiredSignatures: number;
  /** The bytes that are signed. */
  readonly message: Uint8Array;
  readonly accounts: readonly Uint8Array[];
  readonly blockhash: Uint8Array;
  readonly instructions: readonly WireInstruction[];
  /** Address lookup tables of a version 0 message, and how many accounts it takes from each. */
  readonly tables: readonly { readonly address: Uint8Array; readonly accounts: number }[];
}

export interface WireInstruction {
  /** Index among `accounts`: programs are never looked up. */
  readonly program: number;
  /** Indices; from `accounts.length` on they stand for what is looked up. */
  readonly accounts: readonly number[];
  readonly data: Uint8Array;
}

const path = 'transaction';

export function parseWireTransaction(bytes: Uint8Array): WireTransaction {
  const reader = new Reader(bytes);
  const signatures = reader.compact();
  check(signatures >= 1 && signatures <= 12, path, `${signatures} signature slots; 1 to 12 fit a transaction`);
  const signaturesAt = reader.at;
  for (let slot = 0; slot < signatures; slot += 1) reader.take(64);

  const messageAt = reader.at;
  const first = reader.byte();
  const versioned = (first & 0x80) !== 0;
  if (versioned) check(first === 0x80, path, `message version ${first & 0x7f} is not known; legacy and 0 are`);
  const requiredSignatures = versioned ? reader.byte() : first;
  const readonlySigned = reader.byte();
  const readonlyUnsigned = reader.byte();
  check(
    requiredSignatures === signatures,
    path,
    `${signatures} signature slots, but the message requires ${requiredSignatures}`,
  );

  const count = reader.compact();
  check(count >= requiredSignatures && count <= 64, path, `${count} accounts do not fit ${requiredSignatures} signers`);
  check(
    readonlySigned < requiredSignatures && readonlyUnsigned <= count - requiredSignatures,
    path,
    'message header contradicts its accounts',
  );
  const accounts = Array.from({ length: count }, () => reader.take(32));
  check(new Set(accounts.map(toHex0x)).size === count, path, 'an account appears twice');
  const blockhash = reader.take(32);

  const instructionCount = reader.compact();
  const instructions: WireInstruction[] = [];
  for (let n = 0; n < instructionCount; n += 1) {
    const program = reader.byte();
    check(program >= 1 && program < count, path, `instruction ${n} names program account ${program} of ${count}`);
    const used = Array.from(reader.take(reader.compact()));
    instructions.push({ program, accounts: used, data: reader.take(reader.compact()) });
  }

  const tables: { address: Uint8Array; accounts: number }[] = [];
  const tableCount = versioned ? reader.compact() : 0;
  for (let n = 0; n < tableCount; n += 1) {
    const address = reader.take(32);
    const written = reader.take(reader.compact()).length;
    tables.push({ address, accounts: written + reader.take(reader.compact()).length });
  }
  const loaded = tables.reduce((sum, table) => sum + table.accounts, 0);
  check(
    instructions.every((each) => each.accounts.every((index) => index < count + loaded)),
    path,
    'an instruction names an account that is not listed',
  );
  check(reader.at === bytes.length, path, `${bytes.length - reader.at} bytes follow the transaction`);
  return {
    signaturesAt,
    requiredSignatures,
    message: bytes.slice(messageAt),
    accounts,
    blockhash,
    instructions,
    tables,
  };
}

class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) refuse(path, `ends at byte ${this.at}, before the transaction does`);
    this.at += 1;
    return value;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length)
      refuse(path, `ends at byte ${this.bytes.length}, before the transaction does`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Compact-u16: 7 bits a byte, low first, at most three bytes, no zero padding. */
  compact(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) {
        check(shift === 0 || byte !== 0, path, 'a length is not in its shortest form');
        check(value <= 0xffff, path, 'a length is above 65535');
        return value;
      }
    }
    refuse(path, 'a length has more than three bytes');
  }
}
