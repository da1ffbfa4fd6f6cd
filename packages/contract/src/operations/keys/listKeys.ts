/** Lists keys. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, listOf, pageMembers, Text } from '../shapes.ts';
import { Key } from './shapes.ts';

export const listKeys = operation({
  name: 'listKeys',
  domain: 'keys',
  method: 'GET',
  path: '/keys',
  auth: 'bearer',
  userAction: false,
  permissions: ['Keys:Read'],
  effect: 'none',
  query: Closed({ ...pageMembers, owner: Type.Optional(Text(256)) }),
  response: listOf(Key),
  summary: 'Lists keys',
});
