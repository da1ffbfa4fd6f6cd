/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { getHealth } from './getHealth.ts';
export { getMetrics } from './getMetrics.ts';
