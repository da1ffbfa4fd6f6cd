/** Deactivates a user for good. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { setUserActive } from '../../auth/users.ts';
import { handler } from '../../pipeline/types.ts';

export const archiveUser = handler(auth.archiveUser, (ctx, call) => setUserActive(ctx, call, param(call, 'userId')));
