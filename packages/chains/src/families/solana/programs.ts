/**
 * Instructions of Solana's own programs that transfers are made of, and the addresses derived from others
 * (solana.com/docs/core and the programs' interface crates: system, compute budget, memo, token, associated token account).
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { le } from '../binary.ts';
import { concat } from '../bytes.ts';

export interface AccountMeta {
  readonly address: string;
  readonly writable: boolean;
  readonly signer: boolean;
}

export interface Instruction {
  readonly program: string;
  readonly accounts: readonly AccountMeta[];
  readonly data: Uint8Array;
}

export const systemProgram = '11111111111111111111111111111111';
export const tokenProgram = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const token2022Program = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb';
const associatedProgram = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL';
const memoProgram = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr';
export const computeBudgetProgram = 'ComputeBudget111111111111111111111111111111';
const recentBlockhashes = 'SysvarRecentB1ockHashes11111111111111111111';
const rentSysvar = 'SysvarRent111111111111111111111111111111111';
/** Bytes of a nonce account's state. */
export const NONCE_BYTES = 80;

/** 32 bytes in base58; throws ChainError at `path`. */
export function addressBytes(address: string, path: string, code = 'E_BODY'): Uint8Array {
  const says = 'is not a Solana address';
  check(address.length >= 32 && address.length <= 44, path, says, code);
  try {
    const bytes = base58.decode(address);
    if (bytes.length === 32) return bytes;
  } catch {
    // Letters that base58 does not have: no address, as below.
  }
  return refuse(path, says, code);
}

export function transferLamports(o: { from: string; to: string; lamports: bigint }): Instruction {
  return {
    program: systemProgram,
    accounts: [signerWritable(o.from), writable(o.to)],
    data: concat(le(2, 4), le(o.lamports, 8)),
  };
}

export function advanceNonce(o: { nonceAccount: string; authority: string }): Instruction {
  return {
    program: systemProgram,
    accounts: [writable(o.nonceAccount), readonly(recentBlockhashes), { ...readonly(o.authority), signer: true }],
    data: le(4, 4),
  };
}

/** The account's address needs no key of its own: it follows from the payer's and the seed. */
export function createNonceAccount(o: {
  payer: string;
  seed: string;
  lamports: bigint;
  authority: string;
}): readonly Instruction[] {
  const account = addressWithSeed(o.payer, o.seed);
  const seed = new TextEncoder().encode(o.seed);
  return [
    {
      program: systemProgram,
      accounts: [signerWritable(o.payer), writable(account)],
      data: concat(
        le(3, 4),
        base58.decode(o.payer),
        le(seed.length, 8),
        seed,
        le(o.lamports, 8),
        le(NONCE_BYTES, 8),
        base58.decode(systemProgram),
      ),
    },
    {
      program: systemProgram,
      accounts: [writable(account), readonly(recentBlockhashes), readonly(rentSysvar)],
      data: concat(le(6, 4), base58.decode(o.authority)),
    },
  ];
}

export function computeBudget(o: { limit: bigint; price: bigint }): readonly Instruction[] {
  const make = (data: Uint8Array) => ({ program: computeBudgetProgram, accounts: [], data });
  return [
    make(concat(Uint8Array.of(2), le(o.limit, 4))),
    ...(o.price === 0n ? [] : [make(concat(Uint8Array.of(3), le(o.price, 8)))]),
  ];
}

export function memo(text: string): Instruction {
  return { program: memoProgram, accounts: [], data: new TextEncoder().encode(text) };
}

/** Does nothing where the account is there already. */
export function createAssociatedAccount(o: {
  payer: string;
  account: string;
  owner: string;
  mint: string;
  program: string;
}): Instruction {
  return {
    program: associatedProgram,
    accounts: [
      signerWritable(o.payer),
      writable(o.account),
      readonly(o.owner),
      readonly(o.mint),
      readonly(systemProgram),
      readonly(o.program),
    ],
    data: Uint8Array.of(1),
  };
}

/** TransferChecked: the chain refuses it where the mint has other decimals. */
export function transferTokens(o: {
  program: string;
  from: string;
  mint: string;
  to: string;
  owner: string;
  amount: bigint;
  decimals: bigint;
}): Instruction {
  return {
    program: o.program,
    accounts: [writable(o.from), readonly(o.mint), writable(o.to), { ...readonly(o.owner), signer: true }],
    data: concat(Uint8Array.of(12), le(o.amount, 8), le(o.decimals, 1)),
  };
}

/** The token account of an owner: the first address off the curve for bumps 255, 254, … */
export function associatedAccount(owner: string, mint: string, program: string): string {
  const seeds = [owner, program, mint].map((each) => base58.decode(each));
  for (let bump = 255; bump >= 0; bump -= 1) {
    const candidate = sha256(
      concat(
        ...seeds,
        Uint8Array.of(bump),
        base58.decode(associatedProgram),
        new TextEncoder().encode('ProgramDerivedAddress'),
      ),
    );
    if (!isOnCurve(candidate)) return base58.encode(candidate);
  }
  return refuse('mint', 'has no token account for this owner');
}

export function addressWithSeed(base: string, seed: string): string {
  const parts = [base58.decode(base), new TextEncoder().encode(seed), base58.decode(systemProgram)];
  return base58.encode(sha256(concat(...parts)));
}

/** As the chain decides it: by decompression alone, which ZIP-215 rules describe. */
function isOnCurve(bytes: Uint8Array): boolean {
  try {
    ed25519.Point.fromBytes(bytes, true);
    return true;
  } catch {
    return false;
  }
}

const writable = (address: string): AccountMeta => ({ address, writable: true, signer: false });
const readonly = (address: string): AccountMeta => ({ address, writable: false, signer: false });
const signerWritable = (address: string): AccountMeta => ({ address, writable: true, signer: true });
