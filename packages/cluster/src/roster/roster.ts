/** The roster file: who the five signers are and where they meet (docs/specs/roster.md). */

import type { KeyObject } from 'node:crypto';
import { clusterFingerprint, signerId } from '@holdfast/authority/challenge';
import {
  asJsonObject,
  fromBase64,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
  toBase64,
  toHex,
  WireError,
} from '@holdfast/contract/wire';
import { check, refuse } from '../errors.ts';
import {
  agreeX25519,
  isCanonicalField,
  isSmallOrderEd25519,
  KEY_BYTES,
  privateKeyObject,
  publicKeyObject,
  SIGNATURE_BYTES,
  verifyEd25519,
} from '../keys.ts';
import { type RosterEntry, transportStatement } from './identity.ts';

/** The product's cluster: five signers, any three sign. */
export const SIGNERS = 5;
const ROSTER_BYTES_MAX = 8192;
const EPOCH_MAX = 2 ** 31 - 1;
const RELAY_CHARS_MAX = 512;

/** Position of a signer when sorted by raw signer id, 1…5. */
export type SignerIndex = number;

export interface RosterSigner extends RosterEntry {
  readonly index: SignerIndex;
  /** SHA-256 of the identity key, 32 bytes. */
  readonly signerId: Uint8Array;
}

/** A roster that passed every check of parseRoster. */
export interface Roster {
  readonly v: 1;
  readonly epoch: number;
  /** Address of the relay: ws:// or wss:// inside the api, nats:// or tls:// for NATS. */
  readonly relay: string;
  /** Sorted by signer id, so that signers[i - 1].index is i. */
  readonly signers: readonly RosterSigner[];
  /** 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** `cl-` and 26 characters 0-9a-v of the fingerprint. */
  readonly clusterId: string;
  /**
   * Fingerprint of the founding: what challenges name the cluster by (field `c`), whoever serves in it today. The own one
   * where nobody was ever replaced.
   */
  readonly origin: Uint8Array;
  /** Fingerprints of every roster before this one, the founding first. */
  readonly past: readonly Uint8Array[];
  /** The steps between them as text, for whoever has to follow (docs/specs/succession.md §2). */
  readonly successions: string;
}

/**
 * Reads and verifies a roster file. Throws ClusterError `E_ROSTER` with a sentence that names the member at fault.
 *
 *     const roster = parseRoster(readFileSync('data/roster.json', 'utf8'));
 *     roster.signers[0].index   // 1
 */
export function parseRoster(text: string): Roster {
  try {
    return parseRosterValue(parseStrictJson(text, { bytesMax: ROSTER_BYTES_MAX, depthMax: 4, name: 'roster' }));
  } catch (cause) {
    if (cause instanceof WireError) refuse('E_ROSTER', cause.message, {}, cause);
    throw cause;
  }
}

/** The same for a roster inside another file, which may have been read as JSON already. */
export function parseRosterValue(value: JsonValue): Roster {
  try {
    const file = asJsonObject(value, 'roster');
    members(file, 'roster', ['v', 'epoch', 'relay', 'signers']);
    check(file.v === 1, 'E_ROSTER', 'roster.v must be 1');
    const { epoch, relay, signers } = file;
    check(typeof relay === 'string', 'E_ROSTER', 'roster.relay must be a ws://, wss://, nats:// or tls:// address');
    check(Array.isArray(signers), 'E_ROSTER', 'roster.signers must be a list');
    return createRoster({ epoch: epoch as number, relay, signers: signers.map(readEntry) });
  } catch (cause) {
    if (cause instanceof WireError) refuse('E_ROSTER', cause.message, {}, cause);
    throw cause;
  }
}

/** Makes a roster of five entries, in any order, with every check of parseRoster. */
export function createRoster(o: {
  readonly epoch: number;
  readonly relay: string;
  readonly signers: readonly RosterEntry[];
}): Roster {
  check(
    Number.isSafeInteger(o.epoch) && o.epoch >= 0 && o.epoch <= EPOCH_MAX,
    'E_ROSTER',
    'roster.epoch must be a whole number',
  );
  checkRelay(o.relay);
  check(o.signers.length === SIGNERS, 'E_ROSTER', `roster.signers must have exactly ${SIGNERS} entries`);
  o.signers.forEach(checkEntry);
  const signers = o.signers
    .map((entry) => ({ ...entry, signerId: signerId(entry.identityKey) }))
    .sort((a, b) => Buffer.compare(a.signerId, b.signerId))
    .map((entry, at) => ({ index: at + 1, ...entry }));
  for (const key of ['identityKey', 'transportKey'] as const) {
    const distinct = new Set(signers.map((signer) => toHex(signer[key])));
    check(distinct.size === SIGNERS, 'E_ROSTER', `two signers of the roster have the same ${key}`);
  }
  const fingerprint = clusterFingerprint(
    o.epoch,
    signers.map((signer) => signer.identityKey),
  );
  return {
    v: 1,
    epoch: o.epoch,
    relay: o.relay,
    signers,
    fingerprint,
    clusterId: clusterIdOf(fingerprint),
    origin: fingerprint,
    past: [],
    successions: '',
  };
}

