/** Gives a service account the recovery challenge of one of its organisation's end users. */
import { auth } from '@holdfast/contract/operations';
import * as recovery from '../../auth/recovery.ts';
import { handler } from '../../pipeline/types.ts';

export const createDelegatedRecoveryChallenge = handler(auth.createDelegatedRecoveryChallenge, (ctx, call) =>
  recovery.createDelegatedRecoveryChallenge(ctx, call.principal, call.body),
);
