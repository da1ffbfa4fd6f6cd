/** Creates a token of the caller, with a key of its own. */
import { auth } from '@holdfast/contract/operations';
import * as tokens from '../../auth/personal-tokens.ts';
import { handler } from '../../pipeline/types.ts';

export const createPersonalAccessToken = handler(auth.createPersonalAccessToken, (ctx, call) =>
  tokens.createPersonalAccessToken(ctx, call, call.body),
);
