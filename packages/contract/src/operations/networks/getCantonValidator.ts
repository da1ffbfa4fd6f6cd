/** Reads one Canton validator. */
import { operation } from '../operation.ts';
import { Validator } from './shapes.ts';

export const getCantonValidator = operation({
  name: 'getCantonValidator',
  domain: 'networks',
  method: 'GET',
  path: '/networks/:network/validators/:validatorId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Networks:CantonValidators:Read'],
  effect: 'none',
  response: Validator,
  summary: 'Reads one Canton validator',
});
