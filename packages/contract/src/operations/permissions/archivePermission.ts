/** Archives a permission, or brings it back. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { Permission } from './shapes.ts';

export const archivePermission = operation({
  name: 'archivePermission',
  domain: 'permissions',
  method: 'PUT',
  path: '/permissions/:permissionId/archive',
  auth: 'bearer',
  userAction: true,
  permissions: ['Permissions:Archive'],
  effect: 'governance',
  request: Closed({ isArchived: Type.Boolean() }),
  response: Permission,
  summary: 'Archives a permission, or brings it back',
});
