/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { auditShares } from './auditShares.ts';
export { getCluster } from './getCluster.ts';
export { getFigures } from './getFigures.ts';
export { getRefresh } from './getRefresh.ts';
export { reshareKey } from './reshareKey.ts';
export { startRefresh } from './startRefresh.ts';
export { stopRefresh } from './stopRefresh.ts';
