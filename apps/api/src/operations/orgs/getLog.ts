/** Reads the organisation's chain with its acknowledgements, as lines of a log file. */
import { orgs as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { chainLines } from '../../domain/log-lines.ts';
import { handler } from '../../pipeline/types.ts';

export const getLog = handler(contract.getLog, (ctx, call) =>
  chainLines(ctx, call.principal, { orgId: param(call, 'orgId'), from: Number(call.query.from ?? 0) }),
);
