/** Reads a token of the caller. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as tokens from '../../auth/personal-tokens.ts';
import { handler } from '../../pipeline/types.ts';

export const getPersonalAccessToken = handler(auth.getPersonalAccessToken, (ctx, call) =>
  tokens.getPersonalAccessToken(ctx, call.principal, param(call, 'tokenId')),
);
