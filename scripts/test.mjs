// `npm test`: every *.test.js of the built output, through node's own runner. `npm test -- crypto mpc` runs those
// rooms only. Rooms whose tests start processes run one file at a time, so that two cores are not oversubscribed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const wanted = process.argv.slice(2);
const unit = ['contract', 'crypto', 'mpc', 'authority', 'cluster', 'chains', 'storage', 'client', 'testkit'].map(
  (room) => `packages/${room}`,
);
const processes = ['signer', 'api', 'cli', 'devnet'].map((room) => `apps/${room}`);
const chosen = (folders) =>
  folders.filter((path) => wanted.length === 0 || wanted.some((word) => path.endsWith(`/${word}`)));

let status = 0;
for (const [folders, concurrency] of [
  [chosen(unit), 2],
  [chosen(processes), 1],
]) {
  const files = folders.flatMap((path) => [...tests(join(path, 'dist'))]);
  if (files.length === 0) continue;
  const run = spawnSync(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...files],
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
