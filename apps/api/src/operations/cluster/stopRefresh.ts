import { cluster } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';

export const stopRefresh = handler(cluster.stopRefresh, async (ctx) => {
  await ctx.refresher.stop();
  return ctx.refresher.status();
});
