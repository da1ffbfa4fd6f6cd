// The bad-input catalogue: docs/security/bad-inputs.json lists every input and what is answered; a row is shown by a
// test, or says in one line why it does not concern this release. Writes docs/security/bad-inputs.md. `pending` lists
// rows whose tests are being written: they are reported, and the list must end empty.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cell, escaped, readJson, testsByRow } from './catalogue/shared.mjs';

export const page = 'docs/security/bad-inputs.md';

/** { text, faults, pending }: the page, rows with neither test nor reason, rows still being written. */
export function badInputs(root) {
  const { sections, rows, pending } = readJson(root, 'docs/security/bad-inputs.json');
  const { tests, faults } = testsByRow(root, rows, 'badInputs');
  for (const { row, reason } of rows) {
    const isShown = tests.get(row).length > 0;
    if (!isShown && reason === undefined && !pending.includes(row))
      faults.push(`bad input ${row} has no test and no reason`);
    if (isShown && pending.includes(row)) faults.push(`bad input ${row} has a test now: take it from "pending"`);
  }
  const table = (letter) => {
    const lines = rows
      .filter(({ section }) => section === letter)
      .map((r) => {
        const shown = cell(tests.get(r.row));
        const reason = r.reason === undefined ? '' : `_${escaped(r.reason)}_`;
        return `| ${r.row} | ${escaped(r.input)} | ${escaped(r.answer)} | ${[shown, reason].filter(Boolean).join('<br>')} |`;
      });
    return `## ${letter}. ${sections[letter]}\n\n| Row | Input | Answer | Shown by |\n| --- | --- | --- | --- |\n${lines.join('\n')}`;
  };
  const text = `# Bad inputs and what is answered

Written by \`npm run docs\` from [bad-inputs.json](bad-inputs.json) and the titles of the tests; edit those. A test that
shows a row names it at its beginning, as \`A 27: …\`, or anywhere as \`[bad-input 27]\`. Every refusal has the shape
\`{"error": {"id", "status", "message", "details": {"code", …}}}\`, loses nothing and leaves nothing half done.
Answers marked S come from signers. Italics: why a row does not, or not as a whole, concern this release.

${Object.keys(sections).map(table).join('\n\n')}
`;
  return { text, faults, pending };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = new URL('..', import.meta.url).pathname;
  const { text, faults, pending } = badInputs(root);
  writeFileSync(join(root, page), text);
  if (pending.length > 0) console.error(`bad inputs whose tests are pending: ${pending.join(', ')}`);
  if (faults.length > 0) console.error(faults.join('\n'));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
