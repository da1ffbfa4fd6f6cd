/**
 * Settings, the signer's folder and its secrets: read once, checked, typed. With main.ts and operator.ts the only
 * file of this process that touches the environment and the disk; the store's own file aside.
 * The format of the folder: docs/specs/sealed-vault.md.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scryptSync } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ChainError } from '@holdfast/chains/families';
import { isNetwork, parseSettings } from '@holdfast/chains/networks';
import { isNatsUrl, type NatsAddress, parseNatsUrl, type RelayPlace } from '@holdfast/cluster/relay';
import {
  checkSuccession,
  encodeChain,
  encodeRoster,
  encodeSuccession,
  fitsPlace,
  type Identity,
  identityFromSeeds,
  parseChain,
  parseRoster,
  parseSuccession,
  type Roster,
  type RosterEntry,
  rosterEntry,
  type Succession,
  signSuccession,
  withHistory,
} from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import {
  asJsonObject,
  fromBase64,
  fromHex,
  type JsonValue,
  parseStrictJson,
  toBase64,
  toBase64Url,
  toHex,
  WireError,
} from '@holdfast/contract/wire';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import { check, Refused } from './refusal/index.ts';

/** The world as an operator's command uses it: it speaks to the folder, once, and ends. */
export function operatorEnv(): Pick<Env, 'now' | 'random' | 'point'> {
  return { now: Date.now, random: (bytes) => new Uint8Array(randomBytes(bytes)), point: () => {} };
}

/** The setting is unsafe or missing: the process says so in one line and exits with 78 (EX_CONFIG). */
export class UnsafeSettings extends Error {
  override readonly name = 'UnsafeSettings';
  static readonly exitCode = 78;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly dir: string;
  readonly rosterFile: string;
  /** Undefined: the roster's relay. */
  readonly relayUrl: string | undefined;
  /** How to get in at NATS, if the relay is one. */
  readonly nats: NatsAccess;
  readonly unseal: UnsealSource;
  /** Engines of ECDSA that this signer takes part in. */
  readonly ecdsaEngines: readonly ('H' | 'C')[];
  /** How long nobody must have asked for anything before an auxiliary set-up begins; undefined: this signer makes none. */
  readonly auxiliaryQuietMs: number | undefined;
  /** Test builds only: kill -9 self the nth time a named point is passed. */
  readonly crashAt: { readonly point: string; readonly count: number } | undefined;
}

export type UnsealSource =
  | { readonly from: 'key'; readonly text: string; readonly name: string }
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'passphrase'; readonly passphrase: string };

export interface NatsAccess {
  /** A `.creds` file and a PEM file of authorities. */
  readonly credentialsFile: string | undefined;
  readonly authoritiesFile: string | undefined;
}

/** What the operator of this signer allows, besides what the organisation allows. */
export interface SignerSettings {
  readonly allowImport: boolean;
  readonly allowExport: boolean;
  /** Of EVM networks whose chain id no table has: by name. Never from the api, which could make one chain's signature count on another. */
  readonly chainIds?: Readonly<Record<string, number>>;
  /** By network: the highest fee, decimal in the smallest unit, that this signer adds to a transfer. */
  readonly feeMax?: Readonly<Record<string, string>>;
}

/** Keys derived from the unseal secret, one per purpose, 32 bytes each. */
export interface StoreKeys {
  readonly sealKey: Uint8Array;
  readonly macKey: Uint8Array;
}

export interface SignerFolder {
  readonly identity: Identity;
  readonly signerId: Uint8Array;
  readonly roster: Roster;
  /** Roster index of this signer, 1…5. */
  readonly index: number;
  readonly keys: StoreKeys;
  readonly settings: SignerSettings;
  readonly storeFile: string;
  readonly relay: RelayPlace;
  /** Read at the time of asking, so that `trust` and `freeze` act on a running signer. */
  pin(orgId: string): Uint8Array | undefined;
  isFrozen(): boolean;
}

