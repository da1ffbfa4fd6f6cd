/**
 * Substrate chains, Polymesh among them: SS58 addresses, payloads of extrinsics signed as their signer's library gives
 * them. Calls are not read: every runtime numbers its own.
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, hexMember } from '../bytes.ts';
import { planPlain } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Facts, Family, Network, PublicKeyRef } from '../types.ts';
import { encodeAddress } from './address.ts';
import { parameters } from './parameters.ts';
import { encodePayload } from './payload.ts';

const payloadMax = 65_536;
/** Longer payloads are signed by their BLAKE2b-256 (sp_runtime, SignedPayload::using_encoded). */
const unhashedMax = 256;
/** `MultiSignature::Ed25519`. */
const ed25519 = 0;

export const substrate: Family = {
  name: 'substrate',

  address(key, network) {
    const { prefix } =
      parameters[network.name] ?? refuse('network', 'must be named: addresses differ between chains', 'E_NETWORK');
    return encodeAddress(key.publicKey, prefix);
  },

  plan({ key, network, body }) {
    if (body['kind'] !== 'SignerPayload') return planPlain(key, body, ['SignerPayload']);
    const { bytes, summary } = payloadOf(key, network, body);
    const message = bytes.length > unhashedMax ? blake2b(bytes, { dkLen: 32 }) : bytes;
    return { items: [{ algorithm: 'eddsa', message }], facts: { interpreted: false, kind: 'SignerPayload', summary } };
  },

  assemble({ signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    return { signature: wire(raw, concat(Uint8Array.of(ed25519), r, s)) };
  },
};

function payloadOf(key: PublicKeyRef, network: Network, body: Body): { bytes: Uint8Array; summary: Facts['summary'] } {
  const { payload } = body;
  if (typeof payload === 'string') {
    const bytes = hexMember(body, 'payload', { min: 1, max: payloadMax });
    return { bytes, summary: [{ label: 'Payload', value: `${bytes.length} bytes` }] };
  }
  check(
    typeof payload === 'object' && payload !== null && !Array.isArray(payload),
    'payload',
    'must be hex or an object',
  );
  const genesis = parameters[network.name]?.genesis;
  return encodePayload(
    payload as Body,
    key.publicKey,
    genesis === undefined ? undefined : hexMember({ genesis }, 'genesis', { exactly: 32 }),
  );
}
