/** The roster of this machine's data folder, with its past where signers were replaced. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseChain, parseRoster, type Roster, withHistory } from '@holdfast/cluster/roster';

export function readRoster(file: string): Roster {
  if (!existsSync(file))
    throw new Error(`${file} is missing; run npm start first, or set HOLDFAST_DATA to the data folder it uses`);
  const past = join(dirname(file), 'successions.json');
  return withHistory(
    parseRoster(readFileSync(file, 'utf8')),
    existsSync(past) ? parseChain(readFileSync(past, 'utf8')) : [],
  );
}
