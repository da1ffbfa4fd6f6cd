/** Lists who holds a permission. */
import { permissions as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { pagingOf } from '../../domain/paging.ts';
import * as permissions from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const listAssignments = handler(contract.listAssignments, (ctx, call) =>
  permissions.listAssignments(ctx, call.principal, param(call, 'permissionId'), pagingOf(ctx, call.query)),
);
