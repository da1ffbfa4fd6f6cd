/**
 * Founds a cluster on this machine: five signer folders, one roster, one operator token. Each signer makes its own
 * identity in its own process; nothing here sees a private key.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseRoster } from '@holdfast/cluster/roster';

const run = promisify(execFile);

export interface DataFolder {
  readonly root: string;
  readonly roster: string;
  readonly operatorToken: string;
  readonly runFile: string;
  readonly lockFile: string;
  signer(n: number): string;
  /** A signer that has no number yet: its roster is still to come. */
  readonly newSigner: string;
  readonly api: string;
  readonly logs: string;
}

export const SIGNERS = 5;

/** For processes that must not outlive their parent: standard input is a pipe, and its end is theirs. */
export const lifeline = { HOLDFAST_LIFELINE: 'stdin' } as const;

export function dataFolder(root: string): DataFolder {
  return {
    root,
    roster: join(root, 'roster.json'),
    operatorToken: join(root, 'operator.token'),
    runFile: join(root, 'run.json'),
    lockFile: join(root, 'run.lock'),
    signer: (n) => join(root, `signer-${n}`),
    newSigner: join(root, 'signer-new'),
    api: join(root, 'api'),
    logs: join(root, 'logs'),
  };
}

/** Numbers of the signers that live on this machine: five, or one of a cluster on five machines. */
export function localSigners(data: DataFolder): readonly number[] {
  return Array.from({ length: SIGNERS }, (_, at) => at + 1).filter((n) => existsSync(data.signer(n)));
}

export function isFounded(data: DataFolder): boolean {
  return existsSync(data.roster);
}

/**
 * Idempotent: a founding that was cut short goes on where it stopped; the roster is written last. A signer's number is
 * its place in the roster, which follows from its identity: so identities are made first, folders get their names after.
 */
export async function found(
  data: DataFolder,
  options: { readonly operator: string; readonly relayUrl: string },
): Promise<void> {
  mkdirSync(data.root, { recursive: true, mode: 0o700 });
  mkdirSync(data.api, { recursive: true, mode: 0o700 });
  const numbers = Array.from({ length: SIGNERS }, (_, at) => at + 1);
  const unnamed = (n: number): string => join(data.root, `founding-${n}`);
  const named = numbers.map((n) => data.signer(n)).filter((folder) => existsSync(folder));
  // Folders get their names only once all five are made.
  const folders =
    named.length === 0 ? numbers.map(unnamed) : [...named, ...numbers.map(unnamed).filter((path) => existsSync(path))];
  const lines = await Promise.all(
    folders.map((folder) =>
      foundSigner(folder, { operator: options.operator, flags: ['--allow-import', '--allow-export'] }),
    ),
  );
  if (!existsSync(data.operatorToken))
    writeFileSync(data.operatorToken, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(data.operatorToken, 0o600);
  const roster = { v: 1, epoch: 0, relay: options.relayUrl, signers: lines };
  const { signers } = parseRoster(JSON.stringify(roster));
  folders.forEach((folder, at) => {
    const key = lines[at]?.identityKey;
    const index = signers.find(({ identityKey }) => Buffer.from(identityKey).toString('base64') === key)?.index;
    if (index === undefined) throw new Error(`the signer in ${folder} is not in the roster made of it`);
    if (folder !== data.signer(index) && !existsSync(data.signer(index))) renameSync(folder, data.signer(index));
  });
  writeFileSync(data.roster, `${JSON.stringify(roster, null, 2)}\n`, { mode: 0o644, flag: 'wx' });
}

/** What a signer publishes about itself, as its operator entry prints it. */
export interface Card {
  readonly identityKey: string;
  readonly transportKey: string;
  readonly transportSignature: string;
}

/** Makes a signer in a folder, or finds the one that an earlier attempt made. */
export async function foundSigner(
  folder: string,
  o: { readonly operator: string; readonly flags: readonly string[] },
): Promise<Card> {
  if (existsSync(join(folder, 'identity.key'))) return cardOf(folder, o.operator);
  const env = { ...process.env, HOLDFAST_SIGNER_DIR: folder };
  const { stdout } = await run(process.execPath, [o.operator, 'init', ...o.flags], { env });
  return JSON.parse(stdout) as Card;
}

export async function cardOf(folder: string, operator: string): Promise<Card> {
  const env = { ...process.env, HOLDFAST_SIGNER_DIR: folder };
  const { stdout } = await run(process.execPath, [operator, 'status'], { env });
  const line = /^roster line\s+(\{.*\})$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`signer in ${folder} does not tell its line for the roster`);
  return JSON.parse(line) as Card;
}

/** A roster that names this machine was made here: its relay is the api's, wherever that listens today. */
export function relayEnvironment(data: DataFolder, relayUrl: string): Readonly<Record<string, string>> {
  const { protocol, hostname } = new URL(parseRoster(readFileSync(data.roster, 'utf8')).relay);
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) || hostname === new URL(relayUrl).hostname;
  return isHere && protocol === 'ws:' ? { HOLDFAST_RELAY_URL: relayUrl } : {};
}

export function readOperatorToken(data: DataFolder): string {
  return readFileSync(data.operatorToken, 'utf8').trim();
}
