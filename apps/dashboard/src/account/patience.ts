/**
 * One passkey window at a time, and an end to it: some browsers wait for ever whatever time they are given, so the page
 * gives up after a minute and a half, or when the person does.
 */
const WINDOW_MS_MAX = 90_000;

let current: AbortController | undefined;

/** The signal of the window that is about to open; the one before, if any, is closed. */
export function patience(): AbortSignal {
  current?.abort();
  current = new AbortController();
  return AbortSignal.any([current.signal, AbortSignal.timeout(WINDOW_MS_MAX)]);
}

/** *Cancel*, beside the words that say where to look. */
export function giveUp(): void {
  current?.abort();
  current = undefined;
}
