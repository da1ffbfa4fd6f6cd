/** Deactivates a service account for good. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { setServiceAccountActive } from '../../auth/service-accounts.ts';
import { handler } from '../../pipeline/types.ts';

export const archiveServiceAccount = handler(auth.archiveServiceAccount, (ctx, call) =>
  setServiceAccountActive(ctx, call, param(call, 'serviceAccountId')),
);
