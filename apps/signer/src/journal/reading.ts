/** What of the journal was not read at the start is read behind it: little at a time, so that nobody waits for it. */
import type { Env } from '@holdfast/contract/types';
import type { Store } from '../store/index.ts';

/** Chains up to here are read at once, in some tens of milliseconds. */
export const ROWS_AT_ONCE_MAX = 4096;
/** The first signatures come first. */
const AFTER_MS = 3_000;
/** One or two milliseconds of work, a twelfth of the time: 300,000 rows take half a minute, and no request a long time. */
const ROWS = 256;
const PAUSE_MS = 20;

/** `damaged` is called where damage is found behind the start. Answers what ends the reading. */
export function readJournal(o: { readonly env: Env; readonly store: Store; damaged(row: number): void }): () => void {
  const { env } = o;
  const { journal } = o.store;
  const found = journal.damagedAt();
  if (found !== undefined) env.log('journal.damaged', { row: found });
  if (journal.unread === 0) return () => {};

  const step = (): void => {
    journal.readOn(ROWS);
    const row = journal.damagedAt();
    if (row !== undefined) {
      env.log('journal.damaged', { row });
      o.damaged(row);
      return;
    }
    if (journal.unread > 0) {
      cancel = env.setTimer(PAUSE_MS, step);
      return;
    }
    // Says for the next start that the chain was read.
    o.store.transaction('journal', () => {});
    env.log('journal.read', { rows: journal.length });
  };
  let cancel = env.setTimer(AFTER_MS, step);
  return () => cancel();
}
