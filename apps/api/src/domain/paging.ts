/** `limit` and `paginationToken` of lists. */
import type { Paging } from '@holdfast/storage/records';
import { deriveSecret } from '../auth/tokens.ts';
import type { Context } from '../context.ts';

const LIMIT_DEFAULT = 50;

/** The contract's schema has bounded `limit` to 1…100. */
export function pagingOf(ctx: Context, query: { readonly limit?: string; readonly paginationToken?: string }): Paging {
  return {
    limit: query.limit === undefined ? LIMIT_DEFAULT : Number(query.limit),
    token: query.paginationToken,
    secret: deriveSecret(ctx, 'page'),
  };
}
