/** Tells who the signers are and which of them are there. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';

export const getCluster = operation({
  name: 'getCluster',
  domain: 'cluster',
  method: 'GET',
  path: '/holdfast/cluster',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: Reply({
    clusterId: Type.String(),
    fingerprint: Type.String(),
    epoch: Type.Integer(),
    /** Of the founding: how challenges name the cluster. */
    origin: Type.String(),
    /** Text of successions.json; empty where nobody was ever replaced. */
    successions: Type.String(),
    signers: Type.Array(
      Reply({
        index: Type.Integer(),
        signerId: Type.String(),
        identityKey: Type.String(),
        online: Type.Boolean(),
        backends: Type.Optional(Type.Record(Type.String(), Type.String())),
        auxiliary: Type.Optional(Reply({ state: Type.String(), epoch: Type.Optional(Type.String()) })),
      }),
    ),
    signing: Reply({
      engines: Type.Array(Type.String()),
      quarantined: Type.Array(Type.Integer()),
      figures: Type.Record(Type.String(), Type.Number()),
    }),
  }),
  summary: 'Tells who the signers are and which of them are there',
});
