import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Curve, curve, type Scalar } from '@holdfast/crypto/curves';
import { interpolate } from '@holdfast/crypto/sharing';
import { enc, type Item, i } from '@holdfast/crypto/transcript';
import type { Index, Machine, Status } from '../runtime/index.ts';
import {
  altering,
  type Cheat,
  lyingMachine,
  type Outcome,
  seatParties,
  seededRandom,
  simulate,
  underSeed,
} from '../simulator/index.ts';
import { type DrawPlan, type PrssSession, prssSession } from './prss.ts';
import { createPrssSetup } from './prss-setup.ts';
import { subsets } from './subsets.ts';
import { seededSessions } from './test/sessions.ts';

const curves = (['secp256k1', 'stark', 'ed25519'] as const).map((name) => curve(name));
const secp = curve('secp256k1');
const execId = seededRandom('execution').bytes(32);

// ---- Set-up --------------------------------------------------------------------------------------------------

function setup(seed: string, n = 5, run = 'run') {
  const table = seatParties({ seed, n, curve: secp, run });
  const machines = new Map<Index, Machine<PrssSession>>(
    table.parties.map((p) => [p, createPrssSetup(table.context(p))]),
  );
  return { table, machines };
}

function sessionsOf(outcome: Outcome<PrssSession>): Map<Index, PrssSession> {
  return new Map(
    [...outcome.status].map(([party, status]) => {
      if (status.s !== 'done') throw new Error(JSON.stringify(status));
      return [party, status.out];
    }),
  );
}

function abortOf(status: Status<unknown> | undefined): { code: string; culprits: readonly Index[] } {
  if (status?.s !== 'aborted') throw new Error(`expected an abort, got ${status?.s}`);
  return { code: status.abort.code, culprits: status.abort.culprits };
}

/** Shares of one draw by all parties. */
function drawn(
  sessions: Map<Index, PrssSession>,
  on: Curve,
  draw: (run: ReturnType<PrssSession['open']>) => Scalar,
  id = execId,
) {
  return [...sessions].map(([x, session]) => ({ x, y: draw(session.open(id, on)) }));
}

test('five processes set up one session, whatever the order of messages, and draw consistent shares from it', () => {
  for (let k = 0; k < 5; k += 1) {
    underSeed(`set-up ${k}`, (seed) => {
      const { machines } = setup(seed);

      const sessions = sessionsOf(simulate({ seed, machines, faults: { duplicate: 0.3, delay: 0.3 } }));

      equal(new Set([...sessions.values()].map(({ id }) => Buffer.from(id).toString('hex'))).size, 1);
      const shares = drawn(sessions, secp, (run) => run.draw({ k: 'rand' }).k);
      deepEqual(interpolate(secp, shares.slice(0, 3)), interpolate(secp, shares.slice(2, 5)));
    });
  }
});

test('three and seven parties can set up a session, other numbers are refused', () => {
  for (const n of [3, 7]) {
    underSeed(`set-up of ${n}`, (seed) => {
      const sessions = sessionsOf(simulate({ seed, machines: setup(seed, n).machines }));

      const zeros = drawn(sessions, secp, (run) => run.draw({ b: 'zero' }).b);
      ok(secp.scalar.isZero(interpolate(secp, zeros)));
    });
  }
  for (const n of [2, 4, 6, 9]) throws(() => setup('wrong number', n), { code: 'E_PARTIES' });
});

test('two set-ups give different ids and different randomness, also under the same execution id', () => {
  const one = sessionsOf(simulate({ seed: 'one', machines: setup('one').machines }));
  const two = sessionsOf(simulate({ seed: 'two', machines: setup('two').machines }));

  notDeepEqual(one.get(1)?.id, two.get(1)?.id);
  notDeepEqual(
    drawn(one, secp, (run) => run.draw({ k: 'rand' }).k),
    drawn(two, secp, (run) => run.draw({ k: 'rand' }).k),
  );
});

