import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import { interpolate } from '@holdfast/crypto/sharing';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keyShares } from '../frost/test/keys.ts';
import type { ColumnElement, ColumnMachine, Settled } from '../group/index.ts';
import { GROUP_MAX } from '../group/places.ts';
import type { Index, KeyShare, Machine, Message } from '../runtime/index.ts';
import {
  type Faults,
  lyingMachine,
  type Outcome,
  seatParties,
  seededRandom,
  simulate,
  underSeed,
} from '../simulator/index.ts';
import { createEcdsaH } from './ecdsa.ts';
import { createEcdsaBatch, type EcdsaBatchOptions } from './ecdsa-batch.ts';
import type { PrssRun, PrssSession } from './prss.ts';
import { type EcdsaSignature, verifyEcdsa } from './signature.ts';
import { seededSessions } from './test/sessions.ts';

const secp = curve('secp256k1');
const everybody = [1, 2, 3, 4, 5];
const sameIndex = new Map(everybody.map((party) => [party, party]));

type Ends = ReadonlyMap<number, Settled<EcdsaSignature>>;

interface World {
  readonly seed: string;
  readonly on: Curve;
  readonly machines: Map<Index, Machine<Ends>>;
  readonly publicKey: Point;
  readonly digests: readonly Uint8Array[];
}

interface Options {
  readonly seed: string;
  readonly on?: Curve;
  readonly size?: number;
  readonly run?: string;
  readonly sessions?: Map<Index, PrssSession>;
  /** Places that a party refuses. */
  readonly refused?: Readonly<Record<Index, readonly number[]>>;
  /** The digest a party believes in. */
  readonly digestOf?: (party: Index, place: number, digest: Uint8Array) => Uint8Array;
}

/** Five parties and a batch of requests, each of a digest of its own. */
function batch(o: Options): World {
  const { seed, size = 3, on = secp, run = 'batch' } = o;
  const shares = keyShares({ curve: on, protocol: 'CGGMP21', t: 3, n: 5, seed });
  const sessions = o.sessions ?? seededSessions(seed);
  const digests = Array.from({ length: size }, (_, place) => {
    const digest = seededRandom(`${seed}/digest ${place}`).bytes(32);
    digest[0] = (digest[0] as number) & 0x07;
    return digest;
  });
  const table = seatParties({ seed, n: 5, curve: on, run });
  const machines = new Map(
    everybody.map((party) => {
      const prss = sessions.get(party) as PrssSession;
      const elements = new Map<number, ColumnElement<EcdsaSignature>>();
      for (const [place, digest] of digests.entries()) {
        if (o.refused?.[party]?.includes(place) === true) continue;
        const ctx = seatParties({ seed, n: 5, curve: on, run: `${run}, element ${place}` }).context(party);
        const share = shares[party - 1] as KeyShare;
        const own = o.digestOf?.(party, place, digest) ?? digest;
        elements.set(place, { machine: createEcdsaH(ctx, { share, prss, digest: own }), points: sameIndex });
      }
      return [party, createEcdsaBatch(table.context(party), { size, prss, elements })];
    }),
  );
  return { seed, on, machines, publicKey: (shares[0] as KeyShare).publicKey, digests };
}

function run(
  { seed, machines }: World,
  o: { faults?: Faults; cheats?: Parameters<typeof simulate>[0]['cheats'] } = {},
): Outcome<Ends> {
  return simulate({ seed, machines, faults: { duplicate: 0.1, delay: 0.2, ...o.faults }, cheats: o.cheats ?? {} });
}

/** By party: the code that ended the batch; or by place `signed`, or the code of the abort with whom it names. */
function endsOf(world: World, outcome: Outcome<Ends>): Map<Index, string | string[]> {
  const { on, publicKey, digests } = world;
  return new Map(
    [...outcome.status].map(([party, status]): [Index, string | string[]] => {
      if (status.s === 'aborted') return [party, [status.abort.code, ...status.abort.culprits].join(' ')];
      if (status.s !== 'done') return [party, status.s];
      const ends = digests.map((digest, place) => {
        const one = status.out.get(place);
        if (one === undefined) return 'refused';
        if (one.s === 'aborted') return [one.abort.code, ...one.abort.culprits].join(' ');
        const { signature } = one.out;
        if (on === secp)
          ok(secp256k1.verify(signature, digest, secp.encodePoint(publicKey), { prehash: false, lowS: true }));
        else ok(verifyEcdsa(on, { publicKey, digest, signature }));
        return 'signed';
      });
      return [party, ends];
    }),
  );
}

