/** Ends the round of new shares after the key it is at. */
import { operation } from '../operation.ts';
import { RefreshReply } from './shapes.ts';

export const stopRefresh = operation({
  name: 'stopRefresh',
  domain: 'cluster',
  method: 'DELETE',
  path: '/holdfast/cluster/refresh',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: RefreshReply,
  summary: 'Ends the round of new shares after the key it is at',
});
