/** Takes a permission away. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Empty, Force } from '../shapes.ts';

export const deleteAssignment = operation({
  name: 'deleteAssignment',
  domain: 'permissions',
  method: 'DELETE',
  path: '/permissions/:permissionId/assignments/:assignmentId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Permissions:Revoke'],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  query: Force,
  response: Type.Null(),
  status: 204,
  summary: 'Takes a permission away',
});
