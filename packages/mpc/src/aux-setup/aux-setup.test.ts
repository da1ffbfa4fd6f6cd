/**
 * The auxiliary set-up among three parties at full size, primes from the fixtures. Jobs are pure, so what has been
 * computed once under this seed is not computed again: each test pays for what its lie changes.
 */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { crtModulus, toBytes } from '@holdfast/crypto/bigmod';
import { curve } from '@holdfast/crypto/curves';
import { sha512 } from '@holdfast/crypto/transcript';
import type { AuxPublic, FacProof, ModProof } from '../cggmp24/index.ts';
import { testAux } from '../cggmp24/test/index.ts';
import { runJob } from '../compute/index.ts';
import {
  type Index,
  type Job,
  largeBodyBytesMax,
  type Machine,
  type Message,
  type Status,
  signedBytes,
} from '../runtime/index.ts';
import { altering, type Cheat, lyingMachine, type Outcome, seatParties, simulate } from '../simulator/index.ts';
import {
  type AuxOutcome,
  type AuxPrimes,
  areAuxPrimes,
  auxEpoch,
  auxOwn,
  createAuxSetup,
  isSafePrime,
  primeBytes,
} from './index.ts';
import { commitmentSlot, facSlot, modSlot, type Opening, openingSlot } from './messages.ts';

const seed = 'aux set-up';
const n = 3;
const liar = 2;
const honest = [1, 3];

function primesOf(index: Index): AuxPrimes {
  const { p, q, pHat, qHat } = testAux(index).own;
  const bytes = (v: bigint): Uint8Array => toBytes(v, primeBytes);
  return { p: bytes(p), q: bytes(q), pHat: bytes(pHat), qHat: bytes(qHat) };
}

const results = new Map<string, unknown>();
function remembered(job: Job): unknown {
  const text = JSON.stringify(job, (_key, v) =>
    v instanceof Uint8Array ? Buffer.from(v).toString('hex') : typeof v === 'bigint' ? `n${v.toString(36)}` : v,
  );
  const name = Buffer.from(sha512(Buffer.from(text))).toString('hex');
  if (!results.has(name)) results.set(name, runJob(job));
  return structuredClone(results.get(name));
}

interface Play {
  readonly run?: string;
  readonly primes?: (index: Index) => AuxPrimes;
  readonly lie?: (at: { round: number; kind: Message['kind']; to: Index | 0 }, value: unknown) => unknown;
  readonly cheat?: (table: ReturnType<typeof seat>) => Cheat;
  readonly compute?: (party: Index, job: Job) => unknown;
}

const seat = (run = 'run') => seatParties({ seed, n, curve: curve('secp256k1'), run });

function play({ run, primes = primesOf, lie, cheat, compute }: Play = {}): Outcome<AuxOutcome> {
  const table = seat(run);
  const machines = new Map<Index, Machine<AuxOutcome>>(
    table.parties.map((p) => [p, createAuxSetup(table.context(p), { primes: primes(p) })]),
  );
  if (lie !== undefined) lyingMachine(machines.get(liar) as Machine<AuxOutcome>, lie);
  return simulate({
    seed,
    machines,
    compute: compute ?? ((_party, job) => remembered(job)),
    ...(cheat === undefined ? {} : { cheats: { [liar]: cheat(table) } }),
  });
}

const outOf = (status: Status<AuxOutcome> | undefined): AuxOutcome => {
  if (status?.s !== 'done') throw new Error(`is ${JSON.stringify(status)}`);
  return status.out;
};

/** Every honest party names the liar with this code, and nothing of a later round has left it. */
function blames(
  outcome: Outcome<AuxOutcome>,
  code: string,
  { round, evidence = true } = { round: 0 } as { round: number; evidence?: boolean },
) {
  for (const p of honest) {
    const status = outcome.status.get(p);
    ok(status?.s === 'aborted', `party ${p} is ${status?.s}`);
    deepEqual([status.abort.code, status.abort.culprits], [code, [liar]]);
    ok(outcome.sentBy(p).every((m) => m.round <= round));
    const messages = status.abort.evidence ?? [];
    equal(messages.length > 0, evidence);
    const { identities, execId } = seat();
    for (const m of messages) ok(identities.verify(liar, signedBytes(execId, m), m.sig as Uint8Array));
  }
}

const openingWith = (change: (o: Opening) => Opening) => (at: { round: number; kind: string }, value: unknown) =>
  at.round === 2 ? change(value as Opening) : value;

