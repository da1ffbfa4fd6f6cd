/**
 * The product in pieces: one api process and five signer processes that are started, armed with a crash point and
 * killed one by one. `npm start`'s supervisor ends everything with the api; here the signers outlive it.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseRoster, type Roster } from '@holdfast/cluster/roster';
import { type AccountFile, createDatabase, dropDatabase, type Engine, freePort, until } from '../harness/index.ts';

const require = createRequire(import.meta.url);
const run = promisify(execFile);
const entry = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const READ = `
  const [libsql, file, sql] = process.argv.slice(1);
  process.stdout.write(JSON.stringify(new (require(libsql))(file, {}).prepare(sql).all()));
`;

export const everyFolder = [1, 2, 3, 4, 5] as const;
type Variables = Readonly<Record<string, string>>;

export class Pieces {
  readonly dir: string;
  readonly data: string;
  readonly port: number;
  readonly engine: Engine;
  readonly apiUrl: string;
  readonly database: string | undefined;
  /** Undefined: the relay inside the api. */
  readonly natsUrl: string | undefined;
  /** Everything the processes printed. */
  output = '';
  #roster: Roster | undefined;
  #api: ChildProcess | undefined;
  readonly #others: ChildProcess[] = [];
  readonly #signers = new Map<number, ChildProcess>();
  /** What each signer printed since its last start. */
  readonly #lines = new Map<number, string>();

  private constructor(
    dir: string,
    port: number,
    o: { engine: Engine; database: string | undefined; natsUrl: string | undefined },
  ) {
    this.dir = dir;
    this.data = join(dir, 'data');
    this.port = port;
    this.engine = o.engine;
    this.apiUrl = `http://localhost:${port}`;
    this.database = o.database;
    this.natsUrl = o.natsUrl;
  }

  /** Founds a cluster and starts its signers; the api is started by the caller. */
  static async found(engine: Engine = 'embedded', o: { readonly natsUrl?: string } = {}): Promise<Pieces> {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-faults-'));
    const database = engine === 'postgres' ? createDatabase() : undefined;
    const pieces = new Pieces(dir, await freePort(), { engine, database, natsUrl: o.natsUrl });
    mkdirSync(join(pieces.data, 'api'), { recursive: true, mode: 0o700 });
    const lines = await Promise.all(everyFolder.map((n) => pieces.#init(n)));
    const roster = JSON.stringify({ v: 1, epoch: 0, relay: pieces.relayUrl, signers: lines });
    writeFileSync(join(pieces.data, 'roster.json'), roster);
    writeFileSync(join(pieces.data, 'operator.token'), `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    writeFileSync(join(pieces.data, 'api', 'secret'), randomBytes(32).toString('hex'), { mode: 0o600 });
    pieces.#roster = parseRoster(roster);
    for (const n of everyFolder) pieces.startSigner(n);
    return pieces;
  }

  async #init(n: number): Promise<unknown> {
    const { stdout } = await run(
      process.execPath,
      [entry('signer/dist/operator.js'), 'init', '--allow-import', '--allow-export'],
      { env: { ...process.env, HOLDFAST_SIGNER_DIR: this.folder(n) } },
    );
    return JSON.parse(stdout);
  }

  get relayUrl(): string {
    return `ws://127.0.0.1:${this.port}/holdfast/relay`;
  }

  get roster(): Roster {
    if (this.#roster === undefined) throw new Error('not founded');
    return this.#roster;
  }

  get operatorToken(): string {
    return readFileSync(join(this.data, 'operator.token'), 'utf8').trim();
  }

  folder(n: number): string {
    return join(this.data, `signer-${n}`);
  }

  /** The roster index of the signer in folder n. */
  indexOf(n: number): number {
    const { signers } = JSON.parse(readFileSync(join(this.data, 'roster.json'), 'utf8')) as {
      signers: { identityKey: string }[];
    };
    const wanted = signers[n - 1]?.identityKey;
    const found = this.roster.signers.find((each) => Buffer.from(each.identityKey).toString('base64') === wanted);
    if (found === undefined) throw new Error(`no signer ${n}`);
    return found.index;
  }

  environment(): NodeJS.ProcessEnv {
    const { DATABASE_URL: _mine, HOLDFAST_CRASH_AT: _armed, NATS_URL: _theirs, ...rest } = process.env;
    return {
      ...rest,
      HOLDFAST_DATA: this.data,
      HOLDFAST_PORT: String(this.port),
      ...(this.database === undefined ? {} : { DATABASE_URL: this.database }),
      ...(this.natsUrl === undefined ? {} : { NATS_URL: this.natsUrl }),
    };
  }

  // ── the api ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Starts the api, which with `crashAt` kills itself when it passes that point for the nth time: `name:n`. False when
   * it died of that before every signer was connected.
   */
  async startApi(
    o: { readonly crashAt?: string; readonly online?: number; readonly env?: Variables } = {},
  ): Promise<boolean> {
    // One that a failed test left behind would keep the port.
    await this.killApi();
    this.#api = this.#spawn('api/dist/main.js', { ...o.env, ...armed(o.crashAt) });
    const wanted = o.online ?? this.#signers.size;
    await until(
      `the api serves ${wanted} signers; output so far:\n${this.output.slice(-2000)}`,
      async () => !this.isApiRunning || (await this.online()) === wanted,
      60_000,
    );
    if (!this.isApiRunning && o.crashAt === undefined) throw new Error(`the api ended:\n${this.output.slice(-2000)}`);
    return this.isApiRunning;
  }

  /** Another api of the same cluster on the same database, at a port of its own; both are at the same NATS server. */
  async startOtherApi(env: Variables = {}): Promise<string> {
    const port = await freePort();
    const child = this.#spawn('api/dist/main.js', { ...env, HOLDFAST_PORT: String(port) });
    this.#others.push(child);
    const url = `http://localhost:${port}`;
    await until(
      `the other api serves five signers; output so far:\n${this.output.slice(-2000)}`,
      async () => (await onlineAt(url)) === everyFolder.length,
      60_000,
    );
    return url;
  }

  /** Resolves when the api has ended by itself, with the signal that ended it. */
  async apiEnded(): Promise<NodeJS.Signals | null> {
    const child = this.#api;
    if (child === undefined) throw new Error('the api is not running');
    await ended(child);
    this.#api = undefined;
    return child.signalCode;
  }

  get isApiRunning(): boolean {
    return this.#api !== undefined && this.#api.exitCode === null && this.#api.signalCode === null;
  }

  async killApi(): Promise<void> {
    const child = this.#api;
    if (child === undefined) return;
    this.#api = undefined;
    child.kill('SIGKILL');
    await ended(child);
  }

  /** Asks it to stop, as an operator does; its exit code. */
  async stopApi(): Promise<number | null> {
    const child = this.#api;
    if (child === undefined) return null;
    this.#api = undefined;
    child.kill('SIGTERM');
    await ended(child);
    return child.exitCode;
  }

  /** Roster indices of the connected signers; -1 while the api does not answer. */
  async online(): Promise<number> {
    return onlineAt(this.apiUrl);
  }

  async untilOnline(count: number): Promise<void> {
    await until(
      `${count} signers are connected; output so far:\n${this.output.slice(-2000)}`,
      async () => (await this.online()) === count,
      30_000,
    );
  }

  // ── signers, by the number of their folder ────────────────────────────────────────────────────────────────────

  startSigner(n: number, o: { readonly crashAt?: string } = {}): void {
    const child = this.#spawn('signer/dist/main.js', {
      HOLDFAST_SIGNER_DIR: this.folder(n),
      HOLDFAST_ROSTER: join(this.data, 'roster.json'),
      HOLDFAST_RELAY_URL: this.relayUrl,
      ...armed(o.crashAt),
    });
    this.#signers.set(n, child);
    this.#lines.set(n, '');
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#lines.set(n, `${this.#lines.get(n) ?? ''}${chunk.toString('utf8')}`);
    });
  }

  /** True when all five say that they hold one session for ECDSA. */
  hasSession(): boolean {
    const sessions = everyFolder.map((n) => {
      const text = this.#lines.get(n) ?? '';
      return /"session":"([0-9a-f]+)"/.exec(text.slice(text.lastIndexOf('"event":"session.ready"')))?.[1];
    });
    return sessions[0] !== undefined && sessions.every((each) => each === sessions[0]);
  }

  async killSigner(n: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#signers.get(n);
    if (child === undefined) return;
    this.#signers.delete(n);
    child.kill(signal);
    await ended(child);
  }

  /** All five, by kill −9; they dial as soon as they are up. */
  async restartSigners(): Promise<void> {
    await Promise.all(everyFolder.map((n) => this.killSigner(n)));
    for (const n of everyFolder) this.startSigner(n);
  }

  /** Resolves when this signer has ended by itself, with the signal that ended it. */
  async signerEnded(n: number): Promise<NodeJS.Signals | null> {
    const child = this.#signers.get(n);
    if (child === undefined) throw new Error(`signer ${n} is not running`);
    await ended(child);
    this.#signers.delete(n);
    return child.signalCode;
  }

  isSignerRunning(n: number): boolean {
    const child = this.#signers.get(n);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /**
   * Rows of a signer's own store. The running signer holds its file alone: a copy is read, write-ahead log included.
   * Taken in the middle of a write it may be no database, over which libsql ends its process: so it has one of its own.
   */
  rows<Row>(n: number, sql: string): readonly Row[] {
    for (let attempt = 1; ; attempt += 1) {
      const copy = mkdtempSync(join(this.dir, 'copy-'));
      try {
        for (const name of ['store.sqlite', 'store.sqlite-wal'])
          if (existsSync(join(this.folder(n), name))) copyFileSync(join(this.folder(n), name), join(copy, name));
        const args = ['-e', READ, require.resolve('libsql'), join(copy, 'store.sqlite'), sql];
        return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' })) as Row[];
      } catch (error) {
        if (attempt === 5) throw error;
      } finally {
        rmSync(copy, { recursive: true });
      }
    }
  }

  // ── everything ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The command line, as a user types it. Asynchronous: this process may be serving the relay. */
  async cli(...args: readonly string[]): Promise<void> {
    const { stdout, stderr } = await run(process.execPath, [entry('cli/dist/main.js'), ...args], {
      env: this.environment(),
      cwd: this.dir,
    });
    this.output += stdout + stderr;
  }

  async createOrg(name: string): Promise<AccountFile> {
    const file = join(this.dir, `${name}.json`);
    const admin = `admin@${name.toLowerCase()}.example`;
    await this.cli('org', 'create', '--name', name, '--admin', admin, '--out', file, '--allow-export');
    await this.cli('org', 'enable', 'import', 'export', '--as', file);
    return JSON.parse(readFileSync(file, 'utf8')) as AccountFile;
  }

  async stop(): Promise<void> {
    for (const other of this.#others) other.kill('SIGTERM');
    await Promise.all([
      this.stopApi(),
      ...this.#others.map(ended),
      ...everyFolder.map((n) => this.killSigner(n, 'SIGTERM')),
    ]);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
    if (this.database !== undefined) dropDatabase(this.database);
  }

  #spawn(file: string, extra: Variables): ChildProcess {
    const child = spawn(process.execPath, [entry(file)], {
      env: { ...this.environment(), NODE_ENV: 'test', ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    return child;
  }
}

async function onlineAt(apiUrl: string): Promise<number> {
  const health = await fetch(`${apiUrl}/health`).then(
    (reply) => reply.json() as Promise<{ signers: { online: number } }>,
    () => undefined,
  );
  return health?.signers.online ?? -1;
}

const armed = (crashAt: string | undefined): Variables => (crashAt === undefined ? {} : { HOLDFAST_CRASH_AT: crashAt });

/** A process that ought to end and does not must not hang the tests. */
const END_MS_MAX = 30_000;

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`${child.spawnargs[1]} did not end in ${END_MS_MAX} ms`)),
      END_MS_MAX,
    );
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
  });
}
