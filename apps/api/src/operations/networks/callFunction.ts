import { refuse } from '@holdfast/contract/errors';
import { networks } from '@holdfast/contract/operations';
import { networkOfPath } from '@holdfast/contract/types';
import { callContract } from '../../domain/contract-calls.ts';
import { handler } from '../../pipeline/types.ts';

export const callFunction = handler(networks.callFunction, async (ctx, { params, body }) => {
  const network = networkOfPath(params['network'] ?? '') ?? refuse('E_NETWORK');
  // Loaded here, so that an api which no one asks of contracts does without the coder.
  const { decodeResult, encodeCall, parseFragment } = await import('@holdfast/chains/rpc/evm');
  const fragment = parseFragment(body.abi);
  const data = encodeCall(fragment, body.calldata ?? {});
  const result = await callContract(ctx, { network, contract: body.contract, data });
  const decoded = decodeResult(fragment, result);
  if (decoded === undefined)
    refuse(
      'E_CONTRACT_ANSWER',
      `what ${fragment.name} returned does not fit abi.outputs; is there a contract at this address?`,
    );
  return decoded;
});
