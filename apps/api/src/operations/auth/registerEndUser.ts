/** Completes the registration of an end user. */
import { auth } from '@holdfast/contract/operations';
import * as registration from '../../auth/registration.ts';
import { handler } from '../../pipeline/types.ts';

export const registerEndUser = handler(auth.registerEndUser, (ctx, call) =>
  registration.registerEndUser(ctx, call.principal, call.body),
);
