/** Lists the applications of the organisation. */
import { auth } from '@holdfast/contract/operations';
import * as applications from '../../auth/applications.ts';
import { handler } from '../../pipeline/types.ts';

export const listApplications = handler(auth.listApplications, (ctx, call) =>
  applications.listApplications(ctx, call.principal),
);
