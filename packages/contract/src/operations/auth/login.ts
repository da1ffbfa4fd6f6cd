/** Completes a login with the signed challenge. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';
import { Factors } from './shapes.ts';

export const login = operation({
  name: 'login',
  domain: 'auth',
  method: 'POST',
  path: '/auth/login',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Factors,
  response: Type.Union([Reply({ token: Type.String() }), Reply({ ssoClientId: Type.String() })]),
  summary: 'Completes a login with the signed challenge',
});
