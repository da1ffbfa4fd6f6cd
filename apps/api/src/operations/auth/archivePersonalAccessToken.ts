/** Ends a token of the caller for good. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import * as tokens from '../../auth/personal-tokens.ts';
import { handler } from '../../pipeline/types.ts';

export const archivePersonalAccessToken = handler(auth.archivePersonalAccessToken, (ctx, call) =>
  tokens.changePersonalAccessToken(ctx, call, param(call, 'tokenId')),
);
