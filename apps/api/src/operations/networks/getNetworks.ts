import { networks } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';

export const getNetworks = handler(networks.getNetworks, async (ctx) => ({ networks: await ctx.chains.states() }));
