/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { auditShares } from './auditShares.ts';
import { getCluster } from './getCluster.ts';
import { getFigures } from './getFigures.ts';
import { getRefresh } from './getRefresh.ts';
import { reshareKey } from './reshareKey.ts';
import { startRefresh } from './startRefresh.ts';
import { stopRefresh } from './stopRefresh.ts';

export const clusterHandlers: readonly Handler[] = [
  auditShares,
  getCluster,
  getFigures,
  getRefresh,
  reshareKey,
  startRefresh,
  stopRefresh,
];
