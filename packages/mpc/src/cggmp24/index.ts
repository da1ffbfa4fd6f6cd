/** CGGMP24: threshold ECDSA of any three signers, and the auxiliary set-up it needs. */
export * from './parameters.ts';
