/** Brings in an existing private key, split and sealed to the five signers. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { importMembers, Key } from './shapes.ts';

export const importKey = operation({
  name: 'importKey',
  domain: 'keys',
  method: 'POST',
  path: '/keys/import',
  auth: 'bearer',
  userAction: true,
  permissions: ['Signers:ListSigners', 'Keys:Import'],
  effect: 'importKey',
  request: Closed({ ...importMembers, masterKey: Type.Optional(Type.Boolean()) }),
  response: Key,
  summary: 'Brings in an existing private key, split and sealed to the five signers',
});
