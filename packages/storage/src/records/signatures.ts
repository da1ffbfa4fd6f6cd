/** Signature requests and their results. */
import type { Selectable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type SignatureRow = Selectable<Schema['signatures']>;

export interface NewSignature {
  id: string;
  orgId: string;
  keyId: string;
  walletId: string | null;
  network: string | null;
  requesterUserId: string;
  requesterTokenId: string | null;
  requestBody: unknown;
  requestPath: string;
  externalId: string | null;
  nullifier: string;
  status: 'Executing' | 'Signed' | 'Failed' | 'Pending' | 'Rejected';
  dateRequested: string;
}

export async function insertSignature(tx: Executor, { requestBody, ...row }: NewSignature): Promise<void> {
  await tx
    .insertInto('signatures')
    .values({ ...row, requestBody: JSON.stringify(requestBody) })
    .execute();
}

export async function finishSignature(
  db: Executor,
  id: string,
  outcome: {
    status: 'Signed' | 'Failed';
    reason?: string | undefined;
    signature?: unknown;
    signatures?: readonly unknown[] | undefined;
    signedData?: string | undefined;
    dateSigned?: string | undefined;
  },
): Promise<SignatureRow | undefined> {
  return db
    .updateTable('signatures')
    .set({
      status: outcome.status,
      reason: outcome.reason ?? null,
      signature: outcome.signature === undefined ? null : JSON.stringify(outcome.signature),
      signatures: outcome.signatures === undefined ? null : JSON.stringify(outcome.signatures),
      signedData: outcome.signedData ?? null,
      dateSigned: outcome.dateSigned ?? null,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

export function findSignature(db: Executor, orgId: string, id: string): Promise<SignatureRow | undefined> {
  return db.selectFrom('signatures').selectAll().where('orgId', '=', orgId).where('id', '=', id).executeTakeFirst();
}

export function findSignatureByExternalId(
  db: Executor,
  orgId: string,
  externalId: string,
): Promise<SignatureRow | undefined> {
  return db
    .selectFrom('signatures')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('externalId', '=', externalId)
    .executeTakeFirst();
}

/** Of a key (every signature), or of one wallet. */
export function listSignatures(
  db: Executor,
  filter: { orgId: string; keyId?: string | undefined; walletId?: string | undefined },
  paging: Paging,
): Promise<Page<SignatureRow>> {
  const { orgId, keyId, walletId } = filter;
  return readPage(['signatures', orgId, keyId, walletId], paging, (before, limit) =>
    db
      .selectFrom('signatures')
      .selectAll()
      .where('orgId', '=', orgId)
      .$if(keyId !== undefined, (query) => query.where('keyId', '=', keyId as string))
      .$if(walletId !== undefined, (query) => query.where('walletId', '=', walletId as string))
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

/** Ends what a crash left in the middle; how many there were. */
export async function failExecutingSignatures(db: Executor, reason: string): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('signatures')
    .set({ status: 'Failed', reason })
    .where('status', '=', 'Executing')
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
