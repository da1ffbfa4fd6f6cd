/** Key shares for tests, drawn from a seed. */
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { enc, i, sha512_256 } from '@holdfast/crypto/transcript';
import type { KeyShare, ProtocolName } from '../../runtime/index.ts';
import { seededRandom } from '../../simulator/index.ts';

export interface KeyOptions {
  readonly curve: Curve;
  readonly protocol: ProtocolName;
  readonly t: number;
  readonly n: number;
  readonly seed: string;
  readonly secret?: Scalar;
}

/** The shares 1…n of one key. */
export function keyShares({ curve, protocol, t, n, seed, secret }: KeyOptions): KeyShare[] {
  const random = seededRandom(`${seed}/key`);
  const constant = secret ?? curve.scalar.random((size) => random.bytes(size));
  const { shares, publicShares, publicKey } = split(curve, { secret: constant, n, t }, (size) => random.bytes(size));
  const encoded = publicShares.map((X_j) => i.point(curve.encodePoint(X_j)));
  const epoch = sha512_256(enc('test/epoch', i.list(encoded)));
  return shares.map((x, at) => ({
    protocol,
    curve: curve.name,
    index: at + 1,
    t,
    n,
    x,
    publicShares,
    publicKey,
    epoch,
  }));
}
