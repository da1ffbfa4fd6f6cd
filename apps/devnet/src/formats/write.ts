/** Writes vectors/formats anew. Run by hand, when the version of a format changes; the diff is the review. */
import { writeFileSync } from 'node:fs';
import { formatNames, makeFixture } from './fixtures.ts';

for (const name of formatNames)
  writeFileSync(
    new URL(`../../../../vectors/formats/${name}.json`, import.meta.url),
    `${JSON.stringify(makeFixture(name), null, 2)}\n`,
  );
