/** Lists the signed actions of a span of time as a table of comma-separated values. */
import { auth } from '@holdfast/contract/operations';
import { auditTable } from '../../domain/audit-log.ts';
import { asksForCsv, timeSpanOf } from '../../domain/reports.ts';
import { handler, TextReply } from '../../pipeline/types.ts';

export const listAuditLogs = handler(auth.listAuditLogs, async (ctx, { principal, query, accept }) => {
  const table = await auditTable(ctx, { orgId: principal.orgId, ...timeSpanOf(query), userId: query.userId });
  return asksForCsv(accept) ? new TextReply('text/csv', table) : table;
});
