/** Deterministic derivation on keys that do nothing else (GLOW20, DDH-DVRF). */
export { createGlow20, type DvrfOut } from './machine.ts';
export { type DvrfInput, SEED_BYTES_MAX } from './output.ts';
