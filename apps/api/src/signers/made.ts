/** What an act of the past has made, as far as the signers can say now. Asking makes nothing. */
import type { ActEvidence, RecordMark } from '@holdfast/cluster/commands';
import { agreedKey } from './keys.ts';
import { refusalsOf, resultsOf } from './outcomes.ts';
import { SIGNERS, THRESHOLD } from './participants.ts';
import type { Room } from './room.ts';
import { isRecordMark } from './statements.ts';
import type { Finding, NewKey, Outcome, Signers } from './types.ts';

const MADE_MS_MAX = 3_000;

/** One signer that has no share is enough for there to be no key: a key has five statements or none. */
export async function madeKey(
  room: Room,
  act: ActEvidence,
  o: Parameters<Signers['madeKey']>[1],
): Promise<Finding<NewKey>> {
  const outcomes = await ask(room, act);
  if (withoutTrace(outcomes) > 0) return { t: 'none' };
  const given = resultsOf('key', outcomes);
  if (given.length < SIGNERS) return { t: 'unknown' };
  const made = agreedKey(room, given, o);
  return made === undefined ? { t: 'none' } : { t: 'made', made };
}

/** Three marks project a record; when three signers have changed nothing there will never be three. */
export async function madeMarks(
  room: Room,
  act: ActEvidence,
  o: Parameters<Signers['madeMarks']>[1],
): Promise<Finding<readonly RecordMark[]>> {
  const outcomes = await ask(room, act);
  const made = resultsOf('mark', outcomes).flatMap(({ index, result: { mark } }) =>
    mark.index === index && isRecordMark(room.roster, o, mark) ? [mark] : [],
  );
  if (made.length >= THRESHOLD) return { t: 'made', made };
  return SIGNERS - withoutTrace(outcomes) < THRESHOLD ? { t: 'none' } : { t: 'unknown' };
}

const ask = (room: Room, act: ActEvidence): Promise<Outcome[]> =>
  room.ask.all({ kind: 'Made', act }, room.link.online(), MADE_MS_MAX);

/** How many say firmly that the act has made nothing there. */
const withoutTrace = (outcomes: readonly Outcome[]): number =>
  refusalsOf(outcomes).filter(({ refusal }) => refusal.code === 'E_NOT_FOUND').length;