test('three parties end with the same public values, the same epoch and everybody’s signature over it', () => {
  const outcome = play();

  const outs = [1, 2, 3].map((p) => outOf(outcome.status.get(p)));
  for (const out of outs) {
    deepEqual(out.epoch, outs[0]?.epoch);
    deepEqual([...out.publics.keys()], [1, 2, 3]);
    for (const [index, { N, ringPedersen }] of out.publics) {
      equal(N, testAux(index).public.N);
      equal(ringPedersen.N, testAux(index).public.ringPedersen.N);
      deepEqual(ringPedersen, outs[0]?.publics.get(index)?.ringPedersen);
      equal('prm' in { N, ringPedersen }, false);
    }
    deepEqual(
      out.acknowledgements.map(({ index }) => index),
      [1, 2, 3],
    );
    deepEqual(out.acknowledgements, outs[0]?.acknowledgements);
  }
  deepEqual(auxEpoch(seat().execId, outs[0]?.publics as ReadonlyMap<Index, AuxPublic>), outs[0]?.epoch);
});

test('the epoch names the run and every public value', () => {
  const publics = new Map([1, 2].map((index) => [index, testAux(index).public]));
  const execId = seat().execId;
  const epoch = auxEpoch(execId, publics);

  notDeepEqual(auxEpoch(seat('another').execId, publics), epoch);
  for (const change of [
    (o: AuxPublic): AuxPublic => ({ ...o, N: o.N + 2n }),
    (o: AuxPublic): AuxPublic => ({ ...o, ringPedersen: { ...o.ringPedersen, N: o.ringPedersen.N + 2n } }),
    (o: AuxPublic): AuxPublic => ({ ...o, ringPedersen: { ...o.ringPedersen, s: o.ringPedersen.s + 2n } }),
    (o: AuxPublic): AuxPublic => ({ ...o, ringPedersen: { ...o.ringPedersen, t: o.ringPedersen.t + 2n } }),
  ]) {
    notDeepEqual(auxEpoch(execId, new Map(publics).set(2, change(testAux(2).public))), epoch);
  }
});

test('row 18: who opens another value than it committed to is named, with both messages', () => {
  for (const change of [
    (o: Opening): Opening => ({ ...o, u: new Uint8Array(32) }),
    (o: Opening): Opening => ({ ...o, rho: new Uint8Array(32) }),
    (o: Opening): Opening => ({ ...o, N: testAux(4).public.N }),
  ]) {
    blames(play({ lie: openingWith(change) }), 'E_AUX_OPENING', { round: 2 });
  }
});

test('row 18: a party that repeats another’s commitment and opening is named', () => {
  let commitment: unknown;
  let opening: unknown;
  const table = seat();
  const machines = new Map(table.parties.map((p) => [p, createAuxSetup(table.context(p), { primes: primesOf(p) })]));
  lyingMachine(machines.get(1) as Machine<AuxOutcome>, ({ round, kind }, value) => {
    if (round === 1 && kind === 'bcast') commitment = value;
    if (round === 2) opening = value;
    return value;
  });
  simulate({ seed, machines, compute: (_p, job) => remembered(job) });

  blames(
    play({ lie: ({ round, kind }, v) => (round === 1 && kind === 'bcast' ? commitment : round === 2 ? opening : v) }),
    'E_AUX_OPENING',
    { round: 2 },
  );
});

/** The liar commits to what it opens: only the values themselves can give it away. */
function committed(change: (o: Opening) => Opening, more: Play = {}): Outcome<AuxOutcome> {
  return play({
    ...more,
    compute: (party, job) => {
      const result = remembered(job);
      if (party !== liar || job.name !== 'aux/commit') return result;
      const made = result as Pick<Opening, 'ringPedersen' | 'prm'>;
      const { ringPedersen, prm } = change({ ...made, N: 0n, rho: new Uint8Array(32), u: new Uint8Array(32) });
      return { ringPedersen, prm };
    },
  });
}

test('row 10: a ring-Pedersen modulus of a wrong length or form is refused and its owner named', () => {
  const { pHat } = testAux(liar).own;
  for (const N of [testAux(liar).public.ringPedersen.N >> 2n, pHat * pHat, testAux(liar).public.ringPedersen.N - 1n]) {
    const outcome = committed((o) => ({ ...o, ringPedersen: { ...o.ringPedersen, N } }));
    blames(outcome, 'E_AUX_MODULUS', { round: 2 });
  }
});

