/**
 * The api's crash points, found and not listed: every `env.point(` of its built code, and which of them each request
 * passes, recorded from an api that runs in this process before five real signers.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveHere } from './here.ts';
import type { Pieces } from './pieces.ts';

const built = fileURLToPath(new URL('../../../api/dist', import.meta.url));

/** One passage: the name as the api says it, and the place in the built code that said it. */
export interface Passage {
  readonly name: string;
  readonly site: string;
}

/** Every place of the api that names a crash point: `governance/commit.js:25`. */
export function sitesOfPoints(): readonly string[] {
  return (
    filesUnder(built)
      .filter((file) => file.endsWith('.js') && !file.endsWith('.test.js') && !/[\\/]test(ing)?[\\/]/.test(file))
      // Those of transfers and of the indexer need a node of a chain: orders/crash.test.ts, nodes/indexer.test.ts.
      .filter((file) => !['orders', 'indexer'].includes(relative(built, file).split(/[\\/]/)[0] ?? ''))
      .flatMap((file) =>
        readFileSync(file, 'utf8')
          .split('\n')
          .flatMap((line, k) => (/\benv\.point\(/.test(line) ? [`${relative(built, file)}:${k + 1}`] : [])),
      )
  );
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

/** Lets an api in this process serve `work`, which gets what tells the passages of one request. */
export async function recordPassages(
  pieces: Pieces,
  work: (during: (request: () => Promise<unknown>) => Promise<readonly Passage[]>) => Promise<void>,
): Promise<void> {
  let passages: Passage[] = [];
  const point = (name: string) => void passages.push({ name, site: siteOf(new Error().stack ?? '') });
  await serveHere(pieces, { point }, () =>
    work(async (request) => {
      passages = [];
      await request();
      // A copy: what is done next passes points as well.
      return [...passages];
    }),
  );
}

function siteOf(stack: string): string {
  const frame = stack.split('\n').find((line) => line.includes('/apps/api/dist/'));
  const [, file, line] = /\/apps\/api\/dist\/(.+?):(\d+):\d+/.exec(frame ?? '') ?? [];
  return `${file}:${line}`;
}
