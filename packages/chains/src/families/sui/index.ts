/** Sui: the address is BLAKE2b-256 of the scheme's flag and the key (docs.sui.io, "Keys and addresses"). */
import { blake2b } from '@noble/hashes/blake2.js';
import { concat } from '../bytes.ts';
import { objectChain } from './chain.ts';

export const sui = objectChain({
  name: 'sui',
  symbol: 'SUI',
  addressOf: (key) => blake2b(concat(Uint8Array.of(0), key.publicKey), { dkLen: 32 }),
  // 0.05 SUI; a transfer costs about 0.002 to 0.004.
  feeMax: 50_000_000n,
});
