/** A cluster of the simulation in which nothing goes wrong by itself: what does is staged, step by step. */
import { ok } from 'node:assert/strict';
import { seededRandom } from '@holdfast/mpc/simulator';
import { machines } from '@holdfast/signer/runs';
import { type Client, createClient, foundOrganisation } from './client.ts';
import { createLoop, type Loop } from './loop.ts';
import { createNetwork } from './network.ts';
import { newRows } from './rows.ts';
import { createWorld, type Hooks, type World } from './world.ts';

export interface Stage {
  readonly world: World;
  readonly loop: Loop;
  readonly org: string;
  readonly client: Client;
  /** What no part of the product caught. */
  readonly bugs: readonly unknown[];
  /** Lets the cluster go on until it is so, a minute of its time at most. */
  until(what: string, done: () => boolean): Promise<void>;
  /** Lets it go on until this is answered. */
  carriedOut<T>(work: Promise<T>): Promise<T>;
  /** Whether all five are there and hold one session. */
  isReady(): boolean;
}

/** Five signers, an api and an organisation. */
export async function setStage(seed: string, hooks: Partial<Hooks> = {}): Promise<Stage> {
  const loop = createLoop({ keepLines: true });
  const bugs: unknown[] = [];
  const world = createWorld({
    seed,
    loop,
    network: createNetwork({ loop, random: seededRandom(`${seed}/network`) }),
    rows: await newRows(),
    machines,
    frames: false,
    hooks: {
      peerMessage: (_from, _to, message) => [message],
      command: () => true,
      reply: (_from, _command, reply) => reply,
      log: (who, event, facts) => loop.trace(`${who} ${event} ${JSON.stringify(facts)}`),
      point: () => false,
      started: () => {},
      ended: () => {},
      apiEnded: () => {},
      bug: (_who, error) => void bugs.push(error),
      ...hooks,
    },
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
  const organisation = await carriedOut(foundOrganisation({ world, random: seededRandom(`${seed}/founder`) }));
  const client = createClient({ world, random: seededRandom(`${seed}/client`), organisation });
  return { world, loop, org: organisation.org, client, bugs, until, carriedOut, isReady };
}
