/** Activates an application. */
import { auth } from '@holdfast/contract/operations';
import * as applications from '../../auth/applications.ts';
import { handler } from '../../pipeline/types.ts';

export const activateApplication = handler(auth.activateApplication, (ctx, call) =>
  applications.changeApplication(ctx, call, call.params['appId'] ?? ''),
);
