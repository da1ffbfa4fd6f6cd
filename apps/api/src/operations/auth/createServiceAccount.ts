/** Creates a service account with a key of its own. */
import { auth } from '@holdfast/contract/operations';
import * as serviceAccounts from '../../auth/service-accounts.ts';
import { handler } from '../../pipeline/types.ts';

export const createServiceAccount = handler(auth.createServiceAccount, (ctx, call) =>
  serviceAccounts.createServiceAccount(ctx, call, call.body),
);
