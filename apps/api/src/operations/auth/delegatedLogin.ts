/** Gives a service account a login token of an end user. */
import { auth } from '@holdfast/contract/operations';
import * as delegated from '../../auth/delegated.ts';
import { handler } from '../../pipeline/types.ts';

export const delegatedLogin = handler(auth.delegatedLogin, (ctx, call) =>
  delegated.delegatedLogin(ctx, call.principal, call.body),
);
