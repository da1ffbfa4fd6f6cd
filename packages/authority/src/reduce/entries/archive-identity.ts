/** The end of a person or a service account: deactivated for good, all its keys and tokens with it. */
import { refuse } from '../../errors/index.ts';
import { withEntry } from '../state.ts';
import { readParam } from './fields.ts';
import { endTokensOf } from './personal-tokens.ts';
import type { Reducer } from './reducer.ts';

/** The query member `force` is not signed and not heard. */
export function archiveIdentity(o: { readonly param: string; readonly serviceAccount: boolean }): Reducer {
  return (state, { operation }) => {
    const user = state.users.get(readParam(operation.params, o.param));
    if (user === undefined || user.isServiceAccount !== o.serviceAccount)
      return refuse('E_NOT_FOUND', o.serviceAccount ? 'service account not found' : 'user not found');
    const archived = { ...user, active: false, archived: true as const };
    return endTokensOf({ ...state, users: withEntry(state.users, user.userId, archived) }, user.userId);
  };
}
