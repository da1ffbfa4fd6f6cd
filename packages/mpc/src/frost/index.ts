/** Threshold Schnorr signatures: Ed25519 and BIP-340, exactly t signers, two rounds, no coordinator. */
export { createFrostBip340, createFrostEd25519, type FrostOut } from './machine.ts';
