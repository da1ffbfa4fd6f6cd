// Builds the browser's pages (apps/dashboard) when something they are made of is newer than what was built. Without its
// tools (an installation without development packages) they are left out, and the api serves everything but them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const room = 'apps/dashboard';
const built = `${room}/dist/site/index.html`;
const vite = 'node_modules/vite/bin/vite.js';
/** Its own sources, and what the compiler made of the rooms it uses. */
const made = [
  `${room}/src`,
  `${room}/index.html`,
  `${room}/vite.config.mjs`,
  'package-lock.json',
  ...['contract', 'crypto', 'authority', 'chains', 'client'].map((name) => `packages/${name}/dist`),
];

export function buildPages() {
  if (!existsSync(vite) || !made.every((path) => existsSync(path))) return;
  const since = existsSync(built) ? statSync(built).mtimeMs : 0;
  if (!made.some((path) => isNewer(path, since))) return;
  const { status } = spawnSync(process.execPath, [join('../..', vite), 'build'], {
    cwd: room,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    console.error('the pages could not be built');
    process.exit(status ?? 1);
  }
}

function isNewer(path, since) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs > since;
  return readdirSync(path).some(
    (name) => !/\.(test|d)\.|\.map$|^\.tsbuildinfo$/.test(name) && isNewer(join(path, name), since),
  );
}
