/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { createKey } from './createKey.ts';
import { delegateKey } from './delegateKey.ts';
import { deleteKey } from './deleteKey.ts';
import { deriveKey } from './deriveKey.ts';
import { exportKey } from './exportKey.ts';
import { generateSignature } from './generateSignature.ts';
import { getKey } from './getKey.ts';
import { getSignature } from './getSignature.ts';
import { importKey } from './importKey.ts';
import { listKeys } from './listKeys.ts';
import { listSignatures } from './listSignatures.ts';
import { updateKey } from './updateKey.ts';

export const keysHandlers: readonly Handler[] = [
  createKey,
  delegateKey,
  deleteKey,
  deriveKey,
  exportKey,
  generateSignature,
  getKey,
  getSignature,
  importKey,
  listKeys,
  listSignatures,
  updateKey,
];
