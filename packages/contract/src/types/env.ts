/**
 * What a process may use of the world. `main.ts` makes the real one; tests and devnet make seeded ones, which is
 * what lets a whole cluster run from one seed (architecture.md §5).
 */
export interface Env {
  /** Milliseconds since 1970. */
  now(): number;
  random(bytes: number): Uint8Array;
  /** Calls `fn` once after `ms`; the answer cancels it. */
  setTimer(ms: number, fn: () => void): () => void;
  /** One line of log: an event's name and its facts. Never a body, never a secret. */
  log(event: string, facts: Readonly<Record<string, unknown>>): void;
  /** A named place where a test may stop the process; does nothing in production. */
  point(name: string): void;
}
