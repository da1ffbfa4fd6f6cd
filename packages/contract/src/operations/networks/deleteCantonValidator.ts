/** Disconnects a Canton validator. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { Validator } from './shapes.ts';

export const deleteCantonValidator = operation({
  name: 'deleteCantonValidator',
  domain: 'networks',
  method: 'DELETE',
  path: '/networks/:network/validators/:validatorId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Networks:CantonValidators:Delete'],
  effect: 'none',
  request: Empty,
  bodyOptional: true,
  response: Validator,
  summary: 'Disconnects a Canton validator',
});
