/** Asks for the challenge that a signed call needs. */
import { auth } from '@holdfast/contract/operations';
import * as userActions from '../../auth/user-actions.ts';
import { handler } from '../../pipeline/types.ts';

export const createUserActionChallenge = handler(auth.createUserActionChallenge, (ctx, call) =>
  userActions.createUserActionChallenge(ctx, call.principal, call.body),
);
