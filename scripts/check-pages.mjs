// What a browser loads before it shows the first page: everything the document names, what that imports, and the page for
// signing in. At most 40 kB of scripts and styles in gzip; and no script or style inside the document, which its policy forbids.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BYTES_MAX = 40_000;
const site = join(new URL('..', import.meta.url).pathname, 'apps/dashboard/dist/site');
if (!existsSync(join(site, 'index.html'))) {
  console.error('pages: apps/dashboard is not built; run it through scripts/prepare.mjs');
  process.exit(1);
}

const html = readFileSync(join(site, 'index.html'), 'utf8');
const faults = [];
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/.test(html))
  faults.push('a script or style inside the document');

const named = [...html.matchAll(/(?:src|href)="\/app\/([^"]+)"/g)].map(([, path]) => path);
const loaded = new Map();
for (const path of named) load(path);
const entry = [...loaded].map(([, text]) => text).join('');
const [login] = /assets\/login-[\w-]+\.js/.exec(entry) ?? [];
if (login === undefined) faults.push('the entry names no page for signing in');
else load(login);

const bytes = [...loaded.values()].reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
if (bytes > BYTES_MAX) faults.push(`the first load has ${bytes} bytes in gzip; ${BYTES_MAX} are allowed`);
if (faults.length > 0) {
  console.error(faults.map((fault) => `pages: ${fault}`).join('\n'));
  process.exit(1);
}
console.log(`pages: the first load has ${bytes} bytes in gzip, in ${loaded.size} files`);

function load(path) {
  if (loaded.has(path)) return;
  const text = readFileSync(join(site, path), 'utf8');
  loaded.set(path, text);
  for (const [, next] of text.matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g)) load(`assets/${next}`);
}
