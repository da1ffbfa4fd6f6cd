/** The engines every conformance test runs on, each with an empty database of its own. Test code only. */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type Database, type OpenOptions, openDatabase } from '../database/index.ts';

export interface TestEngine {
  readonly name: 'pglite' | 'postgres';
  /** Opens the database; may be called again after a close to see what was kept. */
  open(o?: Pick<OpenOptions, 'connectMsMax'>): Promise<Database>;
  remove(): Promise<void>;
}

const serverUrl = process.env['HOLDFAST_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432';

export const engineNames: readonly TestEngine['name'][] = serverUrl === 'off' ? ['pglite'] : ['pglite', 'postgres'];

/** A scratch database on the engine. A missing PostgreSQL fails the test, loudly, unless HOLDFAST_TEST_POSTGRES=off. */
export async function scratchEngine(name: TestEngine['name']): Promise<TestEngine> {
  return name === 'pglite' ? scratchFolder() : scratchDatabase();
}

async function scratchFolder(): Promise<TestEngine> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'holdfast-storage-'));
  layFirstFiles(dataFolder);
  return {
    name: 'pglite',
    open: (o) => openDatabase({ dataFolder, now: Date.now, ...o }),
    remove: async () => rmSync(dataFolder, { recursive: true, force: true }),
  };
}

/**
 * The files of an empty embedded database, migrations done, in `dataFolder`: copied from ones that the tests of this build
 * made once, which takes five seconds of processor time and more than most tests do. That a database makes its own is
 * what `crash.test.ts` shows, and devnet's first contact.
 */
export function layFirstFiles(dataFolder: string): void {
  const prepared = join(tmpdir(), `holdfast-test-files-${buildId()}`);
  if (!existsSync(prepared)) {
    const draft = mkdtempSync(`${prepared}-`);
    const program = fileURLToPath(new URL('./first-files.js', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [program, draft], { env: {}, encoding: 'utf8' });
    if (status !== 0) throw new Error(`no files for an embedded database: ${stderr}`);
    try {
      renameSync(draft, prepared);
    } catch (error) {
      // Another test was first; its files are as good.
      if (!existsSync(prepared)) throw error;
      rmSync(draft, { recursive: true, force: true });
    }
  }
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  cpSync(join(prepared, 'db'), join(dataFolder, 'db'), { recursive: true });
}

/** Names the code that makes a database: this room as built, and the engine. */
function buildId(): string {
  const hash = createHash('sha256');
  const room = fileURLToPath(new URL('..', import.meta.url));
  const names = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(room, name)));
  hash.update(readFileSync(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))));
  return hash.digest('hex').slice(0, 16);
}

async function scratchDatabase(): Promise<TestEngine> {
  const name = `holdfast_test_${randomBytes(6).toString('hex')}`;
  await administer(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    name: 'postgres',
    open: (o) => openDatabase({ url: url.href, ...o }),
    remove: () => administer(`drop database if exists ${name} with (force)`),
  };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
  } catch (cause) {
    throw new Error(
      `PostgreSQL does not answer at ${serverUrl}, and these tests are about both engines. Start it, point HOLDFAST_TEST_POSTGRES at one, or set HOLDFAST_TEST_POSTGRES=off to test the embedded engine alone.`,
      { cause },
    );
  }
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
