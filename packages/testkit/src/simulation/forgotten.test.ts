/** What seed 97 met, staged: a restored signer, and votes that only its word could free. The api settles it by itself. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@holdfast/mpc/simulator';
import { machines } from '@holdfast/signer/runs';
import { apiOf, createClient, foundOrganisation } from './client.ts';
import { createLoop } from './loop.ts';
import { createNetwork } from './network.ts';
import { newRows } from './rows.ts';
import { createWorld, type Hooks, type World } from './world.ts';

test('votes held by two, and a third that does not know: freed without anybody asking for a change', async () => {
  const loop = createLoop({ keepLines: true });
  const bugs: unknown[] = [];
  /** Who gets what the api asks to be acknowledged. */
  let shownTo: readonly number[] = [1, 2, 3, 4, 5];
  const hooks: Hooks = {
    peerMessage: (_from, _to, message) => [message],
    command: (index, text) => shownTo.includes(index) || !text.includes('"kind":"Act"'),
    reply: (_from, _command, reply) => reply,
    log: (who, event, facts) => loop.trace(`${who} ${event} ${JSON.stringify(facts)}`),
    point: () => false,
    started: () => {},
    ended: () => {},
    apiEnded: () => {},
    bug: (_who, error) => void bugs.push(error),
  };
  const world: World = createWorld({
    seed: 'forgotten',
    loop,
    network: createNetwork({ loop, random: seededRandom('forgotten/network') }),
    rows: await newRows(),
    machines,
    frames: false,
    hooks,
  });
  const until = async (what: string, done: () => boolean): Promise<void> => {
    ok(await loop.run(loop.now + 60_000, done), `${what}\n${loop.lines.slice(-40).join('\n')}`);
  };
  const isReady = (): boolean => {
    const sessions = world.processes().map(({ signer }) => signer.session());
    return sessions.length === 5 && sessions.every((each) => each !== null && each === sessions[0]);
  };
  const carriedOut = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false;
    void work.finally(() => (isOver = true)).catch(() => {});
    await until('an answer', () => isOver);
    return work;
  };
  world.startApi();
  for (const index of [1, 2, 3, 4, 5]) world.startSigner(index);
  await until('a session', isReady);
  const organisation = await carriedOut(foundOrganisation({ world, random: seededRandom('forgotten/founder') }));
  const { org } = organisation;
  const client = createClient({ world, random: seededRandom('forgotten/client'), organisation });
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
