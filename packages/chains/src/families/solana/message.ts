/** A legacy message of one signer, who pays (solana.com/docs/core/transactions). */
import { base58 } from '@scure/base';
import { concat } from '../bytes.ts';
import type { AccountMeta, Instruction } from './programs.ts';

/** The transaction with its one empty signature slot. */
export function encodeTransaction(o: {
  readonly payer: string;
  readonly blockhash: Uint8Array;
  readonly instructions: readonly Instruction[];
}): Uint8Array {
  const accounts = collect(o.payer, o.instructions);
  const indexOf = (address: string) => accounts.findIndex((each) => each.address === address);
  const message = concat(
    Uint8Array.of(1, 0, accounts.filter((each) => !each.writable).length),
    compact(accounts.length),
    ...accounts.map(({ address }) => base58.decode(address)),
    o.blockhash,
    compact(o.instructions.length),
    ...o.instructions.flatMap(({ program, accounts: used, data }) => [
      Uint8Array.of(indexOf(program)),
      compact(used.length),
      Uint8Array.from(used.map(({ address }) => indexOf(address))),
      compact(data.length),
      data,
    ]),
  );
  return concat(Uint8Array.of(1), new Uint8Array(64), message);
}

/** Each account once, with all rights any instruction asks for: the payer, then what is written to, then the rest. */
function collect(payer: string, instructions: readonly Instruction[]): readonly AccountMeta[] {
  const found = new Map<string, AccountMeta>([[payer, { address: payer, writable: true, signer: true }]]);
  for (const { program, accounts } of instructions)
    for (const each of [...accounts, { address: program, writable: false, signer: false }]) {
      const before = found.get(each.address);
      found.set(each.address, { ...each, writable: each.writable || (before?.writable ?? false) });
    }
  const [first, ...rest] = found.values();
  return [first as AccountMeta, ...rest.filter((each) => each.writable), ...rest.filter((each) => !each.writable)];
}

/** Compact-u16. */
function compact(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  return value < 0x4000
    ? Uint8Array.of((value & 0x7f) | 0x80, value >> 7)
    : Uint8Array.of((value & 0x7f) | 0x80, ((value >> 7) & 0x7f) | 0x80, value >> 14);
}