test('row 10: a Paillier modulus of a wrong length or form is refused, all else being right', () => {
  let opened: Job | undefined;
  play({
    compute: (_party, job) => {
      if (job.name === 'aux/check-opened') opened ??= structuredClone(job);
      return remembered(job);
    },
  });
  const input = opened?.input as { readonly opened: Opening };
  const { N } = input.opened;
  const verdictOn = (changed: bigint) =>
    runJob({ name: 'aux/check-opened', input: { ...input, opened: { ...input.opened, N: changed } } });

  equal(verdictOn(N), undefined);
  for (const wrong of [N >> 2n, N - 1n, 0n]) equal(verdictOn(wrong), 'E_AUX_MODULUS');
});

test('row 10: a Paillier modulus equal to the ring-Pedersen one is refused and its owner named', () => {
  const { pHat, qHat } = testAux(liar).own;
  // The machine refuses such primes of its own, so the lie is told to the job alone.
  const outcome = play({
    compute: (party, job) => {
      if (party !== liar || job.name !== 'aux/commit') return remembered(job);
      const { p, q } = primesOf(liar);
      return remembered({ ...job, input: { ...(job.input as object), pHat: p, qHat: q } });
    },
  });

  blames(outcome, 'E_AUX_MODULUS', { round: 2, evidence: false });
  ok(pHat !== qHat);
});

test('row 10: a modulus that shares one prime with another party’s is refused, and every other party names its owner', () => {
  const stolen = (index: Index): AuxPrimes =>
    index === liar ? { ...primesOf(liar), q: primesOf(1).q } : primesOf(index);

  const outcome = play({ primes: stolen });

  const codes = [1, 2, 3].map((p) => {
    const status = outcome.status.get(p);
    ok(status?.s === 'aborted');
    return [status.abort.code, status.abort.culprits];
  });
  deepEqual(codes, [
    ['E_AUX_MODULUS', [2]],
    ['E_AUX_MODULUS', [1]],
    ['E_AUX_MODULUS', [1, 2]],
  ]);
});

test('row 9: degenerate bases are refused and their owner named', () => {
  const N = testAux(liar).public.ringPedersen.N;
  for (const bad of [0n, 1n, N - 1n, testAux(liar).own.pHat]) {
    blames(
      committed((o) => ({ ...o, ringPedersen: { ...o.ringPedersen, s: bad } })),
      'E_AUX_BASES',
      { round: 2 },
    );
  }
  blames(
    committed((o) => ({ ...o, ringPedersen: { ...o.ringPedersen, s: o.ringPedersen.t } })),
    'E_AUX_BASES',
    {
      round: 2,
    },
  );
});

test('row 7: bases of which s does not lie in ⟨t⟩ are refused and their owner named', () => {
  const { pHat, qHat } = testAux(liar).own;
  const own = crtModulus(pHat, qHat, 1);
  const root = own.combine(1n, qHat - 1n);

  const outcome = committed((o) => ({
    ...o,
    ringPedersen: { ...o.ringPedersen, s: own.mul(o.ringPedersen.s, root) },
  }));

  blames(outcome, 'E_AUX_PRM', { round: 2 });
});

test('row 6: a Π^prm that is too short is refused and its owner named', () => {
  const outcome = committed((o) => ({ ...o, prm: { A: o.prm.A.slice(1), z: o.prm.z.slice(1) } }));

  blames(outcome, 'E_AUX_PRM', { round: 2 });
});

test('row 11: the Π^prm of another run is refused and its owner named', () => {
  let earlier: Opening['prm'] | undefined;
  play({
    run: 'another',
    compute: (party, job) => {
      if (job.name !== 'aux/commit') throw new Error('one round is enough');
      const made = remembered(job) as Pick<Opening, 'prm'>;
      if (party === liar) earlier = made.prm;
      return made;
    },
  });

  blames(
    committed((o) => ({ ...o, prm: earlier as Opening['prm'] })),
    'E_AUX_PRM',
    { round: 2 },
  );
});

test('row 1: a Π^mod with w = 0 and all roots 0 is refused and its owner named', () => {
  const zero = { x: 0n, a: false, b: true, z: 0n };
  const lie = (at: { round: number; kind: string }, value: unknown): unknown =>
    at.round === 3 && at.kind === 'bcast' ? { w: 0n, roots: Array.from({ length: 128 }, () => zero) } : value;

  blames(play({ lie }), 'E_AUX_MOD', { round: 3 });
});

test('row 13: a Π^mod with one root that is zero is refused and its owner named', () => {
  const lie = (at: { round: number; kind: string }, value: unknown): unknown => {
    if (at.round !== 3 || at.kind !== 'bcast') return value;
    const { w, roots } = value as ModProof;
    return { w, roots: roots.with(127, { ...(roots[127] as ModProof['roots'][0]), x: 0n }) };
  };

  blames(play({ lie }), 'E_AUX_MOD', { round: 3 });
});

