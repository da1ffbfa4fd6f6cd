/**
 * The two plaintexts inside envelopes: docs/specs/share-envelope.md §3. Compact JSON in a fixed order of members;
 * the parsers accept exactly what re-encodes to the same bytes.
 */
import { equalBytes, fromHex, isBytes, toHex } from '../bytes.ts';
import type { CurveName } from '../curves/types.ts';
import { check, refuse } from '../errors.ts';

/** 32 signers on the longest curve name take under 6 KiB. */
const BYTES_MAX = 8192;
const SIGNERS_MAX = 32;
const CURVE_NAMES: readonly CurveName[] = ['secp256k1', 'stark', 'ed25519'];

/** Bytes only: ranges and points are for the curve to check (`ScalarField.decode`, `Curve.decodePointLenient`). */
export interface ImportShare {
  readonly curve: CurveName;
  /** 32 bytes, big-endian. Secret. */
  readonly secretShare: Uint8Array;
  /** f(1)·G…f(n)·G: 65 bytes (33 accepted) on Weierstrass curves, 32 on ed25519. */
  readonly publicShares: readonly Uint8Array[];
}

export interface ExportShare {
  readonly curve: CurveName;
  /** Evaluation point, 1…65535. */
  readonly index: number;
  /** 32 bytes, big-endian. Secret. */
  readonly secretShare: Uint8Array;
}

export function encodeImportShare(share: ImportShare): Uint8Array {
  checkCurve(share.curve);
  checkScalar(share.secretShare);
  checkCount(share.publicShares.length);
  for (const point of share.publicShares) checkPointLength(share.curve, point);
  return new TextEncoder().encode(
    JSON.stringify({
      version: 1,
      secret_share: { curve: share.curve, scalar: toHex(share.secretShare) },
      public_shares: share.publicShares.map((point) => ({ curve: share.curve, point: toHex(point) })),
    }),
  );
}

/** Throws CryptoError E_SHARE_FORMAT. */
export function decodeImportShare(bytes: Uint8Array): ImportShare {
  const { version, secret_share, public_shares } = parse(bytes);
  check(version === 1, 'E_SHARE_FORMAT', 'The version of a share is 1.');
  const { curve, scalar } = readScalar(secret_share);
  check(Array.isArray(public_shares), 'E_SHARE_FORMAT', 'A share lists the public shares.');
  checkCount(public_shares.length);
  const publicShares = public_shares.map((member: unknown) => {
    const { curve: pointCurve, point } = object(member);
    check(pointCurve === curve, 'E_SHARE_FORMAT', 'All parts of a share are on one curve.');
    const encoded = hex(point);
    checkPointLength(curve, encoded);
    return encoded;
  });
  return exactly(bytes, { curve, secretShare: scalar, publicShares }, encodeImportShare);
}

export function encodeExportShare(share: ExportShare): Uint8Array {
  checkCurve(share.curve);
  checkScalar(share.secretShare);
  checkIndex(share.index);
  return new TextEncoder().encode(
    JSON.stringify({
      version: 1,
      index: { curve: share.curve, scalar: share.index.toString(16).padStart(64, '0') },
      secret_share: { curve: share.curve, scalar: toHex(share.secretShare) },
    }),
  );
}

/** Throws CryptoError E_SHARE_FORMAT. */
export function decodeExportShare(bytes: Uint8Array): ExportShare {
  const { version, index, secret_share } = parse(bytes);
  check(version === 1, 'E_SHARE_FORMAT', 'The version of a share is 1.');
  const { curve, scalar } = readScalar(secret_share);
  const point = readScalar(index);
  check(point.curve === curve, 'E_SHARE_FORMAT', 'All parts of a share are on one curve.');
  const value = Number(BigInt(`0x${toHex(point.scalar)}`));
  checkIndex(value);
  return exactly(bytes, { curve, index: value, secretShare: scalar }, encodeExportShare);
}

/** Member order, white space, escapes, upper case, doubled and unknown members all fail here. */
function exactly<T>(bytes: Uint8Array, share: T, encode: (share: T) => Uint8Array): T {
  check(
    equalBytes(encode(share), bytes),
    'E_SHARE_FORMAT',
    'A share is compact JSON with its members in the fixed order.',
  );
  return share;
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  check(isBytes(bytes) && bytes.length <= BYTES_MAX, 'E_SHARE_FORMAT', 'A share is at most 8192 bytes.');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    // The cause would quote the text, which is secret.
    refuse('E_SHARE_FORMAT', 'A share is JSON.');
  }
  return object(value);
}

function object(value: unknown): Record<string, unknown> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), 'E_SHARE_FORMAT', 'Not a JSON object.');
  return value as Record<string, unknown>;
}

function readScalar(value: unknown): { curve: CurveName; scalar: Uint8Array } {
  const { curve, scalar } = object(value);
  checkCurve(curve);
  const bytes = hex(scalar);
  checkScalar(bytes);
  return { curve, scalar: bytes };
}

function hex(value: unknown): Uint8Array {
  return fromHex(value, 'E_SHARE_FORMAT');
}

function checkCurve(curve: unknown): asserts curve is CurveName {
  check(CURVE_NAMES.includes(curve as CurveName), 'E_SHARE_FORMAT', 'A share is on secp256k1, stark or ed25519.');
}

function checkScalar(bytes: Uint8Array): void {
  check(bytes.length === 32, 'E_SHARE_FORMAT', 'A scalar is 32 bytes.');
}

function checkCount(count: number): void {
  check(count >= 2 && count <= SIGNERS_MAX, 'E_SHARE_FORMAT', 'There are 2 to 32 public shares.');
}

function checkIndex(index: number): void {
  check(Number.isInteger(index) && index >= 1 && index <= 0xffff, 'E_SHARE_FORMAT', 'An index is 1 to 65535.');
}

function checkPointLength(curve: CurveName, point: Uint8Array): void {
  const fits = curve === 'ed25519' ? point.length === 32 : point.length === 65 || point.length === 33;
  check(fits, 'E_SHARE_FORMAT', 'A point of a wrong length.');
}
