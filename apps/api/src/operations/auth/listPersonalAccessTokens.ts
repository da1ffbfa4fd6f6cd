/** Lists the tokens of the caller. */
import { auth } from '@holdfast/contract/operations';
import * as tokens from '../../auth/personal-tokens.ts';
import { handler } from '../../pipeline/types.ts';

export const listPersonalAccessTokens = handler(auth.listPersonalAccessTokens, (ctx, call) =>
  tokens.listPersonalAccessTokens(ctx, call.principal),
);
