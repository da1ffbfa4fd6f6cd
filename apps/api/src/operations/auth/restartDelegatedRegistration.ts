/** Gives a service account a new challenge for a user who has not registered yet. */
import { auth } from '@holdfast/contract/operations';
import * as delegated from '../../auth/delegated.ts';
import { handler } from '../../pipeline/types.ts';

export const restartDelegatedRegistration = handler(auth.restartDelegatedRegistration, (ctx, call) =>
  delegated.restartDelegatedRegistration(ctx, call.principal, call.body),
);
