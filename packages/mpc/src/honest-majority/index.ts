/** ECDSA by an honest majority of exactly five signers, and the shared randomness it draws on. */
export { createEcdsaH, type EcdsaOptions } from './ecdsa.ts';
export { type PrssRun, type PrssSession, runsMax } from './prss.ts';
export { createPrssSetup } from './prss-setup.ts';
export type { EcdsaSignature } from './signature.ts';
