/** Reads one permission. */
import { permissions as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as permissions from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const getPermission = handler(contract.getPermission, (ctx, call) =>
  permissions.getPermission(ctx, call.principal, param(call, 'permissionId')),
);
