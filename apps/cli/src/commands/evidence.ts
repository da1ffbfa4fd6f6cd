/** Evidence that a signer deviated: kept by the signers of this machine, judged by anybody, offline. */
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { dataFolder } from '../start/founding.ts';
import type { Command } from './index.ts';
import { inherit, operatorEntry, signerEnvironment, signerNumber } from './signer.ts';

export const listEvidence: Command = {
  name: 'evidence list',
  usage: 'evidence list N',
  summary: 'what signer N, which must be stopped, has kept of runs in which another deviated',
  async run(args) {
    const n = signerNumber(readArguments(args, {}, 1).positionals[0]);
    await inherit([operatorEntry, 'evidence', 'list'], signerEnvironment(n));
  },
};

export const exportEvidence: Command = {
  name: 'evidence export',
  usage: 'evidence export N K FILE',
  summary: 'writes the K-th of that list into a file for anybody to judge',
  async run(args) {
    const [n, k, file] = readArguments(args, {}, 3).positionals;
    if (k === undefined || file === undefined)
      throw new UsageError('say which signer, which of the list, and where to');
    await inherit([operatorEntry, 'evidence', 'export', k, file], signerEnvironment(signerNumber(n)));
  },
};

export const verifyEvidence: Command = {
  name: 'evidence verify',
  usage: 'evidence verify FILE',
  summary: 'judges such a file from the roster alone, offline; exit code 7 if it convicts nobody',
  async run(args) {
    const [file] = readArguments(args, {}, 1).positionals;
    if (file === undefined) throw new UsageError('say which file');
    const { roster } = dataFolder(readSettings(process.env).data);
    await inherit([operatorEntry, 'evidence', 'verify', file], {
      HOLDFAST_ROSTER: process.env['HOLDFAST_ROSTER'] ?? roster,
    });
  },
};
