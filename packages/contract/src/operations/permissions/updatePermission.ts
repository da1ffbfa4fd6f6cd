/** Changes a permission and so what everybody who holds it may do. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Name, Text } from '../shapes.ts';
import { Permission } from './shapes.ts';

export const updatePermission = operation({
  name: 'updatePermission',
  domain: 'permissions',
  method: 'PUT',
  path: '/permissions/:permissionId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Permissions:Update'],
  effect: 'governance',
  request: Closed({
    name: Type.Optional(Name),
    operations: Type.Optional(Type.Array(Text(100, 1), { minItems: 1, maxItems: 256 })),
  }),
  response: Permission,
  summary: 'Changes a permission and so what everybody who holds it may do',
});
