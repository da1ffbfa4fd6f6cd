/** Changes a permission and so what everybody who holds it may do. */
import { permissions as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { changePermission } from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const updatePermission = handler(contract.updatePermission, (ctx, call) =>
  changePermission(ctx, call, param(call, 'permissionId')),
);
