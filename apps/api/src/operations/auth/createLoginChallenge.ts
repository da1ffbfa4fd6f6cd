/** Asks for the challenge of a login. */
import { auth } from '@holdfast/contract/operations';
import * as sessions from '../../auth/sessions.ts';
import { handler } from '../../pipeline/types.ts';

export const createLoginChallenge = handler(auth.createLoginChallenge, (ctx, call) =>
  sessions.createLoginChallenge(ctx, call.body, call.appId),
);
