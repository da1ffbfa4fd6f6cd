/** Derives 32 bytes from a domain and a seed, always the same, by any three signers. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Reply } from '../shapes.ts';
import { SomeHex } from './shapes.ts';

export const deriveKey = operation({
  name: 'deriveKey',
  domain: 'keys',
  method: 'POST',
  path: '/keys/:keyId/derive',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Derive'],
  effect: 'derive',
  // The domain is a separation tag of RFC 9380, which ends at 255 bytes; 4 KiB of seed are ours.
  request: Closed({ domain: SomeHex(255), seed: SomeHex(4096) }),
  response: Reply({ output: Type.String({ description: '0x and 64 hex digits' }) }),
  summary: 'Derives 32 bytes from a domain and a seed, always the same, by any three signers',
});
