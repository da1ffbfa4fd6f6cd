import { health } from '@holdfast/contract/operations';
import { stateWord } from '../../domain/cluster-state.ts';
import { handler } from '../../pipeline/types.ts';

export const getHealth = handler(health.getHealth, async (ctx) => {
  const online = ctx.signers.online().length;
  const total = ctx.signers.roster.signers.length;
  return { status: stateWord(online, total), signers: { online, total }, version: ctx.config.version };
});
