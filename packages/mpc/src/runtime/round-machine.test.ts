/** The round machine, shown on the coin toss: slots, signatures, echo broadcast, ends. */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { Curve } from '@holdfast/crypto/curves';
import { decode, enc, f, i } from '@holdfast/crypto/transcript';
import { CoinToss } from '../example/index.ts';
import {
  altering,
  lyingMachine,
  seededIdentities,
  seededRandom,
  signedAnew,
  simulate,
  underSeed,
} from '../simulator/index.ts';
import {
  bodyBytesMax,
  check,
  type Effect,
  format,
  hedgedRandom,
  type Index,
  type Job,
  type JobKind,
  type Machine,
  type Message,
  RefusedError,
  RoundMachine,
  type RunContext,
  type Slot,
  type Stage,
  signedBytes,
  wipeBytes,
} from './index.ts';

const masterSeed = process.env['HOLDFAST_SEED'] ?? 'round-machine';
const noCurve = {} as Curve; // The coin toss does not use one.

function table(seed: string, n = 3, execId = seededRandom(`${seed}/exec`).bytes(32)) {
  const parties = Array.from({ length: n }, (_, k) => k + 1);
  const identities = seededIdentities({ seed, indices: parties });
  const contexts = new Map<Index, RunContext>(
    parties.map((self) => [self, { execId, self, parties, curve: noCurve, env: identities.env(self) }]),
  );
  const context = (p: Index): RunContext => contexts.get(p) as RunContext;
  const machines = new Map<Index, Machine<Uint8Array>>(parties.map((p) => [p, new CoinToss(context(p))]));
  return {
    seed,
    execId,
    parties,
    identities,
    context,
    machines,
    machine: (p: Index) => machines.get(p) as Machine<Uint8Array>,
  };
}

const sent = (effects: readonly Effect[]): Message[] => effects.flatMap((e) => (e.t === 'send' ? [e.message] : []));
const only = (effects: readonly Effect[]): Message => sent(effects)[0] as Message;
const abortOf = (machine: Machine<unknown>) => {
  const status = machine.status();
  if (status.s !== 'aborted') throw new Error(`is ${status.s}`);
  return status.abort;
};

test('row 23: any schedule of late, early and doubled messages gives the same result', () => {
  for (let k = 0; k < 60; k += 1) {
    underSeed(`${masterSeed}/schedule/${k}`, (seed) => {
      const { machines, parties } = table(seed, 2 + (k % 4));

      const outcome = simulate({ seed, machines, faults: { duplicate: 0.3, delay: 0.3 } });

      const coins = parties.map((p) => {
        const status = outcome.status.get(p);
        return status?.s === 'done' ? status.out : undefined;
      });
      ok(coins[0] !== undefined);
      for (const coin of coins) deepEqual(coin, coins[0]);
    });
  }
});

test('row 23: with messages dropped or altered every party ends, and none throws', () => {
  for (let k = 0; k < 60; k += 1) {
    underSeed(`${masterSeed}/faults/${k}`, (seed) => {
      const { machines, parties } = table(seed, 4);

      const outcome = simulate({ seed, machines, faults: { drop: 0.03, corrupt: 0.03, duplicate: 0.1 } });

      for (const p of parties) {
        const status = outcome.status.get(p);
        ok(status?.s === 'done' || status?.s === 'aborted');
        if (status.s === 'aborted') ok(status.abort.code !== 'E_INTERNAL');
      }
    });
  }
});

test('row 23: a message for a later round waits in its slot until the round is reached', () => {
  const { machine } = table('early');
  const first = new Map([1, 2, 3].map((p) => [p, only(machine(p).start())]));
  const echo2 = sent([
    ...machine(2).receive(first.get(1) as Message),
    ...machine(2).receive(first.get(3) as Message),
  ])[0] as Message;

  const early = machine(1).receive(echo2); // Party 3's broadcast has not arrived yet.
  const before = machine(1).status();
  machine(1).receive(first.get(2) as Message);
  machine(1).receive(first.get(3) as Message);

  deepEqual(early, []);
  deepEqual(before, { s: 'running', waitingFor: [2, 3] });
  deepEqual(machine(1).status(), { s: 'running', waitingFor: [3] });
});

