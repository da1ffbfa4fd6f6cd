/** Renames a key; null clears the name. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Name } from '../shapes.ts';
import { Key } from './shapes.ts';

export const updateKey = operation({
  name: 'updateKey',
  domain: 'keys',
  method: 'PUT',
  path: '/keys/:keyId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Update'],
  effect: 'none',
  request: Closed({ name: Type.Union([Name, Type.Null()]) }),
  response: Key,
  summary: 'Renames a key; null clears the name',
});
