/** Lists keys, wallets or signatures with what authorised them, newest first, as lines of a log file. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, pageMembers, Reply } from '../shapes.ts';

export const listLogRecords = operation({
  name: 'listLogRecords',
  domain: 'orgs',
  method: 'GET',
  path: '/holdfast/orgs/:orgId/log/records',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Logs:Read'],
  effect: 'none',
  /** Signatures unless told. */
  query: Closed({
    ...pageMembers,
    of: Type.Optional(Type.Enum(['keys', 'wallets', 'delegations', 'signatures', 'orders'])),
  }),
  response: Reply({ lines: Type.Array(Type.String()), nextPageToken: Type.Optional(Type.String()) }),
  summary: 'Lists keys, wallets or signatures with what authorised them, newest first, as lines of a log file',
});
