// A private copy of the built rooms in which one file at a time may be spoilt. Third-party packages are those of the
// checkout, by hard links, so that an `npm ci` there takes nothing away here; our own are linked within the copy, so
// that a spoilt room is what every other room imports.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const TAKEN = ['packages', 'apps', 'vectors', 'docs', 'scripts', 'package.json', 'tsconfig.base.json'];

const TRIES = 20;
const PAUSE_MS = 3000;

export async function makeCopiedTree(root) {
  const place = mkdtempSync(join(tmpdir(), 'holdfast-guards-'));
  // A build may be writing while we copy: what was copied counts only if nothing changed meanwhile.
  for (let left = TRIES; ; left -= 1) {
    const before = newest(root);
    for (const name of TAKEN) cpSync(join(root, name), join(place, name), { recursive: true, filter: isNeeded });
    if (newest(root) === before && Date.now() - before > PAUSE_MS) break;
    if (left === 0) throw new Error('the build does not come to rest');
    await setTimeout(PAUSE_MS);
  }
  linkPackages(join(root, 'node_modules'), join(place, 'node_modules'));
  return { place, remove: () => rmSync(place, { recursive: true, force: true }) };
}

/** When a file of the built rooms changed last. */
function newest(root) {
  let time = 0;
  for (const top of ['packages', 'apps']) {
    for (const room of readdirSync(join(root, top))) {
      for (const path of files(join(root, top, room, 'dist'))) time = Math.max(time, statSync(path).mtimeMs);
    }
  }
  return time;
}

function* files(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (path.endsWith('.js')) yield path;
  }
}

function isNeeded(path) {
  return !/\/(?:node_modules|data)$/.test(path) && !/\.(?:d\.ts|d\.ts\.map|tsbuildinfo)$/.test(path);
}

function linkPackages(from, to) {
  mkdirSync(join(to, '@holdfast'), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== '@holdfast') linkTree(join(from, name), join(to, name));
  }
  for (const name of readdirSync(join(from, '@holdfast'))) {
    const link = join(from, '@holdfast', name);
    if (!lstatSync(link).isSymbolicLink()) continue;
    const top = ['packages', 'apps'].find((folder) => readdirSync(join(to, '..', folder)).includes(name));
    if (top !== undefined) symlinkSync(join('..', '..', top, name), join(to, '@holdfast', name));
  }
}

function linkTree(from, to) {
  const { status } = spawnSync('cp', ['-al', from, to], { stdio: 'ignore' });
  if (status === 0) return;
  // Another file system.
  rmSync(to, { recursive: true, force: true });
  symlinkSync(from, to);
}