test('row 14: a Π^fac to one party out of range is refused by that party, its sender named', () => {
  const lie = (at: { round: number; kind: string; to: Index | 0 }, value: unknown): unknown =>
    at.round === 3 && at.to === 3 ? { ...(value as FacProof), z1: (value as FacProof).z1 + 2n ** 2304n } : value;

  const outcome = play({ lie });

  const status = outcome.status.get(3);
  ok(status?.s === 'aborted');
  deepEqual([status.abort.code, status.abort.culprits], ['E_AUX_FAC', [liar]]);
  // Party 1 got what it needs and waits for an acknowledgement that does not come: nobody is named for that.
  const waiting = outcome.status.get(1);
  ok(waiting?.s === 'aborted');
  deepEqual([waiting.abort.code, waiting.abort.culprits], ['E_PEER_GONE', []]);
});

test('row 11: a Π^fac made for another party is refused and its sender named', () => {
  let forOne: unknown;
  let forThree: unknown;
  play({
    lie: (at, value) => {
      if (at.round === 3 && at.to === 1) forOne = value;
      if (at.round === 3 && at.to === 3) forThree = value;
      return value;
    },
  });
  notDeepEqual(forOne, forThree);

  const outcome = play({
    lie: (at, value) => (at.round === 3 && at.kind === 'p2p' ? (at.to === 1 ? forThree : forOne) : value),
  });

  blames(outcome, 'E_AUX_FAC', { round: 3 });
});

test('row 20: a commitment that differs between recipients is named with evidence that verifies offline', () => {
  const outcome = play({
    cheat: ({ execId, context }) =>
      altering({
        execId,
        env: context(liar).env,
        alter: { round: 1, kind: 'bcast', to: 3, body: () => commitmentSlot.format.encode(new Uint8Array(64)) },
      }),
  });

  blames(outcome, 'E_EQUIVOCATION', { round: 1 });
});

test('an acknowledgement that signs another outcome is refused and its sender named', () => {
  const outcome = play({
    lie: (at, value) => (at.kind === 'ack' ? new Uint8Array(64) : value),
  });

  blames(outcome, 'E_AUX_ACK', { round: 4, evidence: false });
});

test('one byte altered anywhere in a body never passes, and never blames anybody but its sender', () => {
  const cases: [number, Message['kind']][] = [
    [2, 'bcast'],
    [3, 'bcast'],
    [3, 'p2p'],
    [4, 'ack'],
  ];
  for (const [round, kind] of cases) {
    for (const where of round === 2 ? [0.1, 0.999] : [0.7]) {
      const outcome = play({
        cheat: ({ execId, context }) =>
          altering({
            execId,
            env: context(liar).env,
            alter: {
              round,
              kind,
              body: (body) => {
                const altered = body.slice();
                const at = Math.floor(where * altered.length);
                altered[at] = (altered[at] as number) ^ 1;
                return altered;
              },
            },
          }),
      });
      for (const p of honest) {
        const status = outcome.status.get(p);
        ok(status?.s === 'aborted', `round ${round} ${kind}`);
        deepEqual(status.abort.culprits, [liar], status.abort.code);
      }
    }
  }
});

test('row 54: lists longer than 128 and numbers longer than 3072 bits are malformed', () => {
  const { A } = { A: Array.from({ length: 129 }, () => 1n) };
  const opening: Opening = {
    ...testAux(1).public,
    prm: { A, z: [] },
    rho: new Uint8Array(32),
    u: new Uint8Array(32),
  };
  throws(() => openingSlot.format.decode(openingSlot.format.encode(opening)), { code: 'E_ENCODING' });
  const long = { ...opening, prm: { A: [], z: [] }, N: 1n << 3072n };
  throws(() => openingSlot.format.decode(openingSlot.format.encode(long)), { code: 'E_ENCODING' });
  const z = 2n ** 2306n;
  const fac = { P: 1n, Q: 1n, A: 1n, B: 1n, T: 1n, z1: z, z2: 0n, w1: 0n, w2: 0n, v: 0n };
  throws(() => facSlot.format.decode(facSlot.format.encode(fac)), { code: 'E_ENCODING' });
  const roots = Array.from({ length: 129 }, () => ({ x: 1n, a: false, b: false, z: 1n }));
  throws(() => modSlot.format.decode(modSlot.format.encode({ w: 1n, roots })), { code: 'E_ENCODING' });
});

