/** Confirms to the signers what an end user registered, by the service account that saw it. */
import { auth } from '@holdfast/contract/operations';
import * as delegated from '../../auth/delegated.ts';
import { handler } from '../../pipeline/types.ts';

export const confirmRegistration = handler(auth.confirmRegistration, (ctx, call) =>
  delegated.confirmRegistration(ctx, call, call.body),
);
