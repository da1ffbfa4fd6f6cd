export { authorize } from './authorize.ts';
export { foundOrganisation } from './found.ts';
export { type Governed, govern } from './govern.ts';
export { project } from './project.ts';
export { keepVotesKnown, recoverGovernance, settleProposal } from './recover.ts';
export { encodeState, stateOf } from './state.ts';
