/** Defines a permission of the organisation. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Name, Text } from '../shapes.ts';
import { Permission } from './shapes.ts';

export const createPermission = operation({
  name: 'createPermission',
  domain: 'permissions',
  method: 'POST',
  path: '/permissions',
  auth: 'bearer',
  userAction: true,
  permissions: ['Permissions:Create'],
  effect: 'governance',
  request: Closed({ name: Name, operations: Type.Array(Text(100, 1), { minItems: 1, maxItems: 256 }) }),
  response: Permission,
  summary: 'Defines a permission of the organisation',
});
