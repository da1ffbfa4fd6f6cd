/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { callFunction } from './callFunction.ts';
import { getFees } from './getFees.ts';
import { getNetworks } from './getNetworks.ts';
import { readContract } from './readContract.ts';

export const networksHandlers: readonly Handler[] = [callFunction, getFees, getNetworks, readContract];
