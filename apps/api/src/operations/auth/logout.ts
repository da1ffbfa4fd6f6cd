/** Ends this login, or all logins of the user. */
import { auth } from '@holdfast/contract/operations';
import * as sessions from '../../auth/sessions.ts';
import { handler } from '../../pipeline/types.ts';

export const logout = handler(auth.logout, (ctx, call) => sessions.logout(ctx, call.principal, call.body));
