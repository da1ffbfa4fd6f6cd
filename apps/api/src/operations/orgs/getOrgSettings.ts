/** Reads which features the organisation has switched on. */
import { orgs as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as settings from '../../governance/settings.ts';
import { handler } from '../../pipeline/types.ts';

export const getOrgSettings = handler(contract.getOrgSettings, (ctx, call) =>
  settings.getOrgSettings(ctx, call.principal, param(call, 'orgId')),
);
