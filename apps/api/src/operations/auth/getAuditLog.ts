/** Reads one signed action with the assertion that authorised it. */
import { auth } from '@holdfast/contract/operations';
import { param } from '../../auth/params.ts';
import { auditEntry } from '../../domain/audit-log.ts';
import { handler } from '../../pipeline/types.ts';

export const getAuditLog = handler(auth.getAuditLog, (ctx, call) =>
  auditEntry(ctx, call.principal.orgId, param(call, 'actionId')),
);
