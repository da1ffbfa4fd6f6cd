/** Replacing a signer, as its operators type it (docs/specs/succession.md §3), and following that as a user. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { HoldfastApi } from '@holdfast/client/api';
import { followSuccessions } from '@holdfast/client/cluster';
import { parseSuccession } from '@holdfast/cluster/roster';
import { readAccountFile, writeMembers } from '../account-file.ts';
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { readRoster } from '../roster.ts';
import { dataFolder, foundSigner, localSigners } from '../start/founding.ts';
import type { Command } from './index.ts';
import { inherit, operatorEntry, signerEnvironment, signerNumber } from './signer.ts';

export const initReplacement: Command = {
  name: 'signer replacement',
  usage: 'signer replacement N --card FILE [--allow-import] [--allow-export]',
  summary: 'makes a signer that can take the place of signer N, in a data folder with the roster; FILE gets its card',
  async run(args) {
    const given = readArguments(
      args,
      { card: { type: 'string' }, 'allow-import': { type: 'boolean' }, 'allow-export': { type: 'boolean' } },
      1,
    );
    const n = signerNumber(given.positionals[0]);
    const file = given.text('card');
    const folder = dataFolder(readSettings(process.env).data).signer(n);
    if (existsSync(folder)) throw new Error(`${folder} exists: move the old signer away first`);
    const flags = ['--allow-import', '--allow-export'].filter((flag) => given.flag(flag.slice(2)));
    const card = await foundSigner(folder, { operator: operatorEntry, flags: ['--replace', String(n), ...flags] });
    writeFileSync(file, `${JSON.stringify(card)}\n`, { mode: 0o644 });
    console.log(`made a signer in ${folder}; its unseal.key opens it and is in no backup: keep a copy in a safe`);
    console.log(`card          ${file}: for "signer succession"; nothing in it is secret`);
  },
};

export const proposeSuccession: Command = {
  name: 'signer succession',
  usage: 'signer succession FILE --replace N --card CARD',
  summary: 'writes the step to the roster in which the signer of CARD replaces signer N; the other four accept it',
  async run(args) {
    const given = readArguments(args, { replace: { type: 'string' }, card: { type: 'string' } }, 1);
    const [file] = given.positionals;
    if (file === undefined) throw new UsageError('say where it goes');
    const replace = given.text('replace');
    const line = readFileSync(given.text('card'), 'utf8').trim();
    const { roster } = dataFolder(readSettings(process.env).data);
    await inherit([operatorEntry, 'succession', file, '--replace', replace, '--by', line], { HOLDFAST_ROSTER: roster });
  },
};

export const acceptRoster: Command = {
  name: 'signer accept-roster',
  usage: 'signer accept-roster FILE FINGERPRINT [--signer N]',
  summary: 'signs that step with the signers of this machine that stay; the fingerprint is the one its sender told you',
  async run(args) {
    const given = readArguments(args, { signer: { type: 'string' } }, 2);
    const [file, fingerprint] = given.positionals;
    if (file === undefined || fingerprint === undefined) throw new UsageError('give the file and the fingerprint');
    const chosen = given.optional('signer');
    const numbers = chosen === undefined ? staying(file) : [signerNumber(chosen)];
    for (const n of numbers) await inherit([operatorEntry, 'accept-roster', file, fingerprint], signerEnvironment(n));
  },
};

export const adoptRoster: Command = {
  name: 'signer adopt-roster',
  usage: 'signer adopt-roster FILE',
  summary:
    'puts the next roster in the place of this one, once three signers accepted it; then restart signers and api',
  async run(args) {
    const [file] = readArguments(args, {}, 1).positionals;
    if (file === undefined) throw new UsageError('say which step');
    const { roster } = dataFolder(readSettings(process.env).data);
    await inherit([operatorEntry, 'adopt-roster', file], { HOLDFAST_ROSTER: roster });
  },
};

export const followCluster: Command = {
  name: 'org follow',
  usage: 'org follow --as acme.json',
  summary: 'after a signer was replaced: checks every step from the pinned fingerprint and notes who serves today',
  async run(args) {
    const file = readArguments(args, { as: { type: 'string' } }).text('as');
    const account = readAccountFile(file);
    const api = new HoldfastApi({ baseUrl: account.apiUrl });
    const { successions } = await api.plain<{ successions: string }>('GET', '/holdfast/cluster');
    const members = followSuccessions(successions, account);
    if (members.epoch !== (account.members?.epoch ?? 0)) writeMembers(file, account, members);
    console.log(`members of epoch ${members.epoch}, fingerprint ${members.fingerprint}`);
  },
};

/** The signers of this machine that are in both rosters. */
function staying(file: string): number[] {
  const data = dataFolder(readSettings(process.env).data);
  const step = parseSuccession(readFileSync(file, 'utf8'));
  const left = readRoster(data.roster).signers.find(
    (signer) => Buffer.compare(signer.identityKey, step.leaves) === 0,
  )?.index;
  return localSigners(data).filter((n) => n !== left);
}
