/** Completes a registration with new credentials. */
import { auth } from '@holdfast/contract/operations';
import * as registration from '../../auth/registration.ts';
import { handler } from '../../pipeline/types.ts';

export const register = handler(auth.register, (ctx, call) => registration.register(ctx, call.principal, call.body));