test('row 35: a member that reveals another κ than it committed to is named', () => {
  underSeed('wrong opening', (seed) => {
    const { machines } = setup(seed);
    lyingMachine(machines.get(2) as Machine<PrssSession>, (at, value) => {
      if (at.round !== 2 || at.to !== 4) return value;
      const [first, ...rest] = value as { kappa: Uint8Array; u: Uint8Array }[];
      return [{ ...first, kappa: seededRandom('other').bytes(32) }, ...rest];
    });

    const outcome = simulate({ seed, machines });

    deepEqual(abortOf(outcome.status.get(4)), { code: 'E_H_PRSS', culprits: [2] });
  });
});

test('row 35: a member that commits and reveals different κ to different members leaves them no session', () => {
  underSeed('two κ', (seed) => {
    const { table, machines } = setup(seed);
    // A second machine of the cheat's, with other randomness: members 4 and 5 hear that one, the others the first.
    const base = table.context(2);
    const env = { ...base.env, random: seededRandom('another').bytes };
    const twin = createPrssSetup({ ...base, env });
    const twinSays = new Map<string, Uint8Array>();
    const note = (effects: ReturnType<typeof twin.start>) => {
      for (const effect of effects) {
        if (effect.t === 'send') twinSays.set(`${effect.message.round}/${effect.message.to}`, effect.message.body);
      }
    };
    note(twin.start());
    const honest = new Map([1, 3, 4, 5].map((p) => [p, createPrssSetup(table.context(p)).start()] as const));
    for (const effects of honest.values())
      for (const effect of effects) if (effect.t === 'send') note(twin.receive(effect.message));
    const cheat: Cheat = (m, to) => {
      const body = to >= 4 ? (twinSays.get(`${m.round}/${m.to}`) ?? m.body) : m.body;
      return { ...m, body };
    };

    const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

    for (const p of [1, 3, 4, 5])
      deepEqual(abortOf(outcome.status.get(p)), { code: 'E_H_PRSS', culprits: [] }, `party ${p}`);
  });
});

test('row 35: a wrong confirmation tag ends the set-up at the party that receives it', () => {
  underSeed('wrong tag', (seed) => {
    const { table, machines } = setup(seed);
    const cheat = altering({
      execId: table.execId,
      env: table.context(2).env,
      alter: { round: 3, kind: 'p2p', to: 5, body: (body) => flipLast(body) },
    });

    const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

    deepEqual(abortOf(outcome.status.get(5)), { code: 'E_H_PRSS', culprits: [] });
    equal(outcome.status.get(1)?.s, 'done');
  });
});

test('a party that sees another session id ends the set-up', () => {
  underSeed('wrong id', (seed) => {
    const { machines } = setup(seed);
    lyingMachine(machines.get(2) as Machine<PrssSession>, (at, value) =>
      at.round === 3 ? { ...(value as object), id: new Uint8Array(32) } : value,
    );

    const outcome = simulate({ seed, machines });

    deepEqual(abortOf(outcome.status.get(1)), { code: 'E_H_PRSS', culprits: [] });
  });
});

test('nonces alone do not make the id: other commitments make another one', () => {
  underSeed('commitments differ', (seed) => {
    const { table, machines } = setup(seed);
    // Towards party 1 one commitment of party 2 is altered; it belongs to {2, 4, 5}, a set that 1 is not in.
    const setsOfTwo = subsets(table.parties, 3).filter((A) => A.includes(2));
    const at = setsOfTwo.findIndex((A) => `${A}` === '2,4,5');
    const cheat = altering({
      execId: table.execId,
      env: table.context(2).env,
      alter: {
        round: 1,
        kind: 'bcast',
        to: 1,
        body: (body) => flipAt(body, body.length - 69 * (setsOfTwo.length - at) + 10),
      },
    });

    const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

    for (const p of [1, 3, 4, 5]) equal(abortOf(outcome.status.get(p)).code, 'E_H_PRSS');
  });
});

test('what a party reveals goes to the members of the set only', () => {
  underSeed('privacy', (seed) => {
    const { machines } = setup(seed);

    const outcome = simulate({ seed, machines });

    for (const { effect } of outcome.trace) {
      if (effect.t === 'send' && effect.message.round > 1) notDeepEqual(effect.message.to, 0);
    }
  });
});

