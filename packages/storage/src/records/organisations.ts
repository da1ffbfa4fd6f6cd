/** Organisations and their chains: the reducer's state, the head, and the entry that is on its way to the signers. */
import type { Selectable } from 'kysely';
import { prepared } from '../database/prepared.ts';
import type { Executor } from '../database/transaction.ts';
import type { Proposal, Schema } from './schema.ts';

export type OrganisationRow = Selectable<Schema['organisations']>;
export type AuthorityEntryRow = Selectable<Schema['authorityEntries']>;

export async function insertOrganisation(
  db: Executor,
  row: { id: string; name: string; genesis: string; state: unknown; head: string; height: number; dateCreated: string },
): Promise<void> {
  await db
    .insertInto('organisations')
    .values({ ...row, state: JSON.stringify(row.state), spentVotes: '[]' })
    .execute();
}

export function findOrganisation(db: Executor, id: string): Promise<OrganisationRow | undefined> {
  return db.selectFrom('organisations').selectAll().where('id', '=', id).executeTakeFirst();
}

/** All but the state, which grows with users and permissions: what user actions need. */
export type OrganisationFacts = Pick<OrganisationRow, 'id' | 'genesis' | 'head' | 'proposal'>;

const facts = prepared(
  (db, id) => db.selectFrom('organisations').select(['id', 'genesis', 'head', 'proposal']).where('id', '=', id),
  1,
);

export async function findOrganisationFacts(db: Executor, id: string): Promise<OrganisationFacts | undefined> {
  const [row] = await facts(db, id);
  return row;
}

/** Only the head: cheap enough to ask at every request. */
export async function findHead(db: Executor, id: string): Promise<string | undefined> {
  const row = await db.selectFrom('organisations').select('head').where('id', '=', id).executeTakeFirst();
  return row?.head;
}

/** The row, and no other transaction changes the row until this one ends. */
export function lockOrganisation(tx: Executor, id: string): Promise<OrganisationRow | undefined> {
  return tx.selectFrom('organisations').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

export async function listOrganisations(
  db: Executor,
): Promise<{ id: string; name: string; head: string; height: number; hasProposal: boolean; hasSpentVotes: boolean }[]> {
  const rows = await db
    .selectFrom('organisations')
    .select(['id', 'name', 'head', 'height', 'spentVotes', (eb) => eb('proposal', 'is not', null).as('hasProposal')])
    .orderBy('seq')
    .execute();
  return rows.map(({ spentVotes, ...row }) => ({
    ...row,
    hasProposal: row.hasProposal === true,
    hasSpentVotes: spentVotes.length > 0,
  }));
}

/** Notes the entry before any signer sees it; refuses (false) when the chain has moved on or another one is noted. */
export async function proposeEntry(db: Executor, orgId: string, proposal: Proposal): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('organisations')
    .set({ proposal: JSON.stringify(proposal) })
    .where('id', '=', orgId)
    .where('height', '=', proposal.height - 1)
    .where('proposal', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Drops a noted entry that cannot be committed any more; only the one named by its head. `voters` acknowledged it and
 * will not acknowledge another entry of that height.
 */
export async function dropProposal(
  tx: Executor,
  orgId: string,
  head: string,
  voters: readonly number[] = [],
): Promise<void> {
  const row = await lockOrganisation(tx, orgId);
  if (row?.proposal?.head !== head) return;
  const spentVotes = [...new Set([...row.spentVotes, ...voters])].sort((a, b) => a - b);
  await tx
    .updateTable('organisations')
    .set({ proposal: null, spentVotes: JSON.stringify(spentVotes) })
    .where('id', '=', orgId)
    .execute();
}

/** Notes who still holds an entry that was given up at the next height; nothing where the chain has moved on. */
export async function setSpentVotes(
  db: Executor,
  orgId: string,
  height: number,
  spentVotes: readonly number[],
): Promise<void> {
  await db
    .updateTable('organisations')
    .set({ spentVotes: JSON.stringify(spentVotes) })
    .where('id', '=', orgId)
    .where('height', '=', height)
    .execute();
}

/** Moves the chain one entry on; false when somebody else moved it first. */
export async function advanceOrganisation(
  tx: Executor,
  orgId: string,
  step: { height: number; head: string; prev: string; state: unknown },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('organisations')
    .set({ height: step.height, head: step.head, state: JSON.stringify(step.state), proposal: null, spentVotes: '[]' })
    .where('id', '=', orgId)
    .where('height', '=', step.height - 1)
    .where('head', '=', step.prev)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function insertEntry(
  tx: Executor,
  row: {
    orgId: string;
    height: number;
    head: string;
    entry: string;
    nullifier: string | null;
    acks: readonly unknown[];
    dateCreated: string;
  },
): Promise<void> {
  await tx
    .insertInto('authorityEntries')
    .values({ ...row, acks: JSON.stringify(row.acks) })
    .execute();
}

/** Acknowledgements that arrived after the entry was written: more of them help a signer that was away. */
export async function replaceAcks(
  db: Executor,
  orgId: string,
  height: number,
  acks: readonly unknown[],
): Promise<void> {
  await db
    .updateTable('authorityEntries')
    .set({ acks: JSON.stringify(acks) })
    .where('orgId', '=', orgId)
    .where('height', '=', height)
    .execute();
}

/** Entries from a height on, in order; what a signer that was away is missing. */
export function listEntries(
  db: Executor,
  orgId: string,
  fromHeight: number,
  limit = 100,
): Promise<AuthorityEntryRow[]> {
  return db
    .selectFrom('authorityEntries')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('height', '>=', fromHeight)
    .orderBy('height')
    .limit(limit)
    .execute();
}

export function findEntryByNullifier(
  db: Executor,
  orgId: string,
  nullifier: string,
): Promise<AuthorityEntryRow | undefined> {
  return db
    .selectFrom('authorityEntries')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('nullifier', '=', nullifier)
    .executeTakeFirst();
}
