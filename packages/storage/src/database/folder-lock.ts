/**
 * One process per embedded database: PGlite itself lets two processes open one folder and then loses rows silently.
 * The lock names the process by id and start time, so that a recycled process id does not keep a folder locked.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from './errors.ts';

interface Holder {
  readonly pid: number;
  readonly started: string;
}

/** Takes the folder or throws E_STORAGE_LOCKED; returns the function that gives it back. */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'process.lock');
  const self: Holder = { pid: process.pid, started: startTime(process.pid) ?? '' };
  const draft = `${path}.${self.pid}`;
  writeFileSync(draft, `${JSON.stringify(self)}\n`, { mode: 0o600 });
  try {
    // Each turn either takes the lock, or finds a living holder, or sets one dead holder aside.
    for (let turn = 0; turn < 8; turn += 1) {
      if (tryLink(draft, path)) return () => release(path, self);
      const holder = readHolder(path);
      if (holder && isAlive(holder)) {
        throw new StorageError(
          'E_STORAGE_LOCKED',
          `The data folder ${folder} is in use by process ${holder.pid}. Stop that process, or choose another folder.`,
        );
      }
      setAside(path, self);
    }
    throw new StorageError('E_STORAGE_LOCKED', `The lock file ${path} keeps changing hands; try again.`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A rename cannot remove a lock that somebody took in between: what was moved is checked and put back if alive. */
function setAside(path: string, self: Holder): void {
  const aside = `${path}.stale.${self.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved && isAlive(moved)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function release(path: string, self: Holder): void {
  const holder = readHolder(path);
  if (holder?.pid === self.pid && holder.started === self.started) rmSync(path, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    // Gone or unreadable: nobody can be shown to hold it.
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  const started = startTime(holder.pid);
  return started !== undefined && (holder.started === '' || started === holder.started);
}

/** When a process started, as the system tells it; undefined when there is no such process. */
export function startTime(pid: number): string | undefined {
  try {
    // proc(5): field 22, counted after the command name, which may itself contain spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
