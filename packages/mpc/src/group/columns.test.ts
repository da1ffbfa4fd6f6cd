import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keyShares } from '../frost/test/keys.ts';
import { createEcdsaH, type EcdsaSignature, ecdsaHColumns } from '../honest-majority/index.ts';
import { verifyEcdsa } from '../honest-majority/signature.ts';
import { seededSessions } from '../honest-majority/test/sessions.ts';
import type { Index, KeyShare, Machine, Message } from '../runtime/index.ts';
import { seatParties, seededRandom, simulate, underSeed } from '../simulator/index.ts';
import { type Cells, type ColumnElement, type ColumnMachine, createColumnGroup } from './columns.ts';
import type { Settled } from './group.ts';
import { GROUP_MAX } from './places.ts';

const secp = curve('secp256k1');
const everybody = [1, 2, 3, 4, 5];
const sameIndex = new Map(everybody.map((party) => [party, party]));

type Groups = Map<Index, Machine<ReadonlyMap<number, Settled<EcdsaSignature>>>>;

interface World {
  readonly seed: string;
  readonly on: Curve;
  readonly groups: Groups;
  readonly publicKey: Point;
  readonly digests: readonly Uint8Array[];
  /** [party][place] */
  readonly machines: ReadonlyMap<Index, readonly ColumnMachine<EcdsaSignature>[]>;
}

interface Options {
  readonly seed: string;
  readonly on?: Curve;
  readonly size?: number;
  /** Places that a party refuses. */
  readonly refused?: Readonly<Record<Index, readonly number[]>>;
  /** The digest a party believes in. */
  readonly digestOf?: (party: Index, place: number, digest: Uint8Array) => Uint8Array;
  /** The run a party means by a place. */
  readonly runOf?: (party: Index, place: number) => string;
  /** By place: the points of the parties, where they are not 1 to 5. */
  readonly points?: (place: number) => ReadonlyMap<Index, Index>;
}

/** Five parties and a group of ECDSA runs, each over a digest of its own. */
function columnGroup(o: Options): World {
  const { seed, size = 5, on = secp } = o;
  const shares = keyShares({ curve: on, protocol: 'CGGMP21', t: 3, n: 5, seed });
  const sessions = seededSessions(seed);
  const digests = Array.from({ length: size }, (_, place) => {
    const digest = seededRandom(`${seed}/digest ${place}`).bytes(32);
    digest[0] = (digest[0] as number) & 0x07;
    return digest;
  });
  const machines = new Map(
    everybody.map((party) => [
      party,
      digests.map((digest, place) => {
        const point = o.points?.(place).get(party) ?? party;
        const run = o.runOf?.(party, place) ?? `element ${place}`;
        const share = shares[point - 1];
        const prss = sessions.get(point);
        if (share === undefined || prss === undefined) throw new Error('bug: five parties');
        const ctx = seatParties({ seed, n: 5, curve: on, run }).context(point);
        return createEcdsaH(ctx, { share, prss, digest: o.digestOf?.(party, place, digest) ?? digest });
      }),
    ]),
  );
  const table = seatParties({ seed, n: 5, curve: on, run: 'group' });
  const groups: Groups = new Map(
    everybody.map((party) => {
      const elements = new Map<number, ColumnElement<EcdsaSignature>>();
      for (const [place, machine] of (machines.get(party) ?? []).entries())
        if (o.refused?.[party]?.includes(place) !== true)
          elements.set(place, { machine, points: o.points?.(place) ?? sameIndex });
      return [party, createColumnGroup(table.context(party), { size, protocol: ecdsaHColumns, elements })];
    }),
  );
  return { seed, on, groups, publicKey: (shares[0] as KeyShare).publicKey, digests, machines };
}

/** By party and place: `signed`, or the code of the abort with whom it names. */
function endsOf(world: World, cheats: Parameters<typeof simulate>[0]['cheats'] = {}): Map<Index, string[]> {
  const { seed, on, groups, publicKey, digests } = world;
  const outcome = simulate({ seed, machines: groups, faults: { duplicate: 0.1, delay: 0.2 }, cheats });
  return new Map(
    [...outcome.status].map(([party, status]) => {
      if (status.s !== 'done') return [party, [status.s === 'aborted' ? status.abort.code : status.s]];
      const ends = digests.map((digest, place) => {
        const one = status.out.get(place);
        if (one === undefined) return 'refused';
        if (one.s === 'aborted') return [one.abort.code, ...one.abort.culprits].join(' ');
        const { signature } = one.out;
        if (on === secp) {
          const key = secp.encodePoint(publicKey);
          ok(secp256k1.verify(signature, digest, key, { prehash: false, lowS: true }));
        } else ok(verifyEcdsa(on, { publicKey, digest, signature }));
        return 'signed';
      });
      return [party, ends];
    }),
  );
}

