/** Gives every key of the cluster new shares, one after the other, or goes on with the round under way. */
import { operation } from '../operation.ts';
import { RefreshReply } from './shapes.ts';

export const startRefresh = operation({
  name: 'startRefresh',
  domain: 'cluster',
  method: 'POST',
  path: '/holdfast/cluster/refresh',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: RefreshReply,
  summary: 'Gives every key of the cluster new shares, one after the other',
});
