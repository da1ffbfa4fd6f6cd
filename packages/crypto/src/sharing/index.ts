/** Shamir sharing in the clear and in the exponent. Runs in browsers too, on the curve it is given. */
export { CryptoError, type CryptoErrorCode } from '../errors.ts';
export {
  checkKeyShare,
  checkOwnShare,
  checkSharedKey,
  degreeTest,
  interpolatePoint,
  type KeyShareParts,
  leadingCoefficient,
} from './key-share.ts';
export {
  checkPoints,
  commitments,
  evaluate,
  feldmanExpected,
  feldmanShares,
  interpolate,
  lagrange,
  type Polynomial,
  randomPolynomial,
} from './polynomial.ts';
export { epochOf, proveShare, type ShareProof, verifyShareProof } from './share-proof.ts';
export { recombine, type Split, split } from './split.ts';
