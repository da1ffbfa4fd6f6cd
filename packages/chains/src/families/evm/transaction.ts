/** Unsigned EVM transactions: parsed by micro-eth-signer, accepted only in their one canonical serialisation. */
import { Transaction, type TxType } from 'micro-eth-signer';
import { check, refuse } from '../../errors/index.ts';
import { bytesToBigInt, equal } from '../bytes.ts';
import { rs } from '../signature.ts';
import type { Network, RawSignature } from '../types.ts';

export interface UnsignedTransaction {
  readonly type: TxType;
  readonly parsed: ReturnType<typeof Transaction.fromBytes>;
  /** What is hashed and signed. */
  readonly bytes: Uint8Array;
  readonly to: string;
  readonly value: bigint;
  readonly nonce: bigint;
  readonly dataBytes: number;
}

/** EIP-4844 is absent on purpose: its network form carries blobs that a signer cannot see here. */
const accepted: readonly TxType[] = ['legacy', 'eip2930', 'eip1559', 'eip7702'];
const path = 'transaction';

export function parseUnsigned(bytes: Uint8Array, network: Network): UnsignedTransaction {
  const chainId = network.chainId;
  check(chainId !== undefined, path, `chain id of ${network.name} is not configured`, 'E_CHAIN_ID');

  const parsed = parse(bytes);
  check(accepted.includes(parsed.type), path, `type ${parsed.type} is not accepted; accepted: ${accepted.join(', ')}`);
  check(!parsed.isSigned, path, 'is already signed');
  const raw = parsed.raw as { chainId?: bigint; to?: string; value: bigint; nonce: bigint; data?: string };
  check(
    raw.chainId !== undefined,
    path,
    'carries no chain id; without it (EIP-155) anyone could replay it on other networks',
  );
  check(
    raw.chainId === BigInt(chainId),
    path,
    `chain id ${raw.chainId} does not match network ${network.name} (${chainId})`,
  );

  const canonical = parsed.toBytes({ includeSignature: false });
  check(
    equal(canonical, bytes),
    path,
    'is not in canonical form (RLP with leading zeros, trailing bytes or an odd encoding)',
  );
  return {
    type: parsed.type,
    parsed,
    bytes: canonical,
    to: raw.to ?? '',
    value: raw.value,
    nonce: raw.nonce,
    dataBytes: Math.max(0, ((raw.data ?? '').length - 2) / 2),
  };
}

export function serializeSigned(transaction: UnsignedTransaction, raw: RawSignature): string {
  const { r, s } = rs(raw);
  const fields = { ...transaction.parsed.raw, r: bytesToBigInt(r), s: bytesToBigInt(s), yParity: (raw.recid ?? 0) & 1 };
  return new Transaction(transaction.type, fields as never, { strict: false }).toHex({ includeSignature: true });
}

function parse(bytes: Uint8Array): ReturnType<typeof Transaction.fromBytes> {
  try {
    return Transaction.fromBytes(bytes);
  } catch (cause) {
    // The library's message names the field; it never echoes more than that.
    const reason = cause instanceof Error ? cause.message.slice(0, 120) : 'unreadable';
    refuse(path, `is not an unsigned EVM transaction: ${reason}`);
  }
}
