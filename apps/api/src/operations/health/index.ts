/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { getHealth } from './getHealth.ts';
import { getMetrics } from './getMetrics.ts';

export const healthHandlers: readonly Handler[] = [getHealth, getMetrics];
