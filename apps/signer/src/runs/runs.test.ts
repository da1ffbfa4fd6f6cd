/** The driver of runs against everything a transport can do to it (bad-inputs J 188–194, 212). */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { Env } from '@holdfast/contract/types';
import type { Abort, Effect, Job, KeyShare, Machine, Message, Status } from '@holdfast/mpc/runtime';
import {
  type Compute,
  createRuns,
  EARLY_BYTES_MAX,
  EARLY_COUNT_MAX,
  EARLY_MS_MAX,
  type PeerMessage,
  type Peers,
  RUNS_MAX,
} from './index.ts';

const execId = new Uint8Array(32).fill(7);
const parties = new Map([
  [1, 1],
  [2, 3],
  [3, 5],
]);

/** Waits for one message of every other party, then sends its answer; done when every answer is there. */
class Echo implements Machine<string> {
  readonly protocol = 'echo';
  readonly execId = execId;
  readonly heard: Message[] = [];
  wiped = 0;
  first: Effect[] = [send({ round: 1, to: 0 })];
  abort: Abort | undefined;
  start(): Effect[] {
    return this.first;
  }
  receive(m: Message): Effect[] {
    this.heard.push(m);
    return [];
  }
  results: unknown[] = [];
  computed(id: number, result: unknown): Effect[] {
    this.results.push([id, result]);
    return [send({ round: 2, to: 0 })];
  }
  computeFailed(id: number): Effect[] {
    this.abort = { code: 'E_COMPUTE', round: id, culprits: [] };
    return [];
  }
  peerGone(index: number): Effect[] {
    this.abort = { code: 'E_PEER_GONE', round: 1, culprits: [index] };
    return [];
  }
  status(): Status<string> {
    if (this.abort !== undefined) return { s: 'aborted', abort: this.abort };
    const from = new Set(this.heard.map((m) => m.from));
    if (from.size === 2) return { s: 'done', out: 'all' };
    return { s: 'running', waitingFor: [2, 3].filter((index) => !from.has(index)) };
  }
  wipe(): void {
    this.wiped += 1;
  }
}
const send = (o: { round: number; to: number }): Effect => ({
  t: 'send',
  message: { ...o, kind: 'bcast', from: 1, body: new Uint8Array(1) },
});

function world() {
  let now = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();
  const sent: { to: number; message: PeerMessage }[] = [];
  let hear: (from: number, m: PeerMessage) => void = () => {};
  let change: (c: { online: readonly number[]; restarted?: number }) => void = () => {};
  const dropped: unknown[] = [];
  const env: Env = {
    now: () => now,
    random: (n) => new Uint8Array(n),
    setTimer(ms, fn) {
      const id = timers.size + 1;
      timers.set(id, { at: now + ms, fn });
      return () => timers.delete(id);
    },
    log: (event) => void dropped.push(event),
    point: () => {},
  };
  const peers: Peers = {
    online: () => [2, 3, 4, 5],
    send: (to, message) => void sent.push({ to, message }),
    onMessage: (heard) => {
      hear = heard;
    },
    onPresence: (changed) => {
      change = changed;
    },
  };
  const jobs: { job: Job; resolve: (result: unknown) => void; reject: (error: Error) => void }[] = [];
  const compute: Compute = {
    run: (job) => new Promise((resolve, reject) => jobs.push({ job, resolve, reject })),
    close: () => {},
  };
  const runs = createRuns({ env, peers, compute });
  const message = (o: Partial<PeerMessage> = {}): PeerMessage => ({
    execId,
    round: 1,
    kind: 'bcast',
    to: 0,
    body: new Uint8Array(1),
    ...o,
  });
  return {
    runs,
    jobs,
    sent,
    dropped,
    hear: (from: number, o?: Partial<PeerMessage>) => hear(from, message(o)),
    change: (c: { online: readonly number[]; restarted?: number }) => change(c),
    advance(ms: number) {
      now += ms;
      for (const [id, timer] of [...timers]) {
        if (timer.at > now) continue;
        timers.delete(id);
        timer.fn();
      }
    },
    run: (machine: Machine<string>, persist?: (share: KeyShare) => void) =>
      runs.run({ machine, self: 1, parties, deadlineMs: 1_000, ...(persist === undefined ? {} : { persist }) }),
  };
}

test('a run sends to its parties by roster index, hears them by evaluation point, and is wiped at the end', async () => {
  const w = world();
  const machine = new Echo();
  const run = w.run(machine);
  deepEqual(
    w.sent.map(({ to, message }) => [to, message.to]),
    [
      [3, 0],
      [5, 0],
    ],
  );
  w.hear(3);
  w.hear(5);

  equal(await run, 'all');
  deepEqual(
    machine.heard.map((m) => m.from),
    [2, 3],
  );
  equal(machine.wiped, 1);
  equal(w.runs.active, 0);
});

test('a private message goes to its addressee alone', () => {
  const w = world();
  const machine = new Echo();
  machine.first = [send({ round: 1, to: 3 })];
  void w.run(machine);

  deepEqual(
    w.sent.map(({ to, message }) => [to, message.to]),
    [[5, 5]],
  );
});

test('messages of strangers, or for others, are dropped without blame', () => {
  const w = world();
  const machine = new Echo();
  void w.run(machine);
  w.hear(2);
  w.hear(4);
  w.hear(9);
  w.hear(3, { to: 5 });
  w.hear(3, { to: 2 });

  deepEqual(machine.heard, []);
  equal(w.runs.active, 1);
});

