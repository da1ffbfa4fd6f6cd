/** IOTA: Sui's transactions; an Ed25519 address hashes the key alone, without a flag (docs.iota.org, "Keys and addresses"). */
import { blake2b } from '@noble/hashes/blake2.js';
import { objectChain } from '../sui/chain.ts';

export const iota = objectChain({
  name: 'iota',
  symbol: 'IOTA',
  addressOf: (key) => blake2b(key.publicKey, { dkLen: 32 }),
  // 0.1 IOTA; a transfer costs about 0.003 to 0.005.
  feeMax: 100_000_000n,
});
