/**
 * Virtual time: one queue of events in order of time and of scheduling, one at a time, and between two of them every
 * promise that is ready runs on. Nothing else makes time pass, so one seed gives one order of everything.
 */
import { createHash } from 'node:crypto';

export interface Loop {
  /** Virtual milliseconds since the start of the run; a fraction of one is possible. */
  readonly now: number;
  readonly events: number;
  /** Calls `fn` after `ms`; the answer cancels it. */
  after(ms: number, fn: () => void): () => void;
  /** Goes on until `done` says so, or the time `until` is reached; answers whether `done` did. */
  run(until: number, done?: () => boolean): Promise<boolean>;
  /** One line of what happened. */
  trace(line: string): void;
  /** SHA-256 over every line so far, hex. */
  traceHash(): string;
  /** The lines, where they are kept. */
  readonly lines: readonly string[];
}

interface Event {
  readonly at: number;
  readonly order: number;
  fn: (() => void) | undefined;
}

/** A thrown error of an event ends the run of the loop: the caller decides what may be thrown before it gets here. */
export function createLoop(o: { readonly keepLines: boolean }): Loop {
  const heap: Event[] = [];
  const hash = createHash('sha256');
  const lines: string[] = [];
  let now = 0;
  let order = 0;
  let events = 0;

  const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  const push = (event: Event): void => {
    let k = heap.length;
    heap.push(event);
    while (k > 0) {
      const parent = (k - 1) >> 1;
      const above = heap[parent] as Event;
      if (!before(event, above)) break;
      heap[k] = above;
      k = parent;
    }
    heap[k] = event;
  };
  const pop = (): Event | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let k = 0;
    for (;;) {
      let child = 2 * k + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && before(right, heap[child] as Event)) child += 1;
      const below = heap[child] as Event;
      if (!before(below, last)) break;
      heap[k] = below;
      k = child;
    }
    heap[k] = last;
    return top;
  };

  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    lines,
    after(ms, fn) {
      const event: Event = { at: now + Math.max(0, ms), order: order++, fn };
      push(event);
      return () => {
        event.fn = undefined;
      };
    },
    async run(until, done = () => false) {
      await settled();
      for (;;) {
        if (done()) return true;
        const next = heap[0];
        if (next === undefined || next.at > until) break;
        pop();
        if (next.fn === undefined) continue;
        now = next.at;
        events += 1;
        next.fn();
        await settled();
      }
      now = Math.max(now, until);
      return done();
    },
    trace(line) {
      const text = `${now.toFixed(3)} ${line}`;
      hash.update(text).update('\n');
      if (o.keepLines) lines.push(text);
    },
    traceHash: () => hash.copy().digest('hex'),
  };
}

/** The queue of promises is empty when the event loop comes round: nothing here waits for anything outside. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
