/** Completes the registration of an end user. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Name, Network, Reply } from '../shapes.ts';
import { Wallet } from '../wallets/shapes.ts';
import { RegistrationCredential, RegistrationResult } from './shapes.ts';

export const registerEndUser = operation({
  name: 'registerEndUser',
  domain: 'auth',
  method: 'POST',
  path: '/auth/registration/enduser',
  auth: 'temp',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    firstFactorCredential: RegistrationCredential,
    secondFactorCredential: Type.Optional(RegistrationCredential),
    recoveryCredential: Type.Optional(RegistrationCredential),
    wallets: Type.Array(Closed({ network: Network, name: Type.Optional(Name) }), { maxItems: 16 }),
  }),
  response: Reply({
    ...RegistrationResult.properties,
    authentication: Reply({ token: Type.String() }),
    wallets: Type.Array(Wallet),
  }),
  summary: 'Completes the registration of an end user',
});
