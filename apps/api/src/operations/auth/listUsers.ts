/** Lists the users of the organisation. */
import { auth } from '@holdfast/contract/operations';
import * as users from '../../auth/users.ts';
import { pagingOf } from '../../domain/paging.ts';
import { handler } from '../../pipeline/types.ts';

export const listUsers = handler(auth.listUsers, (ctx, call) =>
  users.listUsers(ctx, call.principal, { kind: call.query.kind, paging: pagingOf(ctx, call.query) }),
);