test('row 23: messages that arrive before start() are kept', () => {
  const { machine } = table('before-start', 2);
  const first = only(machine(2).start());

  machine(1).receive(first);
  const effects = sent(machine(1).start());

  deepEqual(
    effects.map((m) => m.kind),
    ['bcast', 'echo'],
  );
});

test('drops an identical duplicate and aborts on a second, different message with both as evidence', () => {
  const { machine, context, execId, identities } = table('twice');
  machine(1).start();
  const first = only(machine(2).start());
  const body = first.body.slice();
  body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
  const second = signedAnew({ execId, env: context(2).env, message: { ...first, body } });

  machine(1).receive(first);
  const duplicate = machine(1).receive(first);
  const running = machine(1).status().s;
  machine(1).receive(second);

  deepEqual(duplicate, []);
  equal(running, 'running');
  const { code, culprits, evidence = [] } = abortOf(machine(1));
  equal(code, 'E_EQUIVOCATION');
  deepEqual(culprits, [2]);
  equal(evidence.length, 2);
  for (const m of evidence) ok(identities.verify(2, signedBytes(execId, m), m.sig as Uint8Array));
  notDeepEqual(evidence[0]?.body, evidence[1]?.body);
});

test('aborts without evidence on a second, different message in an unsigned slot', () => {
  const { machine } = table('twice-unsigned');
  machine(1).start();
  const m: Message = { round: 2, kind: 'bcast', from: 2, to: 0, body: new Uint8Array([1]) };

  machine(1).receive(m);
  machine(1).receive({ ...m, body: new Uint8Array([2]) });

  const { code, culprits, evidence } = abortOf(machine(1));
  deepEqual([code, culprits, evidence], ['E_EQUIVOCATION', [2], undefined]);
});

test('row 22: drops messages that claim another sender, another recipient or come from outside the run', () => {
  const { machine } = table('spoof');
  machine(1).start();
  const first = only(machine(2).start());

  for (const forged of [
    { ...first, from: 3 },
    { ...first, from: 1 },
    { ...first, from: 4 },
    { ...first, to: 1 },
    { ...first, to: 3 },
    { ...first, kind: 'p2p' as const },
    { ...first, round: 7 },
  ]) {
    deepEqual(machine(1).receive(forged), []);
    deepEqual(machine(1).status(), { s: 'running', waitingFor: [2, 3] });
  }
});

test('row 22: a message signed for another run, round or kind is dropped without blame', () => {
  const { machine, context, execId } = table('signature');
  machine(1).start();
  const first = only(machine(2).start());
  const { sig: _, ...unsigned } = first;
  const otherRun = seededRandom('other').bytes(32);

  for (const forged of [
    unsigned,
    { ...first, sig: new Uint8Array(64) },
    { ...first, sig: new Uint8Array(63) },
    signedAnew({ execId: otherRun, env: context(2).env, message: first }),
    { ...first, sig: context(2).env.sign(signedBytes(execId, { ...first, round: 2 })) },
    { ...first, sig: context(2).env.sign(signedBytes(execId, { ...first, kind: 'echo' })) },
    { ...first, sig: context(2).env.sign(signedBytes(execId, { ...first, to: 1 })) },
  ]) {
    machine(1).receive(forged);
    deepEqual(machine(1).status(), { s: 'running', waitingFor: [2, 3] });
  }
});

test('a badly signed second message does not count as equivocation', () => {
  const { machine } = table('forged-second');
  machine(1).start();
  const first = only(machine(2).start());
  const body = first.body.slice();
  body[70] = (body[70] ?? 0) ^ 1;

  machine(1).receive(first);
  machine(1).receive({ ...first, body });

  equal(machine(1).status().s, 'running');
});