const IDENTITY_FILE = 'identity.key';
const UNSEAL_FILE = 'unseal.key';
const SETTINGS_FILE = 'settings.json';
const FROZEN_FILE = 'frozen';
/** Beside the roster: every step since the founding. */
const SUCCESSIONS_FILE = 'successions.json';
/** In the folder: which roster this signer's operator accepted after which; one each, never changed. */
const ACCEPTED_FOLDER = 'accepted';
const SECRET_BYTES_MIN = 32;
const PASSPHRASE_CHARS_MIN = 16;
/** RFC 7914: 128 MiB, about half a second; asked for once per start. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;

/** Reads the environment. Each name has a line in .env.example. */
export function readConfig(env: Environment): Config {
  const given = env.HOLDFAST_SIGNER_DIR;
  if (given === undefined || given === '')
    throw new UnsafeSettings('HOLDFAST_SIGNER_DIR is not set: give the folder of this signer');
  const dir = resolve(given);
  return {
    dir,
    rosterFile: resolve(env.HOLDFAST_ROSTER ?? join(dir, '..', 'roster.json')),
    // NATS_URL is for api and signers alike; the other names the relay inside an api.
    relayUrl: env.NATS_URL || env.HOLDFAST_RELAY_URL || undefined,
    nats: { credentialsFile: env.NATS_CREDS || undefined, authoritiesFile: env.NATS_CA || undefined },
    unseal: readUnsealSource(env, dir),
    ecdsaEngines: readEngines(env.HOLDFAST_ECDSA_ENGINES || 'H,C'),
    auxiliaryQuietMs: readQuiet(env.HOLDFAST_AUXILIARY_QUIET),
    crashAt: env.NODE_ENV === 'test' ? readCrashPoint(env.HOLDFAST_CRASH_AT) : undefined,
  };
}

/** As the api's setting of the same name; which of them comes first is the api's affair. */
function readEngines(value: string): ('H' | 'C')[] {
  const engines = value.split(',').map((each) => each.trim());
  const known = engines.filter((each): each is 'H' | 'C' => each === 'H' || each === 'C');
  if (known.length === engines.length && new Set(known).size === known.length) return known;
  throw new UnsafeSettings('HOLDFAST_ECDSA_ENGINES must be H, C or H,C');
}

/** A supervisor that is killed can tell nobody: its end of a pipe goes with it, and that is this process's end too. */
export function endsWithInput(env: Environment): boolean {
  return env.HOLDFAST_LIFELINE === 'stdin';
}

/** Opens a folder made by createFolder, with every check of start-up. Throws UnsafeSettings. */
export function openFolder(config: Config): SignerFolder {
  checkFolder(config.dir);
  const { identity, root } = openIdentity(config);
  const roster = readRoster(config.rosterFile);
  const signerId = sha256(identity.publicKey);
  const index = roster.signers.find((s) => Buffer.compare(s.signerId, signerId) === 0)?.index;
  if (index === undefined) {
    throw new UnsafeSettings(
      `${config.rosterFile} does not contain this signer (${toBase64(identity.publicKey)}): add its line from "operator status"`,
    );
  }
  const relay = relayPlace(config.relayUrl ?? roster.relay, config.nats);
  const keys = { sealKey: subKey(root, 'seal'), macKey: subKey(root, 'mac') };
  root.fill(0);
  return {
    identity,
    signerId,
    roster,
    index,
    keys,
    relay,
    settings: readSettings(config.dir),
    storeFile: join(config.dir, 'store.sqlite'),
    pin: (orgId) => readPin(config.dir, orgId),
    isFrozen: () => existsSync(join(config.dir, FROZEN_FILE)),
  };
}

/**
 * Makes a new signer: folder (0700), identity, unseal secret unless one is given. Answers its line for the roster.
 * Refuses a folder that already has an identity.
 */
export function createFolder(o: {
  readonly dir: string;
  readonly unseal: UnsealSource;
  readonly settings: SignerSettings;
  readonly random: (n: number) => Uint8Array;
  /** Where it is to replace a signer: its identity is drawn until it sorts into that place. */
  readonly place?: { readonly roster: Roster; readonly index: number };
}): RosterEntry {
  mkdirSync(o.dir, { recursive: true, mode: 0o700 });
  chmodSync(o.dir, 0o700);
  const file = join(o.dir, IDENTITY_FILE);
  if (existsSync(file) || existsSync(join(o.dir, 'store.sqlite'))) {
    throw new UnsafeSettings(`${o.dir} already holds a signer: choose an empty folder`);
  }
  if (o.unseal.from === 'file' && !existsSync(o.unseal.file)) {
    writeDurably(o.unseal.file, `${toBase64(o.random(SECRET_BYTES_MIN))}\n`);
  }
  writeDurably(join(o.dir, SETTINGS_FILE), `${JSON.stringify(o.settings, null, 2)}\n`);
  mkdirSync(join(o.dir, 'pins'), { recursive: true, mode: 0o700 });
  const seeds = o.place === undefined ? Buffer.from(o.random(64)) : seedsFor(o.place, o.random);
  const { identity, text } = newIdentityFile({ ...o, seeds });
  writeDurably(file, text);
  return rosterEntry(identity);
}

