/** Assigns a permission to a user or service account. */
import { operation } from '../operation.ts';
import { Closed, Text } from '../shapes.ts';
import { Assignment } from './shapes.ts';

export const createAssignment = operation({
  name: 'createAssignment',
  domain: 'permissions',
  method: 'POST',
  path: '/permissions/:permissionId/assignments',
  auth: 'bearer',
  userAction: true,
  permissions: ['Permissions:Assign'],
  effect: 'governance',
  request: Closed({ identityId: Text(64, 1) }),
  response: Assignment,
  summary: 'Assigns a permission to a user or service account',
});
