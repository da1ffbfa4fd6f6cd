/** Activates a credential. */
import { auth } from '@holdfast/contract/operations';
import { setCredentialActive } from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const activateCredential = handler(auth.activateCredential, (ctx, call) =>
  setCredentialActive(ctx, call, { ...call.body, active: true }),
);
