/** Writes vectors/transcripts anew; only for a new version of a protocol, or a new protocol. */
import { existsSync, writeFileSync } from 'node:fs';
import { SUBJECTS } from './subjects.ts';
import { fileOf, transcriptOf } from './transcript.ts';

const isForced = process.argv.includes('--again');
for (const subject of SUBJECTS) {
  const file = new URL(`../../../../vectors/transcripts/${fileOf(subject)}`, import.meta.url);
  if (existsSync(file) && !isForced) continue;
  writeFileSync(file, `${JSON.stringify(transcriptOf(subject), null, 1)}\n`);
  console.log(fileOf(subject));
}
