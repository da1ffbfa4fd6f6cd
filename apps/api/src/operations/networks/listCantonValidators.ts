import { networks } from '@holdfast/contract/operations';
import { cantonNetworkOf, nothingIn } from '../../domain/canton.ts';
import { handler } from '../../pipeline/types.ts';

export const listCantonValidators = handler(networks.listCantonValidators, async (_ctx, { params, query }) => {
  cantonNetworkOf(params);
  return nothingIn(query);
});
