/** Which nodes a network has. Written where the api of this machine finds it; it takes changes up by itself. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Headers, sealHeaders } from '@holdfast/chains/headers';
import {
  isNetwork,
  type NetworkSettings,
  type NetworksFile,
  parseNetworksFile,
  parseSettings,
  tableNetwork,
} from '@holdfast/chains/networks';
import { HoldfastApi } from '@holdfast/client/api';
import { asJsonObject, type JsonValue, parseStrictJson } from '@holdfast/contract/wire';
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { type DataFolder, dataFolder, localSigners, readOperatorToken } from '../start/founding.ts';
import type { Command } from './index.ts';

export const setNetwork: Command = {
  name: 'networks set',
  usage:
    'networks set Ethereum --rpc URL[,URL] [--header "NAME: VALUE"] [--confirmations N] [--chain-id N] [--quorum N] [--index-from BLOCK]',
  summary:
    'says which nodes the api asks about a network, in order of preference, which headers they want, and how deep a payment must be; addresses may carry keys and are kept in a file only you can read, headers sealed in it',
  async run(args) {
    const given = readArguments(
      args,
      {
        rpc: { type: 'string' },
        header: { type: 'string', multiple: true },
        confirmations: { type: 'string' },
        'chain-id': { type: 'string' },
        quorum: { type: 'string' },
        'index-from': { type: 'string' },
      },
      1,
    );
    const name = networkName(given.positionals);
    const rpc = given
      .optional('rpc')
      ?.split(',')
      .map((url) => url.trim());
    const change: NetworkSettings = {
      ...(rpc === undefined ? {} : { rpc }),
      ...whole('confirmations', given.optional('confirmations')),
      ...whole('chainId', given.optional('chain-id')),
      ...whole('quorum', given.optional('quorum')),
      ...whole('indexFrom', given.optional('index-from')),
    };
    if (Object.keys(change).length === 0 && given.all('header').length === 0)
      throw new UsageError('say what to set: --rpc, --confirmations, --chain-id');
    const data = dataFolder(readSettings(process.env).data);
    const file = readFile(data);
    const { headers: before, ...asked }: NetworkSettings = { ...file[name], ...change };
    const headers = headersFor(data, { name, rpc: asked.rpc, before }, readHeaders(given.all('header')));
    const isAny = Object.keys(headers).length > 0;
    const settings = parseSettings(name, { ...asked, ...(isAny ? { headers } : {}) } as JsonValue);
    writeFile(data, { ...file, [name]: settings });
    console.log(`${name}: ${told(settings)}`);
    if ('chainId' in change) tellSigners(data, name, settings.chainId as number);
  },
};

export const unsetNetwork: Command = {
  name: 'networks unset',
  usage: 'networks unset Ethereum',
  summary: 'forgets the nodes of a network',
  async run(args) {
    const name = networkName(readArguments(args, {}, 1).positionals);
    const data = dataFolder(readSettings(process.env).data);
    const { [name]: had, ...others } = readFile(data);
    if (had === undefined) throw new Error(`nothing is set for ${name}`);
    writeFile(data, others);
    console.log(`${name}: no nodes`);
  },
};

interface State {
  readonly network: string;
  readonly height?: number;
  readonly nodes: readonly { readonly place: number; readonly state: string; readonly reason?: string }[];
}

export const listNetworks: Command = {
  name: 'networks list',
  usage: 'networks list',
  summary: 'shows the networks that have nodes, and how the api finds them if it runs',
  async run(args) {
    readArguments(args, {});
    const settings = readSettings(process.env);
    const data = dataFolder(settings.data);
    const file = readFile(data);
    if (Object.keys(file).length === 0)
      return console.log('no network has nodes: holdfast networks set NAME --rpc URL');
    const states = await statesOf(settings.apiUrl, data);
    for (const [name, each] of Object.entries(file)) {
      const state = states?.find(({ network }) => network === name);
      console.log(`${name}: ${told(each)}${state?.height === undefined ? '' : `, at block ${state.height}`}`);
      for (const node of state?.nodes ?? [])
        console.log(
          `  node ${node.place}  ${node.state.toLowerCase()}${node.reason === undefined ? '' : `  ${node.reason}`}`,
        );
    }
    if (states === undefined) console.log('the api does not run here, so nothing is known of the nodes');
  },
};

function networkName([name]: readonly string[]): string {
  if (name === undefined) throw new UsageError('say which network');
  if (!isNetwork(name)) throw new UsageError(`"${name.slice(0, 64)}" is not a network this version serves`);
  return name;
}

function whole(member: string, text: string | undefined): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  if (!/^[0-9]{1,15}$/.test(text)) throw new UsageError(`"${text.slice(0, 20)}" is not a whole number`);
  return { [member]: Number(text) };
}

function readHeaders(given: readonly string[]): Headers | undefined {
  if (given.length === 0) return undefined;
  const headers = given.map((text) => {
    const [, name, value] = /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(text) ?? [];
    // What was given may be the secret alone: it is not repeated.
    if (name === undefined || value === undefined) throw new UsageError('a header is written "NAME: VALUE"');
    return [name.toLowerCase(), value];
  });
  return Object.fromEntries(headers);
}

/** Those that were set stay with their origins, as far as there still is such a node; new ones are for every node. */
function headersFor(
  data: DataFolder,
  of: { readonly name: string; readonly rpc: NetworkSettings['rpc']; readonly before: NetworkSettings['headers'] },
  headers: Headers | undefined,
): Readonly<Record<string, string>> {
  const { name: network, rpc = [], before = {} } = of;
  const origins = [...new Set(rpc.flatMap((url) => (URL.canParse(url) ? [new URL(url).origin] : [])))];
  if (headers === undefined) return Object.fromEntries(Object.entries(before).filter(([at]) => origins.includes(at)));
  if (origins.length === 0) throw new UsageError('headers go to nodes: --rpc first');
  const secret = readApiSecret(data);
  return Object.fromEntries(
    origins.map((origin) => [origin, sealHeaders(headers, { network, origin, secret, iv: randomBytes(12) })]),
  );
}

