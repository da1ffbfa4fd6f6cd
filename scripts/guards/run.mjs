// Runs one built test file, or some of its tests, in a process of its own and stops it at its first failure or at
// its time limit.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * `names` are the tests to run, all of them when it is left out. { outcome: 'passed' | 'failed' | 'late', ms, why,
 * count }: why is the title of the test that failed, count how many passed.
 */
export function runTest({ place, file, msMax, names = [], preload, isWhole = false }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(
      'nice',
      [
        ...['-n', '19', process.execPath, '--test-reporter=tap'],
        ...(preload === undefined ? [] : ['--import', pathToFileURL(preload).href]),
        ...names.map((name) => `--test-name-pattern=^${name.replace(/[^\p{L}\p{N} ]/gu, '\\$&')}$`),
        file,
      ],
      {
        cwd: place,
        env: { ...process.env, NODE_ENV: 'test' },
        detached: true, // A group of its own: what the test starts ends with it.
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let seen = '';
    let count = 0;
    let failed;
    let settled = false;
    const settle = (outcome, why) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      kill(child.pid);
      resolve({ outcome, why, count, ms: performance.now() - started });
    };
    const timer = setTimeout(() => settle('late', `no end after ${Math.round(msMax / 1000)} s`), msMax);
    child.stdout.on('data', (bytes) => {
      const lines = (seen + bytes).split('\n');
      seen = lines.pop();
      for (const line of lines) {
        const [, not, title, directive] = /^\s*(not )?ok \d+ - (.*?)( # (?:SKIP|TODO).*)?$/.exec(line) ?? [];
        if (title === undefined || directive !== undefined) continue;
        if (not === undefined) count += 1;
        else failed ??= title.replace(/\\([\\#])/g, '$1');
      }
      if (failed !== undefined && !isWhole) settle('failed', failed);
    });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said = (said + bytes).slice(-2000);
    });
    child.on('close', (code) => {
      settle(code === 0 ? 'passed' : 'failed', failed ?? said.trim().split('\n')[0] ?? `exit ${code}`);
    });
  });
}

/** The same on instrumented rooms; `seen` says which guards each test reached: [test, what, guard or ms][]. */
export async function runInstrumented({ place, file, msMax }) {
  const folder = join(place, 'guards');
  const seenFile = join(folder, 'seen.jsonl');
  rmSync(seenFile, { force: true });
  const result = await runTest({ place, file, msMax, preload: join(folder, 'name-tests.mjs'), isWhole: true });
  const lines = existsSync(seenFile) ? readFileSync(seenFile, 'utf8').trim().split('\n') : [];
  return { ...result, seen: lines.filter((line) => line !== '').map((line) => JSON.parse(line)) };
}

function kill(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}
