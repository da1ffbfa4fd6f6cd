/** Lists the permissions that can be assigned. */
import { operation } from '../operation.ts';
import { listOf, Page } from '../shapes.ts';
import { Permission } from './shapes.ts';

export const listPermissions = operation({
  name: 'listPermissions',
  domain: 'permissions',
  method: 'GET',
  path: '/permissions',
  auth: 'bearer',
  userAction: false,
  permissions: ['Permissions:Read'],
  effect: 'none',
  query: Page,
  response: listOf(Permission),
  summary: 'Lists the permissions that can be assigned',
});
