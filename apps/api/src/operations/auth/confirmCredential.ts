/** Confirms to the signers a credential that was enrolled by code. */
import { auth } from '@holdfast/contract/operations';
import * as credentials from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const confirmCredential = handler(auth.confirmCredential, (ctx, call) =>
  credentials.confirmCredential(ctx, call, call.body),
);
