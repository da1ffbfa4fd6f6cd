/** Ed25519 identities drawn from a seed, and the MpcEnv of each party: what a signer's process injects. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Index, MpcEnv } from '../runtime/index.ts';
import { seededRandom } from './random.ts';

/** PKCS #8 wrapping of a raw Ed25519 private key, RFC 8410 §7. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface Identities {
  readonly indices: readonly Index[];
  env(party: Index): MpcEnv;
  verify(party: Index, bytes: Uint8Array, sig: Uint8Array): boolean;
}

export function seededIdentities({ seed, indices }: { seed: string; indices: readonly Index[] }): Identities {
  const privateKeys = new Map<Index, KeyObject>();
  const publicKeys = new Map<Index, KeyObject>();
  for (const index of indices) {
    const raw = seededRandom(`${seed}/identity/${index}`).bytes(32);
    const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, raw]), format: 'der', type: 'pkcs8' });
    privateKeys.set(index, key);
    publicKeys.set(index, createPublicKey(key));
  }

  const check = (party: Index, bytes: Uint8Array, sig: Uint8Array): boolean => {
    const key = publicKeys.get(party);
    return key !== undefined && verify(null, bytes, key, sig);
  };

  return {
    indices,
    verify: check,
    env(party) {
      const random = seededRandom(`${seed}/party/${party}`);
      const key = privateKeys.get(party);
      if (key === undefined) throw new Error(`no identity ${party}`);
      return {
        random: (n) => random.bytes(n),
        sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
        verify: check,
      };
    },
  };
}
