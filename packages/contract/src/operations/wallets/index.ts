/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { createWallet } from './createWallet.ts';
export { deleteWallet } from './deleteWallet.ts';
export { exportWallet } from './exportWallet.ts';
export { generateSignature } from './generateSignature.ts';
export { getSignature } from './getSignature.ts';
export { getWallet } from './getWallet.ts';
export { importWallet } from './importWallet.ts';
export { listSignatures } from './listSignatures.ts';
export { listWallets } from './listWallets.ts';
export { tagWallet } from './tagWallet.ts';
export { untagWallet } from './untagWallet.ts';
export { updateWallet } from './updateWallet.ts';