/** Neighbours are far apart as a rule: a few draws, seldom more than a hundred; beyond this the place is too narrow. */
const DRAWS_MAX = 100_000;

function seedsFor(
  { roster, index }: { readonly roster: Roster; readonly index: number },
  random: (n: number) => Uint8Array,
): Buffer {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const seeds = Buffer.from(random(64));
    const { publicKey } = identityFromSeeds({ identitySeed: seeds.subarray(0, 32), transportSeed: seeds.subarray(32) });
    if (fitsPlace(roster, { index, identityKey: publicKey })) return seeds;
    seeds.fill(0);
  }
  throw new UnsafeSettings(`no identity fits between the neighbours of signer ${index}: replace another one first`);
}

/**
 * Signs a step to another roster, after noting it: this signer accepts one successor of a roster, ever. Answers the step
 * with the signature.
 */
export function acceptRoster(config: Config, o: { readonly file: string; readonly fingerprint: string }): Succession {
  const step = parseSuccession(readText(o.file));
  const to = toHex(step.to.fingerprint);
  const shown = toBase64Url(step.to.fingerprint);
  if (shown !== o.fingerprint)
    throw new UnsafeSettings(`${o.file} leads to the roster ${shown}, not to the one you gave: ask who sent it`);
  const { roster, identity } = openFolder(config);
  if (toHex(roster.fingerprint) !== toHex(step.fromFingerprint))
    throw new UnsafeSettings(`${o.file} begins at another roster than this signer serves in`);
  const note = join(config.dir, ACCEPTED_FOLDER, toHex(step.fromFingerprint));
  const noted = existsSync(note) ? readFileSync(note, 'utf8').trim() : undefined;
  if (noted !== undefined && noted !== to)
    throw new UnsafeSettings(`this signer has accepted another successor of this roster already: ${noted}`);
  const signed = signSuccession(step, identity);
  mkdirSync(join(config.dir, ACCEPTED_FOLDER), { recursive: true, mode: 0o700 });
  if (noted === undefined) writeDurably(note, `${to}\n`);
  writeDurably(o.file, encodeSuccession(signed));
  return signed;
}

/** Puts the next roster in the place of this one, and the step to it beside it. Idempotent; finishes what was cut short. */
export function adoptRoster(rosterFile: string, file: string): Succession {
  const step = parseSuccession(readText(file));
  checkSuccession(step);
  const past = join(dirname(rosterFile), SUCCESSIONS_FILE);
  const chain = existsSync(past) ? parseChain(readText(past)) : [];
  const last = chain.at(-1);
  const current = parseRoster(readText(rosterFile));
  const isWritten = last !== undefined && toHex(last.to.fingerprint) === toHex(step.to.fingerprint);
  const isBefore = toHex(current.fingerprint) === toHex(step.fromFingerprint);
  const isAfter = toHex(current.fingerprint) === toHex(step.to.fingerprint);
  if (!isBefore && !(isWritten && isAfter))
    throw new UnsafeSettings(`${file} begins at another roster than ${rosterFile}`);
  const next = isWritten ? chain : [...chain, step];
  // The relay may be another by now, and is nobody's business but the roster's: it stays.
  const roster = { ...step.to, relay: current.relay };
  withHistory(roster, next);
  // The chain first: with the old roster it is refused until this is done again, and nothing is lost.
  if (!isWritten) writeDurably(past, encodeChain(next));
  if (!isAfter) writeDurably(rosterFile, encodeRoster(roster));
  return step;
}

/** Writes a step to a roster, nobody having signed it yet. */
export function writeSuccession(file: string, step: Succession): void {
  if (existsSync(file)) throw new UnsafeSettings(`${file} exists already: choose another name`);
  writeDurably(file, encodeSuccession(step));
}

const SUCCESSION_FILE_BYTES_MAX = 4 * 1024 * 1024;

