/** Takes a permission away. */
import { permissions as contract } from '@holdfast/contract/operations';
import * as permissions from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const deleteAssignment = handler(contract.deleteAssignment, (ctx, call) =>
  permissions.deleteAssignment(ctx, call),
);
