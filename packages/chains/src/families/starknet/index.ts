/**
 * Starknet: signs digests and typed data. The address is that of the account contract the key will have; until somebody
 * deploys it, nothing can be sent from it, and no transactions are built here.
 */
import { check, refuse } from '../../errors/index.ts';
import { be } from '../binary.ts';
import { planHash, unknownKind } from '../plain.ts';
import { wire } from '../signature.ts';
import type { Body, Family, Network, PublicKeyRef, SigningPlan } from '../types.ts';
import { accountAddress, addressText } from './address.ts';
import { shortString } from './felt.ts';
import { snip12 } from './snip12.ts';

/** docs.starknet.io, "Chain IDs". */
const chainIds: Readonly<Record<string, string>> = { Starknet: 'SN_MAIN', StarknetSepolia: 'SN_SEPOLIA' };

export const starknet: Family = {
  name: 'starknet',

  address: (key) => addressText(accountAddress(key)),

  plan({ key, network, body }) {
    if (body['kind'] === 'Snip12') return planTypedData(key, network, body);
    return body['kind'] === 'Hash' ? planHash(key, body) : unknownKind(body, ['Hash', 'Snip12']);
  },

  assemble({ signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    return { signature: wire(raw) };
  },
};

function planTypedData(key: PublicKeyRef, network: Network, body: Body): SigningPlan {
  const { digest, primaryType, name, chainId } = snip12(body, accountAddress(key));
  const expected = chainIds[network.name];
  check(
    chainId === undefined || expected === undefined || chainId === shortString(expected),
    'domain.chainId',
    `does not match network ${network.name} (${expected})`,
  );
  // One digest in 2^58: the curve's signatures take none above, and another message has another digest.
  check(digest < 1n << 251n, 'message', 'has a digest that Starknet cannot sign; change the message');
  return {
    items: [{ algorithm: 'ecdsa', digest: be(digest, 32) }],
    facts: {
      interpreted: true,
      kind: 'Snip12',
      summary: [
        { label: 'Type', value: primaryType },
        ...(name === undefined ? [] : [{ label: 'Domain', value: name.slice(0, 64) }]),
      ],
    },
  };
}
