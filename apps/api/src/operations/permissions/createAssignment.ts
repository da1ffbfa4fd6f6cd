/** Assigns a permission to a user or service account. */
import { permissions as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as permissions from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const createAssignment = handler(contract.createAssignment, (ctx, call) =>
  permissions.createAssignment(ctx, call, param(call, 'permissionId')),
);
