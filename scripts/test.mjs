// `npm test`: every *.test.js of the built output, through node's own runner. `npm test -- crypto mpc` runs those
// rooms only. Two files at a time, except where a test states how long something took: those have both cores.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const wanted = process.argv.slice(2);
const rooms = [
  ...['contract', 'crypto', 'mpc', 'authority', 'cluster', 'chains', 'storage', 'client', 'testkit'].map(
    (room) => `packages/${room}`,
  ),
  ...['api', 'signer', 'cli', 'dashboard', 'devnet'].map((room) => `apps/${room}`),
];
/** Minutes on one processor; node would take it last, when nothing is left for the other. Printed when it is over. */
const LONG = /^packages\/testkit\/dist\/simulation\/simulation\./;
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

const beside = files.filter((file) => LONG.test(file));
const long = beside.length === 0 ? Promise.resolve(0) : start(beside, { concurrency: 1, isKept: true });
const rest = files.filter((file) => !LONG.test(file));
const paired = await start(
  rest.filter((file) => !TIMED.test(file)),
  { concurrency: 2 },
);
const longest = await long;
const timed = await start(
  rest.filter((file) => TIMED.test(file)),
  { concurrency: 1 },
);
process.exit(paired || longest || timed);

/** Exit status. `isKept`: what it prints comes out at its end, so that it does not mix with what runs beside it. */
async function start(some, { concurrency, isKept = false }) {
  if (some.length === 0) return 0;
  const child = spawn(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...some],
    {
      stdio: isKept ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      env: { ...process.env, NODE_ENV: 'test' },
    },
  );
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => printed.push(bytes));
  return new Promise((done) =>
    child.on('close', (code) => {
      for (const bytes of printed) process.stdout.write(bytes);
      done(code ?? 1);
    }),
  );
}

function* tests(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* tests(path);
    else if (name.endsWith('.test.js')) yield path;
  }
}
