/** Hands in the signed challenge for a single-use action token. */
import { auth } from '@holdfast/contract/operations';
import * as userActions from '../../auth/user-actions.ts';
import { handler } from '../../pipeline/types.ts';

export const createUserActionSignature = handler(auth.createUserActionSignature, (ctx, call) =>
  userActions.createUserActionSignature(ctx, call.principal, call.body),
);
