/** Lists the permissions that can be assigned. */
import { permissions as contract } from '@holdfast/contract/operations';
import { pagingOf } from '../../domain/paging.ts';
import * as permissions from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const listPermissions = handler(contract.listPermissions, (ctx, call) =>
  permissions.listPermissions(ctx, call.principal, pagingOf(ctx, call.query)),
);
