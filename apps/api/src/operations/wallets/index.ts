/** Every handler of this domain; a test fails when the folder and this list disagree. */
import type { Handler } from '../../pipeline/types.ts';
import { abortTransaction } from './abortTransaction.ts';
import { abortTransfer } from './abortTransfer.ts';
import { acceptOffer } from './acceptOffer.ts';
import { activateWallet } from './activateWallet.ts';
import { broadcastTransaction } from './broadcastTransaction.ts';
import { cancelTransaction } from './cancelTransaction.ts';
import { cancelTransfer } from './cancelTransfer.ts';
import { cantonLedgerApiProxy } from './cantonLedgerApiProxy.ts';
import { createWallet } from './createWallet.ts';
import { delegateWallet } from './delegateWallet.ts';
import { deleteWallet } from './deleteWallet.ts';
import { exportWallet } from './exportWallet.ts';
import { generateSignature } from './generateSignature.ts';
import { getOffer } from './getOffer.ts';
import { getSignature } from './getSignature.ts';
import { getTransaction } from './getTransaction.ts';
import { getTransfer } from './getTransfer.ts';
import { getWallet } from './getWallet.ts';
import { getWalletAssets } from './getWalletAssets.ts';
import { getWalletHistory } from './getWalletHistory.ts';
import { getWalletNfts } from './getWalletNfts.ts';
import { importWallet } from './importWallet.ts';
import { listOffers } from './listOffers.ts';
import { listOrgWalletHistory } from './listOrgWalletHistory.ts';
import { listSignatures } from './listSignatures.ts';
import { listTransactions } from './listTransactions.ts';
import { listTransfers } from './listTransfers.ts';
import { listWallets } from './listWallets.ts';
import { rejectOffer } from './rejectOffer.ts';
import { speedUpTransaction } from './speedUpTransaction.ts';
import { speedUpTransfer } from './speedUpTransfer.ts';
import { tagWallet } from './tagWallet.ts';
import { transferAsset } from './transferAsset.ts';
import { untagWallet } from './untagWallet.ts';
import { updateWallet } from './updateWallet.ts';

export const walletsHandlers: readonly Handler[] = [
  activateWallet,
  cantonLedgerApiProxy,
  rejectOffer,
  acceptOffer,
  getOffer,
  listOffers,
  abortTransaction,
  abortTransfer,
  broadcastTransaction,
  cancelTransaction,
  cancelTransfer,
  createWallet,
  delegateWallet,
  deleteWallet,
  exportWallet,
  generateSignature,
  getSignature,
  getTransaction,
  getTransfer,
  getWallet,
  getWalletAssets,
  getWalletHistory,
  getWalletNfts,
  listOrgWalletHistory,
  importWallet,
  listSignatures,
  listTransactions,
  listTransfers,
  listWallets,
  speedUpTransaction,
  speedUpTransfer,
  tagWallet,
  transferAsset,
  untagWallet,
  updateWallet,
];
