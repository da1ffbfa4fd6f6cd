/** Another name for a service account; `externalId` is the api's own affair. */
import { refuse } from '../../errors/index.ts';
import { withEntry } from '../state.ts';
import { readOptionalText, readParam } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const updateServiceAccount: Reducer = (state, { operation, body }) => {
  const account = state.users.get(readParam(operation.params, 'serviceAccountId'));
  if (account?.isServiceAccount !== true) return refuse('E_NOT_FOUND', 'service account not found');
  if (account.archived === true) refuse('E_CONFLICT', 'service account is archived');
  const username = readOptionalText(body, 'name', 100) ?? account.username;
  return { ...state, users: withEntry(state.users, account.userId, { ...account, username }) };
};
