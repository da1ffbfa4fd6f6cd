/** Replaces all credentials of a user by a set that the recovery key signed. */
import { auth } from '@holdfast/contract/operations';
import * as recovery from '../../auth/recovery.ts';
import { handler } from '../../pipeline/types.ts';

export const recover = handler(auth.recover, (ctx, call) => recovery.recover(ctx, call.principal, call.body));
