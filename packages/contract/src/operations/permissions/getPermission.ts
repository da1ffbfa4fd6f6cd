/** Reads one permission. */
import { operation } from '../operation.ts';
import { Permission } from './shapes.ts';

export const getPermission = operation({
  name: 'getPermission',
  domain: 'permissions',
  method: 'GET',
  path: '/permissions/:permissionId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Permissions:Read'],
  effect: 'none',
  response: Permission,
  summary: 'Reads one permission',
});
