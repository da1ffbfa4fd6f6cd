/** The engines every conformance test runs on, each with an empty database of its own. Test code only. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Database, openDatabase } from '../database/index.ts';

export interface TestEngine {
  readonly name: 'pglite' | 'postgres';
  /** Opens the database; may be called again after a close to see what was kept. */
  open(): Promise<Database>;
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
  return {
    name: 'pglite',
    open: () => openDatabase({ dataFolder }),
    remove: async () => rmSync(dataFolder, { recursive: true, force: true }),
  };
}

async function scratchDatabase(): Promise<TestEngine> {
  const name = `holdfast_test_${randomBytes(6).toString('hex')}`;
  await administer(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    name: 'postgres',
    open: () => openDatabase({ url: url.href }),
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