function readText(file: string): string {
  const bytes = readNamedFile(file, { bytesMax: SUCCESSION_FILE_BYTES_MAX, code: 'E_SUCCESSION' });
  return Buffer.from(bytes).toString('utf8');
}

/** The text of identity.key for these seeds, which are wiped, and the keys that the store is to be sealed under. */
function newIdentityFile(o: {
  readonly unseal: UnsealSource;
  readonly seeds: Buffer;
  readonly random: (n: number) => Uint8Array;
}): { identity: Identity; text: string; keys: StoreKeys } {
  const { seeds } = o;
  const salt = o.random(16);
  const kind = o.unseal.from === 'passphrase' ? 'scrypt' : 'hkdf';
  const root = deriveRoot(readSecret(o.unseal), kind, salt);
  try {
    const identity = identityFromSeeds({ identitySeed: seeds.subarray(0, 32), transportSeed: seeds.subarray(32) });
    const text = sealIdentity({ root, kind, salt, nonce: o.random(12), identityKey: identity.publicKey, seeds });
    return { identity, text, keys: { sealKey: subKey(root, 'seal'), macKey: subKey(root, 'mac') } };
  } finally {
    seeds.fill(0);
    root.fill(0);
  }
}

/** Identity seed and transport key of a folder, 64 bytes, for a backup: the caller wipes them. */
export function readSeeds(config: Config): Uint8Array {
  checkFolder(config.dir);
  const { seeds, root } = openSeeds(config);
  root.fill(0);
  return seeds;
}

/** Pins of a folder, sorted by organisation. */
export function readPins(dir: string): { readonly orgId: string; readonly sha256: Uint8Array }[] {
  const folder = join(dir, 'pins');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((orgId) => {
      const sha256 = readPin(dir, orgId);
      return sha256 === undefined ? [] : [{ orgId, sha256 }];
    });
}

/** Refuses a folder that holds anything but the unseal secret somebody put there. */
export function checkEmptyFolder(config: Config): void {
  if (!existsSync(config.dir)) return;
  const own = config.unseal.from === 'file' && dirname(config.unseal.file) === config.dir ? UNSEAL_FILE : '';
  const others = readdirSync(config.dir).filter((name) => name !== own);
  if (others.length > 0)
    throw new UnsafeSettings(`${config.dir} is not empty (${others[0]}): restore into an empty folder`);
}

/**
 * Makes the folder of a restored signer. The identity is written last: whatever ends this earlier leaves a folder that
 * no signer starts on. \`fill\` writes the store at this path under these keys.
 */
export function restoreFolder(o: {
  readonly config: Config;
  readonly settings: SignerSettings;
  readonly pins: readonly { readonly orgId: string; readonly sha256: Uint8Array }[];
  /** Wiped. */
  readonly seeds: Buffer;
  readonly random: (n: number) => Uint8Array;
  fill(o: { storeFile: string; keys: StoreKeys; signerId: Uint8Array }): void;
}): void {
  const { dir, unseal } = o.config;
  checkEmptyFolder(o.config);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  if (unseal.from === 'file' && !existsSync(unseal.file))
    writeDurably(unseal.file, `${toBase64(o.random(SECRET_BYTES_MIN))}\n`);
  const { identity, text, keys } = newIdentityFile({ unseal, seeds: o.seeds, random: o.random });
  o.fill({ storeFile: join(dir, 'store.sqlite'), keys, signerId: sha256(identity.publicKey) });
  writeDurably(join(dir, SETTINGS_FILE), `${JSON.stringify(o.settings, null, 2)}\n`);
  mkdirSync(join(dir, 'pins'), { recursive: true, mode: 0o700 });
  for (const pin of o.pins) writePin(dir, pin.orgId, toHex(pin.sha256));
  writeDurably(join(dir, IDENTITY_FILE), text);
}

/** A file that only its owner may read, written whole or not at all; an existing one is never replaced. */
export function writeSecretFile(file: string, contents: string | Uint8Array): void {
  if (existsSync(file)) throw new UnsafeSettings(`${file} exists already: choose another name`);
  writeDurably(file, contents);
}

/** A file that an operator names; refused with `code` where it is larger than it can be. */
export function readNamedFile(file: string, o: { readonly bytesMax: number; readonly code: string }): Uint8Array {
  try {
    const { size } = statSync(file);
    check(size <= o.bytesMax, o.code, `${file} has ${size} bytes; at most ${o.bytesMax} are read`);
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    if (cause instanceof Refused) throw cause;
    throw new UnsafeSettings(`${file} cannot be read`, { cause });
  }
}

