/** A clock that stands still until a test moves it. Timers fire in order of their time, never by themselves. */

export interface TestClock {
  now(): number;
  setTimer(ms: number, fn: () => void): () => void;
  /** Moves on, firing what falls due on the way, and lets everything that follows settle. */
  advance(ms: number): Promise<void>;
  /** Lets messages and promises that are under way arrive. */
  settle(): Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** Turns of the event loop without work after which nothing more is under way. */
const QUIET_TURNS = 8;

export function createTestClock(start: number): TestClock {
  let now = start;
  let order = 0;
  const timers = new Set<Timer>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const due = (until: number): Timer | undefined =>
    [...timers].filter((t) => t.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];

  return {
    now: () => now,
    setTimer(ms, fn) {
      const timer = { at: now + ms, order: order++, fn };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    settle,
    async advance(ms) {
      const until = now + ms;
      for (let next = due(until); next !== undefined; next = due(until)) {
        timers.delete(next);
        now = Math.max(now, next.at);
        next.fn();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}