test('what comes before the run is known waits for it, in order', async () => {
  const w = world();
  w.hear(3, { round: 1 });
  w.hear(3, { round: 2 });
  w.hear(5, { round: 1 });
  const machine = new Echo();

  equal(await w.run(machine), 'all');
  deepEqual(
    machine.heard.map((m) => [m.from, m.round]),
    [
      [2, 1],
      [2, 2],
      [3, 1],
    ],
  );
});

test('what comes too early, too much or after the end is dropped', async () => {
  const w = world();
  w.hear(3);
  w.advance(EARLY_MS_MAX + 1);
  const machine = new Echo();
  const run = w.run(machine);
  deepEqual(machine.heard, []);
  w.hear(3);
  w.hear(5);
  await run;
  w.hear(3);

  const other = { execId: new Uint8Array(32).fill(9) };
  for (let k = 0; k < EARLY_COUNT_MAX + 5; k++) w.hear(3, other);
  equal(w.dropped.length, 5);
  w.hear(5, { ...other, body: new Uint8Array(EARLY_BYTES_MAX) });
  equal(w.dropped.length, 6);
  // One peer's flood leaves room for another's.
  w.hear(5, other);
  equal(w.dropped.length, 6);
});

test('a clock that is set back does not keep early messages from before', () => {
  const w = world();
  const other = { execId: new Uint8Array(32).fill(9) };
  for (let k = 0; k < EARLY_COUNT_MAX; k++) w.hear(3, other);

  w.advance(-3_600_000);
  w.hear(3, other);

  deepEqual(w.dropped, []);
});

test('nothing leaves after a share that could not be stored', async () => {
  const w = world();
  const machine = new Echo();
  machine.first = [{ t: 'persist', tag: 'pending-share', share: {} as KeyShare }, send({ round: 1, to: 0 })];
  const run = w.run(machine, () => {
    throw new Error('no space');
  });

  await rejects(run, /no space/);
  deepEqual(w.sent, []);
  equal(machine.wiped, 1);
});

test('at its deadline a run names who did not answer, and is wiped', async () => {
  const w = world();
  const machine = new Echo();
  const run = w.run(machine);
  w.hear(3);
  w.advance(1_000);

  await rejects(run, { code: 'E_PEER_GONE', culprits: [5] });
  equal(machine.wiped, 1);
});

for (const [what, change] of [
  ['went', { online: [2, 3, 4] }],
  ['came back as another process', { online: [2, 3, 4, 5], restarted: 5 }],
] as const) {
  test(`a run ends at once when a party ${what}`, async () => {
    const w = world();
    const run = w.run(new Echo());
    w.change(change);

    await rejects(run, { code: 'E_PEER_GONE' });
  });
}

test('a run does not mind the going of others', () => {
  const w = world();
  void w.run(new Echo());
  w.change({ online: [3, 5], restarted: 4 });

  equal(w.runs.active, 1);
});

test('more runs than the bound are refused, and places come back once', () => {
  const w = world();
  const release = w.runs.reserve(RUNS_MAX);
  let code = '';
  try {
    w.runs.reserve(1);
  } catch (error) {
    code = error instanceof Error && 'code' in error ? String(error.code) : '';
  }
  equal(code, 'E_BUSY');
  release();
  release();
  w.runs.reserve(RUNS_MAX)();
});

test('the end of the process ends every run', async () => {
  const w = world();
  const machine = new Echo();
  const run = w.run(machine);
  w.runs.close();

  await rejects(run, { code: 'E_SEALED' });
  equal(machine.wiped, 1);
});

const computing = (): Echo => {
  const machine = new Echo();
  machine.first = [{ t: 'compute', id: 7, job: { name: 'test', input: {} } }];
  return machine;
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a job is carried out beside the run, and what follows from its result is sent', async () => {
  const w = world();
  const machine = computing();
  const run = w.run(machine);
  equal(w.sent.length, 0);

  w.jobs[0]?.resolve('result');
  await settled();

  deepEqual(machine.results, [[7, 'result']]);
  deepEqual(
    w.sent.map(({ to }) => to),
    [3, 5],
  );
  w.hear(3);
  w.hear(5);
  equal(await run, 'all');
});

test('a job that fails ends the run instead of hanging it', async () => {
  const w = world();
  const run = w.run(computing());

  w.jobs[0]?.reject(new Error('a worker thread ended'));

  await rejects(run, { code: 'E_COMPUTE' });
  deepEqual(w.dropped, ['run.compute.failed']);
});

test('a result that comes after the end of its run is overwritten and never reaches the machine', async () => {
  const w = world();
  const machine = computing();
  const run = w.run(machine);
  w.change({ online: [2, 4, 5] });
  await rejects(run, { code: 'E_PEER_GONE' });
  const secret = Uint8Array.of(5);

  w.jobs[0]?.resolve({ secret });
  await settled();

  deepEqual(secret, Uint8Array.of(0));
  deepEqual(machine.results, []);
});

test('a run whose own computation outlasts the deadline blames nobody', async () => {
  const w = world();
  const machine = computing();
  machine.status = () => ({ s: 'running', waitingFor: [] });
  const run = w.run(machine);

  w.advance(1_000);

  await rejects(run, { code: 'E_BUSY' });
  equal(machine.wiped, 1);
});
