/** secp256k1, ed25519 and the stark curve behind one interface, on native libraries where there are any. */
export { CryptoError, type CryptoErrorCode } from '../errors.ts';
export { backends, blindBackends, curve, verifyEcdsaSecp256k1, verifyEd25519 } from './load.ts';
export type { Curve, CurveName, Point, Scalar, ScalarField } from './types.ts';
