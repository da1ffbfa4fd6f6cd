/** Driving protocols between signers. */
export { type Compute, createInlineCompute, createWorkerCompute } from './compute.ts';
export { createRuns, RUNS_MAX, type RunOptions, type Runs } from './driver.ts';
export { EARLY_BYTES_MAX, EARLY_COUNT_MAX, EARLY_MS_MAX } from './early.ts';
export { type Machines, machines } from './machines.ts';
export type { PeerMessage, Peers } from './peers.ts';
export { createSessions, type Sessions } from './sessions.ts';
