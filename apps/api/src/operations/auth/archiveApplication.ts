/** Deactivates an application for good. */
import { auth } from '@holdfast/contract/operations';
import * as applications from '../../auth/applications.ts';
import { handler } from '../../pipeline/types.ts';

export const archiveApplication = handler(auth.archiveApplication, (ctx, call) =>
  applications.changeApplication(ctx, call, call.params['appId'] ?? ''),
);