/** The roster line of an existing folder. */
export function readRosterEntry(config: Config): RosterEntry {
  checkFolder(config.dir);
  const { identity, root } = openIdentity(config);
  root.fill(0);
  return rosterEntry(identity);
}

/** Trusts the genesis with this SHA-256 as the beginning of the organisation. An existing pin is never changed. */
export function writePin(dir: string, orgId: string, sha256Hex: string): void {
  if (!isOrgId(orgId)) throw new UnsafeSettings('the organisation id must look like or-xxxxx-xxxxx-xxxxxxxxxxxxxxxx');
  if (!/^[0-9a-f]{64}$/.test(sha256Hex))
    throw new UnsafeSettings('the genesis hash must be 64 hex digits, as printed by "org create"');
  checkFolder(dir);
  const known = readPin(dir, orgId);
  if (known !== undefined && toHex(known) !== sha256Hex)
    throw new UnsafeSettings(`${orgId} is pinned to another genesis already`);
  mkdirSync(join(dir, 'pins'), { recursive: true, mode: 0o700 });
  if (known === undefined) writeDurably(join(dir, 'pins', orgId), `${sha256Hex}\n`);
}

/** A frozen signer contributes to nothing until it is unfrozen; survives restarts. */
export function setFrozen(dir: string, frozen: boolean): void {
  checkFolder(dir);
  const file = join(dir, FROZEN_FILE);
  if (frozen) writeDurably(file, 'frozen by its operator\n');
  else rmSync(file, { force: true });
}

function readUnsealSource(env: Environment, dir: string): UnsealSource {
  const { HOLDFAST_UNSEAL_KEY: key, HOLDFAST_UNSEAL_KEY_FILE: file, HOLDFAST_UNSEAL_PASSPHRASE: passphrase } = env;
  const given = [key, file, passphrase].filter((v) => v !== undefined && v !== '');
  if (given.length > 1) {
    throw new UnsafeSettings(
      'give one of HOLDFAST_UNSEAL_KEY, HOLDFAST_UNSEAL_KEY_FILE and HOLDFAST_UNSEAL_PASSPHRASE, not several',
    );
  }
  if (key) return { from: 'key', text: key, name: 'HOLDFAST_UNSEAL_KEY' };
  if (passphrase) return { from: 'passphrase', passphrase };
  return { from: 'file', file: file ? resolve(file) : join(dir, UNSEAL_FILE) };
}

/** Seconds, or "off". The default leaves the first minute of a new cluster to whoever founded it. */
function readQuiet(given: string | undefined): number | undefined {
  const text = given || '60';
  if (text === 'off') return undefined;
  if (!/^(0|[1-9]\d{0,4})$/.test(text))
    throw new UnsafeSettings('HOLDFAST_AUXILIARY_QUIET must be a number of seconds up to 99999, or "off"');
  return Number(text) * 1000;
}

function readCrashPoint(text: string | undefined): Config['crashAt'] {
  const match = /^([\w:.-]+):([1-9]\d{0,5})$/.exec(text ?? '');
  return match?.[1] === undefined ? undefined : { point: match[1], count: Number(match[2]) };
}

function checkFolder(dir: string): void {
  let mode: number;
  let owner: number;
  try {
    const stat = statSync(dir);
    if (!stat.isDirectory()) throw new UnsafeSettings(`${dir} is not a folder`);
    mode = stat.mode & 0o777;
    owner = stat.uid;
  } catch (cause) {
    if (cause instanceof UnsafeSettings) throw cause;
    throw new UnsafeSettings(`${dir} cannot be read: make it with "operator init"`, { cause });
  }
  // Windows has no such modes; there the folder's own rights decide.
  if (process.platform === 'win32') return;
  if ((mode & 0o077) !== 0)
    throw new UnsafeSettings(`store directory must be mode 0700, not 0${mode.toString(8)}: chmod 700 ${dir}`);
  if (owner !== process.getuid?.())
    throw new UnsafeSettings(`${dir} belongs to another user: chown it to the user this signer runs as`);
}

