/** Tells how far the round of new shares is, or how the last one ended. */
import { operation } from '../operation.ts';
import { RefreshReply } from './shapes.ts';

export const getRefresh = operation({
  name: 'getRefresh',
  domain: 'cluster',
  method: 'GET',
  path: '/holdfast/cluster/refresh',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: RefreshReply,
  summary: 'Tells how far the round of new shares is',
});