test('row 54: a body beyond 131,072 bytes is malformed before it is decoded', () => {
  const table = seat();
  const machine = createAuxSetup(table.context(1), { primes: primesOf(1) });
  const long = { round: 3, kind: 'bcast' as const, from: liar, to: 0, body: new Uint8Array(largeBodyBytesMax + 1) };
  machine.start();

  machine.receive({ ...long, sig: table.context(liar).env.sign(signedBytes(table.execId, long)) });

  const status = machine.status();
  ok(status.s === 'aborted');
  deepEqual([status.abort.code, status.abort.culprits], ['E_MALFORMED', [liar]]);
});

test('one missing party ends the run for all, whatever the round, and nobody is named', () => {
  for (const afterEffects of [0, 1, 2, 3, 4, 6]) {
    const table = seat();
    const machines = new Map(table.parties.map((p) => [p, createAuxSetup(table.context(p), { primes: primesOf(p) })]));

    const outcome = simulate({
      seed,
      machines,
      crash: { party: liar, afterEffects },
      compute: (_p, job) => remembered(job),
    });

    for (const p of honest) {
      const status = outcome.status.get(p);
      ok(status?.s === 'aborted');
      deepEqual([status.abort.code, status.abort.culprits], ['E_PEER_GONE', []]);
    }
  }
});

test('messages of another run are nothing in this one', () => {
  const table = seat('another');
  let theirs: Message | undefined;
  play({
    run: 'another',
    cheat: () => (m) => {
      if (m.round === 1 && m.kind === 'bcast') theirs = m;
      return m;
    },
    compute: (_p, job) => {
      if (job.name !== 'aux/commit') throw new Error('one round is enough');
      return remembered(job);
    },
  });
  ok(theirs !== undefined && table.execId.length === 32);

  const outcome = play({ cheat: () => (m) => (m.round === 1 && m.kind === 'bcast' ? (theirs as Message) : m) });

  for (const p of honest) {
    const status = outcome.status.get(p);
    ok(status?.s === 'aborted');
    deepEqual(
      [status.abort.code, status.abort.culprits],
      ['E_PEER_GONE', []],
      'dropped: the signature is over another id',
    );
  }
});

test('primes that are short, equal, or not 3 mod 4 are refused before anything is sent', () => {
  const context = seat().context(1);
  const good = primesOf(1);
  for (const bad of [
    { ...good, p: good.p.slice(1) },
    { ...good, q: good.p },
    { ...good, pHat: good.q },
    { ...good, qHat: good.qHat.map((byte, at) => (at === 0 ? byte & 0x3f : byte)) },
    { ...good, p: good.p.map((byte, at) => (at === primeBytes - 1 ? byte ^ 2 : byte)) },
  ]) {
    throws(() => createAuxSetup(context, { primes: bad }), { name: 'RefusedError', code: 'E_AUX_PRIMES' });
    equal(areAuxPrimes(bad), false);
  }
  equal(areAuxPrimes(good), true);
  deepEqual(auxOwn(good), testAux(1).own);
});

test('the caller is told before the moduli are opened, and its failure keeps them closed', () => {
  const table = seat();
  const told: string[] = [];
  const machines = new Map(
    table.parties.map((p) => [
      p,
      createAuxSetup(table.context(p), {
        primes: primesOf(p),
        opening: () => {
          told.push(`${p}`);
          if (p === liar) throw new Error('the disk is full');
        },
      }),
    ]),
  );

  const outcome = simulate({ seed, machines, compute: (_p, job) => remembered(job) });

  deepEqual(told.sort(), ['1', '2', '3']);
  const status = outcome.status.get(liar);
  ok(status?.s === 'aborted');
  equal(status.abort.code, 'E_INTERNAL');
  ok(outcome.sentBy(liar).every((m) => m.round === 1));
  for (const p of honest) equal(outcome.sentBy(p).filter((m) => m.round === 2).length, 1);
});

test('the machine wipes its copy of the primes at the end and leaves the caller’s alone', () => {
  const table = seat();
  const primes = primesOf(1);
  const machine = createAuxSetup(table.context(1), { primes });
  const copy = machine as unknown as { erase(): void };

  machine.start();
  machine.wipe();
  copy.erase();

  equal(machine.status().s, 'aborted');
  equal(areAuxPrimes(primes), true);
});

test('a stored prime is recognised, and a number that is none is not', () => {
  const { p } = primesOf(1);

  equal(isSafePrime(p), true);
  equal(isSafePrime(p.map((byte, at) => (at === 100 ? byte ^ 1 : byte))), false);
});