test('row 20: a broadcast that differs between recipients is named with evidence that verifies offline', () => {
  underSeed(`${masterSeed}/equivocate`, (seed) => {
    const { machines, parties, execId, context, identities } = table(seed, 5);
    const alter = {
      round: 1,
      kind: 'bcast' as const,
      to: 4,
      body: () => enc('mpc/coin-toss/1/commitment/v1', i.bytes(seededRandom('another').bytes(64))),
    };

    const outcome = simulate({ seed, machines, cheats: { 2: altering({ execId, env: context(2).env, alter }) } });

    for (const p of parties.filter((each) => each !== 2)) {
      const status = outcome.status.get(p);
      ok(status?.s === 'aborted');
      equal(status.abort.code, 'E_EQUIVOCATION');
      deepEqual(status.abort.culprits, [2]);
      const evidence = status.abort.evidence ?? [];
      equal(evidence.length, 2);
      notDeepEqual(evidence[0]?.body, evidence[1]?.body);
      for (const m of evidence) ok(identities.verify(2, signedBytes(execId, m), m.sig as Uint8Array));
      ok(
        outcome.sentBy(p).every((m) => m.round === 1),
        'nothing of round 2 left an honest party',
      );
    }
  });
});

test('row 20: an equivocator that then falls silent is still named', () => {
  underSeed(`${masterSeed}/equivocate-silent`, (seed) => {
    const { machines, execId, context } = table(seed, 4);
    const env = context(2).env;
    const lie = altering({
      execId,
      env,
      alter: {
        round: 1,
        kind: 'bcast',
        to: 4,
        body: () => enc('mpc/coin-toss/1/commitment/v1', i.bytes(new Uint8Array(64))),
      },
    });

    const outcome = simulate({
      seed,
      machines,
      cheats: { 2: (m, to) => (m.kind === 'echo' ? undefined : lie(m, to)) },
    });

    for (const p of [1, 3, 4]) {
      const status = outcome.status.get(p);
      ok(status?.s === 'aborted');
      deepEqual([status.abort.code, status.abort.culprits], ['E_EQUIVOCATION', [2]]);
    }
  });
});

test('row 21: an echo that omits a participant is malformed, and nothing of the next round is sent', () => {
  underSeed(`${masterSeed}/short-echo`, (seed) => {
    const { machines, execId, context } = table(seed, 3);
    const shorten = (body: Uint8Array): Uint8Array => {
      const [bodies, sigs] = decode('mpc/echo/v1', body, [
        f.list(f.bytes({ max: 2048 }), { max: 3 }),
        f.list(f.bytes(64), { max: 3 }),
      ]);
      return enc('mpc/echo/v1', i.list(bodies.slice(1).map(i.bytes)), i.list(sigs.slice(1).map(i.bytes)));
    };

    const outcome = simulate({
      seed,
      machines,
      cheats: { 3: altering({ execId, env: context(3).env, alter: { round: 1, kind: 'echo', body: shorten } }) },
    });

    for (const p of [1, 2]) {
      const status = outcome.status.get(p);
      ok(status?.s === 'aborted');
      deepEqual([status.abort.code, status.abort.culprits], ['E_MALFORMED', [3]]);
      ok(outcome.sentBy(p).every((m) => m.round === 1));
    }
  });
});

test('an echo that invents another broadcast without its signature blames nobody', () => {
  underSeed(`${masterSeed}/invented-echo`, (seed) => {
    const { machines } = table(seed, 3);
    lyingMachine(machines.get(3) as Machine<Uint8Array>, ({ kind }, value) => {
      if (kind !== 'echo') return value;
      const { bodies, sigs } = value as { bodies: Uint8Array[]; sigs: Uint8Array[] };
      return { bodies: bodies.map((b, k) => (k === 0 ? new Uint8Array(b.length) : b)), sigs };
    });

    const outcome = simulate({ seed, machines });

    for (const p of [1, 2]) {
      const status = outcome.status.get(p);
      ok(status?.s === 'aborted');
      deepEqual([status.abort.code, status.abort.culprits], ['E_ECHO_MISMATCH', []]);
      ok(outcome.sentBy(p).every((m) => m.round === 1));
    }
  });
});

test('a party that is gone ends the run only while something is still to come from it', () => {
  const { machine } = table('gone', 2);
  const first = [only(machine(1).start()), only(machine(2).start())] as const;
  const echo1 = only(machine(1).receive(first[1]));
  const echo2 = only(machine(2).receive(first[0]));
  const open1 = only(machine(1).receive(echo2));
  const open2 = only(machine(2).receive(echo1));
  machine(1).receive(open2);

  machine(1).peerGone(2);
  machine(2).peerGone(1);
  machine(2).receive(open1);

  equal(machine(1).status().s, 'done');
  const { code, round, culprits } = abortOf(machine(2));
  deepEqual([code, round, culprits], ['E_PEER_GONE', 2, []]);
});

