/** Calls a contract with encoded data and answers the bytes that it returns. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Network, Reply, Text } from '../shapes.ts';

export const readContract = operation({
  name: 'readContract',
  domain: 'networks',
  method: 'POST',
  path: '/networks/read-contract',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    kind: Type.Literal('Evm'),
    network: Network,
    contract: Text(128, 1),
    data: Text(262_146, 2),
  }),
  response: Reply({ kind: Type.Literal('Evm'), data: Type.String() }),
  summary: 'Calls a contract with encoded data and answers the bytes that it returns',
});
