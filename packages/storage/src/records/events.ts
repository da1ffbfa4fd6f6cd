/** Business events, each recorded once, in the transaction that makes them true; what webhooks will tell. */
import type { Selectable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

export type EventRow = Selectable<Schema['events']>;

/** Names of the public API (reference/api/webhooks.md). */
export type EventKind = `wallet.${'transfer' | 'transaction'}.${'requested' | 'broadcasted' | 'confirmed' | 'failed'}`;

/** Once for each record and kind: what happens again after a reorganisation is no news. */
export async function recordEvent(
  tx: Executor,
  event: { orgId: string; kind: EventKind; recordId: string; date: string },
): Promise<void> {
  const { orgId, kind, recordId, date } = event;
  await tx
    .insertInto('events')
    .values({ orgId, kind, recordId, dateCreated: date })
    .onConflict((conflict) => conflict.columns(['recordId', 'kind']).doNothing())
    .execute();
}

export function listEvents(
  db: Executor,
  filter: { orgId: string; recordId?: string | undefined },
): Promise<EventRow[]> {
  const { orgId, recordId } = filter;
  return db
    .selectFrom('events')
    .selectAll()
    .where('orgId', '=', orgId)
    .$if(recordId !== undefined, (query) => query.where('recordId', '=', recordId as string))
    .orderBy('seq')
    .execute();
}