test('a party outside the run, or this one, cannot be gone', () => {
  const { machine } = table('gone-outside');
  machine(1).start();

  machine(1).peerGone(9);
  machine(1).peerGone(1);

  equal(machine(1).status().s, 'running');
});

test('a body over the limit is malformed', () => {
  const { machine } = table('long');
  machine(1).start();

  machine(1).receive({ round: 2, kind: 'bcast', from: 3, to: 0, body: new Uint8Array(bodyBytesMax + 1) });

  const { code, culprits } = abortOf(machine(1));
  deepEqual([code, culprits], ['E_MALFORMED', [3]]);
});

test('an echoed body over its own limit is malformed for its sender, not for those who echo it', () => {
  const { machine, context, execId } = table('long-echoed');
  machine(1).start();
  const message: Message = {
    round: 1,
    kind: 'bcast',
    from: 3,
    to: 0,
    body: new Uint8Array(2049),
    sig: new Uint8Array(64),
  };

  machine(1).receive(signedAnew({ execId, env: context(3).env, message }));

  const { code, culprits } = abortOf(machine(1));
  deepEqual([code, culprits], ['E_MALFORMED', [3]]);
});

test('row 53: refuses an execution id that is zero or of a wrong length', () => {
  for (const execId of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(33).fill(1)]) {
    throws(
      () => table('exec', 3, execId),
      (e) => e instanceof RefusedError && e.code === 'E_EXEC_ID',
    );
  }
});

test('row 16: refuses parties that are not sorted, distinct, non-zero indices with itself among them', () => {
  const { context } = table('parties');
  for (const parties of [
    [1],
    [0, 1],
    [1, 1],
    [2, 1],
    [1, 1.5],
    [1, 65536],
    [2, 3],
    [1, Number.NaN],
    Array.from({ length: 33 }, (_, k) => k + 1),
  ]) {
    throws(
      () => new CoinToss({ ...context(1), parties }),
      (e) => e instanceof RefusedError && e.code === 'E_PARTIES',
      `${parties}`,
    );
  }
});

test('starts once, and does nothing after wipe', () => {
  const { machine } = table('wipe');
  machine(1).start();
  throws(() => machine(1).start(), RefusedError);

  machine(1).wipe();
  machine(1).wipe();

  equal(abortOf(machine(1)).code, 'E_WIPED');
  deepEqual(machine(1).receive(only(machine(2).start())), []);
  machine(3).wipe();
  deepEqual(machine(3).start(), []);
});

test('a fault of our own ends the run as E_INTERNAL and is kept for the log', () => {
  const { context } = table('internal');
  const env = {
    ...context(1).env,
    sign: () => {
      throw new TypeError('no key');
    },
  };
  const machine = new CoinToss({ ...context(1), env });

  const effects = machine.start();

  deepEqual(effects, []);
  equal(abortOf(machine).code, 'E_INTERNAL');
  ok(machine.cause instanceof TypeError);
});

test('row 18: a repeated commitment and opening does not open for another party', () => {
  underSeed(`${masterSeed}/mirror`, (seed) => {
    // A first run with the same seed tells the mirror what party 1 is going to say.
    const said = simulate({ seed, machines: table(seed, 3).machines })
      .sentBy(1)
      .filter((m) => m.kind === 'bcast');
    const { machines } = table(seed, 3);
    lyingMachine(machines.get(3) as Machine<Uint8Array>, ({ round, kind }, value) => {
      const body = said.find((m) => m.round === round)?.body as Uint8Array;
      if (kind !== 'bcast') return value;
      if (round === 1) return decode('mpc/coin-toss/1/commitment/v1', body, [f.bytes(64)])[0];
      const [coin, u] = decode('mpc/coin-toss/2/opening/v1', body, [f.bytes(32), f.bytes(32)]);
      return { coin, u };
    });

    const outcome = simulate({ seed, machines });

    for (const p of [1, 2]) {
      const status = outcome.status.get(p);
      ok(status?.s === 'aborted');
      deepEqual([status.abort.code, status.abort.culprits], ['E_COIN_OPENING', [3]]);
    }
  });
});

