/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { createWallet } from './createWallet.ts';
import { deleteWallet } from './deleteWallet.ts';
import { exportWallet } from './exportWallet.ts';
import { generateSignature } from './generateSignature.ts';
import { getSignature } from './getSignature.ts';
import { getWallet } from './getWallet.ts';
import { importWallet } from './importWallet.ts';
import { listSignatures } from './listSignatures.ts';
import { listWallets } from './listWallets.ts';
import { tagWallet } from './tagWallet.ts';
import { untagWallet } from './untagWallet.ts';
import { updateWallet } from './updateWallet.ts';

export const walletsHandlers: readonly Handler[] = [
  createWallet,
  deleteWallet,
  exportWallet,
  generateSignature,
  getSignature,
  getWallet,
  importWallet,
  listSignatures,
  listWallets,
  tagWallet,
  untagWallet,
  updateWallet,
];
