/** Archives a permission, or brings it back. */
import { permissions as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { changePermission } from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const archivePermission = handler(contract.archivePermission, (ctx, call) =>
  changePermission(ctx, call, param(call, 'permissionId')),
);
