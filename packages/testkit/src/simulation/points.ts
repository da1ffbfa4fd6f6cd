/**
 * The crash points of the product, generated and not kept by hand: what signers and api pass on the way through every
 * kind of work while nothing goes wrong, and, to know that this is all of it, the names in the product's own code.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSeed } from './run-seed.ts';

/** Sorted; passed by the seed 0 of the real protocols, which is calm and asks for everything. */
export async function censusOfPoints(): Promise<readonly string[]> {
  const { pointsPassed, violations } = await runSeed({ seed: 0, provider: 'real', points: [], calm: true });
  if (violations.length > 0) throw new Error(`a calm run fails: ${violations.join('; ')}`);
  return [...pointsPassed].sort();
}

/** Names of transactions and of the api's points in the built code. Where a name is made at run time, its parts. */
export function pointsInCode(): readonly string[] {
  const rooms = ['signer', 'api'].map((room) =>
    fileURLToPath(new URL(`../../../../apps/${room}/dist/`, import.meta.url)),
  );
  const names = new Set<string>();
  for (const file of rooms.flatMap((room) => [...programs(room)])) {
    const text = readFileSync(file, 'utf8');
    for (const [, name] of text.matchAll(/\.transaction\('([\w-]+)'/g))
      for (const side of ['before', 'after']) names.add(`store:${name}:${side}-flush`);
    for (const [, name] of text.matchAll(/\bpoint\('([\w.-]+)'\)/g)) if (name !== undefined) names.add(name);
  }
  return [...names].sort();
}

function* programs(folder: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      if (name !== 'test' && name !== 'testing') yield* programs(path);
    } else if (name.endsWith('.js') && !name.endsWith('.test.js')) yield path;
  }
}
