/** What seed 97 met, staged: a restored signer, and votes that only its word could free. The api settles it by itself. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf } from './client.ts';
import { setStage } from './staged.ts';

test('votes held by two, and a third that does not know: freed without anybody asking for a change', async () => {
  /** Who gets what the api asks to be acknowledged. */
  let shownTo: readonly number[] = [1, 2, 3, 4, 5];
  const { world, loop, org, client, bugs, until, carriedOut, isReady } = await setStage('forgotten', {
    command: (index, text) => shownTo.includes(index) || !text.includes('"kind":"Act"'),
  });
  const settings = (body: unknown) => client.request('PUT', `/orgs/${org}/settings`, body);
  const tails = () =>
    [1, 2, 3, 4, 5].map((index) => {
      const entries = world.signer(index)?.store.log.read(org).entries ?? [];
      return entries.filter(({ committed }) => !committed).length;
    });
  const earlier = world.backUp(5);

  // Two acknowledge a change, then the api dies, two others restart, and the last comes back from its backup.
  shownTo = [1, 2];
  settings({ keyImport: true }).catch(() => {});
  await until('two votes', () => tails().join() === '1,1,0,0,0');
  world.killApi();
  for (const index of [3, 4, 5]) {
    const process = world.signer(index);
    if (process !== undefined) world.killSigner(process);
  }
  await loop.run(loop.now + 1_000);
  world.replaceDisk(5, earlier());
  shownTo = [1, 2, 3, 4, 5];
  world.startApi();
  for (const index of [3, 4, 5]) world.startSigner(index);
  const floor = (): number => world.signer(5)?.store.restored.floor(org) ?? -1;
  await until('the restored signer is set aside', () => floor() === 1);
  await until('everybody is free', () => tails().every((each) => each === 0) && isReady());
  await until('it goes on', () => floor() === 0);

  await carriedOut(client.createKey('EdDSA'));
  await carriedOut(settings({ keyImport: true, keyExport: true }));
  await loop.run(loop.now + 2_000);
  deepEqual(
    [1, 2, 3, 4, 5].map(
      (index) =>
        world
          .signer(index)
          ?.store.log.read(org)
          .entries.filter((e) => e.committed).length,
    ),
    [2, 2, 2, 2, 2],
  );
  equal(apiOf(world).signers.online().length, 5);
  deepEqual(bugs, []);
  world.end();
});
