// The attack table: docs/security/attacks.json says what each attack is and what stops it, the tests say which of
// them they show, this writes docs/security/attacks.md from both. `npm run docs` runs it; `npm run check` compares.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cell, escaped, readJson, testsByRow } from './catalogue/shared.mjs';
import { namedRows } from './catalogue/titles.mjs';

export const page = 'docs/security/attacks.md';

/** { text, faults }: the page, and every row of this release that no test shows. */
export function attacks(root) {
  const rows = readJson(root, 'docs/security/attacks.json');
  const { tests, faults } = testsByRow(root, rows, 'attacks');
  const here = rows.filter(({ later }) => later === undefined);
  const later = rows.filter((row) => row.later !== undefined);
  for (const { row } of here) if (tests.get(row).length === 0) faults.push(`attack row ${row} has no test`);
  const pitfalls = pitfallRows(root, { attacks: rows, tests, faults });
  const text = `# Attacks and the tests that show them stopped

Written by \`npm run docs\` from [attacks.json](attacks.json) and the titles of the tests; edit those. A test that shows
a row names it: \`row 27: …\`. That the check is what stops the attack, and not something else, is shown by
\`npm run guards\`: it removes the checks one at a time and expects a test to fail
([what is accepted](guards-accepted.json)).

## In this release

| Row | Attack | What stops it | Tests |
| --- | --- | --- | --- |
${here.map((r) => `| ${r.row} | ${escaped(r.attack)} | ${escaped(r.check)} | ${cell(tests.get(r.row))} |`).join('\n')}

## Not in this release

These concern parts that do not exist yet. Rows whose tests are there already name them.

| Row | Attack | Why not yet | Tests |
| --- | --- | --- | --- |
${later.map((r) => `| ${r.row} | ${escaped(r.attack)} | ${escaped(r.later)} | ${cell(tests.get(r.row))} |`).join('\n')}

## The public catalogue of pitfalls

The bugs and pitfalls collected at [rot256/mpc-pitfalls](https://github.com/rot256/mpc-pitfalls) (state of 24 June 2026: 27
bugs, 26 pitfalls), by the name of their page there: what stands in their way here, and the rows above whose tests
show it, with the tests that are about this entry alone ([pitfalls.json](pitfalls.json)).

| Entry | What stops it here | Rows | Tests of its own |
| --- | --- | --- | --- |
${pitfalls.join('\n')}
`;
  return { text, faults };
}

/** One line per entry; an entry that no test shows is a fault, unless its rows come later. */
function pitfallRows(root, { attacks, tests, faults }) {
  const entries = readJson(root, 'docs/security/pitfalls.json');
  const own = new Map(entries.map(({ id }) => [id, []]));
  for (const { file, title, pitfalls } of namedRows(root))
    for (const id of pitfalls) {
      if (own.has(id)) own.get(id).push({ file, title });
      else faults.push(`${file}: "${title}" names the pitfall ${id}, which the table does not have`);
    }
  return entries.map(({ id, kind, here, rows }) => {
    const isLater = rows.some((row) => attacks.find((each) => each.row === row)?.later !== undefined);
    const isShown = own.get(id).length > 0 || rows.some((row) => tests.get(row)?.length > 0);
    if (!isShown && !isLater) faults.push(`pitfall ${id} has no test`);
    const listed = rows.length === 0 ? '' : rows.join(', ');
    return `| ${kind}: ${id} | ${escaped(here)} | ${listed} | ${cell(own.get(id))} |`;
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = new URL('..', import.meta.url).pathname;
  const { text, faults } = attacks(root);
  writeFileSync(join(root, page), text);
  if (faults.length > 0) console.error(faults.join('\n'));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