/** The same at every one of these parties. */
function allEnd(ends: ReadonlyMap<Index, string[]>, expected: readonly string[], parties = everybody): void {
  for (const party of parties) deepEqual(ends.get(party), expected, `party ${party}`);
}

/** Makes one element of one party say other cells in one round. */
function lie(world: World, o: { party: Index; place: number; round: number }, alter: (cells: Cells) => Cells): void {
  const columns = world.machines.get(o.party)?.[o.place]?.columns;
  if (columns === undefined) throw new Error('bug: no such element');
  const [begin, say] = [columns.begin.bind(columns), columns.say.bind(columns)];
  columns.begin = () => (o.round === 1 ? alter(begin()) : begin());
  columns.say = (round) => (o.round === round ? alter(say(round)) : say(round));
}

/** One cell replaced. */
const cell =
  (at: number, change: (bytes: Uint8Array) => Uint8Array) =>
  (cells: Cells): Cells =>
    cells.map((bytes, k) => (k === at ? change(bytes) : bytes));

const plusOne = (bytes: Uint8Array): Uint8Array => secp.scalar.add(bytes as Scalar, secp.scalar.one);
const plusG = (bytes: Uint8Array): Uint8Array =>
  secp.encodeUncompressed(secp.add(secp.decodePointLenient(bytes), secp.base));

// ---- Lockstep ------------------------------------------------------------------------------------------------

test('a group in columns signs every element with one message per party and round', () => {
  underSeed('columns', (seed) => {
    const world = columnGroup({ seed, size: 12 });
    const sent: Message[] = [];

    const ends = endsOf(world, {
      2: (m, to) => {
        if (to === 1) sent.push(m);
        return m;
      },
    });

    allEnd(ends, new Array(12).fill('signed'));
    deepEqual(sent.map(({ round, kind }) => `${round} ${kind}`).sort(), ['1 bcast', '2 bcast', '3 bcast']);
  });
});

test('a group in columns of the largest size signs', () => {
  allEnd(endsOf(columnGroup({ seed: 'largest', size: GROUP_MAX })), new Array(GROUP_MAX).fill('signed'));
});

test('a group in columns signs on stark', () => {
  allEnd(endsOf(columnGroup({ seed: 'stark', on: curve('stark'), size: 2 })), ['signed', 'signed']);
});

test('elements of keys whose parties have other points sign beside each other in columns', () => {
  const turned = new Map(everybody.map((party) => [party, (party % 5) + 1]));
  const world = columnGroup({ seed: 'points', size: 3, points: (place) => (place === 1 ? turned : sameIndex) });

  allEnd(endsOf(world), ['signed', 'signed', 'signed']);
});

// ---- A fault stays with its element --------------------------------------------------------------------------

test('columns: an element that one party refuses ends at the others, and every other element signs', () => {
  const ends = endsOf(columnGroup({ seed: 'refused', refused: { 3: [1] } }));

  allEnd(ends, ['signed', 'E_PEER_GONE', 'signed', 'signed', 'signed'], [1, 2, 4, 5]);
  allEnd(ends, ['signed', 'refused', 'signed', 'signed', 'signed'], [3]);
});

test('columns: a party that refuses every element still lets the others end them at once', () => {
  const ends = endsOf(columnGroup({ seed: 'nothing', size: 3, refused: { 4: [0, 1, 2] } }));

  allEnd(ends, ['E_PEER_GONE', 'E_PEER_GONE', 'E_PEER_GONE'], [1, 2, 3, 5]);
  allEnd(ends, ['refused', 'refused', 'refused'], [4]);
});

test('columns: a place by which two parties mean different runs ends, and every other element signs', () => {
  const world = columnGroup({
    seed: 'another run',
    runOf: (party, place) => (party === 2 && place === 3 ? 'another' : `element ${place}`),
  });

  allEnd(endsOf(world), ['signed', 'signed', 'signed', 'E_GROUP_ELEMENT', 'signed']);
});

