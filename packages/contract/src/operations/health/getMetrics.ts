/** Shows the figures of api and cluster, in the text format of Prometheus. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';

export const getMetrics = operation({
  name: 'getMetrics',
  domain: 'health',
  method: 'GET',
  path: '/metrics',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: Type.String(),
  summary: 'Shows the figures of api and cluster, in the text format of Prometheus',
});
