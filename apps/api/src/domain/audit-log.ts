/**
 * The audit log (auth.md §10): every user action that was spent, with the assertion that authorised it, so that whoever reads
 * it can verify the signature again.
 */
import type { ChallengeAssertion } from '@holdfast/authority/types';
import { refuse } from '@holdfast/contract/errors';
import { fullName, matchOperation } from '@holdfast/contract/operations';
import {
  type ChallengeRow,
  findCredential,
  findSpentAction,
  findUser,
  listSpentActions,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { csv } from './reports.ts';

/** Beyond it the table ends with a line that says so. */
export const ROWS_MAX = 100_000;
const columns = [
  'id',
  'datePerformed',
  'action',
  'method',
  'path',
  'userId',
  'username',
  'credentialKind',
  'credentialId',
];

export async function auditTable(
  ctx: Pick<Context, 'db'>,
  o: { orgId: string; from: string; to: string; userId?: string | undefined },
  rowsMax = ROWS_MAX,
): Promise<string> {
  const rows = await listSpentActions(ctx.db.kysely, { ...o, limit: rowsMax + 1 });
  const names = new Map<string, string>();
  for (const id of new Set(rows.map((row) => row.userId ?? '')))
    names.set(id, (await findUser(ctx.db.kysely, o.orgId, id))?.username ?? '');
  const cells = rows.slice(0, rowsMax).map((row) => {
    const { kind, credId } = row.assertion as ChallengeAssertion;
    const user = row.userId ?? '';
    const { id, dateUsed, method, path } = row;
    return [id, dateUsed ?? '', actionOf(row), method ?? '', path ?? '', user, names.get(user) ?? '', kind, credId];
  });
  const table = csv(columns, cells);
  return rows.length > rowsMax ? `${table}# TRUNCATED\r\n` : table;
}

export async function auditEntry(ctx: Pick<Context, 'db'>, orgId: string, id: string) {
  const row = (await findSpentAction(ctx.db.kysely, orgId, id)) ?? refuse('E_NOT_FOUND', 'audit log not found');
  const assertion = row.assertion as ChallengeAssertion;
  const user = row.userId === null ? undefined : await findUser(ctx.db.kysely, orgId, row.userId);
  const credential = await findCredential(ctx.db.kysely, orgId, assertion.credId);
  return {
    id: row.id,
    action: actionOf(row),
    // The token itself is nowhere; this names the action, and ids of what it made derive from it (docs/specs/ids.md).
    actionToken: row.nullifier,
    userId: row.userId,
    username: user?.username ?? null,
    datePerformed: row.dateUsed,
    firstFactorCredential: {
      id: assertion.credId,
      kind: assertion.kind,
      publicKey: credential?.publicKey ?? '',
      assertion: {
        authenticatorData: assertion.kind === 'Fido2' ? assertion.authenticatorData : null,
        clientData: assertion.clientData,
        signature: assertion.signature,
      },
    },
  };
}

function actionOf({ method, path }: ChallengeRow): string {
  const match = matchOperation(method ?? '', path ?? '');
  return match === undefined ? '' : fullName(match.operation);
}
