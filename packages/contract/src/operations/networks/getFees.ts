/** Estimates what a transaction costs now. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Network, Reply } from '../shapes.ts';

const levels = <L extends ReturnType<typeof Reply>>(level: L) => ({ slow: level, standard: level, fast: level });

export const getFees = operation({
  name: 'getFees',
  domain: 'networks',
  method: 'GET',
  path: '/networks/fees',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  query: Closed({ network: Network }),
  response: Type.Union([
    Reply({
      kind: Type.Literal('Eip1559'),
      network: Network,
      blockNumber: Type.Integer(),
      baseFeePerGas: Type.String(),
      ...levels(Reply({ maxPriorityFeePerGas: Type.String(), maxFeePerGas: Type.String() })),
    }),
    Reply({
      kind: Type.Literal('Bitcoin'),
      network: Network,
      blockNumber: Type.Integer(),
      ...levels(Reply({ feeRate: Type.String(), blockHorizon: Type.Integer() })),
    }),
    Reply({
      kind: Type.Literal('Solana'),
      network: Network,
      blockNumber: Type.Integer(),
      ...levels(Reply({ computeUnitPrice: Type.String() })),
    }),
  ]),
  summary: 'Estimates what a transaction costs now',
});