test('row 58: two processes restored from one snapshot draw differently in different runs', () => {
  const draw = (execId: Uint8Array, secret?: Uint8Array) => {
    const { context } = table('snapshot', 3, execId);
    return hedgedRandom(context(1), { label: 'nonce', ...(secret ? { secret } : {}) })(96);
  };
  const [a, b] = [seededRandom('a').bytes(32), seededRandom('b').bytes(32)];

  notDeepEqual(draw(a), draw(b));
  notDeepEqual(draw(a), draw(a, b));
  deepEqual(draw(a, b), draw(a, b));
});

test('row 58: a stuck or short source of randomness ends the run', () => {
  let drawn = 0;
  const zero = (n: number) => new Uint8Array(n);
  const constant = (n: number) => new Uint8Array(n).fill(7);
  const short = () => {
    drawn += 1;
    return new Uint8Array(8).fill(drawn);
  };
  for (const random of [zero, constant, short]) {
    const { context } = table('stuck');
    const machine = new CoinToss({ ...context(1), env: { ...context(1).env, random } });

    deepEqual(machine.start(), []);
    equal(abortOf(machine).code, 'E_RANDOM');
  }
});

// ---- Jobs ----------------------------------------------------------------------------------------------------

/** The square of a secret number, as a heavy computation would be handed out. */
const square: JobKind<{ secret: Uint8Array }, Uint8Array> = {
  name: 'test.square',
  run: ({ secret }) => Uint8Array.of((secret[0] as number) ** 2),
};
const squares: Slot<Uint8Array> = {
  round: 1,
  kind: 'bcast',
  format: format({
    tag: 'mpc/test/1/square/v1',
    fields: [f.bytes(1)],
    write: (v: Uint8Array) => [i.bytes(v)],
    read: ([v]) => v,
  }),
};
const sums: Slot<Uint8Array> = { ...squares, round: 2 };

/** Squares its own secret before it says anything, then every square it heard, twice; says and adds up the results. */
class Squares extends RoundMachine<number> {
  readonly secret: Uint8Array;
  erased = 0;
  protected override readonly stages: readonly Stage[] = [
    {
      expect: [squares],
      complete: (inbox) =>
        this.#squareAll(
          inbox.all(squares).map(({ value }) => value),
          (once) => this.#squareAll(once, (twice) => [this.broadcast(sums, total(twice))]),
        ),
    },
    {
      expect: [sums],
      complete: (inbox) => {
        const all = inbox.all(sums);
        for (const { from, value } of all) check(value[0] !== 13, 'E_TEST_THIRTEEN', [from]);
        this.finish(total(all.map(({ value }) => value))[0] as number);
        return [];
      },
    },
  ];
  constructor(ctx: RunContext) {
    super(ctx, 'squares/1');
    this.secret = Uint8Array.of(ctx.self);
  }
  protected override begin(): Effect[] {
    return this.#squareAll([this.secret], ([own]) => [this.broadcast(squares, own as Uint8Array)]);
  }
  #squareAll(values: readonly Uint8Array[], goOn: (results: readonly Uint8Array[]) => Effect[]): Effect[] {
    return this.compute(
      values.map((secret) => ({ kind: square, input: { secret } })),
      goOn,
    );
  }
  protected override erase(): void {
    this.secret.fill(0);
    this.erased += 1;
  }
}

