import { refuse } from '@holdfast/contract/errors';
import { wallets } from '@holdfast/contract/operations';
import { changeTags } from '@holdfast/storage/records';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

/** As many as a create body may bring: what a wallet has must be readable in one line. */
const TAGS_MAX = 100;

export const tagWallet = handler(wallets.tagWallet, async (ctx, { principal, params, body }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const wanted = new Set([...wallet.tags, ...body.tags]);
  if (wanted.size > TAGS_MAX) refuse('E_BODY', `a wallet has at most ${TAGS_MAX} tags`, { path: 'body.tags' });
  await changeTags(ctx.db.kysely, wallet.orgId, wallet.id, { add: body.tags });
  return {};
});
