/** Shared words of the wire. Plain data and text checks; safe for browsers and signers. */

export * from './derivation-path.ts';
export * from './env.ts';
export * from './ids.ts';
export * from './keys.ts';
export * from './networks.ts';
export * from './signature-bodies.ts';
