/** A new person, without a credential yet: whatever registers by code must be confirmed before it counts (rulings 3). */
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import { withEntry } from '../state.ts';
import { readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const createUser: Reducer = (state, { body, nullifier }) => {
  const username = readText(body, 'email', 256);
  if (body['kind'] !== 'CustomerEmployee') refuse('E_UNSUPPORTED', 'body.kind must be CustomerEmployee');
  // A key in this body would come without proof that anybody holds it, and without a credential id.
  if (body['publicKey'] !== undefined)
    refuse('E_UNSUPPORTED', 'body.publicKey is not available; the user registers a credential of their own');
  const taken = [...state.users.values()].some(
    (user) => !user.isServiceAccount && user.username.toLowerCase() === username.toLowerCase(),
  );
  if (taken) refuse('E_USER_EXISTS', 'User already exists.');
  const userId = deriveId('us', nullifier);
  return {
    ...state,
    users: withEntry(state.users, userId, {
      userId,
      username,
      kind: 'CustomerEmployee',
      active: true,
      isServiceAccount: false,
    }),
  };
};
