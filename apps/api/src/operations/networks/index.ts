/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { getNetworks } from './getNetworks.ts';

export const networksHandlers: readonly Handler[] = [getNetworks];
