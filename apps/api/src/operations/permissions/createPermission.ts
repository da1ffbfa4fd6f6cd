/** Defines a permission of the organisation. */
import { permissions as contract } from '@holdfast/contract/operations';
import { changePermission } from '../../governance/permissions.ts';
import { handler } from '../../pipeline/types.ts';

export const createPermission = handler(contract.createPermission, (ctx, call) => changePermission(ctx, call));
