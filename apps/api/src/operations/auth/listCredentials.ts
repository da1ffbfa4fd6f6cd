/** Lists the caller's own credentials. */
import { auth } from '@holdfast/contract/operations';
import { listOwnCredentials } from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const listCredentials = handler(auth.listCredentials, (ctx, call) => listOwnCredentials(ctx, call.principal));
