/** Says whether a user must log in by single sign-on. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as users from '../../auth/users.ts';
import { handler } from '../../pipeline/types.ts';

export const updateUser = handler(auth.updateUser, (ctx, call) =>
  users.updateUser(ctx, call, param(call, 'userId'), call.body),
);
