/** Switches key import and key export on or off. */
import { orgs as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as settings from '../../governance/settings.ts';
import { handler } from '../../pipeline/types.ts';

export const updateOrgSettings = handler(contract.updateOrgSettings, (ctx, call) =>
  settings.updateOrgSettings(ctx, call, param(call, 'orgId')),
);
