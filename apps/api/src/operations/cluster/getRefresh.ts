import { cluster } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';

export const getRefresh = handler(cluster.getRefresh, async (ctx) => {
  return ctx.refresher.status();
});
