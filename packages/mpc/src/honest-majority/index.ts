/** ECDSA by an honest majority of exactly five signers, and the shared randomness it draws on. */
export { createEcdsaH } from './ecdsa.ts';
export { createEcdsaBatch, type EcdsaBatchOptions } from './ecdsa-batch.ts';
export { ecdsaHColumns } from './ecdsa-columns.ts';
export type { EcdsaOptions } from './ecdsa-run.ts';
export { type DrawPlan, type PrssRun, type PrssSession, runsMax } from './prss.ts';
export { createPrssSetup } from './prss-setup.ts';
export type { EcdsaSignature } from './signature.ts';
