/** Changes how a Canton validator is reached. */
import { operation } from '../operation.ts';
import { Validator, ValidatorChange } from './shapes.ts';

export const updateCantonValidator = operation({
  name: 'updateCantonValidator',
  domain: 'networks',
  method: 'PUT',
  path: '/networks/:network/validators/:validatorId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Networks:CantonValidators:Update'],
  effect: 'none',
  request: ValidatorChange,
  response: Validator,
  summary: 'Changes how a Canton validator is reached',
});
