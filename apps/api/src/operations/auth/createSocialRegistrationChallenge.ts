/** Asks for the challenge of a registration with the ID token of an identity provider. */
import { auth } from '@holdfast/contract/operations';
import * as identity from '../../identity/index.ts';
import { handler } from '../../pipeline/types.ts';

export const createSocialRegistrationChallenge = handler(auth.createSocialRegistrationChallenge, (ctx, call) =>
  identity.createSocialRegistrationChallenge(ctx, call.body, call.appId),
);
