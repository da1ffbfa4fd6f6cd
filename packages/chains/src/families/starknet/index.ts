/**
 * Starknet: signs digests. An account address depends on the class of the account contract, which the user has not
 * chosen yet in this version, so a wallet carries none; its public key identifies it.
 */

import { refuse } from '../../errors/index.ts';
import { planHash, unknownKind } from '../plain.ts';
import { wire } from '../signature.ts';
import type { Family } from '../types.ts';

export const starknet: Family = {
  name: 'starknet',
  address: () => undefined,
  plan: ({ key, body }) => (body['kind'] === 'Hash' ? planHash(key, body) : unknownKind(body, ['Hash'])),
  assemble({ signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    return { signature: wire(raw) };
  },
};
