/** Exchanges a recovery code for the challenge that new credentials answer. */
import { auth } from '@holdfast/contract/operations';
import * as recovery from '../../auth/recovery.ts';
import { handler } from '../../pipeline/types.ts';

export const createRecoveryChallenge = handler(auth.createRecoveryChallenge, (ctx, call) =>
  recovery.createRecoveryChallenge(ctx, call.body, call.appId),
);
