/** Tells whether the cluster can work. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';

export const getHealth = operation({
  name: 'getHealth',
  domain: 'health',
  method: 'GET',
  path: '/health',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: Reply({
    status: Type.Enum(['ok', 'degraded', 'down']),
    signers: Reply({ online: Type.Integer(), total: Type.Integer() }),
    version: Type.String(),
  }),
  summary: 'Tells whether the cluster can work',
});
