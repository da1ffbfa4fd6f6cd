/** Makes a one-minute code that enrols a credential on another device. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Reply, Text } from '../shapes.ts';

export const createCredentialCode = operation({
  name: 'createCredentialCode',
  domain: 'auth',
  method: 'POST',
  path: '/auth/credentials/code',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'none',
  request: Closed({ expiration: Type.Union([Text(40, 1), Type.Number()]) }),
  response: Reply({ code: Type.String(), expiration: Type.String() }),
  summary: 'Makes a one-minute code that enrols a credential on another device',
});
