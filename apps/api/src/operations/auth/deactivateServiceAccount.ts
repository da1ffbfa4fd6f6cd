/** Deactivates a service account. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { setServiceAccountActive } from '../../auth/service-accounts.ts';
import { handler } from '../../pipeline/types.ts';

export const deactivateServiceAccount = handler(auth.deactivateServiceAccount, (ctx, call) =>
  setServiceAccountActive(ctx, call, param(call, 'serviceAccountId')),
);
