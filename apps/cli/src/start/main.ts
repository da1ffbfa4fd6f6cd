/**
 * `npm start`: the whole product on one machine. Founds a cluster on an empty data folder, starts an api and five
 * signer processes, supervises them without silent restarts (`--restart` to have them), stops them together.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseRoster } from '@holdfast/cluster/roster';
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import {
  type DataFolder,
  dataFolder,
  found,
  isFounded,
  lifeline,
  readOperatorToken,
  relayEnvironment,
  SIGNERS,
} from './founding.ts';
import { setupLink } from './setup-link.ts';

/** EX_USAGE and EX_CONFIG of sysexits.h. */
const EXIT_USAGE = 64;
const EXIT_CONFIG = 78;
/** Children of a supervisor that was killed end within a second; a busy machine may need more. */
const LEFTOVER_MS_MAX = 10_000;

const entry = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const apiEntry = entry('api/dist/main.js');
const signerEntry = entry('signer/dist/main.js');
const operatorEntry = entry('signer/dist/operator.js');

const restarts = readRestart();
const settings = readSettings(process.env);
const data = dataFolder(settings.data);

interface Service {
  readonly name: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  child?: ChildProcess;
}

const services: Service[] = [
  { name: 'api', file: apiEntry, env: { HOLDFAST_DATA: data.root, HOLDFAST_PORT: String(settings.port) } },
  ...Array.from({ length: SIGNERS }, (_, at) => ({
    name: `signer-${at + 1}`,
    file: signerEntry,
    env: {
      HOLDFAST_SIGNER_DIR: data.signer(at + 1),
      HOLDFAST_ROSTER: data.roster,
    },
  })),
];

let stopping = false;

await main();

async function main(): Promise<void> {
  mkdirSync(data.root, { recursive: true, mode: 0o700 });
  takeLock(data);
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));
  await waitForLeftovers();
  await checkPort();
  const first = !isFounded(data);
  if (first) {
    say(`founding a cluster of ${SIGNERS} signers in ${data.root}`);
    await found(data, { operator: operatorEntry, relayUrl: settings.relayUrl });
  }
  if (stopping) return;
  mkdirSync(data.logs, { recursive: true, mode: 0o700 });
  for (const service of services) start(service);
  writeRunFile();
  await ready();
  welcome(first);
}

/** Logs go to files, so that the terminal shows what concerns its reader; complaints come through here. */
function start(service: Service): void {
  const log = openSync(join(data.logs, `${service.name}.log`), 'a', 0o600);
  const child = spawn(process.execPath, [service.file], {
    // However this process ends, its end of the pipe goes with it: no signer is left without anybody to stop it.
    env: { ...process.env, ...service.env, ...relayEnvironment(data, settings.relayUrl), ...lifeline },
    stdio: ['pipe', log, 'inherit'],
  });
  closeSync(log);
  service.child = child;
  child.on('exit', (code, signal) => {
    delete service.child;
    if (stopping) return;
    writeRunFile();
    say(`${service.name} stopped (${signal ?? `code ${code}`})`);
    // 78: unsafe or missing settings. Starting again would say the same.
    if (code === EXIT_CONFIG) void stop(EXIT_CONFIG);
    else if (restarts) {
      start(service);
      writeRunFile();
    } else if (service.name === 'api') void stop(code ?? 1);
    else say(`start it again with: npm run holdfast -- signer start ${service.name.slice('signer-'.length)}`);
  });
}

