/** Lists the service accounts of the organisation. */
import { auth } from '@holdfast/contract/operations';
import * as serviceAccounts from '../../auth/service-accounts.ts';
import { handler } from '../../pipeline/types.ts';

export const listServiceAccounts = handler(auth.listServiceAccounts, (ctx, call) =>
  serviceAccounts.listServiceAccounts(ctx, call.principal),
);
