/** Deactivates a user: its credentials no longer count anywhere. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { setUserActive } from '../../auth/users.ts';
import { handler } from '../../pipeline/types.ts';

export const deactivateUser = handler(auth.deactivateUser, (ctx, call) =>
  setUserActive(ctx, call, param(call, 'userId')),
);
