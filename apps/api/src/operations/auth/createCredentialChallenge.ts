/** Asks for the challenge of a further credential. */
import { auth } from '@holdfast/contract/operations';
import * as credentials from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const createCredentialChallenge = handler(auth.createCredentialChallenge, (ctx, call) =>
  credentials.createCredentialChallenge(ctx, call.principal, call.body),
);