/** The same at every one of these parties. */
function allEnd(ends: ReadonlyMap<Index, unknown>, expected: unknown, parties: readonly Index[] = everybody): void {
  for (const party of parties) deepEqual(ends.get(party), expected, `party ${party}`);
}

/** Parties that sent anything of this round. */
function sentRound(outcome: Outcome<Ends>, round: number): Index[] {
  return everybody.filter((party) => outcome.sentBy(party).some((m) => m.round === round));
}

/** Makes one party say something else in one round, the same to everybody. */
function lie(world: World, o: { party: Index; round: number }, alter: (value: Said) => object): void {
  lyingMachine(world.machines.get(o.party) as Machine<Ends>, (at, value) =>
    at.round === o.round ? { ...(value as object), ...alter(value as Said) } : value,
  );
}

type Said = Readonly<Record<string, Uint8Array>>;

const plusOne = (k: Uint8Array): Uint8Array => secp.scalar.add(k as Scalar, secp.scalar.one);
const plusG = (P: Uint8Array): Uint8Array => secp.encodeUncompressed(secp.add(secp.decodePointLenient(P), secp.base));

/** One cell of a column replaced. */
function withCell(column: Uint8Array, o: { at: number; width: number }, change: (cell: Uint8Array) => Uint8Array) {
  const altered = column.slice();
  altered.set(change(column.slice(o.width * o.at, o.width * (o.at + 1))), o.width * o.at);
  return altered;
}

// ---- Signatures ----------------------------------------------------------------------------------------------

test('a batch signs every request in five rounds, the same at all five signers', () => {
  for (let k = 0; k < 3; k += 1) {
    underSeed(`batch ${k}`, (seed) => {
      const world = batch({ seed, size: 4 });

      const outcome = run(world);

      allEnd(endsOf(world, outcome), ['signed', 'signed', 'signed', 'signed']);
      const [first, ...others] = [...outcome.status.values()].map((status) => (status.s === 'done' ? status.out : 0));
      for (const other of others) deepEqual(other, first);
      for (const party of everybody)
        deepEqual(
          outcome.sentBy(party).map(({ round, kind }) => `${round} ${kind}`),
          ['1 bcast', '2 bcast', '3 bcast', '4 bcast', '5 bcast'],
        );
    });
  }
});

test('a batch of one and a batch of the largest size sign', () => {
  for (const size of [1, GROUP_MAX]) {
    const world = batch({ seed: `size ${size}`, size });

    allEnd(endsOf(world, run(world)), new Array(size).fill('signed'), [1]);
  }
});

test('a batch signs on stark', () => {
  const world = batch({ seed: 'stark batch', on: curve('stark'), size: 2 });

  allEnd(endsOf(world, run(world)), ['signed', 'signed']);
});

// ---- Who takes part ------------------------------------------------------------------------------------------

test('batch: an element that one party refuses ends at the others before any nonce, and the rest sign', () => {
  const world = batch({ seed: 'refused', size: 4, refused: { 3: [1], 5: [0] } });

  const ends = endsOf(world, run(world));

  allEnd(ends, ['E_PEER_GONE', 'E_PEER_GONE', 'signed', 'signed'], [1, 2, 4]);
  allEnd(ends, ['E_PEER_GONE', 'refused', 'signed', 'signed'], [3]);
  allEnd(ends, ['refused', 'E_PEER_GONE', 'signed', 'signed'], [5]);
});

test('batch: where nothing is left, every element has ended and nobody is named', () => {
  const world = batch({ seed: 'nothing left', size: 2, refused: { 4: [0, 1] } });

  const ends = endsOf(world, run(world));

  allEnd(ends, ['E_PEER_GONE', 'E_PEER_GONE'], [1, 2, 3, 5]);
  allEnd(ends, ['refused', 'refused'], [4]);
});

test('row 30: batch: an element of which one party was given another digest ends before its nonce, and the rest sign', () => {
  const other = new Uint8Array(32).fill(9);
  const world = batch({
    seed: 'another digest',
    digestOf: (party, place, digest) => (party === 5 && place === 0 ? other : digest),
  });

  allEnd(endsOf(world, run(world)), ['E_H_CONTEXT', 'signed', 'signed']);
});

