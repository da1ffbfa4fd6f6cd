/** Mails a code that hands out the user's password protected keys at the next login. */
import { auth } from '@holdfast/contract/operations';
import * as sessions from '../../auth/sessions.ts';
import { handler } from '../../pipeline/types.ts';

export const sendLoginCode = handler(auth.sendLoginCode, (ctx, call) => sessions.sendLoginCode(ctx, call.body));
