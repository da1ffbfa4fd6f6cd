/** Tells which networks have nodes and how these are. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';

export const getNetworks = operation({
  name: 'getNetworks',
  domain: 'networks',
  method: 'GET',
  path: '/holdfast/networks',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: Reply({
    networks: Type.Array(
      Reply({
        network: Type.String(),
        confirmations: Type.Integer(),
        chainId: Type.Optional(Type.Integer()),
        // Of the newest block; absent where no node answers.
        height: Type.Optional(Type.Integer()),
        nodes: Type.Array(
          Reply({
            place: Type.Integer(),
            state: Type.Enum(['Up', 'Down', 'Untried']),
            failures: Type.Integer(),
            reason: Type.Optional(Type.String()),
            latencyMs: Type.Optional(Type.Integer()),
          }),
        ),
      }),
    ),
  }),
  summary: 'Tells which networks have nodes and how these are, without their addresses',
});
