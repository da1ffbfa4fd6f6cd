import { networks } from '@holdfast/contract/operations';
import { cantonNetworkOf, refuseUnknown } from '../../domain/canton.ts';
import { handler } from '../../pipeline/types.ts';

export const getCantonValidator = handler(networks.getCantonValidator, async (_ctx, { params }) => {
  cantonNetworkOf(params);
  return refuseUnknown('validator');
});