const pair = ([kind, label]: string[]): Item => i.list([i.text(kind as string), i.text(label as string)]);

// ---- Randomness ----------------------------------------------------------------------------------------------

test('rand is a sharing of degree 2 of one value, zero a sharing of degree 4 of nought, on every curve', () => {
  for (const on of curves) {
    const sessions = seededSessions('degrees');
    const id = seededRandom(on.name).bytes(32);
    const draws = [...sessions].map(([x, session]) => ({ x, ...session.open(id, on).draw({ k: 'rand', b: 'zero' }) }));
    const k = draws.map(({ x, k: y }) => ({ x, y }));
    const b = draws.map(({ x, b: y }) => ({ x, y }));

    const value = interpolate(on, k);

    ok(!on.scalar.isZero(value));
    for (const three of subsets([0, 1, 2, 3, 4], 3))
      deepEqual(
        interpolate(
          on,
          three.map((at) => k[at] as (typeof k)[0]),
        ),
        value,
      );
    notDeepEqual(interpolate(on, k.slice(0, 2)), value);
    ok(on.scalar.isZero(interpolate(on, b)));
    // Nothing less than all five shares of zero is zero.
    ok(!on.scalar.isZero(interpolate(on, b.slice(0, 4))));
  }
});

test('the values are those of the specification, by big integers', () => {
  for (const on of curves) {
    for (const n of [3, 5, 7]) {
      const parties = Array.from({ length: n }, (_, at) => at + 1);
      const t = (n - 1) / 2;
      for (const [self, session] of seededSessions(`by hand ${n}`, n)) {
        const drawn = session.open(execId, on).draw({ k: 'rand', b: 'zero' });

        const expected = [0n, 0n];
        const document = enc(
          'mpc/prss/v2',
          i.bytes(execId),
          i.list(
            [
              ['rand', 'k'],
              ['zero', 'b'],
            ].map(pair),
          ),
        );
        for (const A of subsets(parties, t + 1).filter((members) => members.includes(self))) {
          const key = seededRandom(`by hand ${n}/key ${A}`).bytes(32);
          const stream = createHash('shake256', { outputLength: 48 * (1 + t) })
            .update(key)
            .update(document)
            .digest();
          const block = (at: number) => BigInt(`0x${stream.subarray(48 * at, 48 * (at + 1)).toString('hex')}`);
          const mask = parties.filter((x) => !A.includes(x)).reduce((g, x) => g * BigInt(x - self), 1n);
          expected[0] = (expected[0] as bigint) + mask * block(0);
          for (let l = 1; l <= t; l += 1)
            expected[1] = (expected[1] as bigint) + mask * BigInt(self) ** BigInt(l) * block(l);
        }
        deepEqual(
          [drawn.k, drawn.b],
          expected.map((value) => on.scalar.fromBigInt(value)),
          `${on.name} ${n} ${self}`,
        );
      }
    }
  }
});

test('different labels, kinds, plans and runs give different values', () => {
  const session = seededSessions('labels').get(1) as PrssSession;
  const draw = (plan: DrawPlan, id: Uint8Array): Scalar[] => Object.values(session.open(id, secp).draw(plan));
  // The same execution id in sessions with the same keys: what differs is the plan alone.
  const plans = [{ k: 'rand' }, { a: 'rand' }, { k: 'zero' }, { k: 'rand', a: 'rand' }, { ka: 'rand' }] as const;
  const values = [
    ...plans.flatMap((plan) =>
      Object.values((seededSessions('labels').get(1) as PrssSession).open(execId, secp).draw(plan)),
    ),
    ...draw({ k: 'rand', a: 'rand', b: 'zero', o: 'zero' }, execId),
    ...draw({ k: 'rand', a: 'rand', b: 'zero', o: 'zero' }, seededRandom('another').bytes(32)),
  ].map((v) => Buffer.from(v).toString('hex'));

  equal(new Set(values).size, values.length);
});

