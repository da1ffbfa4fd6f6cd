/** Renames a service account. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as serviceAccounts from '../../auth/service-accounts.ts';
import { handler } from '../../pipeline/types.ts';

export const updateServiceAccount = handler(auth.updateServiceAccount, (ctx, call) =>
  serviceAccounts.updateServiceAccount(ctx, call, param(call, 'serviceAccountId'), call.body),
);
