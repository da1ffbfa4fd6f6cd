/**
 * Founds a cluster on several machines. Each operator makes a signer and hands on its card; anybody puts five cards
 * into a roster; each operator joins the roster whose fingerprint all have compared.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRoster, encodeRoster, indexOfIdentity, parseRoster, type Roster } from '@holdfast/cluster/roster';
import { asJsonObject, fromBase64, parseStrictJson, toBase64Url } from '@holdfast/contract/wire';
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { cardOf, dataFolder, foundSigner, SIGNERS } from '../start/founding.ts';
import type { Command } from './index.ts';
import { operatorEntry } from './signer.ts';

const CARD_BYTES_MAX = 4096;
const ROSTER_BYTES_MAX = 8192;

export const initSigner: Command = {
  name: 'signer init',
  usage: 'signer init --card FILE [--allow-import] [--allow-export]',
  summary: 'makes a signer of a cluster on several machines; FILE gets its card, which is public, for the roster',
  async run(args) {
    const given = readArguments(args, {
      card: { type: 'string' },
      'allow-import': { type: 'boolean' },
      'allow-export': { type: 'boolean' },
    });
    const file = given.text('card');
    const data = dataFolder(readSettings(process.env).data);
    if (existsSync(data.roster))
      throw new Error(`${data.root} belongs to a cluster already; choose another HOLDFAST_DATA`);
    mkdirSync(data.root, { recursive: true, mode: 0o700 });
    const flags = ['--allow-import', '--allow-export'].filter((flag) => given.flag(flag.slice(2)));
    const card = await foundSigner(data.newSigner, { operator: operatorEntry, flags });
    writeFileSync(file, `${JSON.stringify(card)}\n`, { mode: 0o644 });
    console.log(
      `made a signer in ${data.newSigner}; its unseal.key opens it and is in no backup: keep a copy in a safe`,
    );
    console.log(`card          ${file}: give it to whoever makes the roster; nothing in it is secret`);
    console.log(`identity      ${toBase64Url(fromBase64(card.identityKey, { bytes: 32 }))}`);
  },
};

export const foundCluster: Command = {
  name: 'cluster found',
  usage: 'cluster found CARD CARD CARD CARD CARD --relay nats://HOST:4222',
  summary: 'puts the cards of five signers into a roster, in the data folder of this machine; prints the fingerprint',
  async run(args) {
    const given = readArguments(args, { relay: { type: 'string' } }, SIGNERS);
    if (given.positionals.length !== SIGNERS) throw new UsageError(`give the cards of ${SIGNERS} signers`);
    const data = dataFolder(readSettings(process.env).data);
    if (existsSync(data.roster)) throw new Error(`${data.roster} exists: it is the roster of another cluster`);
    const relay = given.text('relay');
    const roster = createRoster({ epoch: 0, relay, signers: given.positionals.map(readCard) });
    mkdirSync(data.root, { recursive: true, mode: 0o700 });
    writeFileSync(data.roster, encodeRoster(roster), { mode: 0o644, flag: 'wx' });
    show(roster);
    console.log(`\nroster        ${data.roster}: send it to the operator of each signer`);
    console.log('next          each operator: holdfast cluster join ROSTER --fingerprint the one above');
  },
};

export const joinCluster: Command = {
  name: 'cluster join',
  usage: 'cluster join ROSTER --fingerprint FINGERPRINT',
  summary: 'gives the signer made here its place in a roster, if the roster has the fingerprint that all have compared',
  async run(args) {
    const given = readArguments(args, { fingerprint: { type: 'string' } }, 1);
    const [file] = given.positionals;
    if (file === undefined) throw new UsageError('say which roster');
    const expected = given.text('fingerprint');
    const data = dataFolder(readSettings(process.env).data);
    const text = readSmallFile(file, ROSTER_BYTES_MAX);
    const roster = parseRoster(text);
    const fingerprint = toBase64Url(roster.fingerprint);
    // Whoever changed a card on its way changed the fingerprint, which people have read to each other.
    if (fingerprint !== expected)
      throw new Error(`${file} has the fingerprint ${fingerprint}, not ${expected}: somebody holds another roster`);
    const known = existsSync(data.roster) ? parseRoster(readFileSync(data.roster, 'utf8')) : undefined;
    if (known !== undefined && toBase64Url(known.fingerprint) !== fingerprint)
      throw new Error(`${data.root} belongs to another cluster; choose another HOLDFAST_DATA`);
    if (!existsSync(data.newSigner))
      throw new Error(`${data.newSigner} does not exist: make a signer with "signer init"`);
    const { identityKey } = await cardOf(data.newSigner, operatorEntry);
    const index = indexOfIdentity(roster, fromBase64(identityKey, { bytes: 32 }));
    if (index === undefined) throw new Error(`${file} does not name the signer of this machine: its card is not in it`);
    writeFileSync(data.roster, encodeRoster(roster), { mode: 0o644 });
    renameSync(data.newSigner, data.signer(index));
    show(roster);
    console.log(`\nthis machine  signer ${index}; start it: npm run holdfast -- signer start ${index}`);
  },
};

function show(roster: Roster): void {
  console.log(`cluster       ${roster.clusterId}`);
  console.log(`fingerprint   ${toBase64Url(roster.fingerprint)}`);
  console.log(`relay         ${roster.relay}`);
  for (const { index, identityKey } of roster.signers) console.log(`signer ${index}      ${toBase64Url(identityKey)}`);
}

function readCard(file: string) {
  try {
    const card = asJsonObject(parseStrictJson(readSmallFile(file, CARD_BYTES_MAX)), 'card');
    const read = (name: string, bytes: number) => fromBase64(card[name] as string, { bytes, name });
    return {
      identityKey: read('identityKey', 32),
      transportKey: read('transportKey', 32),
      transportSignature: read('transportSignature', 64),
    };
  } catch (cause) {
    throw new Error(`${file} is not the card of a signer: ${cause instanceof Error ? cause.message : 'unreadable'}`, {
      cause,
    });
  }
}

function readSmallFile(file: string, bytesMax: number): string {
  if (!existsSync(file)) throw new Error(`${file} does not exist`);
  if (statSync(file).size > bytesMax) throw new Error(`${file} is larger than ${bytesMax} bytes`);
  return readFileSync(file, 'utf8');
}
