/**
 * Brings up a signer that was away: entries with their acknowledgements, records that three others marked, and
 * certificates of keys it still holds as pending. Runs when a signer connects and, for what was missed while
 * connected, once a minute.
 */
import type { Ack, Assertion, LogEntry, SignedRequest } from '@holdfast/authority/types';
import type { RecordMark } from '@holdfast/cluster/commands';
import { fromBase64Url, parseStrictJson } from '@holdfast/contract/wire';
import {
  addRecordMarks,
  findAct,
  listEntries,
  listIncompleteMarks,
  listKeyStatements,
  listOrganisations,
  listRecordMarks,
} from '@holdfast/storage/records';
import { resultsOf } from './outcomes.ts';
import { SIGNERS, THRESHOLD } from './participants.ts';
import type { Room } from './room.ts';
import { isAck, isRecordMark } from './statements.ts';
import type { CertifiedEntry } from './types.ts';

export interface CatchUp {
  /** The entries of one organisation that a signer misses; true when it took some. */
  entriesOf(index: number, org: string): Promise<boolean>;
  /** Everything one signer misses. One at a time per signer: a call while one runs makes it look once more. */
  everything(index: number): Promise<void>;
}

const CATCH_UP_MS_MAX = 10_000;
/** Far below the size of a command, whatever is in them: no entry is larger than a credential's attestation. */
const BATCH_CHARS_MAX = 400_000;
const BATCH_ENTRIES_MAX = 50;

/** `silent` hears of every organisation in which a signer, with nothing missing, still does not know what it acknowledged. */
export function createCatchUp(room: Room, silent: (org: string) => void): CatchUp {
  const running = new Map<number, Promise<void>>();
  const again = new Set<number>();

  async function entriesOf(index: number, org: string): Promise<boolean> {
    const [given] = resultsOf('heads', [await room.ask.one({ kind: 'Heads' }, index, CATCH_UP_MS_MAX)]);
    if (!given) return false;
    const ours = (await listOrganisations(room.db.kysely)).find(({ id }) => id === org);
    return ours !== undefined && sendEntries(room, index, ours, headOf(given.result.heads, org));
  }

  async function all(index: number): Promise<void> {
    const [given] = resultsOf('heads', [await room.ask.one({ kind: 'Heads' }, index, CATCH_UP_MS_MAX)]);
    if (!given) return;
    for (const organisation of await listOrganisations(room.db.kysely)) {
      const theirs = headOf(given.result.heads, organisation.id);
      await sendEntries(room, index, organisation, theirs);
      if ((theirs?.silent ?? -1) > organisation.height) silent(organisation.id);
    }
    // Keys first: a mark may be about a key that is still pending there.
    await sendCertificates(room, index);
    await sendMarks(room, index);
  }

  async function untilQuiet(index: number): Promise<void> {
    do {
      again.delete(index);
      await all(index).catch((error: unknown) => {
        // Tried again within a minute; a signer that stays behind refuses by itself, nothing is lost.
        room.env.log('catch-up.failed', { signer: index, kind: error instanceof Error ? error.name : 'unknown' });
      });
    } while (again.has(index));
  }

  return {
    entriesOf,
    everything(index) {
      const known = running.get(index);
      // What is missing may have come up after the one that runs had looked.
      if (known) again.add(index);
      const work = known ?? untilQuiet(index).finally(() => running.delete(index));
      running.set(index, work);
      return work;
    },
  };
}

interface Head {
  readonly height: number;
  readonly head: string;
  readonly silent?: number;
}

const headOf = (heads: readonly (Head & { readonly org: string })[], org: string): Head | undefined =>
  heads.find((each) => each.org === org);

async function sendEntries(
  room: Room,
  index: number,
  ours: Head & { readonly id: string },
  theirs: Head | undefined,
): Promise<boolean> {
  if (theirs && (theirs.height > ours.height || theirs.head === ours.head)) return false;
  // At the same height with another head it holds an uncommitted tail, which the certified entry replaces.
  let height = theirs === undefined ? 0 : Math.min(theirs.height + 1, ours.height);
  while (height <= ours.height) {
    const rows = await listEntries(room.db.kysely, ours.id, height, BATCH_ENTRIES_MAX);
    const batch = takeBatch(rows);
    if (batch.length === 0) return false;
    const entries = await standing(room, { org: ours.id, height, entries: batch.map(certifiedEntry) });
    const outcome = await room.ask.one({ kind: 'CatchUp', org: ours.id, entries }, index, CATCH_UP_MS_MAX);
    if ('lost' in outcome || !outcome.reply.ok) {
      const code = 'lost' in outcome ? outcome.lost : outcome.reply.ok ? '' : outcome.reply.error.code;
      room.env.log('catch-up.refused', { signer: index, org: ours.id, height, code });
      return false;
    }
    height += batch.length;
  }
  room.env.log('catch-up.done', { signer: index, org: ours.id, height: ours.height });
  return true;
}

