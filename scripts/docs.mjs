// `npm run docs`: writes the pages that are made from data and tests. `npm run check` says when one is out of date.
import { spawnSync } from 'node:child_process';

let status = 0;
for (const call of [
  ['scripts/attacks.mjs'],
  ['scripts/bad-inputs.mjs'],
  ['scripts/networks.mjs'],
  ['scripts/guards.mjs', '--report'],
  ['scripts/compatibility.mjs'],
]) {
  status ||= spawnSync(process.execPath, call, { stdio: 'inherit' }).status ?? 1;
}
process.exit(status);
