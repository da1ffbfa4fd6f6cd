/** Exchanges a registration code for the challenge that new credentials answer. */
import { auth } from '@holdfast/contract/operations';
import * as registration from '../../auth/registration.ts';
import { handler } from '../../pipeline/types.ts';

export const createRegistrationChallenge = handler(auth.createRegistrationChallenge, (ctx, call) =>
  registration.createRegistrationChallenge(ctx, call.body, call.appId),
);
