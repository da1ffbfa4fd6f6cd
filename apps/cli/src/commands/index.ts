/** Every command, in the order `help` shows them. */

import { startApi } from './api.ts';
import { auditShares, repairKeys } from './audit.ts';
import { createBackup, createBackupKey, restore, verifyBackup } from './backup.ts';
import { foundCluster, initSigner, joinCluster } from './cluster.ts';
import { refreshCluster } from './cluster-refresh.ts';
import { exportEvidence, listEvidence, verifyEvidence } from './evidence.ts';
import { exportLog, verifyLog } from './log.ts';
import { listNetworks, setNetwork, unsetNetwork } from './networks.ts';
import { createOrg } from './org-create.ts';
import { enableOrg } from './org-enable.ts';
import { orgSetupLink } from './org-setup-link.ts';
import { doctor, freeze, named, startSigner, trustOrg, unfreeze } from './signer.ts';
import { status } from './status.ts';
import { acceptRoster, adoptRoster, followCluster, initReplacement, proposeSuccession } from './succession.ts';
import { createWallet, exportWallet, importWallet, listWallets, signWithWallet } from './wallet.ts';

export interface Command {
  /** One or two words. */
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  run(args: readonly string[]): Promise<void>;
}

export const commands: readonly Command[] = [
  createOrg,
  enableOrg,
  orgSetupLink,
  status,
  exportLog,
  verifyLog,
  createWallet,
  listWallets,
  importWallet,
  signWithWallet,
  exportWallet,
  setNetwork,
  unsetNetwork,
  listNetworks,
  trustOrg,
  initSigner,
  foundCluster,
  joinCluster,
  startApi,
  startSigner,
  freeze,
  unfreeze,
  named,
  doctor,
  refreshCluster,
  createBackupKey,
  createBackup,
  verifyBackup,
  restore,
  auditShares,
  repairKeys,
  listEvidence,
  exportEvidence,
  verifyEvidence,
  initReplacement,
  proposeSuccession,
  acceptRoster,
  adoptRoster,
  followCluster,
];