/** The file's text: members in the order of the format, signers sorted by id. */
export function encodeRoster(roster: Pick<Roster, 'epoch' | 'relay' | 'signers'>): string {
  return `${JSON.stringify(rosterValue(createRoster(roster)), null, 2)}\n`;
}

/** The members of the file, in their order. */
export function rosterValue({ epoch, relay, signers }: Pick<Roster, 'epoch' | 'relay' | 'signers'>) {
  const entries = signers.map((signer) => ({
    identityKey: toBase64(signer.identityKey),
    transportKey: toBase64(signer.transportKey),
    transportSignature: toBase64(signer.transportSignature),
  }));
  return { v: 1, epoch, relay, signers: entries };
}

/** The signer at an index; undefined when the number names nobody. */
export function signerAt(roster: Roster, index: number): RosterSigner | undefined {
  return Number.isInteger(index) ? roster.signers[index - 1] : undefined;
}

/** The index of the signer with this identity key. */
export function indexOfIdentity(roster: Roster, identityKey: Uint8Array): SignerIndex | undefined {
  return roster.signers.find((signer) => Buffer.compare(signer.identityKey, identityKey) === 0)?.index;
}

export function indexOfSignerId(roster: Roster, id: Uint8Array): SignerIndex | undefined {
  return roster.signers.find((signer) => Buffer.compare(signer.signerId, id) === 0)?.index;
}

/** Checks an identity signature by roster index; false for an unknown index or a wrong length. */
export function verifyBySigner(
  roster: Roster,
  o: { readonly index: SignerIndex; readonly bytes: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const signer = signerAt(roster, o.index);
  return signer !== undefined && verifyEd25519(identityKeyObject(signer), o.bytes, o.signature);
}

const identityKeys = new WeakMap<RosterEntry, KeyObject>();

/** Importing a key costs as much as a verification, so each roster entry keeps its own. */
function identityKeyObject(entry: RosterEntry): KeyObject {
  const known = identityKeys.get(entry);
  if (known) return known;
  const key = publicKeyObject('ed25519', entry.identityKey);
  identityKeys.set(entry, key);
  return key;
}

function readEntry(value: JsonValue, at: number): RosterEntry {
  const name = `roster.signers[${at}]`;
  const entry = asJsonObject(value, name);
  members(entry, name, ['identityKey', 'transportKey', 'transportSignature']);
  const read = (member: string, bytes: number) =>
    fromBase64(entry[member] as string, { bytes, name: `${name}.${member}` });
  return {
    identityKey: read('identityKey', KEY_BYTES),
    transportKey: read('transportKey', KEY_BYTES),
    transportSignature: read('transportSignature', SIGNATURE_BYTES),
  };
}

function checkEntry(entry: RosterEntry, at: number): void {
  const name = `roster.signers[${at}]`;
  const { identityKey, transportKey, transportSignature } = entry;
  const identityFits = identityKey.length === KEY_BYTES && isCanonicalField(identityKey, { signBit: true });
  check(identityFits && !isSmallOrderEd25519(identityKey), 'E_ROSTER', `${name}.identityKey is not an Ed25519 key`);
  const transportFits = transportKey.length === KEY_BYTES && isCanonicalField(transportKey, { signBit: false });
  check(transportFits && contributes(transportKey), 'E_ROSTER', `${name}.transportKey is not an X25519 key`);
  const statement = transportStatement({ identityKey, transportKey });
  const signed = verifyEd25519(publicKeyObject('ed25519', identityKey), statement, transportSignature);
  check(signed, 'E_ROSTER', `${name}.transportSignature is not by its identityKey over its transportKey`);
}

/** Every X25519 private key maps a point of small order to zero (RFC 7748 §5: the scalar is a multiple of 8). */
function contributes(transportKey: Uint8Array): boolean {
  const anyKey = privateKeyObject('x25519', new Uint8Array(KEY_BYTES).fill(1));
  return agreeX25519(anyKey, publicKeyObject('x25519', transportKey)) !== undefined;
}

function checkRelay(relay: string): void {
  const fits = relay.length <= RELAY_CHARS_MAX && /^(wss?|nats|tls):\/\/[^\s@#?]+$/.test(relay) && URL.canParse(relay);
  check(
    fits,
    'E_ROSTER',
    'roster.relay must be a ws://, wss://, nats:// or tls:// address without user, query or fragment',
  );
}

function members(value: JsonObject, name: string, wanted: readonly string[]): void {
  for (const member of Object.keys(value)) {
    check(wanted.includes(member), 'E_ROSTER', `${name} has an unknown member ${JSON.stringify(member.slice(0, 64))}`);
  }
  for (const member of wanted) check(Object.hasOwn(value, member), 'E_ROSTER', `${name}.${member} is missing`);
}

/** base32hex (RFC 4648 §7) in lower case, first 26 characters: 130 bits. */
function clusterIdOf(fingerprint: Uint8Array): string {
  const bits = [...fingerprint.subarray(0, 17)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = Array.from({ length: 26 }, (_, k) =>
    Number.parseInt(bits.slice(5 * k, 5 * k + 5), 2).toString(32),
  );
  return `cl-${characters.join('')}`;
}
