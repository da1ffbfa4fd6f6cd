/** Reads which features the organisation has switched on. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';

export const getOrgSettings = operation({
  name: 'getOrgSettings',
  domain: 'orgs',
  method: 'GET',
  path: '/orgs/:orgId/settings',
  auth: 'bearer',
  userAction: false,
  permissions: ['Orgs:Settings:Read'],
  effect: 'none',
  response: Reply({ keyImport: Type.Boolean(), keyExport: Type.Boolean() }),
  summary: 'Reads which features the organisation has switched on',
});
