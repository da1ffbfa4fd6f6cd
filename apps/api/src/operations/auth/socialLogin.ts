/** Logs in with the ID token of an identity provider. */
import { auth } from '@holdfast/contract/operations';
import * as identity from '../../identity/index.ts';
import { handler } from '../../pipeline/types.ts';

export const socialLogin = handler(auth.socialLogin, (ctx, call) => identity.socialLogin(ctx, call.body, call.appId));
