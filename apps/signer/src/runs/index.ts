/** Driving protocols between signers. */
export { createRuns, RUNS_MAX, type RunOptions, type Runs } from './driver.ts';
export { EARLY_BYTES_MAX, EARLY_COUNT_MAX, EARLY_MS_MAX } from './early.ts';
export type { PeerMessage, Peers } from './peers.ts';
export { createSessions, type Sessions } from './sessions.ts';
