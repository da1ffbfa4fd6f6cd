export { authorize } from './authorize.ts';
export { foundOrganisation } from './found.ts';
export { type Governed, govern } from './govern.ts';
export { recoverGovernance, settleProposal } from './recover.ts';
export { stateOf } from './state.ts';
