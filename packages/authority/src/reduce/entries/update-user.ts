/** `isSSORequired`: how a person may log in is the api's affair; that somebody entitled asked for it stands here. */
import { refuse } from '../../errors/index.ts';
import { readParam } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const updateUser: Reducer = (state, { operation }) => {
  const user = state.users.get(readParam(operation.params, 'userId'));
  if (user === undefined || user.isServiceAccount) return refuse('E_NOT_FOUND', 'user not found');
  if (user.archived === true) refuse('E_CONFLICT', 'user is archived');
  return state;
};
