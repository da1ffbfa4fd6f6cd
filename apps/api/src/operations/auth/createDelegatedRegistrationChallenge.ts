/** Creates an end user for a service account, and the challenge of its registration. */
import { auth } from '@holdfast/contract/operations';
import * as delegated from '../../auth/delegated.ts';
import { handler } from '../../pipeline/types.ts';

export const createDelegatedRegistrationChallenge = handler(auth.createDelegatedRegistrationChallenge, (ctx, call) =>
  delegated.createDelegatedRegistration(ctx, call, call.body),
);