/** The text of a file that holds a secret; nobody but its owner may be able to read it. */
export function readSecretFile(file: string, o = { orElse: 'set HOLDFAST_UNSEAL_KEY' }): string {
  let mode: number;
  try {
    mode = statSync(file).mode & 0o777;
  } catch (cause) {
    throw new UnsafeSettings(`${file} cannot be read: put it back, or ${o.orElse}`, { cause });
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new UnsafeSettings(`${file} must be mode 0600, not 0${mode.toString(8)}: chmod 600 ${file}`);
  }
  return readFileSync(file, 'utf8');
}

interface Secret {
  readonly kind: 'hkdf' | 'scrypt';
  readonly bytes: Uint8Array;
}

function readSecret(source: UnsealSource): Secret {
  if (source.from === 'passphrase') {
    const text = source.passphrase.normalize('NFKC');
    if ([...text].length < PASSPHRASE_CHARS_MIN)
      throw new UnsafeSettings(`HOLDFAST_UNSEAL_PASSPHRASE is shorter than ${PASSPHRASE_CHARS_MIN} characters`);
    return { kind: 'scrypt', bytes: Buffer.from(text, 'utf8') };
  }
  const name = source.from === 'file' ? source.file : source.name;
  const bytes = decodeSecret((source.from === 'file' ? readSecretFile(source.file) : source.text).trim(), name);
  if (bytes.length < SECRET_BYTES_MIN)
    throw new UnsafeSettings(
      `${name} is shorter than ${SECRET_BYTES_MIN} bytes: make one with "openssl rand -base64 32"`,
    );
  if (new Set(bytes).size < 8)
    throw new UnsafeSettings(`${name} is not random: make one with "openssl rand -base64 32"`);
  return { kind: 'hkdf', bytes };
}

function decodeSecret(text: string, name: string): Uint8Array {
  try {
    return /^([0-9a-fA-F]{2})+$/.test(text) ? fromHex(text.toLowerCase()) : fromBase64(text);
  } catch {
    // The cause would quote the secret.
    throw new UnsafeSettings(`${name} must hold base64 or hex of at least ${SECRET_BYTES_MIN} random bytes`);
  }
}

function deriveRoot(secret: Secret, kind: string, salt: Uint8Array): Uint8Array {
  if (kind !== secret.kind) {
    throw new UnsafeSettings(
      kind === 'scrypt'
        ? 'this signer is sealed with a passphrase: set HOLDFAST_UNSEAL_PASSPHRASE'
        : 'this signer is sealed with a key, not a passphrase: set HOLDFAST_UNSEAL_KEY_FILE',
    );
  }
  const root =
    kind === 'scrypt'
      ? scryptSync(secret.bytes, salt, 32, { ...SCRYPT, maxmem: 256 * SCRYPT.N * SCRYPT.r })
      : Buffer.from(hkdfSync('sha256', secret.bytes, salt, 'holdfast/unseal/v1', 32));
  secret.bytes.fill(0);
  return root;
}

function subKey(root: Uint8Array, purpose: 'seal' | 'mac' | 'identity'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', root, new Uint8Array(), `holdfast/unseal/v1/${purpose}`, 32));
}

function identityAad(o: { kind: string; salt: Uint8Array; identityKey: Uint8Array }): Uint8Array {
  return enc('holdfast/identity/v1', item.text(o.kind), item.bytes(o.salt), item.bytes(o.identityKey));
}

