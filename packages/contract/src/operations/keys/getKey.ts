/** Reads one key, its wallets and what the signers attested. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Network, Reply } from '../shapes.ts';
import { keyMembers } from './shapes.ts';

export const getKey = operation({
  name: 'getKey',
  domain: 'keys',
  method: 'GET',
  path: '/keys/:keyId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Keys:Read'],
  effect: 'none',
  response: Reply({
    ...keyMembers,
    wallets: Type.Array(Reply({ id: Type.String(), network: Network })),
    store: Reply({ id: Type.String(), kind: Type.Enum(['Hsm', 'Mpc', 'OfflineSigner']), keyId: Type.String() }),
    /** Beyond the reference: what each signer signed about this key, for clients that verify. */
    epoch: Type.String(),
    attestations: Type.Array(Reply({ index: Type.Integer(), signerId: Type.String(), signature: Type.String() })),
  }),
  summary: 'Reads one key, its wallets and what the signers attested',
});