const total = (values: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.of(values.reduce((sum, [v]) => sum + (v as number), 0) % 256);
const jobsOf = (effects: readonly Effect[]) => effects.flatMap((e) => (e.t === 'compute' ? [e] : []));
const runSquare = (job: Job): Uint8Array => square.run(job.input as { secret: Uint8Array });

function squareTable(seed: string) {
  const { context, parties, execId, identities } = table(seed);
  const machines = new Map<Index, Squares>(parties.map((p) => [p, new Squares(context(p))]));
  const machine = (p: Index): Squares => machines.get(p) as Squares;
  /** Lets a party do all that it can, and answers what it said. */
  const settle = (p: Index, effects: readonly Effect[]): Message[] =>
    effects.flatMap((e) =>
      e.t === 'send' ? [e.message] : e.t === 'compute' ? settle(p, machine(p).computed(e.id, runSquare(e.job))) : [],
    );
  return { machines, machine, settle, execId, identities };
}

test('jobs give the same result in whatever order they end and messages arrive meanwhile', () => {
  for (let k = 0; k < 40; k += 1) {
    underSeed(`${masterSeed}/jobs/${k}`, (seed) => {
      const { machines } = squareTable(seed);

      const outcome = simulate({
        seed,
        machines,
        faults: { duplicate: 0.3, delay: 0.3 },
        compute: (_, job) => runSquare(job),
      });

      // Σ of the fourth powers that the others heard: 16+81 and 1+81 and 1+16, each squared twice.
      const fourth = (p: number) => p ** 8 % 256;
      for (const p of [1, 2, 3]) {
        const others = [1, 2, 3].filter((q) => q !== p);
        const heard = others.map((q) => [1, 2, 3].filter((r) => r !== q).reduce((sum, r) => sum + fourth(r), 0));
        deepEqual(outcome.status.get(p), { s: 'done', out: heard.reduce((sum, h) => sum + h, 0) % 256 });
      }
    });
  }
});

test('while jobs run, messages are filed, nothing is sent, and nobody is waited for', () => {
  const { machine, settle } = squareTable('computing');
  const [job] = jobsOf(machine(1).start());
  const early = [2, 3].map((p) => settle(p, machine(p).start())[0] as Message);

  const answers = early.map((m) => machine(1).receive(m));
  const status = machine(1).status();
  const effects = machine(1).computed(job?.id as number, Uint8Array.of(1));

  deepEqual(answers, [[], []]);
  deepEqual(status, { s: 'running', waitingFor: [] });
  deepEqual(
    effects.map((e) => e.t),
    ['send', 'compute', 'compute'],
  );
});

test('a result that nobody asked for, or twice, changes nothing', () => {
  const { machine, settle } = squareTable('results');
  machine(1).computed(1, Uint8Array.of(1)); // Before the start.
  const [job] = jobsOf(machine(1).start());
  const id = job?.id as number;

  deepEqual(machine(1).computed(id + 1, Uint8Array.of(9)), []);
  deepEqual(machine(1).computeFailed(id + 1, new Error('not ours')), []);
  const first = machine(1).computed(id, Uint8Array.of(1));
  deepEqual(machine(1).computed(id, Uint8Array.of(9)), []);
  const said = [2, 3].map((p) => settle(p, machine(p).start())[0] as Message);
  const jobs = said.flatMap((m) => jobsOf(machine(1).receive(m)));
  deepEqual(machine(1).computed(jobs[0]?.id as number, Uint8Array.of(4)), []);
  deepEqual(machine(1).computed(jobs[0]?.id as number, Uint8Array.of(4)), []);
  deepEqual(machine(1).computed(id, Uint8Array.of(9)), []);

  equal(only(first).body.at(-1), 1);
  equal(machine(1).status().s, 'running');
  equal(jobsOf(machine(1).computed(jobs[1]?.id as number, Uint8Array.of(9))).length, 2);
});

test('a job that fails ends the run without blame, and its cause is kept for the log', () => {
  const cause = new TypeError('out of memory');
  const { machines } = squareTable('failed');

  const outcome = simulate({
    seed: 'failed',
    machines,
    compute: (party, job) => {
      if (party === 2) throw cause;
      return runSquare(job);
    },
  });

  deepEqual(outcome.status.get(2), { s: 'aborted', abort: { code: 'E_COMPUTE', round: 1, culprits: [] } });
  equal(machines.get(2)?.cause, cause);
  deepEqual(outcome.sentBy(2), []);
  equal(outcome.status.get(1)?.s, 'aborted');
});

test('a run that ends while it computes erases its secrets and takes no result any more', () => {
  const ends: ((m: Squares, settled: Message) => void)[] = [
    (m) => m.wipe(),
    (m) => m.peerGone(3),
    (m, settled) => {
      m.receive(settled);
      m.receive({ ...settled, body: new Uint8Array(3) });
    },
  ];
  for (const [k, end] of ends.entries()) {
    const { machine, settle } = squareTable(`ends/${k}`);
    const [job] = jobsOf(machine(1).start());

    end(machine(1), settle(2, machine(2).start())[0] as Message);
    const late = machine(1).computed(job?.id as number, Uint8Array.of(1));

    deepEqual(late, []);
    equal(machine(1).status().s, 'aborted');
    ok(machine(1).erased > 0);
    deepEqual(machine(1).secret, new Uint8Array(1));
    deepEqual(machine(1).computeFailed(job?.id as number, new Error('late')), []);
  }
});

test('a result that waits for the others is overwritten when the run ends', () => {
  const { machine, settle } = squareTable('held');
  settle(1, machine(1).start());
  const said = [2, 3].map((p) => settle(p, machine(p).start())[0] as Message);
  const jobs = said.flatMap((m) => jobsOf(machine(1).receive(m)));
  const result = Uint8Array.of(16);
  machine(1).computed(jobs[0]?.id as number, result);

  machine(1).wipe();

  deepEqual(result, new Uint8Array(1));
});

test('a job owns its input: overwriting it does not reach the machine', () => {
  const { machine } = squareTable('copied');
  const [job] = jobsOf(machine(2).start());

  wipeBytes(job?.job.input);

  deepEqual(job?.job.input, { secret: new Uint8Array(1) });
  deepEqual(machine(2).secret, Uint8Array.of(2));
});

test('an abort in a stage behind a job names round and culprit as without one', () => {
  const { machines, execId, identities } = squareTable('thirteen');
  const alter = { round: 2, kind: 'bcast' as const, body: () => sums.format.encode(Uint8Array.of(13)) };

  const outcome = simulate({
    seed: 'thirteen',
    machines,
    cheats: { 3: altering({ execId, env: identities.env(3), alter }) },
    compute: (_, job) => runSquare(job),
  });

  deepEqual(outcome.status.get(1), { s: 'aborted', abort: { code: 'E_TEST_THIRTEEN', round: 2, culprits: [3] } });
});

test('handing out jobs while others run, or none, is a fault of our own', () => {
  class Greedy extends Squares {
    protected override begin(): Effect[] {
      return [...super.begin(), ...super.begin()];
    }
  }
  class Idle extends Squares {
    protected override begin(): Effect[] {
      return this.compute([], () => []);
    }
  }
  const { context } = table('greedy');
  for (const machine of [new Greedy(context(1)), new Idle(context(1))]) {
    deepEqual(machine.start(), []);
    equal(abortOf(machine).code, 'E_INTERNAL');
  }
});

test('wipes byte arrays wherever they are in a value', () => {
  const value = {
    a: Uint8Array.of(1),
    b: [Uint8Array.of(2), { c: Uint8Array.of(3) }],
    d: new Map([['e', Uint8Array.of(4)]]),
    f: 5n,
    g: null,
    h: Buffer.from([6]),
  };

  wipeBytes(value);

  deepEqual([value.a[0], value.d.get('e')?.[0], value.h[0], value.f], [0, 0, 0, 5n]);
  deepEqual(value.b, [new Uint8Array(1), { c: new Uint8Array(1) }]);
});

test('2,000 malformed messages: none throws', () => {
  underSeed(`${masterSeed}/fuzz`, (seed) => {
    const random = seededRandom(seed);
    for (let run = 0; run < 40; run += 1) {
      const { machine, context, execId } = table(`${seed}/${run}`);
      machine(1).start();
      for (let k = 0; k < 50; k += 1) machine(1).receive(hostile(random, execId, context));
    }
  });

  function hostile(
    random: ReturnType<typeof seededRandom>,
    execId: Uint8Array,
    context: (p: Index) => RunContext,
  ): Message {
    const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;
    const from = pick([1, 2, 3, 4, 0, -1]);
    const message = {
      round: pick([0, 1, 2, 3, -1, Number.NaN, 2 ** 53]),
      kind: pick(['bcast', 'p2p', 'echo', 'ack', 'constructor'] as const) as Message['kind'],
      from,
      to: pick([0, 1, 2]),
      body: pick([
        random.bytes(random.below(200)),
        new Uint8Array(0),
        enc('mpc/echo/v1', i.absent),
        undefined as unknown as Uint8Array,
      ]),
      ...(random.chance(0.7) ? { sig: random.bytes(pick([0, 63, 64, 65])) } : {}),
    };
    const isSigner = from === 2 || from === 3;
    if (!isSigner || message.body === undefined || !Number.isSafeInteger(message.round) || message.round < 0)
      return message;
    return random.chance(0.5) ? signedAnew({ execId, env: context(from).env, message }) : message;
  }
});
