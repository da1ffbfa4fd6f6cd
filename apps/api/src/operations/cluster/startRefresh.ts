import { cluster } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';
import { requireAll } from '../../signers/participants.ts';

export const startRefresh = handler(cluster.startRefresh, async (ctx) => {
  // A scheduled round waits for a signer that is away; who asks is told.
  requireAll(ctx.signers.online());
  await ctx.refresher.begin('operator');
  return ctx.refresher.status();
});
