/** Lists keys, wallets or signatures with what authorised them, newest first, as lines of a log file. */
import { orgs as contract } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { recordLines } from '../../domain/log-lines.ts';
import { pagingOf } from '../../domain/paging.ts';
import { handler } from '../../pipeline/types.ts';

export const listLogRecords = handler(contract.listLogRecords, (ctx, call) =>
  recordLines(ctx, call.principal, {
    orgId: param(call, 'orgId'),
    of: call.query.of ?? 'signatures',
    paging: pagingOf(ctx, call.query),
  }),
);
