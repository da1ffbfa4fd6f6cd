/** Lists who holds a permission. */
import { operation } from '../operation.ts';
import { listOf, Page } from '../shapes.ts';
import { Assignment } from './shapes.ts';

export const listAssignments = operation({
  name: 'listAssignments',
  domain: 'permissions',
  method: 'GET',
  path: '/permissions/:permissionId/assignments',
  auth: 'bearer',
  userAction: false,
  permissions: ['Permissions:Assignments:Read'],
  effect: 'none',
  query: Page,
  response: listOf(Assignment),
  summary: 'Lists who holds a permission',
});
