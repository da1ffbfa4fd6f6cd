// Runs one built test file in a process of its own and stops it at its first failure or at its time limit.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** { outcome: 'passed' | 'failed' | 'late', ms, why } */
export function runTest({ place, file, msMax, coverage }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const env = { ...process.env, NODE_ENV: 'test', ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}) };
    const child = spawn('nice', ['-n', '10', process.execPath, '--test-reporter=tap', file], {
      cwd: place,
      env,
      detached: true, // A group of its own: what the test starts ends with it.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let seen = '';
    let settled = false;
    const settle = (outcome, why) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      kill(child.pid);
      resolve({ outcome, why, ms: performance.now() - started });
    };
    const timer = setTimeout(() => settle('late', `no end after ${Math.round(msMax / 1000)} s`), msMax);
    child.stdout.on('data', (bytes) => {
      seen += bytes;
      const failed = /^\s*not ok \d+ - (.*)$/m.exec(seen);
      if (failed && !coverage) settle('failed', failed[1]);
      seen = coverage ? seen : seen.slice(seen.lastIndexOf('\n') + 1);
    });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said = (said + bytes).slice(-2000);
    });
    child.on('close', (code) => {
      const failed = /^\s*not ok \d+ - (.*)$/m.exec(seen);
      settle(code === 0 ? 'passed' : 'failed', failed?.[1] ?? said.trim().split('\n')[0] ?? `exit ${code}`);
    });
  });
}

/** The same, and which stretches of the place's files ran: path → [start, end, count][] per function, outermost first. */
export async function runWithCoverage({ place, file, msMax }) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-coverage-'));
  try {
    const result = await runTest({ place, file, msMax, coverage: folder });
    const reached = new Map();
    for (const name of readdirSync(folder)) {
      for (const script of JSON.parse(readFileSync(join(folder, name), 'utf8')).result) {
        if (!script.url.includes(place) || script.url.includes('/node_modules/')) continue;
        const path = decodeURI(script.url.slice(script.url.indexOf(place) + place.length + 1));
        reached.set(path, [...(reached.get(path) ?? []), script.functions]);
      }
    }
    return { ...result, reached };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether the code at this offset ran in any of the processes. The innermost range decides. */
export function ran(scripts, offset) {
  return (scripts ?? []).some((functions) => {
    let best;
    for (const { ranges } of functions) {
      for (const range of ranges) {
        if (range.startOffset > offset || range.endOffset <= offset) continue;
        const size = range.endOffset - range.startOffset;
        if (best === undefined || size <= best.size) best = { size, count: range.count };
      }
    }
    return best !== undefined && best.count > 0;
  });
}

function kill(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}
