/** EIP-7702 authorisations: keccak-256(0x05 ‖ rlp([chain id, address, nonce])). */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { RLP } from 'micro-eth-signer/core/rlp.js';
import { check } from '../../errors/index.ts';
import { concat } from '../bytes.ts';
import type { Body, Network, SigningPlan } from '../types.ts';
import { parseAddress } from './address.ts';

const magic = 0x05;

export function planAuthorization(network: Network, body: Body): SigningPlan {
  const chainId = whole(body['chainId'], 'chainId');
  const nonce = whole(body['nonce'], 'nonce');
  const address = parseAddress(body['address'], 'address');
  // Chain id 0 means every chain: whoever asks for one network's signature does not mean that.
  if (network.name !== '') {
    check(network.chainId !== undefined, 'chainId', `chain id of ${network.name} is not configured`, 'E_CHAIN_ID');
    check(
      chainId === BigInt(network.chainId),
      'chainId',
      `${chainId} does not match network ${network.name} (${network.chainId})`,
    );
  }
  const digest = keccak_256(concat(Uint8Array.of(magic), RLP.encode([chainId, address, nonce])));
  return {
    items: [{ algorithm: 'ecdsa', digest }],
    facts: {
      interpreted: true,
      kind: 'Eip7702',
      summary: [
        { label: 'Delegate', value: address },
        { label: 'Nonce', value: nonce.toString() },
        { label: 'Chain id', value: chainId.toString() },
      ],
    },
  };
}

function whole(value: unknown, path: string): bigint {
  check(
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
    path,
    'must be a whole number of at most 53 bits',
  );
  return BigInt(value);
}
