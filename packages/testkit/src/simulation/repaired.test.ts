/**
 * What seeds 700038, 700039 and 700061 met, staged: a refresh that ended at the signers and in no row, and one of whom
 * nothing is left of it. The operator's repair deals from the newest sharing that three may use, whatever the row names.
 */
import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyEpoch } from '@holdfast/cluster/commands';
import { toHex } from '@holdfast/contract/wire';
import { apiOf, type KnownKey } from './client.ts';
import { setStage } from './staged.ts';
import type { Hooks } from './world.ts';

/** A key whose refresh ended at all five, whose api died before it wrote that down, and what these were set back to. */
async function unwritten(seed: string, setBack: readonly number[], hooks: Partial<Hooks> = {}) {
  let isFatal = false;
  const stage = await setStage(seed, {
    ...hooks,
    point: ({ api }, name) => api !== undefined && isFatal && name === 'refresh.made',
  });
  const { world, loop, client, until, carriedOut, isReady } = stage;
  const key = await carriedOut(client.createKey('EdDSA'));
  const earlier = setBack.map((index) => ({ index, disk: world.backUp(index) }));
  await loop.run(loop.now + 5_000);
  isFatal = true;
  client.refresh().catch(() => {});
  await until('the api dies', () => world.api === undefined);
  isFatal = false;
  for (const { index, disk } of earlier) {
    const process = world.signer(index);
    if (process !== undefined) world.killSigner(process);
    world.replaceDisk(index, disk());
    world.startSigner(index);
  }
  world.startApi();
  await until(
    'all are there',
    () => isReady() && world.api !== undefined && apiOf(world).signers.online().length === 5,
  );
  // The round under way is the same trouble again, a minute later: it ends after the key it is at.
  await carriedOut(apiOf(world).refresher.stop());
  await loop.run(loop.now + 30_000);
  const sharings = () =>
    [1, 2, 3, 4, 5].map((index) => {
      const held = world.signer(index)?.store.keys.epochsOf(key.keyId) ?? [];
      return held.map(({ epoch, generation }) => `${generation} ${toHex(epoch)}`);
    });
  const generations = () => sharings().map((each) => each.map((one) => one.slice(0, 1)).join(''));
  return { ...stage, key, sharings, generations };
}
const signs = async (stage: Awaited<ReturnType<typeof unwritten>>, key: KnownKey): Promise<void> => {
  for (let k = 0; k < 3; k += 1) equal((await stage.carriedOut(stage.client.sign(key))).verifies, true);
};

test('a sharing that four hold and no row names: the repair deals from it, and the older one is gone', async () => {
  const stage = await unwritten('repaired', [4]);
  const { client, key, loop, sharings, generations, carriedOut, bugs, world } = stage;
  deepEqual(generations(), ['01', '01', '01', '0', '01']);
  const before = sharings();
  // It signs all the while: everybody still holds the one that the row names.
  await signs(stage, key);

  await carriedOut(client.reshare(key.keyId));
  await loop.run(loop.now + 5_000);

  deepEqual(generations(), ['2', '2', '2', '2', '2']);
  equal(new Set(sharings().flat()).size, 1);
  for (const each of before.flat()) notEqual(each, sharings()[0]?.[0]);
  await signs(stage, key);
  // It is a key like any other from here on.
  await carriedOut(client.refresh());
  await loop.run(loop.now + 60_000);
  deepEqual(generations(), ['3', '3', '3', '3', '3']);
  deepEqual(bugs, []);
  world.end();
});

test('with two set back the three that are left are enough', async () => {
  const { client, key, loop, generations, carriedOut, world, ...stage } = await unwritten('repaired by three', [2, 4]);
  deepEqual(generations(), ['01', '0', '01', '0', '01']);

  await carriedOut(client.reshare(key.keyId));
  await loop.run(loop.now + 5_000);

  deepEqual(generations(), ['2', '2', '2', '2', '2']);
  await signs({ client, key, loop, generations, carriedOut, world, ...stage }, key);
  world.end();
});

test('a sharing that only two state is not dealt from, and one signer cannot make an older one the newest', async () => {
  /** What signer 5 says of the sharings it holds. */
  let lie: (epochs: readonly KeyEpoch[]) => readonly KeyEpoch[] = (epochs) => epochs;
  const stage = await unwritten('repaired with a liar', [2, 4], {
    reply: (from, _command, reply) =>
      from.index === 5 && reply.ok && reply.result.t === 'epochs'
        ? {
            ...reply,
            result: { ...reply.result, keys: reply.result.keys.map((k) => ({ ...k, epochs: lie(k.epochs) })) },
          }
        : reply,
  });
  const { client, key, sharings, generations, carriedOut, world } = stage;
  const before = sharings();

  lie = (epochs) => epochs.filter(({ generation }) => generation === 0);
  await rejects(carriedOut(client.reshare(key.keyId)), { code: 'E_CLUSTER_DISAGREES' });
  deepEqual(sharings(), before, 'nothing was begun or erased');
  await signs(stage, key);

  // As old as it is, the sharing of all five would be in the way of the newer one for ever; said once or three times.
  lie = (epochs) => {
    const older = epochs.filter(({ generation }) => generation === 0).map((each) => ({ ...each, generation: 9 }));
    return [...older, ...older, ...older, ...epochs.filter(({ generation }) => generation > 0)];
  };
  await carriedOut(client.reshare(key.keyId));
  deepEqual(
    generations().map((each) => each.at(-1)),
    ['2', '2', '2', '2', '2'],
  );
  world.end();
});
