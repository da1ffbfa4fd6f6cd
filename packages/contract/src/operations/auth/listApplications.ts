/** Lists the applications of the organisation. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';
import { Application } from './shapes.ts';

export const listApplications = operation({
  name: 'listApplications',
  domain: 'auth',
  method: 'GET',
  path: '/auth/apps',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Apps:Read'],
  effect: 'none',
  response: Reply({ items: Type.Array(Application) }),
  summary: 'Lists the applications of the organisation',
});
