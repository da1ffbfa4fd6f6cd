/** Completes a single sign-on. */
import { auth } from '@holdfast/contract/operations';
import * as identity from '../../identity/index.ts';
import { handler } from '../../pipeline/types.ts';

export const ssoLogin = handler(auth.ssoLogin, (ctx, call) => identity.ssoLogin(ctx, call.body, call.appId));
