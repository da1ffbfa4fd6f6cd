/** A world for tests: a clock that moves when told, randomness from a seed, timers that fire in order of time. */
import { createHash } from 'node:crypto';
import type { Env } from '@holdfast/contract/types';

export interface TestEnv extends Env {
  readonly lines: { event: string; facts: Readonly<Record<string, unknown>> }[];
  readonly points: string[];
  advance(ms: number): Promise<void>;
}

const START = Date.parse('2026-11-20T08:00:00.000Z');

export function testEnv(seed = 'api tests'): TestEnv {
  let now = START;
  let drawn = 0;
  let next = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();
  const lines: TestEnv['lines'] = [];
  const points: string[] = [];
  return {
    lines,
    points,
    now: () => now,
    random(bytes) {
      const out = new Uint8Array(bytes);
      for (let filled = 0; filled < bytes; filled += 32, drawn += 1) {
        out.set(
          createHash('sha256')
            .update(`${seed}/${drawn}`)
            .digest()
            .subarray(0, bytes - filled),
          filled,
        );
      }
      return out;
    },
    setTimer(ms, fn) {
      const id = next++;
      timers.set(id, { at: now + ms, fn });
      return () => timers.delete(id);
    },
    log: (event, facts) => void lines.push({ event, facts }),
    point: (name) => void points.push(name),
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        await settle();
        const [due] = [...timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
        if (!due) break;
        const [id, { at, fn }] = due;
        timers.delete(id);
        now = Math.max(now, at);
        fn();
      }
      now = until;
      await settle();
    },
  };
}

/** Lets everything that is ready run: a few turns of the event loop, no waiting. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
