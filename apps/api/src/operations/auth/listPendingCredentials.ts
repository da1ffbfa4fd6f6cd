/** Lists the credentials that wait for somebody already enrolled to confirm them, with what to compare. */
import { auth } from '@holdfast/contract/operations';
import * as credentials from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const listPendingCredentials = handler(auth.listPendingCredentials, (ctx, call) =>
  credentials.listPendingCredentials(ctx, call.principal),
);
