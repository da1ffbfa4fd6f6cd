/** Lists the signers and the keys to which an import seals its shares. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';

export const listSigners = operation({
  name: 'listSigners',
  domain: 'signers',
  method: 'GET',
  path: '/signers',
  auth: 'bearer',
  userAction: false,
  permissions: ['Signers:ListSigners'],
  effect: 'none',
  response: Reply({
    clusters: Type.Array(
      Reply({
        clusterId: Type.String(),
        signers: Type.Array(
          Reply({
            signerId: Type.String(),
            encryptionKey: Type.String(),
            /** Beyond the reference: lets a client check the key against the cluster it pinned. */
            identityKey: Type.String(),
            encryptionKeySignature: Type.String(),
            expires: Type.String(),
          }),
        ),
      }),
    ),
  }),
  summary: 'Lists the signers and the keys to which an import seals its shares',
});
