import { signers } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';

/** Fresh from the signers each time: an import sealed to a key of yesterday would be refused (rulings 7). */
export const listSigners = handler(signers.listSigners, async (ctx) => {
  const keys = await ctx.signers.importKeys();
  return { clusters: [{ clusterId: ctx.signers.roster.clusterId, signers: keys }] };
});
