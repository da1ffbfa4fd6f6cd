/** Reads the organisation's chain with its acknowledgements, as lines of a log file. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Reply } from '../shapes.ts';

export const getLog = operation({
  name: 'getLog',
  domain: 'orgs',
  method: 'GET',
  path: '/holdfast/orgs/:orgId/log',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Logs:Read'],
  effect: 'none',
  query: Closed({
    /** Height of the first entry; 0, or none, begins the file. */
    from: Type.Optional(Type.String({ pattern: '^(0|[1-9][0-9]{0,9})$', says: 'must be a height' })),
  }),
  response: Reply({
    lines: Type.Array(Type.String()),
    /** Where to go on; absent behind the last entry. */
    next: Type.Optional(Type.Integer()),
  }),
  summary: "Reads the organisation's chain with its acknowledgements, as lines of a log file",
});
