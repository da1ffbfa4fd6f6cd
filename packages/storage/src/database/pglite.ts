/**
 * The embedded engine: PGlite behind node-postgres, so that every query is the one PostgreSQL gets.
 *
 * PGlite runs with fsync off and its file layer ignores the setting. `WalSyncedFs` makes each commit durable by
 * syncing the changed segments of the write-ahead log after every message. Checkpoints stay unsynced: this engine
 * is for trying out and for small installations, and `openDatabase` says so.
 */
import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import type { PoolConfig } from 'pg';

const run = promisify(execFile);
/** Seconds on a fast machine, a minute on a loaded one. */
const FIRST_MS_MAX = 120_000;

/** File times advance by the kernel's tick (4–10 ms): a segment written within this span counts as still changing. */
const TICK_MS_MAX = 50;

class WalSyncedFs extends NodeFS {
  readonly #now: (() => number) | undefined;
  #syncedAt = new Map<string, bigint>();

  constructor(folder: string, now: (() => number) | undefined) {
    super(folder);
    this.#now = now;
  }

  override async syncToFs(): Promise<void> {
    const folder = join(this.rootDir, 'pg_wal');
    for (const name of segments(folder)) {
      const path = join(folder, name);
      const now = this.#now?.();
      const changed = statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
      if (changed === undefined || this.#syncedAt.get(name) === changed) continue;
      sync(path);
      // Remembered as clean only once a later write is sure to show a later time.
      if (now !== undefined && Math.abs(now - Number(changed / 1_000_000n)) > TICK_MS_MAX)
        this.#syncedAt.set(name, changed);
    }
  }
}

function segments(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^[0-9A-F]{24}$/.test(name));
  } catch (error) {
    // Before the first initialisation there is no log yet.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function sync(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    // The engine recycles segments; one that is gone holds nothing that is still needed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

export interface Embedded {
  readonly poolConfig: PoolConfig;
  close(): Promise<void>;
}

/**
 * Making the first files takes half a gigabyte that this process would never give back: another one does it, in a folder
 * beside, which gets its name when it is complete. What a crash left of an earlier try is thrown away.
 */
async function makeFiles(folder: string): Promise<void> {
  const drafts = `${basename(folder)}.new-`;
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(parent)) if (name.startsWith(drafts)) rmSync(join(parent, name), { recursive: true });
  const draft = join(parent, `${drafts}${process.pid}`);
  mkdirSync(draft, { mode: 0o700 });
  const program = fileURLToPath(new URL('./pglite-first.js', import.meta.url));
  await run(process.execPath, [program, draft], { env: {}, timeout: FIRST_MS_MAX });
  renameSync(draft, folder);
}

/**
 * Opens (or creates) the embedded database in a folder that the caller has locked. `now` is the clock that the machine
 * stamps files with; without one every segment of the log is synced every time.
 */
export async function openEmbedded(folder: string, now?: () => number): Promise<Embedded> {
  if (!existsSync(folder)) await makeFiles(folder);
  const pglite = new PGlite({
    fs: new WalSyncedFs(folder, now),
    startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB'],
  });
  await pglite.waitReady;
  return { poolConfig: createPgConfig(pglite) as unknown as PoolConfig, close: () => pglite.close() };
}
