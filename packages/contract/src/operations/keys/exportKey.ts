/** Takes a key out: sealed shares for the caller; the key never signs here again. */
import { operation } from '../operation.ts';
import { ExportedShares, ExportRequest } from './shapes.ts';

export const exportKey = operation({
  name: 'exportKey',
  domain: 'keys',
  method: 'POST',
  path: '/keys/:keyId/export',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Export'],
  effect: 'exportKey',
  request: ExportRequest,
  response: ExportedShares,
  summary: 'Takes a key out: sealed shares for the caller; the key never signs here again',
});
