/** Completes a login with the signed challenge. */
import { auth } from '@holdfast/contract/operations';
import * as sessions from '../../auth/sessions.ts';
import { handler } from '../../pipeline/types.ts';

export const login = handler(auth.login, (ctx, call) => sessions.login(ctx, call.body, call.appId));