/** docs/specs/sealed-vault.md §1. */
function sealIdentity(o: {
  root: Uint8Array;
  kind: string;
  salt: Uint8Array;
  nonce: Uint8Array;
  identityKey: Uint8Array;
  seeds: Buffer;
}): string {
  const cipher = createCipheriv('aes-256-gcm', subKey(o.root, 'identity'), o.nonce);
  cipher.setAAD(identityAad(o));
  const sealed = Buffer.concat([cipher.update(o.seeds), cipher.final(), cipher.getAuthTag()]);
  o.seeds.fill(0);
  const file = {
    v: 1,
    kdf: o.kind,
    salt: toBase64(o.salt),
    identityKey: toBase64(o.identityKey),
    nonce: toBase64(o.nonce),
    sealed: toBase64(sealed),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function openIdentity(config: Config): { identity: Identity; root: Uint8Array } {
  const { seeds, root, identity } = openSeeds(config);
  seeds.fill(0);
  return { identity, root };
}

/** The seeds in the clear; the caller wipes them. */
function openSeeds(config: Config): { seeds: Uint8Array; root: Uint8Array; identity: Identity } {
  const file = join(config.dir, IDENTITY_FILE);
  if (!existsSync(file))
    throw new UnsafeSettings(`${file} is missing: make a signer with "operator init", or restore it from the backup`);
  const parts = parseIdentityFile(file);
  const root = deriveRoot(readSecret(config.unseal), parts.kind, parts.salt);
  const decipher = createDecipheriv('aes-256-gcm', subKey(root, 'identity'), parts.nonce, { authTagLength: 16 });
  decipher.setAAD(identityAad(parts));
  decipher.setAuthTag(parts.sealed.subarray(-16));
  const seeds = decipher.update(parts.sealed.subarray(0, -16));
  try {
    decipher.final();
  } catch {
    seeds.fill(0);
    throw new UnsafeSettings(`the unseal secret does not open ${file}: give the one this signer was made with`);
  }
  const identity = identityFromSeeds({ identitySeed: seeds.subarray(0, 32), transportSeed: seeds.subarray(32) });
  if (Buffer.compare(identity.publicKey, parts.identityKey) !== 0) {
    seeds.fill(0);
    throw new UnsafeSettings(`${file} is damaged: restore it from the backup`);
  }
  return { seeds, root, identity };
}

function parseIdentityFile(file: string): {
  kind: string;
  salt: Uint8Array;
  identityKey: Uint8Array;
  nonce: Uint8Array;
  sealed: Uint8Array;
} {
  try {
    const o = asJsonObject(parseStrictJson(readSecretFile(file)), 'identity.key');
    if (o.v !== 1) throw new UnsafeSettings(`${file} has format ${String(o.v)}, which this release does not know`);
    const read = (name: string, bytes: number): Uint8Array => fromBase64(o[name] as string, { bytes });
    return {
      kind: o.kdf === 'scrypt' ? 'scrypt' : 'hkdf',
      salt: read('salt', 16),
      identityKey: read('identityKey', 32),
      nonce: read('nonce', 12),
      sealed: read('sealed', 80),
    };
  } catch (cause) {
    if (cause instanceof UnsafeSettings) throw cause;
    throw new UnsafeSettings(`${file} is damaged: restore it from the backup`, { cause });
  }
}

export function readRoster(file: string): Roster {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UnsafeSettings(`${file} cannot be read: set HOLDFAST_ROSTER to the cluster's roster file`, { cause });
  }
  const past = join(dirname(file), SUCCESSIONS_FILE);
  try {
    return withHistory(parseRoster(text), existsSync(past) ? parseChain(readFileSync(past, 'utf8')) : []);
  } catch (cause) {
    throw new UnsafeSettings(`${file}: ${cause instanceof Error ? cause.message : 'not a roster'}`, { cause });
  }
}

function relayPlace(url: string, access: NatsAccess): RelayPlace {
  if (isNatsUrl(url)) return { kind: 'nats', address: natsAddress(url, access) };
  if (!/^wss?:\/\/[^\s]+$/.test(url)) {
    throw new UnsafeSettings(
      'HOLDFAST_RELAY_URL must be a ws:// or wss:// address; for NATS give NATS_URL=nats://host:4222',
    );
  }
  return { kind: 'websocket', url };
}

function natsAddress(url: string, access: NatsAccess): NatsAddress {
  try {
    return {
      ...parseNatsUrl(url),
      ...(access.credentialsFile === undefined
        ? {}
        : { credentials: Buffer.from(readSecretFile(access.credentialsFile, { orElse: 'unset NATS_CREDS' }), 'utf8') }),
      ...(access.authoritiesFile === undefined ? {} : { authorities: readFileSync(access.authoritiesFile, 'utf8') }),
    };
  } catch (cause) {
    if (cause instanceof UnsafeSettings) throw cause;
    throw new UnsafeSettings(cause instanceof Error ? cause.message : 'NATS_URL cannot be used', { cause });
  }
}

function readSettings(dir: string): SignerSettings {
  const file = join(dir, SETTINGS_FILE);
  if (!existsSync(file)) return { allowImport: false, allowExport: false };
  try {
    const o = asJsonObject(parseStrictJson(readFileSync(file, 'utf8')), 'settings');
    const { chainIds, feeMax, ...flags } = o;
    for (const [name, value] of Object.entries(flags)) {
      if (name !== 'allowImport' && name !== 'allowExport')
        throw new UnsafeSettings(`${file}: ${name} is not a setting`);
      if (typeof value !== 'boolean') throw new UnsafeSettings(`${file}: ${name} must be true or false`);
    }
    return {
      allowImport: o.allowImport === true,
      allowExport: o.allowExport === true,
      ...(chainIds === undefined ? {} : { chainIds: readChainIds(file, chainIds) }),
      ...(feeMax === undefined ? {} : { feeMax: readFeeMax(file, feeMax) }),
    };
  } catch (cause) {
    if (cause instanceof UnsafeSettings) throw cause;
    throw new UnsafeSettings(`${file} is not valid JSON`, { cause });
  }
}

function readChainIds(file: string, value: JsonValue): Readonly<Record<string, number>> {
  try {
    const rows = Object.entries(asJsonObject(value, 'chainIds'));
    return Object.fromEntries(
      rows.map(([name, chainId]) => [name, parseSettings(name, { chainId }).chainId as number]),
    );
  } catch (cause) {
    const reason = cause instanceof ChainError || cause instanceof WireError ? `: ${cause.message}` : '';
    throw new UnsafeSettings(`${file}: chainIds is not valid${reason}`, { cause });
  }
}

/** `{"Ethereum": "50000000000000000"}`: decimal, in the smallest unit of the network's coin. */
function readFeeMax(file: string, value: JsonValue): Readonly<Record<string, string>> {
  const given = asJsonObject(value, 'settings.feeMax');
  for (const [name, fee] of Object.entries(given)) {
    if (!isNetwork(name)) throw new UnsafeSettings(`${file}: feeMax names no network ${name.slice(0, 64)}`);
    if (typeof fee !== 'string' || !/^(0|[1-9][0-9]{0,77})$/.test(fee))
      throw new UnsafeSettings(`${file}: feeMax.${name} must be a decimal text, in the smallest unit`);
  }
  return given as unknown as Readonly<Record<string, string>>;
}

function readPin(dir: string, orgId: string): Uint8Array | undefined {
  // The id becomes a file name: nothing but an id may pass.
  if (!isOrgId(orgId)) return undefined;
  const file = join(dir, 'pins', orgId);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8').trim();
  return /^[0-9a-f]{64}$/.test(text) ? fromHex(text) : undefined;
}

function isOrgId(text: string): boolean {
  return /^or-[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16}$/.test(text);
}

/** Written beside, flushed, renamed, and the folder flushed: after a crash the file is whole or absent. */
function writeDurably(file: string, contents: string | Uint8Array): void {
  const beside = `${file}.new`;
  const fd = openSync(beside, 'w', 0o600);
  try {
    writeAllSync(fd, typeof contents === 'string' ? Buffer.from(contents, 'utf8') : contents);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, file);
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** write(2) may take less than it is given. */
function writeAllSync(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** Tells operators which process runs; the lock on the store is what keeps a second one out. */
export function writeRunFile(dir: string, pid: number): void {
  writeDurably(join(dir, 'signer.pid'), `${pid}\n`);
}

/** What an operator can see without opening the store. */
export function inspectFolder(config: Config): {
  readonly pid: number | undefined;
  readonly frozen: boolean;
  readonly settings: SignerSettings;
  readonly mode: string;
} {
  checkFolder(config.dir);
  const file = join(config.dir, 'signer.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').trim()) : Number.NaN;
  return {
    pid: Number.isSafeInteger(pid) && isAlive(pid) ? pid : undefined,
    frozen: existsSync(join(config.dir, FROZEN_FILE)),
    settings: readSettings(config.dir),
    mode: `0${(statSync(config.dir).mode & 0o777).toString(8)}`,
  };
}

/** Median of flushed 256-byte writes in milliseconds: what every contribution waits for. */
export function measureFlush(dir: string, now: () => number): number {
  const file = join(dir, 'flush.probe');
  const fd = openSync(file, 'w', 0o600);
  const samples: number[] = [];
  try {
    for (let k = 0; k < 21; k++) {
      const start = now();
      writeSync(fd, new Uint8Array(256));
      fsyncSync(fd);
      samples.push(now() - start);
    }
  } finally {
    closeSync(fd);
    rmSync(file, { force: true });
  }
  return samples.sort((a, b) => a - b)[10] ?? Number.NaN;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process, or not ours: either way it is not this signer.
    return false;
  }
}
