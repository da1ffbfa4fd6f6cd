/** Keys whose shares are refreshed and dealt anew in tests, and what must hold of their old and new shares. */
import { deepEqual, notDeepEqual, ok } from 'node:assert/strict';
import { type Curve, type CurveName, curve as curveOf, type Point } from '@holdfast/crypto/curves';
import { checkKeyShare, interpolate } from '@holdfast/crypto/sharing';
import { epochOf } from '../../dkg/index.ts';
import { protocolOf } from '../../dkg/test/outcomes.ts';
import { keyShares } from '../../frost/test/keys.ts';
import type { KeyShare } from '../../runtime/index.ts';

/** Shares 1…n of one key, under the name of their sharing. */
export function holders(o: {
  seed: string;
  n: number;
  t: number;
  curve?: CurveName;
  chainCode?: Uint8Array;
}): KeyShare[] {
  const curve = curveOf(o.curve ?? 'secp256k1');
  const { seed, n, t, chainCode } = o;
  return keyShares({ curve, protocol: protocolOf[curve.name], t, n, seed }).map((share) => ({
    ...share,
    epoch: epochOf(curve, share.publicShares),
    ...(chainCode === undefined ? {} : { chainCode }),
  }));
}

/** `size` of them at a time, in order. */
export function* subsetsOf<T>(items: readonly T[], size: number): Generator<T[]> {
  if (size === 0) return yield [];
  for (const [at, first] of items.entries())
    for (const rest of subsetsOf(items.slice(at + 1), size - 1)) yield [first, ...rest];
}

/** The same key in one new epoch, of which every t shares give the key, and every mix with old ones does not. */
export function areNewSharesOf(curve: Curve, old: readonly KeyShare[], fresh: readonly KeyShare[]): void {
  const [first] = fresh as [KeyShare];
  const [before] = old as [KeyShare];
  notDeepEqual(first.epoch, before.epoch);
  deepEqual(first.epoch, epochOf(curve, first.publicShares));
  for (const share of fresh) {
    checkKeyShare(curve, share);
    deepEqual(share.epoch, first.epoch);
    ok(curve.equals(share.publicKey, before.publicKey));
    ok(old.every(({ x }) => !curve.scalar.equals(x, share.x)));
  }
  for (const subset of subsetsOf(fresh, first.t)) ok(isKeyOf(curve, subset, first.publicKey));
  // A share of each index is taken either from the old sharing or from the new.
  for (const indices of subsetsOf(
    fresh.map(({ index }) => index),
    first.t,
  )) {
    for (let mix = 1; mix < 2 ** indices.length - 1; mix += 1) {
      const mixed = indices.flatMap((index, k) => {
        const share = ((mix >> k) & 1 ? fresh : old).find((each) => each.index === index);
        return share === undefined ? [] : [share];
      });
      if (mixed.length === indices.length) ok(!isKeyOf(curve, mixed, first.publicKey));
    }
  }
}

export function isKeyOf(curve: Curve, shares: readonly KeyShare[], publicKey: Point): boolean {
  const x = interpolate(
    curve,
    shares.map(({ index, x: y }) => ({ x: index, y })),
  );
  return curve.equals(curve.mulBase(x), publicKey);
}
