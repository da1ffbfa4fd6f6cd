/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { callFunction } from './callFunction.ts';
export { getFees } from './getFees.ts';
export { getNetworks } from './getNetworks.ts';
export { readContract } from './readContract.ts';
