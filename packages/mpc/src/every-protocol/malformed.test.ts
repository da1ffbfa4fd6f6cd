/** Every protocol against malformed messages. `HOLDFAST_MALFORMED=full` drives eighty times as many mutants through whole machines. */
import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { underSeed } from '../simulator/index.ts';
import { campaign } from './campaign.ts';
import { SUBJECTS } from './subjects.ts';

const isFull = process.env['HOLDFAST_MALFORMED'] === 'full';
const effort = { decoded: 10_000, driven: isFull ? 1_000 : 12 };

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
