/** Founds an organisation on a genesis that its first administrator signed. */
import { Type } from '../../schema/type.ts';
import { FirstFactor } from '../auth/shapes.ts';
import { operation } from '../operation.ts';
import { Closed, Reply, Text } from '../shapes.ts';

export const createOrg = operation({
  name: 'createOrg',
  domain: 'orgs',
  method: 'POST',
  path: '/holdfast/orgs',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    /** Canonical text, as its hash is pinned at the signers. */
    genesis: Text(20_000, 1),
    proof: FirstFactor,
  }),
  response: Reply({
    orgId: Type.String(),
    appId: Type.String(),
    genesisHash: Type.String(),
    clusterFingerprint: Type.String(),
    admin: Reply({
      username: Type.String(),
      userId: Type.String(),
      credentialId: Type.String(),
      credentialUuid: Type.String(),
      authToken: Type.String(),
    }),
    acknowledgedBy: Type.Array(Type.Integer()),
  }),
  summary: 'Founds an organisation on a genesis that its first administrator signed',
});
