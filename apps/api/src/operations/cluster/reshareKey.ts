/** One key for the signers of today. Whoever asks goes from key to key: what failed for one is said at once. */
import { refuse } from '@holdfast/contract/errors';
import { cluster } from '@holdfast/contract/operations';
import { inTransaction } from '@holdfast/storage/database';
import { findKeyOfCluster, replaceKeyEpoch } from '@holdfast/storage/records';
import { handler } from '../../pipeline/types.ts';

export const reshareKey = handler(cluster.reshareKey, async (ctx, { body }) => {
  const { keyId } = body;
  // Something may have stopped half way; the row names what the signers hold afterwards.
  await ctx.signers.settleEpochs();
  const key = await findKeyOfCluster(ctx.db.kysely, keyId);
  if (key === undefined) return refuse('E_NOT_FOUND', 'key not found');
  const made = await ctx.signers.reshareKey(key);
  if (made === undefined) return { keyId, state: 'Held' as const, epoch: key.epoch };
  const { epoch, statements, confirmations } = made;
  await inTransaction(ctx.db, (tx) => replaceKeyEpoch(tx, { keyId, epoch, statements }));
  await ctx.signers.confirmEpoch({ keyId, epoch, confirmations });
  return { keyId, state: 'Dealt' as const, epoch };
});
