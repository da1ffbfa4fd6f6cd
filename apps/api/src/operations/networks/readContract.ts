import { networks } from '@holdfast/contract/operations';
import { callContract, hexText } from '../../domain/contract-calls.ts';
import { handler } from '../../pipeline/types.ts';

export const readContract = handler(networks.readContract, async (ctx, { body }) => {
  const data = await callContract(ctx, { network: body.network, contract: body.contract, data: hexText(body.data) });
  return { kind: 'Evm', data };
});
