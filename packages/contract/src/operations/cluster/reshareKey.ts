/** Deals a key anew to the five signers of today, where one of them has no share of it. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Reply } from '../shapes.ts';

export const reshareKey = operation({
  name: 'reshareKey',
  domain: 'cluster',
  method: 'POST',
  path: '/holdfast/cluster/reshare',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ keyId: Id('key') }),
  response: Reply({
    keyId: Type.String(),
    /** `Held`: all five had their shares, and nothing was done. */
    state: Type.Enum(['Held', 'Dealt']),
    epoch: Type.String(),
  }),
  summary: 'Deals a key anew to the five signers of today, where one of them has no share of it',
});
