/** Exchanges a credential code for a challenge. */
import { auth } from '@holdfast/contract/operations';
import * as credentials from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const createCredentialChallengeWithCode = handler(auth.createCredentialChallengeWithCode, (ctx, call) =>
  credentials.createCredentialChallengeWithCode(ctx, call.body, call.appId),
);
