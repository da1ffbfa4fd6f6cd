/** Activation and deactivation of people and of service accounts. Repeating one changes nothing and is no error. */
import { refuse } from '../../errors/index.ts';
import { operationsOf, withEntry } from '../state.ts';
import { actorOf, checkGrant } from './cap.ts';
import { readParam } from './fields.ts';
import { endTokensOf } from './personal-tokens.ts';
import type { Reducer } from './reducer.ts';

/** `param` names the path parameter; `serviceAccount` says which of the two kinds the operation is about. */
export function setActive(o: {
  readonly param: string;
  readonly serviceAccount: boolean;
  readonly active: boolean;
}): Reducer {
  return (state, act) => {
    const { operation } = act;
    const user = state.users.get(readParam(operation.params, o.param));
    if (user === undefined || user.isServiceAccount !== o.serviceAccount) {
      return refuse('E_NOT_FOUND', o.serviceAccount ? 'service account not found' : 'user not found');
    }
    if (user.archived === true)
      refuse('E_CONFLICT', o.serviceAccount ? 'service account is archived' : 'user is archived');
    // Activation gives back everything that is assigned, so it is a grant.
    if (o.active && !user.active) checkGrant(state, actorOf(act), operationsOf(state, user.userId));
    const next = { ...state, users: withEntry(state.users, user.userId, { ...user, active: o.active }) };
    return o.active ? next : endTokensOf(next, user.userId);
  };
}
