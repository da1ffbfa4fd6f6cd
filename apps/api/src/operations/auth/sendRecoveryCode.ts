/** Mails a recovery code to a user who has a recovery key. */
import { auth } from '@holdfast/contract/operations';
import * as recovery from '../../auth/recovery.ts';
import { handler } from '../../pipeline/types.ts';

export const sendRecoveryCode = handler(auth.sendRecoveryCode, (ctx, call) =>
  recovery.sendRecoveryCode(ctx, call.body),
);
