/**
 * Settings from the environment and secrets from the data folder: read once, checked, typed. With main.ts the only
 * file of this process that touches either.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NetworksFile, parseNetworksFile } from '@holdfast/chains/networks';
import { isNatsUrl, type NatsAddress, parseNatsUrl } from '@holdfast/cluster/relay';
import { parseChain, parseRoster, type Roster, withHistory } from '@holdfast/cluster/roster';
import { type IdentityProvider, parseProviders } from './identity/providers.ts';
import { parseSmtpUrl, type SmtpAddress } from './mail/smtp.ts';
import type { PageFiles } from './pages/index.ts';
import type { Secrets, Settings } from './settings.ts';

/** A setting is missing or unsafe: the process says so in one line and exits with 78 (EX_CONFIG). */
export class UnsafeSettings extends Error {
  override readonly name = 'UnsafeSettings';
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  /** Reads `<dataFolder>/api/networks.json` again whenever it has changed. */
  readonly networks: () => NetworksFile;
  /** The same of `<dataFolder>/api/identity-providers.json`. */
  readonly identityProviders: () => readonly IdentityProvider[];
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly roster: Roster;
  /** As apps/dashboard built them; empty where it did not. */
  readonly pages: PageFiles;
  /** Test builds only: kill -9 self the nth time a named point is passed. */
  readonly crashAt: { readonly point: string; readonly count: number } | undefined;
}

const SECRET_BYTES = 32;
const OPERATOR_TOKEN_CHARS_MIN = 32;
const REQUESTS_PER_MINUTE = 6000;
const REFRESH_DAYS = 7;
/** 128 MiB and about half a second for each password. */
const PASSWORD_COST = 17;
const ECDSA_ENGINES_UNSET = 'H,C';

export function readConfig(env: Environment): Config {
  const port = wholeNumber(env, 'HOLDFAST_PORT', { unset: 8787, least: 1, most: 65_535 });
  const dataFolder = resolve(text(env, 'HOLDFAST_DATA') ?? './data');
  const databaseUrl = text(env, 'DATABASE_URL');
  const settings: Settings = {
    port,
    bind: text(env, 'HOLDFAST_BIND') ?? '127.0.0.1',
    dataFolder,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    publicUrl: publicUrl(text(env, 'HOLDFAST_PUBLIC_URL') ?? `http://localhost:${port}`),
    requestsPerMinuteMax: wholeNumber(env, 'HOLDFAST_RATE_LIMIT', {
      unset: REQUESTS_PER_MINUTE,
      least: 0,
      most: 10_000_000,
    }),
    refreshDays: wholeNumber(env, 'HOLDFAST_REFRESH_DAYS', { unset: REFRESH_DAYS, least: 0, most: 365 }),
    passwordCost: wholeNumber(env, 'HOLDFAST_PASSWORD_COST', { unset: PASSWORD_COST, least: 15, most: 20 }),
    ecdsaEngines: ecdsaEngines(text(env, 'HOLDFAST_ECDSA_ENGINES')),
    ecdsaNonces: ecdsaNonces(text(env, 'HOLDFAST_ECDSA_NONCES') ?? 'apart'),
    version: ownVersion(),
  };
  mkdirSync(join(dataFolder, 'api'), { recursive: true, mode: 0o700 });
  const roster = readRoster(join(dataFolder, 'roster.json'));
  const nats = natsAddress(env, roster);
  return {
    settings,
    secrets: {
      api: apiSecret(join(dataFolder, 'api', 'secret')),
      operatorToken: operatorToken(dataFolder),
      ...(nats === undefined ? {} : { nats }),
      ...smtpAddress(env),
    },
    roster,
    networks: operatorsFile(join(dataFolder, 'api', 'networks.json'), { unset: {}, parse: parseNetworksFile }),
    identityProviders: operatorsFile<readonly IdentityProvider[]>(join(dataFolder, 'api', 'identity-providers.json'), {
      unset: [],
      parse: parseProviders,
    }),
    pages: pageFiles(fileURLToPath(new URL('../../dashboard/dist/site', import.meta.url))),
    crashAt: env['NODE_ENV'] === 'test' ? readCrashPoint(env['HOLDFAST_CRASH_AT']) : undefined,
  };
}

/** A supervisor that is killed can tell nobody: its end of a pipe goes with it, and that is this process's end too. */
export function endsWithInput(env: Environment): boolean {
  return text(env, 'HOLDFAST_LIFELINE') === 'stdin';
}

/** An empty value counts as absent, as `.env` files have it. */
function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

function wholeNumber(env: Environment, name: string, o: { unset: number; least: number; most: number }): number {
  const value = text(env, name);
  if (value === undefined) return o.unset;
  const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= o.least && number <= o.most) return number;
  throw new UnsafeSettings(`${name} must be a whole number from ${o.least} to ${o.most}`);
}

function publicUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const fits =
    url && (url.protocol === 'http:' || url.protocol === 'https:') && url.pathname === '/' && url.search === '';
  if (!fits) throw new UnsafeSettings('HOLDFAST_PUBLIC_URL must be an origin such as https://wallets.example');
  return url.origin;
}

/** In order of preference, `H,C`; each alone is a complete product. */
function ecdsaEngines(value: string | undefined): Settings['ecdsaEngines'] {
  const engines = (value ?? ECDSA_ENGINES_UNSET).split(',').map((each) => each.trim());
  const known = engines.filter((each): each is 'H' | 'C' => each === 'H' || each === 'C');
  if (known.length === engines.length && new Set(known).size === known.length) return known;
  throw new UnsafeSettings('HOLDFAST_ECDSA_ENGINES must be H, C or H,C');
}

