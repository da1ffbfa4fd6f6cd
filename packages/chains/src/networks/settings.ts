/**
 * What an operator says of networks: where their nodes are, how deep a payment has to be, and the chain ids that no
 * table knows. The file `<data>/api/networks.json`: an object of networks by name, members as in `NetworkSettings`.
 */

import { asJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '@holdfast/contract/wire';
import { check, refuse } from '../errors/index.ts';
import { tableNetwork } from './index.ts';

export interface NetworkSettings {
  /** In order of preference; may carry a key or a password, so never shown. */
  readonly rpc?: readonly string[];
  /** Blocks on top of its own after which a transaction counts as confirmed. */
  readonly confirmations?: number;
  /** EVM only, and only where the table has none. Signers have it from settings of their own. */
  readonly chainId?: number;
  /** Nodes that must agree where it matters; 2 unless told, all there are if fewer. */
  readonly quorum?: number;
  /** By origin of a node's address: what it wants in every request, sealed (`../headers`). */
  readonly headers?: Readonly<Record<string, string>>;
  /** First block that the indexer reads; unset: the newest when it begins, since new wallets have no past. */
  readonly indexFrom?: number;
}

export type NetworksFile = Readonly<Record<string, NetworkSettings>>;

const FILE_BYTES_MAX = 262_144;
const NODES_MAX = 16;
const URL_CHARS_MAX = 2_000;
const CONFIRMATIONS_MAX = 100_000;
const code = 'E_SETTINGS';

/** By their form: opening them takes the api's secret. */
export const isSealedHeaders = (text: unknown): text is string =>
  typeof text === 'string' && /^v1\.[A-Za-z0-9_-]{40,16000}$/.test(text);

/** Throws ChainError E_SETTINGS, or WireError for what is no JSON; no message repeats an address. */
export function parseNetworksFile(text: string): NetworksFile {
  const file = asJsonObject(parseStrictJson(text, { bytesMax: FILE_BYTES_MAX, name: 'networks' }), 'networks');
  return Object.fromEntries(Object.entries(file).map(([name, value]) => [name, parseSettings(name, value)]));
}

export function parseSettings(name: string, value: JsonValue): NetworkSettings {
  const network = tableNetwork(name);
  const given = asJsonObject(value, name);
  const unknown = Object.keys(given).find(
    (each) => !['rpc', 'headers', 'confirmations', 'chainId', 'quorum', 'indexFrom'].includes(each),
  );
  check(unknown === undefined, '', `${name}: ${unknown?.slice(0, 32)} is not a setting`, code);
  const { rpc } = given;
  check(rpc === undefined || Array.isArray(rpc), '', `${name}: rpc must be a list of addresses`, code);
  const urls = rpc as readonly JsonValue[] | undefined;
  check((urls?.length ?? 0) <= NODES_MAX, '', `${name}: at most ${NODES_MAX} nodes`, code);
  for (const url of urls ?? []) checkNodeUrl(name, url);
  const headers = given['headers'] === undefined ? undefined : asJsonObject(given['headers'], 'headers');
  const origins = new Set((urls ?? []).map((url) => new URL(url as string).origin));
  for (const [origin, sealed] of Object.entries(headers ?? {})) {
    check(origins.has(origin), '', `${name}: headers are for the origin of one of its nodes`, code);
    check(isSealedHeaders(sealed), '', `${name}: headers are not sealed; set them by the command`, code);
  }
  const chainId = whole(name, given, 'chainId', { least: 1, most: Number.MAX_SAFE_INTEGER });
  if (chainId !== undefined) checkChainId(network, chainId);
  const confirmations = whole(name, given, 'confirmations', { least: 0, most: CONFIRMATIONS_MAX });
  const quorum = whole(name, given, 'quorum', { least: 1, most: NODES_MAX });
  const indexFrom = whole(name, given, 'indexFrom', { least: 0, most: 2 ** 31 - 1 });
  return {
    ...(urls === undefined ? {} : { rpc: urls as readonly string[] }),
    ...(headers === undefined ? {} : { headers: headers as Readonly<Record<string, string>> }),
    ...(confirmations === undefined ? {} : { confirmations }),
    ...(chainId === undefined ? {} : { chainId }),
    ...(quorum === undefined ? {} : { quorum }),
    ...(indexFrom === undefined ? {} : { indexFrom }),
  };
}

/** A chain id that the table has is not to be changed: signatures for the one would count on the other. */
export function checkChainId(network: { name: string; family: string; chainId?: number }, chainId: number): void {
  check(network.family === 'evm', '', `${network.name} is no EVM network and has no chain id`, code);
  check(
    network.chainId === undefined || network.chainId === chainId,
    '',
    `the chain id of ${network.name} is ${network.chainId}, not ${chainId}`,
    code,
  );
}

function checkNodeUrl(name: string, url: JsonValue): void {
  const parsed = typeof url === 'string' && url.length <= URL_CHARS_MAX && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol) || parsed.hash !== '')
    refuse('', `${name}: the address of a node must be http://… or https://…, without a fragment`, code);
}

function whole(name: string, given: JsonObject, member: string, o: { least: number; most: number }) {
  const value = given[member];
  if (value === undefined) return undefined;
  check(
    typeof value === 'number' && Number.isInteger(value) && value >= o.least && value <= o.most,
    '',
    `${name}: ${member} must be a whole number from ${o.least} to ${o.most}`,
    code,
  );
  return value;
}