test('row 30: columns: a place for which one party was given another digest ends before anything of its nonce is answered', () => {
  const world = columnGroup({
    seed: 'another digest',
    digestOf: (party, place, digest) => (party === 5 && place === 0 ? new Uint8Array(32).fill(9) : digest),
  });
  const bitmaps = new Set<number>();

  const ends = endsOf(
    world,
    Object.fromEntries(
      everybody.map((party) => [
        party,
        (m: Message) => {
          if (m.round === 2) bitmaps.add(bitmapIn(m.body));
          return m;
        },
      ]),
    ),
  );

  allEnd(ends, ['E_H_CONTEXT', 'signed', 'signed', 'signed', 'signed']);
  deepEqual([...bitmaps], [0b11110]);
});

for (const { name, round, at, alter, code } of [
  { name: 'row 34: columns: a wrong R_j', round: 1, at: 1, alter: plusG, code: 'E_H_RDEG' },
  { name: 'row 32: columns: a wrong w_j', round: 1, at: 2, alter: plusOne, code: 'E_H_W' },
  { name: 'row 34: columns: a wrong W_j', round: 2, at: 0, alter: plusG, code: 'E_H_W' },
  { name: 'row 59: columns: a wrong s_j', round: 3, at: 0, alter: plusOne, code: 'E_H_SIG' },
])
  test(`${name} in one element ends that element alone, naming nobody`, () => {
    const world = columnGroup({ seed: name });
    lie(world, { party: 2, place: 4, round }, cell(at, alter));

    allEnd(endsOf(world), ['signed', 'signed', 'signed', 'signed', code], [1, 3, 4, 5]);
  });

test('row 33: columns: a wrong product ends its element before a share of the signature leaves, and no other', () => {
  const world = columnGroup({ seed: 'wrong product', size: 3 });
  lie(world, { party: 4, place: 1, round: 1 }, cell(2, plusOne));
  const last = new Map<Index, number>();

  const ends = endsOf(
    world,
    Object.fromEntries(
      everybody.map((p) => [
        p,
        (m: Message) => {
          if (m.round === 3) last.set(p, bitmapIn(m.body));
          return m;
        },
      ]),
    ),
  );

  const honest = everybody.filter((p) => p !== 4);
  allEnd(ends, ['signed', 'E_H_W', 'signed'], honest);
  for (const p of honest) equal(last.get(p), 0b101);
});

const order = secp.order.toString(16);
for (const { what, round, at, bytes } of [
  { what: 'a point off the curve', round: 1, at: 1, bytes: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]) },
  { what: 'a compressed point with bytes behind', round: 1, at: 1, bytes: padded(secp.encodePoint(secp.base)) },
  { what: 'a point with a hybrid prefix', round: 2, at: 0, bytes: hybrid() },
  { what: 'nothing but zeros for a point', round: 2, at: 0, bytes: Buffer.alloc(65) },
  { what: 'a w_j of the order', round: 1, at: 2, bytes: Buffer.from(order, 'hex') },
  { what: 'an s_j above the order', round: 3, at: 0, bytes: Buffer.alloc(32, 0xff) },
])
  test(`row 24: columns: ${what} names its sender, and every other element signs`, () => {
    const world = columnGroup({ seed: what });
    lie(
      world,
      { party: 2, place: 1, round },
      cell(at, () => bytes),
    );

    allEnd(endsOf(world), ['signed', 'E_MALFORMED 2', 'signed', 'signed', 'signed'], [1, 3, 4, 5]);
  });

test('columns: who sent a malformed cell is named as a party of the group, not by its point', () => {
  const turned = new Map(everybody.map((party) => [party, (party % 5) + 1]));
  const world = columnGroup({ seed: 'turned', size: 1, points: () => turned });
  lie(
    world,
    { party: 2, place: 0, round: 3 },
    cell(0, () => Buffer.alloc(32, 0xff)),
  );

  allEnd(endsOf(world), ['E_MALFORMED 2'], [1, 3, 4, 5]);
});