test('row 35: a run draws once, whatever it draws', () => {
  const run = (seededSessions('register').get(1) as PrssSession).open(execId, secp);
  run.draw({ k: 'rand' });

  throws(() => run.draw({ k: 'rand' }), { code: 'E_H_PRSS_REUSE' });
  throws(() => run.draw({ b: 'zero' }), { code: 'E_H_PRSS_REUSE' });
});

test('row 27: one execution id is opened once within a session, on whatever curve', () => {
  const session = seededSessions('register').get(1) as PrssSession;
  session.open(execId, secp);

  throws(() => session.open(execId, secp), { code: 'E_H_PRSS_REUSE' });
  throws(() => session.open(execId, curve('stark')), { code: 'E_H_PRSS_REUSE' });
});

test('a session that was wiped draws nothing, and its keys are gone', () => {
  const parties = [1, 2, 3];
  const keys = [
    [1, 2],
    [1, 3],
  ].map((A) => ({ A, key: seededRandom(`${A}`).bytes(32) }));
  const session = prssSession({ id: new Uint8Array(32), self: 1, parties, keys });
  const [alone, batch] = ['alone', 'batch'].map((name) => session.open(seededRandom(name).bytes(32), secp));

  session.wipe();

  throws(() => session.open(execId, secp), { code: 'E_H_PRSS_ENDED' });
  throws(() => alone?.draw({ k: 'rand' }), { code: 'E_H_PRSS_ENDED' });
  throws(() => batch?.drawBatch({ once: { rho: 'rand' }, each: { k: 'rand' }, count: 2 }), { code: 'E_H_PRSS_ENDED' });
  for (const { key } of keys) ok(key.every((byte) => byte === 0));
});

test('a session that has served its runs serves no more', () => {
  const keys = [
    [1, 2],
    [1, 3],
  ].map((A) => ({ A, key: seededRandom(`${A}`).bytes(32) }));
  const session = prssSession({ id: new Uint8Array(32), self: 1, parties: [1, 2, 3], keys, runs: 2 });
  for (const name of ['one', 'two']) session.open(seededRandom(name).bytes(32), secp);

  throws(() => session.open(seededRandom('three').bytes(32), secp), { code: 'E_H_PRSS_ENDED' });
});

test('a session is made of exactly the keys of the sets its party is in', () => {
  const parties = [1, 2, 3];
  const key = (A: Index[], size = 32) => ({ A, key: seededRandom(`${A}`).bytes(size) });
  const make = (keys: ReturnType<typeof key>[]) => prssSession({ id: new Uint8Array(32), self: 1, parties, keys });

  throws(() => make([key([1, 2])]), { code: 'E_H_PRSS' });
  throws(() => make([key([1, 2]), key([2, 3])]), { code: 'E_H_PRSS' });
  throws(() => make([key([1, 2]), key([1, 3]), key([2, 3])]), { code: 'E_H_PRSS' });
  throws(() => make([key([1, 2]), key([1, 3], 16)]), { code: 'E_H_PRSS' });
});

test('the parties of a session are the points 1 to n, and no more than seven', () => {
  const make = (parties: Index[]) => {
    const keys = subsets(parties, (parties.length + 1) / 2)
      .filter((A) => A.includes(parties[0] as Index))
      .map((A) => ({ A, key: seededRandom(`${A}`).bytes(32) }));
    return prssSession({ id: new Uint8Array(32), self: parties[0] as Index, parties, keys });
  };

  equal(make([1, 2, 3]).self, 1);
  for (const parties of [
    [1, 2, 4],
    [2, 3, 4],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  ])
    throws(() => make(parties), { code: 'E_H_PRSS', message: /points/ });
});

test('two corrupt parties miss exactly one key, the one of the three others', () => {
  for (const corrupt of subsets([1, 2, 3, 4, 5], 2)) {
    const missing = subsets([1, 2, 3, 4, 5], 3).filter((A) => !A.some((p) => corrupt.includes(p)));

    equal(missing.length, 1);
  }
});

function flipLast(body: Uint8Array): Uint8Array {
  return flipAt(body, body.length - 1);
}

function flipAt(body: Uint8Array, at: number): Uint8Array {
  const altered = body.slice();
  altered[at] = (altered[at] as number) ^ 1;
  return altered;
}
