/** Deactivates a credential. */
import { auth } from '@holdfast/contract/operations';
import { setCredentialActive } from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const deactivateCredential = handler(auth.deactivateCredential, (ctx, call) =>
  setCredentialActive(ctx, call, { ...call.body, active: false }),
);
