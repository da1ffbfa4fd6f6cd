/** Many runs of one protocol in lockstep: one message per round for all of them, a fault stays with its element. */
export { createGroup, GROUP_MAX, type GroupElement, type GroupOptions, type Settled } from './group.ts';
