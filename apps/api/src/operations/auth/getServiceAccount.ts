/** Reads one service account. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as serviceAccounts from '../../auth/service-accounts.ts';
import { handler } from '../../pipeline/types.ts';

export const getServiceAccount = handler(auth.getServiceAccount, (ctx, call) =>
  serviceAccounts.getServiceAccount(ctx, call.principal, param(call, 'serviceAccountId')),
);