test('row 30: batch: a party that takes a place towards some and not towards others ends the batch before any nonce', () => {
  const world = batch({ seed: 'split places' });
  const liar = batch({ seed: 'split places', refused: { 2: [1] } }).machines.get(2) as Machine<Ends>;
  const [without] = liar.start();
  const cheat = (m: Message, to: Index): Message =>
    m.round === 1 && to === 4 && without?.t === 'send' ? { ...m, body: without.message.body } : m;

  const outcome = run(world, { cheats: { 2: cheat } });

  allEnd(endsOf(world, outcome), 'E_H_CONTEXT', [4]);
  deepEqual(sentRound(outcome, 4), []);
  for (const party of [1, 3, 5]) ok(`${endsOf(world, outcome).get(party)}`.startsWith('E_'));
});

// ---- Wrong shares --------------------------------------------------------------------------------------------

for (const { name, round, alter, code } of [
  {
    name: 'row 33: batch: a wrong share of a masked w',
    round: 1,
    alter: ({ w }: Said) => ({ w: withCell(w as Uint8Array, { at: 1, width: 32 }, plusOne) }),
    code: 'E_H_T',
  },
  {
    name: 'row 33: batch: a wrong share of a masked μ',
    round: 1,
    alter: ({ mu }: Said) => ({ mu: withCell(mu as Uint8Array, { at: 1, width: 32 }, plusOne) }),
    code: 'E_H_T',
  },
  {
    name: 'row 33: batch: a wrong share of a masked τ',
    round: 2,
    alter: ({ tau }: Said) => ({ tau: withCell(tau as Uint8Array, { at: 1, width: 32 }, plusOne) }),
    code: 'E_H_T',
  },
  {
    name: 'row 33: batch: a wrong share of ρ',
    round: 3,
    alter: ({ rho_j }: Said) => ({ rho_j: plusOne(rho_j as Uint8Array) }),
    code: 'E_H_OPEN',
  },
  {
    name: 'row 33: batch: a wrong share of β',
    round: 3,
    alter: ({ beta_j }: Said) => ({ beta_j: plusOne(beta_j as Uint8Array) }),
    code: 'E_H_OPEN',
  },
  {
    name: 'row 33: batch: a wrong share of T',
    round: 4,
    alter: ({ T_j }: Said) => ({ T_j: plusOne(T_j as Uint8Array) }),
    code: 'E_H_T',
  },
  {
    name: 'row 32: batch: a wrong share of w',
    round: 4,
    alter: ({ w }: Said) => ({ w: withCell(w as Uint8Array, { at: 2, width: 32 }, plusOne) }),
    code: 'E_H_W',
  },
  {
    name: 'row 34: batch: a wrong share of R',
    round: 4,
    alter: ({ R }: Said) => ({ R: withCell(R as Uint8Array, { at: 0, width: 65 }, plusG) }),
    code: 'E_H_RDEG',
  },
])
  for (const cheats of [[5], [2, 4]])
    test(`${name} by ${cheats.length} in one element discards every nonce of the batch, naming nobody`, () => {
      const drawn: Scalar[] = [];
      const world = batch({ seed: `${name} ${cheats}`, sessions: watched(`${name} ${cheats}`, drawn) });
      for (const party of cheats) lie(world, { party, round }, alter);

      const outcome = run(world);

      const honest = everybody.filter((p) => !cheats.includes(p));
      allEnd(endsOf(world, outcome), code, honest);
      deepEqual(
        sentRound(outcome, 5).filter((p) => honest.includes(p)),
        [],
      );
      for (const machine of world.machines.values()) machine.wipe();
      equal(drawn.length, everybody.length * (2 + 3 * 9));
      for (const mask of drawn) ok(secp.scalar.isZero(mask));
    });

test('row 33: batch: shares of T that lie on one polynomial through another value than zero discard the batch', () => {
  const world = batch({ seed: 'T is one' });
  // Everybody is off by one and hears the others so; its own share is what it said.
  for (const machine of world.machines.values()) {
    const { scalar } = secp;
    const inside = Object.assign(machine, {}) as unknown as {
      broadcast(slot: { round: number }, value: Said): unknown;
    };
    const broadcast = inside.broadcast.bind(machine);
    inside.broadcast = (slot, value) => {
      if (slot.round === 4) (value['T_j'] as Scalar).set(scalar.add(value['T_j'] as Scalar, scalar.one));
      return broadcast(slot, value);
    };
  }

  const outcome = run(world);

  allEnd(endsOf(world, outcome), 'E_H_T');
  deepEqual(sentRound(outcome, 5), []);
});

