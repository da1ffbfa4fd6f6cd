/** The same curves in JavaScript alone, for browsers. Nothing here needs Node. */
import { nobleCurve } from '../curves/noble.ts';
import { selfTest } from '../curves/self-test.ts';
import type { Curve, CurveName } from '../curves/types.ts';

export type { Curve, CurveName, Point, Scalar, ScalarField } from '../curves/types.ts';
export { CryptoError, type CryptoErrorCode } from '../errors.ts';

const loaded = new Map<CurveName, Curve>();

/** The curve of that name, tested at the first call. */
export function curve(name: CurveName): Curve {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const made = nobleCurve(name);
  selfTest(made);
  loaded.set(name, made);
  return made;
}
