/** What an imported share says about its key before anything is believed: mpc-protocols §1.4, checks 1 to 7. */
import type { Curve, Point } from '@holdfast/crypto/curves';
import { decodeImportShare } from '@holdfast/crypto/envelope';
import { degreeTest, interpolatePoint } from '@holdfast/crypto/sharing';
import { equalBytes } from '@holdfast/crypto/transcript';
import { isSupported, isThreshold } from '../dkg/parameters.ts';
import type { Base } from '../dkg/sharing-run.ts';
import { attempt, check, type Index, type ProtocolName } from '../runtime/index.ts';

export interface ImportFacts {
  readonly protocol: ProtocolName;
  readonly n: number;
  /** Shares needed to sign: the cluster's. */
  readonly t: number;
  /** As the request states it, where it does; must be the cluster's. */
  readonly minSigners?: number;
  /** Encoded; as the request announces it, where it does. */
  readonly expectedPublicKey?: Uint8Array;
}

/** All of §1.4 that one signer can check alone. Aborts with the E_IMP_ code of the first check that fails. */
export function checkImportShare(
  curve: Curve,
  plaintext: Uint8Array,
  { self, protocol, n, t, minSigners = t, expectedPublicKey }: ImportFacts & { readonly self: Index },
): Base {
  const document = parse(curve, plaintext); // 1
  check(isSupported(protocol, curve.name), 'E_IMP_FORMAT');
  const x_i = attempt(() => curve.scalar.decode(document.scalar)); // 2
  document.scalar.fill(0);
  check(x_i !== undefined && !curve.scalar.isZero(x_i), 'E_IMP_SCALAR');
  try {
    const publicShares = decodePublicShares(curve, document.points, n); // 3
    check(minSigners === t && isThreshold({ t, n }), 'E_IMP_THRESHOLD'); // 4
    const X_i = publicShares[self - 1];
    check(X_i !== undefined && curve.equals(curve.mulBase(x_i), X_i), 'E_IMP_SHARE'); // 5
    check(degreeTest(curve, publicShares, t), 'E_IMP_DEGREE'); // 6
    const publicKey = interpolatePoint(curve, publicShares, t); // 7
    check(!curve.isIdentity(publicKey), 'E_IMP_PUBKEY');
    const isExpected = expectedPublicKey === undefined || equalBytes(curve.encodePoint(publicKey), expectedPublicKey);
    check(isExpected, 'E_IMP_PUBKEY');
    return { x_i, publicShares, publicKey };
  } catch (error) {
    x_i.fill(0);
    throw error;
  }
}

/**
 * The public key that a share belongs to, encoded: for the search of duplicates before a run is started. Throws
 * AbortError with an E_IMP_ code. All n public shares must lie on one polynomial, whatever its degree below n; the
 * run checks the degree.
 */
export function announcedPublicKey(curve: Curve, plaintext: Uint8Array): Uint8Array {
  const document = parse(curve, plaintext);
  document.scalar.fill(0);
  const n = document.points.length;
  const publicKey = interpolatePoint(curve, decodePublicShares(curve, document.points, n), n);
  check(!curve.isIdentity(publicKey), 'E_IMP_PUBKEY');
  return curve.encodePoint(publicKey);
}

interface Document {
  readonly scalar: Uint8Array;
  readonly points: readonly Uint8Array[];
}

function parse(curve: Curve, plaintext: Uint8Array): Document {
  const share = attempt(() => decodeImportShare(plaintext));
  check(share !== undefined && share.curve === curve.name, 'E_IMP_FORMAT');
  return { scalar: share.secretShare, points: share.publicShares };
}

/** Exactly n valid points, pairwise distinct. Compressed and uncompressed forms are read. */
function decodePublicShares(curve: Curve, encoded: readonly Uint8Array[], n: number): Point[] {
  check(encoded.length === n, 'E_IMP_POINTS');
  const points = attempt(() => encoded.map((bytes) => curve.decodePointLenient(bytes)));
  check(points !== undefined, 'E_IMP_POINTS');
  const distinct = new Set(curve.encodePoints(points).map((bytes) => Buffer.from(bytes).toString('hex')));
  check(distinct.size === n, 'E_IMP_POINTS');
  return points;
}
