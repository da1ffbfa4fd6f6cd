/** Lists the Canton validators of the organisation. */
import { operation } from '../operation.ts';
import { listOf, Page } from '../shapes.ts';
import { Validator } from './shapes.ts';

export const listCantonValidators = operation({
  name: 'listCantonValidators',
  domain: 'networks',
  method: 'GET',
  path: '/networks/:network/validators',
  auth: 'bearer',
  userAction: false,
  permissions: ['Networks:CantonValidators:Read'],
  effect: 'none',
  query: Page,
  response: listOf(Validator),
  summary: 'Lists the Canton validators of the organisation',
});
