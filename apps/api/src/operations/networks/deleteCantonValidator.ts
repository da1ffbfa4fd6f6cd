import { networks } from '@holdfast/contract/operations';
import { cantonNetworkOf, refuseUnknown } from '../../domain/canton.ts';
import { handler } from '../../pipeline/types.ts';

export const deleteCantonValidator = handler(networks.deleteCantonValidator, async (_ctx, { params }) => {
  cantonNetworkOf(params);
  return refuseUnknown('validator');
});
