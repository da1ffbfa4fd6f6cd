/**
 * Real processes for tests: `npm start`'s own supervisor on a fresh data folder and a free port, with the embedded
 * database or a scratch database on PostgreSQL. Signers and the api can be killed and started one by one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DfnsApiClient } from '@dfns/sdk';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';
import { layFirstFiles } from '@holdfast/storage/conformance';

const entry = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export interface AccountFile {
  readonly apiUrl: string;
  readonly orgId: string;
  readonly appId: string;
  readonly clusterFingerprint: string;
  readonly admin: Account;
  readonly serviceAccount: Account;
}

export interface Account {
  readonly userId: string;
  readonly credentialId: string;
  readonly privateKey: string;
  readonly authToken: string;
}

export type Engine = 'embedded' | 'postgres';

const postgresUrl = process.env['HOLDFAST_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

export class Cluster {
  readonly dir: string;
  readonly port: number;
  readonly engine: Engine;
  readonly apiUrl: string;
  /** Everything the processes printed: scanned for secrets at the end. */
  output = '';
  #supervisor: ChildProcess | undefined;
  readonly #extra = new Map<number, ChildProcess>();
  #database: string | undefined;

  private constructor(dir: string, port: number, engine: Engine) {
    this.dir = dir;
    this.port = port;
    this.engine = engine;
    this.apiUrl = `http://localhost:${port}`;
  }

  static async start(
    options: {
      readonly engine?: Engine;
      readonly env?: Readonly<Record<string, string>>;
      /** As on a user's machine: nothing is there, the api makes the files of its database itself. */
      readonly isFirst?: boolean;
    } = {},
  ): Promise<Cluster> {
    const cluster = new Cluster(
      mkdtempSync(join(tmpdir(), 'holdfast-test-')),
      await freePort(),
      options.engine ?? 'embedded',
    );
    if (cluster.engine === 'postgres') cluster.#database = createDatabase();
    else if (!options.isFirst) layFirstFiles(join(cluster.dir, 'data', 'api'));
    await cluster.run(options.env);
    return cluster;
  }

  /** Starts (or starts again) the supervisor and waits until five signers are connected. */
  async run(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = spawn(process.execPath, [entry('cli/dist/start/main.js')], {
      env: { ...this.environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#supervisor = child;
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    await until(
      `five signers are connected; output so far:\n${this.output}`,
      async () => {
        if (child.exitCode !== null)
          throw new Error(`npm start ended with ${child.exitCode}:\n${this.output.slice(-4000)}`);
        return (await this.online()) === 5;
      },
      90_000,
    );
  }

  environment(): NodeJS.ProcessEnv {
    const { DATABASE_URL: _unused, ...rest } = process.env;
    return {
      ...rest,
      HOLDFAST_DATA: join(this.dir, 'data'),
      HOLDFAST_PORT: String(this.port),
      ...(this.#database === undefined ? {} : { DATABASE_URL: this.#database }),
    };
  }

  async online(): Promise<number> {
    const health = await fetch(`${this.apiUrl}/health`).then(
      (reply) => reply.json() as Promise<{ signers: { online: number } }>,
      () => undefined,
    );
    return health?.signers.online ?? -1;
  }

  async untilOnline(count: number): Promise<void> {
    await until(`${count} signers are connected`, async () => (await this.online()) === count, 60_000);
  }

  /** The command line, as a user types it. */
  cli(...args: readonly string[]): { stdout: string; stderr: string; status: number } {
    const { stdout, stderr, status } = spawnSync(process.execPath, [entry('cli/dist/main.js'), ...args], {
      env: this.environment(),
      encoding: 'utf8',
      cwd: this.dir,
    });
    this.output += stdout + stderr;
    return { stdout, stderr, status: status ?? -1 };
  }

  createOrg(name: string, options: { readonly allowExport?: boolean; readonly enable?: boolean } = {}): AccountFile {
    const file = join(this.dir, `${name}.json`);
    const made = this.cli(
      'org',
      'create',
      '--name',
      name,
      '--admin',
      `admin@${name.toLowerCase()}.example`,
      '--out',
      file,
      ...((options.allowExport ?? true) ? ['--allow-export'] : []),
    );
    if (made.status !== 0) throw new Error(`org create: ${made.stderr}`);
    if (options.enable ?? true) {
      const enabled = this.cli('org', 'enable', 'import', 'export', '--as', file);
      if (enabled.status !== 0) throw new Error(`org enable: ${enabled.stderr}`);
    }
    return JSON.parse(readFileSync(file, 'utf8')) as AccountFile;
  }

  processes(): Readonly<Record<string, number>> {
    return (JSON.parse(readFileSync(join(this.dir, 'data/run.json'), 'utf8')) as { processes: Record<string, number> })
      .processes;
  }

  /** Signers here are numbered as their folders are: signer-1 … signer-5. */
  async kill(name: 'api' | `signer-${number}`): Promise<void> {
    const n = Number(name.split('-')[1]);
    const extra = this.#extra.get(n);
    if (extra !== undefined) {
      this.#extra.delete(n);
      const gone = new Promise((done) => extra.once('exit', done));
      extra.kill('SIGKILL');
      await gone;
      return;
    }
    const pid = this.processes()[name];
    if (pid === undefined) throw new Error(`${name} is not running`);
    process.kill(pid, 'SIGKILL');
    await until(`${name} is gone`, async () => this.processes()[name] === undefined, 10_000);
  }

  startSigner(n: number): void {
    const child = spawn(process.execPath, [entry('cli/dist/main.js'), 'signer', 'start', String(n)], {
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: false,
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    });
    this.#extra.set(n, child);
  }

  /** Ends everything; keeps the folder if a test wants to look at it. */
  async stop(): Promise<void> {
    for (const child of this.#extra.values()) child.kill('SIGTERM');
    this.#extra.clear();
    const child = this.#supervisor;
    if (child !== undefined && child.exitCode === null) {
      const gone = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await gone;
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
    if (this.#database !== undefined) dropDatabase(this.#database);
  }
}

/** The public client, unmodified, with its own stock key signer. */
export function sdk(account: AccountFile, who: Account = account.serviceAccount): DfnsApiClient {
  return new DfnsApiClient({
    orgId: account.orgId,
    authToken: who.authToken,
    baseUrl: account.apiUrl,
    signer: new AsymmetricKeySigner({ credId: who.credentialId, privateKey: who.privateKey }),
  } as ConstructorParameters<typeof DfnsApiClient>[0]);
}

export async function until(what: string, holds: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms until ${what}`);
    // Real processes have real clocks: this polls a condition, it does not guess a duration.
    await new Promise((done) => setTimeout(done, 25));
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A scratch database on PostgreSQL. */
export function createDatabase(): string {
  const name = `holdfast_test_${randomBytes(6).toString('hex')}`;
  sql(`create database ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export function dropDatabase(url: string): void {
  sql(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
}

function sql(text: string): void {
  const { status, stderr } = spawnSync('psql', [postgresUrl, '-q', '-c', text], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`PostgreSQL at ${new URL(postgresUrl).host} is needed for this test: ${stderr}`);
}
