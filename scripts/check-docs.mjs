// Holds the documents to the code: links and paths that they name exist, the generated pages are up to date, every
// row of the two catalogues is shown, and guards that were accepted are still there.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attacks, page as attacksPage } from './attacks.mjs';
import { badInputs, page as badInputsPage } from './bad-inputs.mjs';
import { compatibility, page as compatibilityPage } from './compatibility.mjs';
import { report, reportFile } from './guards/report.mjs';
import { guardsOf } from './guards/scan.mjs';
import { networksPage, page as networksPageFile } from './networks.mjs';

const root = new URL('..', import.meta.url).pathname;
const faults = [];

const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => existsSync(join(root, file)));
for (const file of documents) checkDocument(file);
checkPage(attacksPage, attacks(root));
checkPage(reportFile, { faults: [], text: report(root) });
checkPage(networksPageFile, await networksPage(root));
const { pending } = checkPage(badInputsPage, badInputs(root));
checkPage(compatibilityPage, await compatibility(root));
checkAccepted();

if (pending.length > 0) console.warn(`docs: the tests of these bad inputs are pending: ${pending.join(', ')}`);
if (faults.length > 0) {
  console.error(faults.join('\n'));
  console.error(`${faults.length} place(s) where documents and code disagree`);
  process.exit(1);
}
console.log(`docs: ${documents.length} documents agree with the code`);

function checkDocument(file) {
  const text = readFileSync(join(root, file), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  const here = dirname(join(root, file));
  const prose = text.replace(/`[^`\n]*`/g, '');
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    const [path] = target.split('#');
    if (/^[a-z]+:/.test(target) || path === '') continue;
    if (!existsSync(join(here, decodeURI(path)))) faults.push(`${file}: the link ${target} leads nowhere`);
  }
  for (const [, code] of text.matchAll(/`([^`\n]+)`/g)) {
    const path = /^(?:packages|apps|scripts|docs|vectors|oracles|bench)\/[\w./-]+$/.exec(code)?.[0];
    if (path !== undefined && !existsSync(join(root, path))) faults.push(`${file}: ${path} does not exist`);
    const script = /^npm run ([a-z][\w:-]*)/.exec(code)?.[1];
    if (script !== undefined && !Object.hasOwn(scripts(), script)) faults.push(`${file}: there is no script ${script}`);
  }
}

function checkPage(page, made) {
  faults.push(...made.faults);
  const written = existsSync(join(root, page)) ? readFileSync(join(root, page), 'utf8') : '';
  if (written !== made.text) faults.push(`${page} is out of date: npm run docs`);
  return made;
}

/** An accepted guard that is gone, or says something else now, has to be judged again. */
function checkAccepted() {
  for (const { file, guard } of JSON.parse(readFileSync(join(root, 'docs/security/guards-accepted.json'), 'utf8'))) {
    const path = join(root, file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'));
    const found = existsSync(path) ? guardsOf(readFileSync(path, 'utf8')) : [];
    if (!found.some(({ says }) => says.startsWith(guard)))
      faults.push(`docs/security/guards-accepted.json: ${file} has no guard ${guard}`);
  }
}

function scripts() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
}
