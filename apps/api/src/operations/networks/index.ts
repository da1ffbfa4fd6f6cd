/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { callFunction } from './callFunction.ts';
import { createCantonValidator } from './createCantonValidator.ts';
import { deleteCantonValidator } from './deleteCantonValidator.ts';
import { getCantonValidator } from './getCantonValidator.ts';
import { getFees } from './getFees.ts';
import { getNetworks } from './getNetworks.ts';
import { listCantonValidators } from './listCantonValidators.ts';
import { readContract } from './readContract.ts';
import { updateCantonValidator } from './updateCantonValidator.ts';

export const networksHandlers: readonly Handler[] = [
  deleteCantonValidator,
  updateCantonValidator,
  getCantonValidator,
  createCantonValidator,
  listCantonValidators,
  callFunction,
  getFees,
  getNetworks,
  readContract,
];
