/** Sends a fresh registration code to a user who has not registered yet. */
import { auth } from '@holdfast/contract/operations';
import * as registration from '../../auth/registration.ts';
import { handler } from '../../pipeline/types.ts';

export const resendRegistrationCode = handler(auth.resendRegistrationCode, (ctx, call) =>
  registration.resendRegistrationCode(ctx, call.body),
);
