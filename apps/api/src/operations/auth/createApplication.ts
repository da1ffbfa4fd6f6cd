/** Creates an application: where passkeys are used, and for a server-signed one whose key signs its requests. */
import { auth } from '@holdfast/contract/operations';
import * as applications from '../../auth/applications.ts';
import { handler } from '../../pipeline/types.ts';

export const createApplication = handler(auth.createApplication, (ctx, call) =>
  applications.createApplication(ctx, call, call.body),
);
