/** Signature requests and their results. */
import { type Selectable, sql } from 'kysely';
import { gathered } from '../database/gathered.ts';
import { type Executor, inTransaction } from '../database/transaction.ts';
import type { NewAct } from './acts.ts';
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

/**
 * Notes an act and the signature it asks for, both or none; false when the act was noted before. An externalId that is
 * taken is a conflict of `signatures_external_id`.
 */
export const beginSignature = gathered(
  async (
    db: Executor,
    items: readonly { readonly act: NewAct; readonly signature: NewSignature }[],
  ): Promise<boolean[]> => {
    // Two callers with one act in one statement would be a conflict of its own making.
    const isFirst = items.map(({ act }, at) => items.findIndex((each) => each.act.nullifier === act.nullifier) === at);
    const firsts = items.filter((_, at) => isFirst[at]);
    const begin = async (tx: Executor): Promise<Set<string>> => {
      const noted = await tx
        .insertInto('acts')
        .values(
          firsts.map(({ act: { assertion, ...row } }) => ({
            ...row,
            assertion: JSON.stringify(assertion),
            status: 'Started' as const,
          })),
        )
        .onConflict((conflict) => conflict.column('nullifier').doNothing())
        .returning('nullifier')
        .execute();
      const fresh = new Set(noted.map(({ nullifier }) => nullifier));
      const rows = firsts.flatMap(({ act, signature: { requestBody, ...row } }) =>
        fresh.has(act.nullifier) ? [{ ...row, requestBody: JSON.stringify(requestBody) }] : [],
      );
      if (rows.length > 0) await tx.insertInto('signatures').values(rows).execute();
      return fresh;
    };
    const fresh = db.isTransaction ? await begin(db) : await inTransaction(db, begin);
    return items.map(({ act }, at) => isFirst[at] === true && fresh.has(act.nullifier));
  },
);

export interface SignedOutcome {
  readonly id: string;
  readonly nullifier: string;
  readonly signature: unknown;
  readonly signatures: readonly unknown[] | undefined;
  readonly signedData: string | undefined;
  readonly date: string;
}

/** Ends a signature and its act well, both or none. */
export const finishSigned: (db: Executor, outcome: SignedOutcome) => Promise<SignatureRow | undefined> = gathered(
  async (db, outcomes: readonly SignedOutcome[]) => {
    const given = JSON.stringify(
      outcomes.map(({ id, nullifier, signature, signatures, signedData, date }) => ({
        id,
        nullifier,
        signature: signature ?? null,
        signatures: signatures ?? null,
        signed_data: signedData ?? null,
        date,
      })),
    );
    const { rows } = await sql<SignatureRow>`
      with given as (
        select * from jsonb_to_recordset(${given}::jsonb)
          as item (id text, nullifier text, signature jsonb, signatures jsonb, signed_data text, date timestamptz)
      ), act as (
        update acts set status = 'Done', record_id = given.id, reason = null, date_resolved = given.date
        from given where acts.nullifier = given.nullifier
      )
      update signatures set status = 'Signed', reason = null, signature = given.signature,
        signatures = given.signatures, signed_data = given.signed_data, date_signed = given.date
      from given where signatures.id = given.id
      returning signatures.*`.execute(db);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return outcomes.map(({ id }) => byId.get(id));
  },
);

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

/** What an organisation has signed, whichever key it was. */
export function listSignaturesOf(db: Executor, orgId: string, paging: Paging): Promise<Page<SignatureRow>> {
  return readPage(['signed', orgId], paging, (before, limit) =>
    db
      .selectFrom('signatures')
      .selectAll()
      .where('orgId', '=', orgId)
      .where('status', '=', 'Signed')
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
