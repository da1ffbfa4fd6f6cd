/** Lists the signed actions of a span of time as a table of comma-separated values. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Text } from '../shapes.ts';

export const listAuditLogs = operation({
  name: 'listAuditLogs',
  domain: 'auth',
  method: 'GET',
  path: '/auth/action/logs',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Logs:Read'],
  effect: 'none',
  query: Closed({ startTime: Text(40, 1), endTime: Text(40, 1), userId: Type.Optional(Id('us')) }),
  response: Type.String(),
  summary: 'Lists the signed actions of a span of time as a table of comma-separated values',
});
