import { cluster } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';

export const getFigures = handler(cluster.getFigures, async (ctx) => {
  const online = new Set(ctx.signers.online());
  const reported = ctx.signers.figures();
  return {
    signers: ctx.signers.roster.signers.map(({ index }) => {
      const last = reported.get(index);
      if (last === undefined) return { index, online: online.has(index) };
      return {
        index,
        online: online.has(index),
        dateReported: new Date(last.at).toISOString(),
        figures: { ...last.figures },
      };
    }),
  };
});
