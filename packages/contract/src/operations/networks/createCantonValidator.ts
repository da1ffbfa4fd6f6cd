/** Connects a Canton validator. */
import { operation } from '../operation.ts';
import { NewValidator, Validator } from './shapes.ts';

export const createCantonValidator = operation({
  name: 'createCantonValidator',
  domain: 'networks',
  method: 'POST',
  path: '/networks/:network/validators',
  auth: 'bearer',
  userAction: true,
  permissions: ['Networks:CantonValidators:Create'],
  effect: 'none',
  request: NewValidator,
  response: Validator,
  summary: 'Connects a Canton validator',
});
