/** Switches key import and key export on or off. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { AcknowledgedBy, Closed, Reply } from '../shapes.ts';

export const updateOrgSettings = operation({
  name: 'updateOrgSettings',
  domain: 'orgs',
  method: 'PUT',
  path: '/orgs/:orgId/settings',
  auth: 'bearer',
  userAction: true,
  permissions: ['Orgs:Settings:Update'],
  effect: 'governance',
  request: Closed({ keyImport: Type.Optional(Type.Boolean()), keyExport: Type.Optional(Type.Boolean()) }),
  response: Reply({ keyImport: Type.Boolean(), keyExport: Type.Boolean(), acknowledgedBy: AcknowledgedBy }),
  summary: 'Switches key import and key export on or off',
});