test('row 59: batch: a wrong share of a signature ends its element alone, naming nobody', () => {
  const world = batch({ seed: 'wrong s' });
  lie(world, { party: 2, round: 5 }, ({ s }) => ({ s: withCell(s as Uint8Array, { at: 1, width: 32 }, plusOne) }));

  allEnd(endsOf(world, run(world)), ['signed', 'E_H_SIG', 'signed'], [1, 3, 4, 5]);
});

test('row 33: batch: nobody opens ρ and β before it has every masked product', () => {
  const world = batch({ seed: 'early' });

  const outcome = run(world, { cheats: { 3: (m) => (m.round === 2 ? undefined : m) } });

  deepEqual(
    sentRound(outcome, 3).filter((p) => p !== 3),
    [],
  );
  allEnd(endsOf(world, outcome), 'E_PEER_GONE', [1, 2, 4, 5]);
});

// ---- Messages ------------------------------------------------------------------------------------------------

const order = Uint8Array.from(Buffer.from(secp.order.toString(16), 'hex'));
for (const { what, round, alter } of [
  { what: 'a masked w of the order', round: 1, alter: (v: Said) => ({ w: cellOf(v['w'], order) }) },
  { what: 'a masked μ of the order', round: 1, alter: (v: Said) => ({ mu: cellOf(v['mu'], order) }) },
  { what: 'a context too few', round: 1, alter: (v: Said) => ({ contexts: v['contexts']?.slice(32) }) },
  { what: 'a masked τ of the order', round: 2, alter: (v: Said) => ({ tau: cellOf(v['tau'], order) }) },
  { what: 'a masked τ too many', round: 2, alter: (v: Said) => ({ tau: longer(v['tau'], 32) }) },
  { what: 'a share of ρ of the order', round: 3, alter: () => ({ rho_j: order }) },
  { what: 'a share of β of the order', round: 3, alter: () => ({ beta_j: order }) },
  { what: 'a share of T of the order', round: 4, alter: () => ({ T_j: order }) },
  { what: 'a share of w of the order', round: 4, alter: (v: Said) => ({ w: cellOf(v['w'], order) }) },
  { what: 'a point off the curve', round: 4, alter: (v: Said) => ({ R: cellOf(v['R'], offCurve()) }) },
  { what: 'a point of zeros', round: 4, alter: (v: Said) => ({ R: cellOf(v['R'], new Uint8Array(65)) }) },
  { what: 'a point too many', round: 4, alter: (v: Said) => ({ R: longer(v['R'], 65) }) },
  { what: 'a share of a signature of the order', round: 5, alter: (v: Said) => ({ s: cellOf(v['s'], order) }) },
  { what: 'a share of a signature too few', round: 5, alter: (v: Said) => ({ s: v['s']?.slice(32) }) },
])
  test(`row 24: batch: ${what} names its sender`, () => {
    // One place is refused, so that a column may be too long without being over its limit.
    const world = batch({ seed: what, refused: { 1: [2] } });
    lie(world, { party: 4, round }, alter);

    allEnd(endsOf(world, run(world)), 'E_MALFORMED 4', [1, 2, 3, 5]);
  });

test('row 23: batch: a network that corrupts bodies never makes a wrong signature', () => {
  for (let k = 0; k < 6; k += 1) {
    underSeed(`corrupt batch ${k}`, (seed) => {
      const world = batch({ seed });

      for (const end of endsOf(world, run(world, { faults: { corrupt: 0.03, duplicate: 0.2 } })).values())
        ok(end !== 'running');
    });
  }
});

test('row 30: batch: what was said in another batch is of no use', () => {
  const sessions = seededSessions('replayed');
  const heard = new Map<string, Message>();
  const note = (m: Message): Message => {
    heard.set(`${m.from} ${m.round}`, m);
    return m;
  };
  const before = batch({ seed: 'replayed', sessions, run: 'before' });
  allEnd(endsOf(before, run(before, { cheats: { 3: note } })), ['signed', 'signed', 'signed']);

  for (const [round, expected] of [
    // The sender itself goes on with all three, and the others with none.
    [1, 'E_H_CONTEXT'],
    [2, 'E_H_CONTEXT'],
    [3, 'E_H_OPEN'],
    [4, 'E_H_T'],
    [5, ['E_H_SIG', 'E_H_SIG', 'E_H_SIG']],
  ] as const) {
    const world = batch({ seed: 'replayed', sessions, run: `after ${round}` });
    const replay = (m: Message): Message => (m.round === round ? (heard.get(`3 ${round}`) ?? m) : m);

    allEnd(endsOf(world, run(world, { cheats: { 3: replay } })), expected, [1, 2, 4, 5]);
  }
});

