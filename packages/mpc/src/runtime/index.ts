/** What protocols and their drivers share: types, the round machine, guards, identity-signed messages. */

export { AbortError, abort, attempt, check, RefusedError, refuse } from './guards.ts';
export { type HedgeOptions, hedgedRandom } from './random.ts';
export { RoundMachine, type Stage } from './round-machine.ts';
export { partiesMax, requireRun } from './run-context.ts';
export { signedBytes } from './signed-bytes.ts';
export {
  bodyBytesMax,
  echoedBytesMax,
  type Format,
  type FormatParts,
  format,
  type Inbox,
  largeBodyBytesMax,
  type Received,
  type Slot,
} from './slots.ts';
export * from './types.ts';
export { wipeBytes } from './wipe-bytes.ts';
