/** Lists the credentials that wait for somebody already enrolled to confirm them, with what to compare. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply, Timestamp } from '../shapes.ts';
import { CredentialKind } from './shapes.ts';

export const listPendingCredentials = operation({
  name: 'listPendingCredentials',
  domain: 'auth',
  method: 'GET',
  path: '/holdfast/credentials/pending',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Users:Read'],
  effect: 'none',
  response: Reply({
    items: Type.Array(
      Reply({
        userId: Type.String(),
        username: Type.String(),
        userKind: Type.Enum(['CustomerEmployee', 'EndUser']),
        credentialId: Type.String(),
        credentialUuid: Type.String(),
        kind: CredentialKind,
        name: Type.String(),
        /** PEM; the confirmation is signed over it. */
        publicKey: Type.String(),
        /** `SHA256:` and the base64 of the hash of the key's DER form, without padding. */
        fingerprint: Type.String(),
        /** The first 16 digits of another hash, as the refusal of an unconfirmed signature shows them to its user. */
        key: Type.String(),
        dateCreated: Timestamp,
      }),
    ),
  }),
  summary: 'Lists the credentials that wait to be confirmed, with what to compare',
});