interface EntryRow {
  readonly entry: string;
  readonly acks: readonly unknown[];
}

/** As many as fit into one message, one at least. */
export function takeBatch<Row extends EntryRow>(rows: readonly Row[]): Row[] {
  const batch: Row[] = [];
  let chars = 0;
  for (const row of rows) {
    chars += row.entry.length;
    if (batch.length > 0 && chars > BATCH_CHARS_MAX) break;
    batch.push(row);
  }
  return batch;
}

/** Our own rows, written after the same signers had acknowledged them. */
export const certifiedEntry = ({ entry, acks }: EntryRow): CertifiedEntry => ({
  entry: parseStrictJson(entry, { name: 'entry' }) as unknown as LogEntry,
  acks: acks as readonly Ack[],
});

/**
 * The entries with the acknowledgements of those who serve today. Where a signer was replaced, an entry may have too few
 * left: then those who hold it acknowledge it again.
 */
export async function standing(
  room: Room,
  o: { readonly org: string; readonly height: number; readonly entries: readonly CertifiedEntry[] },
): Promise<readonly CertifiedEntry[]> {
  const entries = o.entries.map(({ entry, acks }) => ({ entry, acks: acks.filter((ack) => isAck(room.roster, ack)) }));
  const first = entries.findIndex(({ acks }) => acks.length < THRESHOLD);
  if (first < 0) return entries;
  const order = { kind: 'Acks', org: o.org, from: o.height + first } as const;
  const given = resultsOf('acks', await room.ask.all(order, room.link.online(), CATCH_UP_MS_MAX));
  const again = given.flatMap(({ index, result }) =>
    result.acks.filter((ack) => ack.index === index && ack.org === o.org && isAck(room.roster, ack)),
  );
  return entries.map(({ entry, acks }, at) => {
    const head = o.entries[at]?.acks[0]?.head;
    const more = again.filter(
      (ack) => ack.height === o.height + at && ack.head === head && acks.every(({ index }) => index !== ack.index),
    );
    return { entry, acks: [...acks, ...more] };
  });
}

async function sendCertificates(room: Room, index: number): Promise<void> {
  const [given] = resultsOf('pending', [await room.ask.one({ kind: 'Pending' }, index, CATCH_UP_MS_MAX)]);
  for (const { keyId } of given?.result.keys ?? []) {
    const statements = await listKeyStatements(room.db.kysely, keyId);
    // A key this api never answered for stays pending: nobody was told of it.
    if (statements.length < SIGNERS) continue;
    const order = {
      kind: 'KeyCertificate',
      keyId,
      statements: statements.map(({ signerIndex, signature }) => ({ index: signerIndex, signature })),
    } as const;
    await room.ask.one(order, index, CATCH_UP_MS_MAX);
  }
}

async function sendMarks(room: Room, index: number): Promise<void> {
  for (const { orgId, recordId, mark, nullifier } of await listIncompleteMarks(room.db.kysely, SIGNERS)) {
    const rows = (await listRecordMarks(room.db.kysely, orgId, recordId)).filter(
      (row) => row.mark === mark && row.nullifier === nullifier,
    );
    const act = await findAct(room.db.kysely, nullifier);
    if (!act || rows.length < THRESHOLD || rows.some((row) => row.signerIndex === index)) continue;
    const marks = rows.map(
      (row): RecordMark => ({
        index: row.signerIndex,
        org: orgId,
        recordId,
        mark: row.mark as RecordMark['mark'],
        nullifier,
        signature: row.signature,
      }),
    );
    const request = { method: act.method as SignedRequest['method'], path: act.path, payload: act.payload };
    const outcome = await room.ask.one(
      { kind: 'RecordCatchUp', act: { request, assertion: act.assertion as Assertion }, marks },
      index,
      CATCH_UP_MS_MAX,
    );
    const [given] = resultsOf('mark', [outcome]);
    const taken = given?.result.mark;
    const record = { org: orgId, recordId, mark: mark as RecordMark['mark'], nullifier: fromBase64Url(nullifier) };
    if (taken && taken.index === index && isRecordMark(room.roster, record, taken)) {
      await addRecordMarks(room.db.kysely, [taken]);
    }
  }
}
