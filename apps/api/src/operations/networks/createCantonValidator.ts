import { networks } from '@holdfast/contract/operations';
import { cantonNetworkOf, refuseCanton } from '../../domain/canton.ts';
import { handler } from '../../pipeline/types.ts';

export const createCantonValidator = handler(networks.createCantonValidator, async (_ctx, { params }) => {
  cantonNetworkOf(params);
  return refuseCanton('a validator');
});
