/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { callFunction } from './callFunction.ts';
export { createCantonValidator } from './createCantonValidator.ts';
export { deleteCantonValidator } from './deleteCantonValidator.ts';
export { getCantonValidator } from './getCantonValidator.ts';
export { getFees } from './getFees.ts';
export { getNetworks } from './getNetworks.ts';
export { listCantonValidators } from './listCantonValidators.ts';
export { readContract } from './readContract.ts';
export { updateCantonValidator } from './updateCantonValidator.ts';