test('batch: one missing signer ends the batch', () => {
  const world = batch({ seed: 'four of five' });

  const outcome = simulate({ seed: world.seed, machines: world.machines, crash: { party: 5, afterEffects: 2 } });

  allEnd(endsOf(world, outcome), 'E_PEER_GONE', [1, 2, 3, 4]);
});

// ---- Zeros ---------------------------------------------------------------------------------------------------

for (const label of ['k', 'a'] as const)
  test(`row 56: batch: ${label} = 0 in one element ends the batch before a share of a signature leaves`, () => {
    const seed = `zero ${label}`;
    const sessions = new Map(
      [...seededSessions(seed)].map(([self, session]) => [
        self,
        drawing(session, (drawn) => {
          // On a polynomial of degree 2 through zero.
          drawn[1]?.[label]?.set(secp.scalar.fromBigInt(BigInt(7 * self + 5 * self * self)));
        }),
      ]),
    );
    const world = batch({ seed, sessions });

    const outcome = run(world);

    allEnd(endsOf(world, outcome), 'E_H_ZERO');
    deepEqual(sentRound(outcome, 5), []);
  });

// ---- Once ----------------------------------------------------------------------------------------------------

test('row 27: batch: neither its execution id nor that of an element starts a second time', () => {
  const seed = 'again';
  const sessions = seededSessions(seed);
  const world = batch({ seed, sessions });
  const [share] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed }) as [KeyShare];
  const prss = sessions.get(1) as PrssSession;
  const ctx = seatParties({ seed, n: 5, curve: secp, run: 'batch' }).context(1);
  const element = seatParties({ seed, n: 5, curve: secp, run: 'batch, element 0' }).context(1);

  throws(() => createEcdsaH(element, { share, prss, digest: new Uint8Array(32) }), { code: 'E_H_PRSS_REUSE' });
  throws(() => createEcdsaBatch(ctx, { size: 1, prss, elements: new Map() }), { code: 'E_H_PRSS_REUSE' });
  const machine = world.machines.get(1) as Machine<Ends>;
  machine.start();
  throws(() => machine.start(), { code: 'E_STARTED' });
});

test('row 27: batch: after signing nothing of a nonce is left', () => {
  const drawn: Scalar[] = [];
  const world = batch({ seed: 'erased', sessions: watched('erased', drawn) });

  allEnd(endsOf(world, run(world)), ['signed', 'signed', 'signed']);

  equal(drawn.length, everybody.length * (2 + 3 * 9));
  for (const mask of drawn) ok(secp.scalar.isZero(mask));
});

// ---- Refusals ------------------------------------------------------------------------------------------------

test('a batch is of runs of engine H with its own parties and points, and of a session of them', () => {
  const seed = 'refusals';
  const ctx = seatParties({ seed, n: 5, curve: secp, run: 'batch' }).context(1);
  const prss = seededSessions(seed).get(1) as PrssSession;
  const [share] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed }) as [KeyShare];
  const run = seatParties({ seed, n: 5, curve: secp, run: 'element' }).context(1);
  const machine = createEcdsaH(run, { share, prss, digest: new Uint8Array(32) });
  const other = { ...machine, execId: machine.execId, columns: {} } as ColumnMachine<EcdsaSignature>;
  const stark = curve('stark');
  const [starkShare] = keyShares({ curve: stark, protocol: 'CGGMP21', t: 3, n: 5, seed }) as [KeyShare];
  const starkRun = seatParties({ seed, n: 5, curve: stark, run: 'stark element' }).context(1);
  const onStark = createEcdsaH(starkRun, { share: starkShare, prss, digest: new Uint8Array(32) });
  const second = seatParties({ seed, n: 5, curve: secp, run: 'second' }).context(2);
  const [, shareOf2] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed }) as [KeyShare, KeyShare];
  const prssOf2 = seededSessions(seed).get(2) as PrssSession;
  const ofAnother = createEcdsaH(second, { share: shareOf2, prss: prssOf2, digest: new Uint8Array(32) });
  const turned = new Map(everybody.map((party) => [party, (party % 5) + 1]));
  const make = (o: Partial<EcdsaBatchOptions>) => () =>
    createEcdsaBatch(ctx, { size: 1, prss, elements: new Map([[0, { machine, points: sameIndex }]]), ...o });
  const of = (element: ColumnElement<EcdsaSignature>) => make({ elements: new Map([[0, element]]) });

  throws(make({ size: 0 }), { code: 'E_GROUP_SIZE' });
  throws(make({ size: GROUP_MAX + 1 }), { code: 'E_GROUP_SIZE' });
  throws(of({ machine, points: turned }), { code: 'E_PARTIES' });
  throws(of({ machine: other, points: sameIndex }), { code: 'E_PARTIES' });
  throws(of({ machine: onStark, points: sameIndex }), { code: 'E_PARTIES' });
  throws(of({ machine: ofAnother, points: sameIndex }), { code: 'E_PARTIES' });
  throws(make({ prss: prssOf2 }), { code: 'E_H_PRSS' });
  throws(make({ prss: seededSessions(seed, 3).get(1) as PrssSession }), { code: 'E_H_PRSS' });
  equal(make({})().protocol, 'ecdsa-h-batch/1');
});

