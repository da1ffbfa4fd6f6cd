/** Hands in the signed challenge for a single-use action token. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';
import { Factors } from './shapes.ts';

export const createUserActionSignature = operation({
  name: 'createUserActionSignature',
  domain: 'auth',
  method: 'POST',
  path: '/auth/action',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Factors,
  response: Reply({ userAction: Type.String() }),
  summary: 'Hands in the signed challenge for a single-use action token',
});
