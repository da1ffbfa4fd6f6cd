/** What several signers say of a key's sharings, read as one. */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyEpoch } from '@holdfast/cluster/commands';
import { knownSharings } from './epochs.ts';

const one = (epoch: string, generation: number): KeyEpoch => ({
  epoch,
  generation,
  statement: { index: 1, signature: 'A' },
});
const names = (...said: readonly (readonly KeyEpoch[])[]): string[] =>
  knownSharings(new Map(said.map((epochs, at) => [at + 1, epochs]))).map(
    ({ epoch, generation }) => `${epoch} ${generation}`,
  );
const both = [one('old', 0), one('new', 1)];

test('a sharing that three hold is known, the newest first; one that two hold is not', () => {
  deepEqual(names(both, both, both, both, both), ['new 1', 'old 0']);
  deepEqual(names(both, both, both, [one('old', 0)]), ['new 1', 'old 0']);
  deepEqual(names(both, both, [one('old', 0)], [one('old', 0)]), ['old 0']);
  deepEqual(names(), []);
});

test('two liars neither raise an older sharing nor lower a newer one, however often they name it', () => {
  const raised = [one('old', 9), one('old', 9), one('old', 9), one('new', 1)];
  deepEqual(names(both, both, both, raised, raised), ['new 1', 'old 0']);
  const lowered = [one('old', 5), one('new', 0), one('new', 0)];
  deepEqual(names(both, both, both, lowered, lowered), ['new 1', 'old 0']);
});
