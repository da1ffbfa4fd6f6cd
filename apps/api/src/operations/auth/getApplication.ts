/** Reads one application. */
import { auth } from '@holdfast/contract/operations';
import * as applications from '../../auth/applications.ts';
import { handler } from '../../pipeline/types.ts';

export const getApplication = handler(auth.getApplication, (ctx, call) =>
  applications.getApplication(ctx, call.principal, call.params['appId'] ?? ''),
);
