/** Renames a token of the caller. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as tokens from '../../auth/personal-tokens.ts';
import { handler } from '../../pipeline/types.ts';

export const updatePersonalAccessToken = handler(auth.updatePersonalAccessToken, (ctx, call) =>
  tokens.changePersonalAccessToken(ctx, call, param(call, 'tokenId'), call.body),
);