test('columns: a fault of this process ends one element as such, and its neighbours sign', () => {
  const world = columnGroup({ seed: 'bug', size: 3 });
  for (const party of everybody) {
    const columns = world.machines.get(party)?.[1]?.columns;
    if (columns === undefined) throw new Error('bug: three elements');
    columns.say = () => {
      throw new TypeError('a bug');
    };
  }

  allEnd(endsOf(world), ['signed', 'E_INTERNAL', 'signed']);
});

test('columns: a party that falls silent in the middle ends the group with nobody named', () => {
  const world = columnGroup({ seed: 'silent' });

  const ends = endsOf(world, { 3: (m) => (m.round === 2 ? undefined : m) });

  for (const party of [1, 2, 4, 5]) deepEqual(ends.get(party), ['E_PEER_GONE']);
});

// ---- Messages of a group -------------------------------------------------------------------------------------

for (const [what, alter] of Object.entries({
  'a place outside the group': (body: Uint8Array) => withBitmap(body, 0b1110_0000),
  'fewer places than cells': (body: Uint8Array) => withBitmap(body, 0b0000_1111),
  'bytes behind its end': (body: Uint8Array) => Uint8Array.of(...body, 0),
  'nothing at all': () => new Uint8Array(0),
})) {
  for (const round of [1, 2]) {
    test(`columns: a message of round ${round} with ${what} names its sender`, () => {
      const world = columnGroup({ seed: `${what} ${round}` });
      const statuses = simulate({
        seed: world.seed,
        machines: world.groups,
        cheats: { 4: (m) => (m.round === round ? { ...m, body: alter(m.body) } : m) },
      }).status;

      for (const party of [1, 2, 3, 5]) {
        const status = statuses.get(party);
        equal(status?.s === 'aborted' && status.abort.code, 'E_MALFORMED');
        deepEqual(status?.s === 'aborted' && status.abort.culprits, [4]);
      }
    });
  }
}

// ---- What is no group ----------------------------------------------------------------------------------------

test('a group in columns has 1 to 128 places, each in its range and with one run, known to every party', () => {
  const world = columnGroup({ seed: 'sizes', size: 1 });
  const machine = world.machines.get(1)?.[0];
  if (machine === undefined) throw new Error('bug: one element');
  const ctx = seatParties({ seed: 'sizes', n: 5, curve: secp, run: 'another group' }).context(1);
  const make = (size: number, elements: [number, ColumnElement<EcdsaSignature>][]) => () =>
    createColumnGroup(ctx, { size, protocol: ecdsaHColumns, elements: new Map(elements) });
  const element = { machine, points: sameIndex };

  throws(make(0, []), { code: 'E_GROUP_SIZE' });
  throws(make(GROUP_MAX + 1, []), { code: 'E_GROUP_SIZE' });
  throws(make(2, [[2, element]]), { code: 'E_GROUP_PLACE' });
  throws(
    make(2, [
      [0, element],
      [1, element],
    ]),
    { code: 'E_GROUP_TWICE' },
  );
  throws(make(2, [[0, { machine, points: new Map([[1, 1]]) }]]), { code: 'E_PARTIES' });
  equal(make(2, [[1, element]])().protocol, 'group/2');
});

test('wiping a group in columns wipes every element, and what was drawn is not drawn again', () => {
  const world = columnGroup({ seed: 'wiped', size: 2 });
  const group = world.groups.get(1);
  group?.start();
  group?.wipe();

  for (const machine of world.machines.get(1) ?? []) {
    const status = machine.status();
    equal(status.s === 'aborted' && status.abort.code, 'E_WIPED');
    throws(() => machine.columns.begin(), { code: 'E_H_PRSS_REUSE' });
  }
});

function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(65 - bytes.length)]);
}

/** SEC 1 knows 06 and 07 for an uncompressed point with the parity in front. */
function hybrid(): Uint8Array {
  const bytes = secp.encodeUncompressed(secp.base);
  bytes[0] = 6 | ((bytes[64] as number) & 1);
  return bytes;
}

/** Of a group of at most eight: the one byte behind version, tag, count, type and length. */
function bitmapIn(body: Uint8Array): number {
  return body[(body[4] as number) + 7 + 5] as number;
}

function withBitmap(body: Uint8Array, bitmap: number): Uint8Array {
  const altered = body.slice();
  altered[(altered[4] as number) + 7 + 5] = bitmap;
  return altered;
}
