/** Asks where a single sign-on begins. */
import { auth } from '@holdfast/contract/operations';
import * as identity from '../../identity/index.ts';
import { handler } from '../../pipeline/types.ts';

export const ssoLoginInit = handler(auth.ssoLoginInit, (ctx, call) => identity.ssoLoginInit(ctx, call.body));
