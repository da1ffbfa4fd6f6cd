/** Generates a key on the five signers. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { createKeyPermissions } from '../requirements.ts';
import { Closed, Curve, Name, Scheme, Text } from '../shapes.ts';
import { DeriveFrom, Key } from './shapes.ts';

export const createKey = operation({
  name: 'createKey',
  domain: 'keys',
  method: 'POST',
  path: '/keys',
  auth: 'bearer',
  userAction: true,
  permissions: createKeyPermissions,
  effect: 'createKey',
  request: Closed({
    scheme: Scheme,
    curve: Curve,
    name: Type.Optional(Name),
    masterKey: Type.Optional(Type.Boolean()),
    deriveFrom: Type.Optional(DeriveFrom),
    storeId: Type.Optional(Text(64)),
    delegateTo: Type.Optional(Text(64)),
    delayDelegation: Type.Optional(Type.Boolean()),
  }),
  response: Key,
  summary: 'Generates a key on the five signers',
});
