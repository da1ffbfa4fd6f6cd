// What the tests say of themselves: every title that names a row of a catalogue. A title names a row of the attack
// table as `row 27: …` and a row of the bad-input catalogue as `[bad-input 27]`, `bad-inputs 27: …`, or by section
// and number at its beginning (`A 27: …`, `B27 and C51: …`), the numbers being unique across sections. An entry of the
// public catalogue of pitfalls is named as `[pitfall multicast-as-broadcast]`.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tokenize } from '../guards/scan.mjs';

/** [{ file, title, attacks: number[], badInputs: number[], pitfalls: string[] }] for every literal that names one. */
export function namedRows(root) {
  return testFiles(root).flatMap((path) => {
    const file = relative(root, path);
    return literals(readFileSync(path, 'utf8')).flatMap(({ text, isTitle }) => {
      const attacks = [...text.matchAll(/\brow (\d+)\b(?=[:,])/g)].map(([, row]) => Number(row));
      const badInputs = badInputsOf(text, isTitle);
      const pitfalls = [...text.matchAll(/\[pitfall ([a-z0-9-]+)\]/g)].map(([, id]) => id);
      if (attacks.length + badInputs.length + pitfalls.length === 0) return [];
      return [{ file, title: shown(text), attacks, badInputs, pitfalls }];
    });
  });
}

/** Every literal of one test file as it is shown; for rows that name their tests instead of the reverse. */
export function titlesOf(root, file) {
  const path = join(root, file);
  return existsSync(path) ? literals(readFileSync(path, 'utf8')).map(({ text }) => shown(text)) : [];
}

function badInputsOf(text, isTitle) {
  const bracketed = [...text.matchAll(/\[bad-inputs? ([\d, ]+)\]/g)].flatMap(([, list]) => numbers(list));
  const prefixed = numbers(/^bad-inputs? (\d+(?:, \d+)*)/.exec(text)?.[1] ?? '');
  const section = isTitle ? (/^[A-K] ?\d+(?:(?:, | and )[A-K]? ?\d+)*(?=[:\s])/.exec(text)?.[0] ?? '') : '';
  return [...bracketed, ...prefixed, ...numbers(section)];
}

function numbers(text) {
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits));
}

function literals(text) {
  const tokens = tokenize(text);
  return tokens.flatMap((token, at) => {
    if (token.type !== 'literal' || token.text.startsWith('/')) return [];
    const isTitle = tokens[at - 1]?.text === '(' && /^(?:test|it|describe|suite)$/.test(tokens[at - 2]?.text ?? '');
    return [{ text: token.text.slice(1, -1).replace(/\\(['"`\\])/g, '$1'), isTitle }];
  });
}

/** `${…}` of a generated title becomes an ellipsis. */
function shown(text) {
  return text.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…');
}

function testFiles(root) {
  const rooms = ['packages', 'apps'].flatMap((top) =>
    readdirSync(join(root, top)).map((room) => join(root, top, room, 'src')),
  );
  return rooms.flatMap((folder) => [...walk(folder)]).filter((path) => path.endsWith('.test.ts'));
}

function* walk(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* walk(path);
    else yield path;
  }
}