async function ready(): Promise<void> {
  const { clusterId } = parseRoster(readFileSync(data.roster, 'utf8'));
  const deadline = performance.now() + 60_000;
  while (!stopping && performance.now() < deadline) {
    const health = await ask<{ signers: { online: number } }>('/health');
    // Whoever answers at that port must be ours before it is called ready.
    if (health?.signers?.online === SIGNERS) {
      const cluster = await ask<{ clusterId: string }>('/holdfast/cluster');
      if (cluster?.clusterId === clusterId) return;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  if (!stopping) say('not all signers are connected yet; `npm run holdfast -- status` shows who is missing');
}

async function ask<T>(path: string): Promise<T | undefined> {
  return fetch(`http://${settings.host}:${settings.port}${path}`).then(
    (reply) => reply.json() as Promise<T>,
    () => undefined,
  );
}

function welcome(first: boolean): void {
  if (stopping) return;
  say(`ready on ${settings.apiUrl}; logs in ${data.logs}`);
  if (settings.usesNats) say('relay: NATS, as NATS_URL says; nothing durable is kept there');
  if (process.env['DATABASE_URL'] === undefined)
    say('database: embedded, for trying things out; set DATABASE_URL to a PostgreSQL for anything that matters');
  if (!first) return;
  say(
    `nobody belongs here yet; open this link within an hour to set up the first organisation:\n    ${setupLink(settings.apiUrl, readOperatorToken(data))}`,
  );
  // The other terminal has its own environment: what was set here has to be set there.
  const env = ['HOLDFAST_PORT', 'HOLDFAST_DATA', 'HOLDFAST_BIND', 'HOLDFAST_PUBLIC_URL']
    .flatMap((name) => (process.env[name] ? [`${name}=${process.env[name]} `] : []))
    .join('');
  say(
    [
      'or, in another terminal:',
      `    ${env}npm run --silent holdfast -- org create --name Acme --admin admin@acme.example --out acme.json --allow-export`,
      `    ${env}npm run --silent holdfast -- org enable import export --as acme.json`,
      `    ${env}npm run demo`,
    ].join('\n'),
  );
}

async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  if (services.some(({ child }) => child !== undefined)) say('stopping');
  const ended = services.flatMap(({ child }) =>
    child === undefined ? [] : [new Promise((done) => child.once('exit', done))],
  );
  for (const { child } of services) child?.kill('SIGTERM');
  const impatient = setTimeout(() => {
    for (const { child } of services) child?.kill('SIGKILL');
  }, 5_000);
  await Promise.all(ended);
  clearTimeout(impatient);
  rmSync(data.runFile, { force: true });
  rmSync(data.lockFile, { force: true });
  process.exit(code);
}

function readRestart(): boolean {
  try {
    return readArguments(process.argv.slice(2), { restart: { type: 'boolean' } }).flag('restart');
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    console.error(`holdfast: ${cause.message}\nusage: npm start [-- --restart]`);
    process.exit(EXIT_USAGE);
  }
}

/** What an earlier start left behind when it was killed ends by itself; this only waits for it. */
async function waitForLeftovers(): Promise<void> {
  const deadline = performance.now() + LEFTOVER_MS_MAX;
  for (;;) {
    const left = leftovers();
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      console.error(
        `holdfast: processes of an earlier start still run on ${data.root}; end them first: kill ${left.join(' ')}`,
      );
      return stop(EXIT_CONFIG);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

function leftovers(): readonly number[] {
  if (!existsSync(data.runFile)) return [];
  try {
    const { processes } = JSON.parse(readFileSync(data.runFile, 'utf8')) as { processes: Record<string, number> };
    return Object.values(processes).filter(isOurs);
  } catch {
    // Half written by a machine that lost its power: whoever ran then does not run now.
    return [];
  }
}

/** A process id may have gone to another program since; only one of our own programs counts. */
function isOurs(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.includes(apiEntry) || words.includes(signerEntry);
  } catch {
    // No such process, or no /proc here: then the port and the signers' own locks tell.
    return false;
  }
}

/** Said before anything is founded or started; the api itself would only say it in the middle of five signers. */
async function checkPort(): Promise<void> {
  const probe = createServer();
  const code = await new Promise<string | undefined>((done) => {
    probe.once('error', (error: Error & { code?: string }) => done(error.code ?? error.message));
    probe.listen(settings.port, settings.host.replace(/^\[|\]$/g, ''), () => probe.close(() => done(undefined)));
  });
  if (code === undefined) return;
  console.error(
    code === 'EADDRINUSE'
      ? `holdfast: port ${settings.port} is in use by another program; choose another one: HOLDFAST_PORT=${settings.port + 1} npm start`
      : `holdfast: port ${settings.port} cannot be used on ${settings.host} (${code}); choose another one with HOLDFAST_PORT`,
  );
  return stop(EXIT_CONFIG);
}

function writeRunFile(): void {
  const processes = Object.fromEntries(
    services.flatMap(({ name, child }) => (child?.pid === undefined ? [] : [[name, child.pid]])),
  );
  // Whole or not at all: scripts read it while processes come and go.
  const text = `${JSON.stringify({ pid: process.pid, apiUrl: settings.apiUrl, processes }, null, 2)}\n`;
  writeFileSync(`${data.runFile}.new`, text);
  renameSync(`${data.runFile}.new`, data.runFile);
}

/** Two supervisors on one folder would fight over it. The lock names a process and when it started. */
function takeLock(folder: DataFolder): void {
  if (existsSync(folder.lockFile)) {
    const [pid, started] = readFileSync(folder.lockFile, 'utf8').trim().split(' ');
    if (pid !== undefined && processStart(Number(pid)) === started) {
      console.error(
        `holdfast: it is already running on ${folder.root} (process ${pid}); stop it first, or set HOLDFAST_DATA to another folder`,
      );
      process.exit(EXIT_CONFIG);
    }
    unlinkSync(folder.lockFile);
  }
  const file = openSync(folder.lockFile, 'wx', 0o600);
  writeSync(file, `${process.pid} ${processStart(process.pid)}\n`);
  closeSync(file);
}

/** Start time of a process in clock ticks, so that a reused process id does not pass for the old one. */
function processStart(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ');
    // Killed, but its parent has not asked about it yet.
    if (fields?.[0] === 'Z') return 'gone';
    return fields?.[19] ?? 'unknown';
  } catch {
    // No /proc here (or no such process): fall back to whether the process is alive.
    try {
      process.kill(pid, 0);
      return 'alive';
    } catch {
      return 'gone';
    }
  }
}

function say(text: string): void {
  console.log(`holdfast: ${text}`);
}
