/**
 * Signed extrinsics of version 4 (docs.polkadot.com, "Transaction format"), and the two calls that are built: payments of
 * the native coin and of an asset, by the numbers their runtime gives them.
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { check } from '../../errors/index.ts';
import { be, le, Reader } from '../binary.ts';
import { concat, equal, hexMember } from '../bytes.ts';
import type { Runtime } from './parameters.ts';
import { compact } from './payload.ts';

/** Version 4, with the bit that says it is signed. */
const signedVersion = 0x84;
/** `MultiAddress::Id`. */
const byId = Uint8Array.of(0);
/** `MultiSignature::Ed25519`. */
export const ed25519 = Uint8Array.of(0);
/** Blocks in which a transaction counts; six seconds each, so somewhat more than six minutes. */
export const eraPeriod = 64n;

export interface Payment {
  /** Absent: the native coin. */
  readonly assetId?: bigint;
  /** 32 bytes. */
  readonly to: Uint8Array;
  readonly amount: bigint;
}

export function encodeCall({ transfer, assets }: Runtime, { assetId, to, amount }: Payment): Uint8Array {
  const target = concat(byId, to, compact(amount));
  if (assetId === undefined) return concat(Uint8Array.of(...transfer), target);
  if (assets === undefined) throw new Error('bug: a runtime without assets is asked for one');
  return concat(Uint8Array.of(...assets), compact(assetId), target);
}

/** What `encodeCall` writes, and nothing besides. */
export function readCall(runtime: Runtime, bytes: Uint8Array): Payment | undefined {
  const isAsset = runtime.assets !== undefined && equal(bytes.subarray(0, 2), Uint8Array.of(...runtime.assets));
  if (!isAsset && !equal(bytes.subarray(0, 2), Uint8Array.of(...runtime.transfer))) return undefined;
  const reader = new Reader(bytes.subarray(2), 'method');
  try {
    const assetId = isAsset ? { assetId: readCompact(reader) } : {};
    reader.byte();
    const payment = { ...assetId, to: reader.take(32), amount: readCompact(reader) };
    return equal(encodeCall(runtime, payment), bytes) ? payment : undefined;
  } catch {
    // Of another form: signed as it is, and nothing is said about it.
    return undefined;
  }
}

/** The era that begins at this block: the logarithm of the period less one, and the phase. */
export function mortalEra(block: bigint): Uint8Array {
  const logarithm = BigInt(eraPeriod.toString(2).length - 1);
  return le((logarithm - 1n) | ((block % eraPeriod) << 4n), 2);
}

export function encodeExtrinsic(o: {
  readonly account: Uint8Array;
  readonly signature: Uint8Array;
  readonly extra: Uint8Array;
  readonly method: Uint8Array;
}): Uint8Array {
  const inner = concat(be(signedVersion, 1), byId, o.account, ed25519, o.signature, o.extra, o.method);
  return concat(compact(BigInt(inner.length)), inner);
}

/** BLAKE2b-256 of all of it, the length included. */
export function extrinsicHash(signedData: string, bytesMax: number): Uint8Array {
  const bytes = hexMember({ signedData }, 'signedData', { min: 100, max: bytesMax });
  const reader = new Reader(bytes, 'signedData');
  check(readCompact(reader) === BigInt(reader.left), 'signedData', 'is no extrinsic');
  return blake2b(bytes, { dkLen: 32 });
}

function readCompact(reader: Reader): bigint {
  const first = reader.byte();
  const mode = first & 3;
  if (mode === 3) return reader.le((first >> 2) + 4);
  const more = mode === 0 ? 0 : mode === 1 ? 1 : 3;
  return BigInt(first >> 2) | (reader.le(more) << 6n);
}
