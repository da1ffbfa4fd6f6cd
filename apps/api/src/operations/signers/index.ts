/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { listSigners } from './listSigners.ts';

export const signersHandlers: readonly Handler[] = [listSigners];
