/** Backups of the signers of this machine. The signer's own operator entry does the work: this process sees no share. */
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { dataFolder } from '../start/founding.ts';
import type { Command } from './index.ts';
import { inherit, operatorEntry, signerEnvironment, signerNumber } from './signer.ts';

export const createBackupKey: Command = {
  name: 'backup key',
  usage: 'backup key FILE',
  summary: 'makes a key pair to seal backups to: prints the public part, writes the private part to FILE, for a safe',
  async run(args) {
    const [file] = readArguments(args, {}, 1).positionals;
    if (file === undefined) throw new UsageError('say where the private part goes');
    await inherit([operatorEntry, 'backup', 'key', file], {});
  },
};

export const createBackup: Command = {
  name: 'backup create',
  usage: 'backup create N FILE [--to PUBLIC]',
  summary:
    'seals the data of signer N, which must be stopped, to a key of "backup key" or to HOLDFAST_BACKUP_PASSPHRASE',
  async run(args) {
    const given = readArguments(args, { to: { type: 'string' } }, 2);
    const [n, file] = given.positionals;
    if (file === undefined) throw new UsageError('say which signer, and where the backup goes');
    const to = given.optional('to');
    await inherit(
      [operatorEntry, 'backup', 'create', file, ...(to === undefined ? [] : ['--to', to])],
      signerEnvironment(signerNumber(n)),
    );
  },
};

export const verifyBackup: Command = {
  name: 'backup verify',
  usage: 'backup verify FILE [--key FILE]',
  summary: 'opens a backup and proves every share in it against the public shares of its key; exit code 7 if one fails',
  async run(args) {
    const given = readArguments(args, { key: { type: 'string' } }, 1);
    const [file] = given.positionals;
    if (file === undefined) throw new UsageError('say which backup');
    const { roster } = dataFolder(readSettings(process.env).data);
    await inherit([operatorEntry, 'backup', 'verify', file, ...keyOf(given.optional('key'))], {
      HOLDFAST_ROSTER: process.env['HOLDFAST_ROSTER'] ?? roster,
    });
  },
};

export const restore: Command = {
  name: 'restore',
  usage: 'restore N FILE [--key FILE] [--survivors 2]',
  summary:
    'makes signer N again from its backup, in an empty folder; --survivors 2 only where three signers are lost for good',
  async run(args) {
    const given = readArguments(args, { key: { type: 'string' }, survivors: { type: 'string' } }, 2);
    const [n, file] = given.positionals;
    if (file === undefined) throw new UsageError('say which signer, and from which backup');
    const survivors = given.optional('survivors');
    const number = signerNumber(n);
    await inherit(
      [
        ...[operatorEntry, 'restore', file, '--index', String(number)],
        ...keyOf(given.optional('key')),
        ...(survivors === undefined ? [] : ['--survivors', survivors]),
      ],
      signerEnvironment(number, { mayBeNew: true }),
    );
  },
};

function keyOf(file: string | undefined): readonly string[] {
  return file === undefined ? [] : ['--key', file];
}
