/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { createKey } from './createKey.ts';
export { delegateKey } from './delegateKey.ts';
export { deleteKey } from './deleteKey.ts';
export { deriveKey } from './deriveKey.ts';
export { exportKey } from './exportKey.ts';
export { generateSignature } from './generateSignature.ts';
export { getKey } from './getKey.ts';
export { getSignature } from './getSignature.ts';
export { importKey } from './importKey.ts';
export { listKeys } from './listKeys.ts';
export { listSignatures } from './listSignatures.ts';
export { updateKey } from './updateKey.ts';
