// Makes a fresh clone runnable: installs when node_modules is missing or older than the lockfile, builds, and then runs
// the program named by its first argument in this very process. (npm runs no "pre" scripts here: .npmrc forbids scripts
// of packages, and that setting covers our own.) Plain JavaScript without dependencies: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `holdfast needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and run again.`,
  );
  process.exit(78);
}

const marker = 'node_modules/.package-lock.json';
const stale = !existsSync(marker) || statSync(marker).mtimeMs < statSync('package-lock.json').mtimeMs - 1000;
if (stale && !sameLock())
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], 'Installing packages (once; about 20 s)');
run(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-b'],
  existsSync('apps/cli/dist') ? undefined : 'Building (once; a few seconds)',
);

const { buildPages } = await import('./pages.mjs');
buildPages();

const [program] = process.argv.splice(2, 1);
if (program !== undefined) {
  process.argv[1] = resolve(program);
  await import(pathToFileURL(process.argv[1]).href);
}

/** A fresh checkout touches package-lock.json without changing it: compare what is installed with what is asked for. */
function sameLock() {
  if (!existsSync(marker)) return false;
  const installed = JSON.parse(readFileSync(marker, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      entry.link ||
      entry.optional ||
      !path.startsWith('node_modules/') ||
      installed[path]?.version === entry.version,
  );
}

function run(command, args, notice) {
  if (notice) console.error(notice);
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    console.error(error ? `${command}: ${error.message}` : `${command} ${args.join(' ')} failed`);
    process.exit(status ?? 1);
  }
}
