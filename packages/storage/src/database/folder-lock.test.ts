import { equal, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockFolder, startTime } from './folder-lock.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('refuses a folder that a living process holds, and names the process', () => {
  const unlock = lockFolder(folder);

  throws(() => lockFolder(folder), {
    code: 'E_STORAGE_LOCKED',
    message: new RegExp(`in use by process ${process.pid}\\b`),
  });

  unlock();
  lockFolder(folder)();
  equal(existsSync(join(folder, 'process.lock')), false);
});

test('takes over the lock of a process that has ended', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(join(folder, 'process.lock'), JSON.stringify({ pid, started: '1' }));

  lockFolder(folder)();
});

test('takes over the lock of a recycled process id', () => {
  writeFileSync(
    join(folder, 'process.lock'),
    JSON.stringify({ pid: process.pid, started: `${startTime(process.pid)}0` }),
  );

  lockFolder(folder)();
});

test('takes over a lock file that a crash left empty', () => {
  writeFileSync(join(folder, 'process.lock'), '');

  lockFolder(folder)();
});

test('refuses the folder to a second process', () => {
  const unlock = lockFolder(folder);
  const module = JSON.stringify(new URL('./folder-lock.js', import.meta.url).href);

  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `import { lockFolder } from ${module}; lockFolder(process.argv[1]);`, folder],
    {
      encoding: 'utf8',
    },
  );

  equal(status, 1);
  equal(/E_STORAGE_LOCKED/.test(stderr), true);
  unlock();
});