function ecdsaNonces(value: string): 'apart' | 'together' {
  if (value === 'apart' || value === 'together') return value;
  throw new UnsafeSettings('HOLDFAST_ECDSA_NONCES must be apart or together');
}

/** NATS_URL, or the roster's relay when that is a NATS; else signers come to the relay inside this process. */
function natsAddress(env: Environment, roster: Roster): NatsAddress | undefined {
  const url = text(env, 'NATS_URL') ?? (isNatsUrl(roster.relay) ? roster.relay : undefined);
  if (url === undefined) return undefined;
  const [credentials, authorities] = [text(env, 'NATS_CREDS'), text(env, 'NATS_CA')];
  for (const file of [credentials, authorities])
    if (file !== undefined && !existsSync(file)) throw new UnsafeSettings(`${file} is missing`);
  if (credentials !== undefined) checkMode(credentials);
  return {
    ...parseNatsUrl(url),
    ...(credentials === undefined ? {} : { credentials: readFileSync(credentials) }),
    ...(authorities === undefined ? {} : { authorities: readFileSync(authorities, 'utf8') }),
  };
}

/** Both or neither: a mail without a sender is refused by every server. */
function smtpAddress(env: Environment): { smtp?: SmtpAddress } {
  const [url, from] = [text(env, 'HOLDFAST_SMTP_URL'), text(env, 'HOLDFAST_MAIL_FROM')];
  if (url === undefined) return {};
  if (from === undefined)
    throw new UnsafeSettings('HOLDFAST_SMTP_URL needs HOLDFAST_MAIL_FROM, the sender of all mails');
  const smtp = parseSmtpUrl(url, from);
  if (smtp === undefined) throw new UnsafeSettings('HOLDFAST_SMTP_URL must be smtp://… or smtps://…');
  return { smtp };
}

function readRoster(file: string): Roster {
  if (!existsSync(file))
    throw new UnsafeSettings(`${file} is missing: found a cluster with npm start, or copy its roster here`);
  // Every step since the founding lies beside it, once a signer was replaced.
  const past = join(dirname(file), 'successions.json');
  return withHistory(
    parseRoster(readFileSync(file, 'utf8')),
    existsSync(past) ? parseChain(readFileSync(past, 'utf8')) : [],
  );
}

function operatorToken(dataFolder: string): string {
  const file = join(dataFolder, 'operator.token');
  if (!existsSync(file)) writeSecretFile(file, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`);
  checkMode(file);
  const token = readFileSync(file, 'utf8').trim();
  if (token.length >= OPERATOR_TOKEN_CHARS_MIN) return token;
  throw new UnsafeSettings(
    `${file} has fewer than ${OPERATOR_TOKEN_CHARS_MIN} characters: remove it, a new one is made`,
  );
}

/** Once this file is gone, tokens issued before are worthless, and one-time codes have to be enrolled anew. */
function apiSecret(file: string): Uint8Array {
  if (!existsSync(file)) writeSecretFile(file, randomBytes(SECRET_BYTES).toString('hex'));
  checkMode(file);
  const hex = readFileSync(file, 'utf8').trim();
  if (/^[0-9a-f]{64}$/.test(hex)) return new Uint8Array(Buffer.from(hex, 'hex'));
  throw new UnsafeSettings(`${file} is damaged: remove it, a new one is made and everybody logs in again`);
}

function writeSecretFile(file: string, content: string): void {
  const handle = openSync(file, 'wx', 0o600);
  writeSync(handle, content);
  fsyncSync(handle);
  closeSync(handle);
}

/** Windows has no such modes; there the folder's own rights decide. */
/** At the start a file that cannot be read is an error; later the last good one stays until it is mended. */
function operatorsFile<T>(file: string, o: { unset: T; parse(text: string): T }): () => T {
  let version = '';
  let known = o.unset;
  const read = (): void => {
    const stats = statSync(file, { throwIfNoEntry: false });
    const now = stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    if (now === version) return;
    version = now;
    if (stats === undefined) {
      known = o.unset;
      return;
    }
    checkMode(file);
    try {
      known = o.parse(readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new UnsafeSettings(`${file}: ${cause instanceof Error ? cause.message : 'not valid'}`, { cause });
    }
  };
  read();
  return () => {
    try {
      read();
    } catch (cause) {
      if (!(cause instanceof UnsafeSettings)) throw cause;
      // Said once for each change; of networks, `networks list` says it to whoever asks.
      process.stderr.write(`holdfast api: ${cause.message}\n`);
    }
    return known;
  };
}

function checkMode(file: string): void {
  const mode = statSync(file).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new UnsafeSettings(`${file} must be mode 0600, not 0${mode.toString(8)}: chmod 600 ${file}`);
}

/** Read once: a newer build is served from the next start on. */
function pageFiles(folder: string): PageFiles {
  if (!existsSync(folder)) return new Map();
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [relative(folder, path).replaceAll(sep, '/'), readFileSync(path)]));
}

function ownVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function readCrashPoint(value: string | undefined): Config['crashAt'] {
  const match = /^([\w:.-]+):([1-9]\d{0,5})$/.exec(value ?? '');
  return match?.[1] === undefined ? undefined : { point: match[1], count: Number(match[2]) };
}