/** The api's own, made here where it has not been started yet: it takes what it finds. */
function readApiSecret(data: DataFolder): Uint8Array {
  const file = join(data.api, 'secret');
  if (!existsSync(file)) {
    mkdirSync(data.api, { recursive: true, mode: 0o700 });
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  }
  const hex = readFileSync(file, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new Error(`${file} is damaged`);
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** No address: it may carry a key, and terminals are looked at. */
function told({ rpc = [], headers = {}, confirmations, chainId, quorum, indexFrom }: NetworkSettings): string {
  return [
    rpc.length === 1 ? '1 node' : `${rpc.length} nodes`,
    ...(Object.keys(headers).length === 0 ? [] : ['with headers']),
    ...(confirmations === undefined ? [] : [`${confirmations} confirmations`]),
    ...(chainId === undefined ? [] : [`chain id ${chainId}`]),
    ...(quorum === undefined ? [] : [`quorum ${quorum}`]),
    ...(indexFrom === undefined ? [] : [`indexed from block ${indexFrom}`]),
  ].join(', ');
}

const fileOf = (data: DataFolder): string => join(data.api, 'networks.json');

function readFile(data: DataFolder): NetworksFile {
  const file = fileOf(data);
  return existsSync(file) ? parseNetworksFile(readFileSync(file, 'utf8')) : {};
}

function writeFile(data: DataFolder, networks: NetworksFile): void {
  mkdirSync(data.api, { recursive: true, mode: 0o700 });
  writeWhole(fileOf(data), networks);
}

/** Whole or not at all: the api and signers read it while it is written. */
function writeWhole(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}

/** A signer believes nobody but its own settings; on one machine they are here, as the pins of organisations are. */
function tellSigners(data: DataFolder, name: string, chainId: number): void {
  if (tableNetwork(name).chainId !== undefined) return;
  const local = localSigners(data);
  for (const n of local) {
    const file = join(data.signer(n), 'settings.json');
    const settings = existsSync(file) ? asJsonObject(parseStrictJson(readFileSync(file, 'utf8')), 'settings') : {};
    const { chainIds = {} } = settings;
    writeWhole(file, { ...settings, chainIds: { ...asJsonObject(chainIds, 'chainIds'), [name]: chainId } });
  }
  if (local.length > 0)
    console.log(
      `written for ${local.length === 1 ? 'the signer' : `${local.length} signers`} of this machine, who read it when they start`,
    );
  if (local.length < 5) console.log('run the same command where the other signers are');
}

/** Undefined where no api answers here. */
async function statesOf(baseUrl: string, data: DataFolder): Promise<readonly State[] | undefined> {
  try {
    const api = new HoldfastApi({ baseUrl, authToken: readOperatorToken(data) });
    return (await api.plain<{ networks: readonly State[] }>('GET', '/holdfast/networks')).networks;
  } catch {
    // Not running, or elsewhere: what is written can be shown all the same.
    return undefined;
  }
}
