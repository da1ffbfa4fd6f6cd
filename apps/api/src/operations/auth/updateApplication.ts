/** Gives an application another name or label. */
import { auth } from '@holdfast/contract/operations';
import * as applications from '../../auth/applications.ts';
import { handler } from '../../pipeline/types.ts';

export const updateApplication = handler(auth.updateApplication, (ctx, call) =>
  applications.changeApplication(ctx, call, call.params['appId'] ?? '', call.body),
);
