/** The pseudo-networks KeyECDSA, KeyECDSAStark and KeyEdDSA, and keys without a network: no address, no chain. */

import { refuse } from '../../errors/index.ts';
import { planHash, planMessage, unknownKind } from '../plain.ts';
import { wire } from '../signature.ts';
import type { Family } from '../types.ts';

export const pseudo: Family = {
  name: 'pseudo',
  address: () => undefined,
  plan({ key, body }) {
    switch (body['kind']) {
      case 'Hash':
        return planHash(key, body);
      case 'Message':
        return planMessage(key, body);
      default:
        return unknownKind(body, key.scheme === 'EdDSA' ? ['Message'] : ['Hash']);
    }
  },
  assemble({ signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    return { signature: wire(raw) };
  },
};
