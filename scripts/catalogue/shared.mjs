// What the two catalogues have in common: which tests show a row, and how that is written into a page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namedRows, titlesOf } from './titles.mjs';

/** row → [{ file, title }], from the titles that name a row and from the rows that name their tests. */
export function testsByRow(root, rows, kind) {
  const faults = [];
  const known = new Map(rows.map(({ row }) => [row, []]));
  for (const { file, title, [kind]: named } of namedRows(root)) {
    for (const row of new Set(named)) {
      if (known.has(row)) known.get(row).push({ file, title });
      else if (kind === 'attacks') faults.push(`${file}: "${title}" names row ${row}, which the table does not have`);
    }
  }
  for (const { row, shownBy = [] } of rows) {
    for (const { file, title } of shownBy) {
      const found = titlesOf(root, file).find((text) => text.includes(title));
      if (found === undefined)
        faults.push(`row ${row} is said to be shown by "${title}" in ${file}, which is not there`);
      else if (!known.get(row).some((t) => t.file === file && t.title === found))
        known.get(row).push({ file, title: found });
    }
  }
  return { tests: known, faults };
}

/** Links to the files, the titles behind them; one line of a table. */
export function cell(tests) {
  const byFile = Map.groupBy ? Map.groupBy(tests, (t) => t.file) : grouped(tests);
  return [...byFile]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, list]) => {
      const titles = [...new Set(list.map((t) => t.title))].map((title) => `“${escaped(title)}”`);
      return `[${file.split('/').pop()}](../../${file}): ${titles.join('; ')}`;
    })
    .join('<br>');
}

export function escaped(text) {
  return text.replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/\*/g, '\\*');
}

export function readJson(root, file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

function grouped(tests) {
  const byFile = new Map();
  for (const t of tests) byFile.set(t.file, [...(byFile.get(t.file) ?? []), t]);
  return byFile;
}