// ---- Draws ---------------------------------------------------------------------------------------------------

test('row 35: a batch draws sharings of its own: uniform ones of degree 2, zeros, no two the same, and once', () => {
  const plan = { once: { rho: 'rand' }, each: { k: 'rand', o: 'zero' }, count: 3 } as const;
  const execId = seededRandom('draws').bytes(32);
  const runs = [...seededSessions('draws').values()].map((session) => session.open(execId, secp));
  const drawn = runs.map((one) => one.drawBatch(plan));
  const at = (read: (one: (typeof drawn)[0]) => Scalar) => drawn.map((one, k) => ({ x: k + 1, y: read(one) }));

  const rands = [at(({ once }) => once.rho), ...[0, 1, 2].map((e) => at(({ each }) => each[e]?.k as Scalar))];
  const values = rands.map((shares) => {
    deepEqual(interpolate(secp, shares.slice(0, 3)), interpolate(secp, shares.slice(2, 5)));
    return Buffer.from(interpolate(secp, shares.slice(0, 3))).toString('hex');
  });
  equal(new Set(values).size, values.length);
  for (const e of [0, 1, 2]) {
    const zeros = at(({ each }) => each[e]?.o as Scalar);
    ok(secp.scalar.isZero(interpolate(secp, zeros)));
    ok(!secp.scalar.isZero(interpolate(secp, zeros.slice(0, 3))));
  }
  for (const one of runs) throws(() => one.drawBatch(plan), { code: 'E_H_PRSS_REUSE' });
  for (const one of runs) throws(() => one.draw({ k: 'rand' }), { code: 'E_H_PRSS_REUSE' });
  const other = (seededSessions('draws').get(1) as PrssSession).open(execId, secp).drawBatch({ ...plan, count: 4 });
  ok(!secp.scalar.equals(other.once.rho, drawn[0]?.once.rho as Scalar));
  const alone = (seededSessions('draws').get(1) as PrssSession).open(execId, secp).draw({ rho: 'rand' });
  ok(!secp.scalar.equals(alone.rho, drawn[0]?.once.rho as Scalar));
});

// ---- Helpers -------------------------------------------------------------------------------------------------

/** A session whose batches are shown to the test, which may change them. */
function drawing(
  session: PrssSession,
  see: (each: readonly Readonly<Record<string, Scalar>>[], once: Readonly<Record<string, Scalar>>) => void,
): PrssSession {
  return {
    ...session,
    open(execId, on): PrssRun {
      const inner = session.open(execId, on);
      return {
        ...inner,
        drawBatch(plan) {
          const drawn = inner.drawBatch(plan);
          see(drawn.each, drawn.once);
          return drawn;
        },
      };
    },
  };
}

/** Sessions that note everything drawn from them for a batch. */
function watched(seed: string, drawn: Scalar[]): Map<Index, PrssSession> {
  return new Map(
    [...seededSessions(seed)].map(([self, session]) => [
      self,
      drawing(session, (each, once) => {
        for (const values of [once, ...each]) drawn.push(...Object.values(values));
      }),
    ]),
  );
}

function cellOf(column: Uint8Array | undefined, cell: Uint8Array): Uint8Array {
  return withCell(column as Uint8Array, { at: 0, width: cell.length }, () => cell);
}

function longer(column: Uint8Array | undefined, width: number): Uint8Array {
  return Uint8Array.from([...(column as Uint8Array), ...(column as Uint8Array).slice(0, width)]);
}

function offCurve(): Uint8Array {
  return Uint8Array.of(4, ...new Uint8Array(64).fill(1));
}
