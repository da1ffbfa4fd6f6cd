/** Every protocol against malformed messages. `HOLDFAST_MALFORMED=full` decodes four times and drives eighty times as many. */
import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { underSeed } from '../simulator/index.ts';
import { campaign } from './campaign.ts';
import { SUBJECTS } from './subjects.ts';

const isFull = process.env['HOLDFAST_MALFORMED'] === 'full';
const effort = isFull ? { decoded: 10_000, driven: 1_000 } : { decoded: 2_500, driven: 12 };

for (const each of SUBJECTS)
  test(`row 23: ${each.name}: no malformed message is accepted, hangs a run or names anybody but its sender`, () => {
    underSeed(process.env['HOLDFAST_SEED'] ?? 'malformed', (seed) => {
      const counts = campaign(each, { ...effort, seed });
      console.log(
        `${each.name}: ${counts.slots} slots, ${counts.decoded} through ${counts.decodable} decoders (${counts.malformed} malformed), ` +
          `${counts.driven} through machines (${counts.named} named their sender)`,
      );
      ok(counts.decoded >= counts.decodable * effort.decoded * 0.9, 'mutants that differ');
      ok(counts.driven >= counts.slots, 'driven');
    });
  });
