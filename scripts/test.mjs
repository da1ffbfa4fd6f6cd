// `npm test`: every *.test.js of the built output, through node's own runner. `npm test -- crypto mpc` runs those
// rooms only. Two files at a time, except where a test states how long something took: those have both cores.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const wanted = process.argv.slice(2);
const rooms = [
  ...['contract', 'crypto', 'mpc', 'authority', 'cluster', 'chains', 'storage', 'client', 'testkit'].map(
    (room) => `packages/${room}`,
  ),
  ...['api', 'signer', 'cli', 'dashboard', 'devnet'].map((room) => `apps/${room}`),
];
const TIMED = /^apps\/devnet\/dist\/(engines\/|faults\/signers)/;

const files = rooms
  .filter((path) => wanted.length === 0 || wanted.some((word) => path.endsWith(`/${word}`)))
  .flatMap((path) => [...tests(join(path, 'dist'))]);

// Several test files use the chains' own SDKs; the first of them would install these under the hands of the next.
if (files.some((file) => file.startsWith('apps/devnet/')) && !existsSync('oracles/node_modules/.package-lock.json')) {
  const options = ['ci', '--workspaces=false', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status: installed } = spawnSync('npm', options, { cwd: 'oracles', stdio: ['ignore', 'ignore', 'inherit'] });
  if (installed !== 0) process.exit(installed ?? 1);
}

let status = 0;
for (const [some, concurrency] of [
  [files.filter((file) => !TIMED.test(file)), 2],
  [files.filter((file) => TIMED.test(file)), 1],
]) {
  if (some.length === 0) continue;
  const run = spawnSync(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...some],
    {
      stdio: 'inherit',
      env: { ...process.env, NODE_ENV: 'test' },
    },
  );
  status ||= run.status ?? 1;
}
process.exit(status);

function* tests(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* tests(path);
    else if (name.endsWith('.test.js')) yield path;
  }
}
