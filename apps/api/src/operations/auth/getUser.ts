/** Reads one user. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as users from '../../auth/users.ts';
import { handler } from '../../pipeline/types.ts';

export const getUser = handler(auth.getUser, (ctx, call) => users.getUser(ctx, call.principal, param(call, 'userId')));
