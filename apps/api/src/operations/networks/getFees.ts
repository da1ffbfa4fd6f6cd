import { refuse } from '@holdfast/contract/errors';
import { networks } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';

export const getFees = handler(networks.getFees, async (ctx, { query }) => {
  const { client } = await ctx.chains.connect(query.network);
  if (client.fees === undefined)
    refuse('E_UNSUPPORTED', `there is no market for fees on ${query.network}`, { path: 'query.network' });
  return { network: query.network, ...(await client.fees()) };
});
