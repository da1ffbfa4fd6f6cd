/** Creates a user, who then registers with a code. */
import { auth } from '@holdfast/contract/operations';
import * as users from '../../auth/users.ts';
import { handler } from '../../pipeline/types.ts';

export const createUser = handler(auth.createUser, (ctx, call) => users.createUser(ctx, call, call.body));
