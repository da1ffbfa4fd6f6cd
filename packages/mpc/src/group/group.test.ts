import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import { decode, enc, f, i } from '@holdfast/crypto/transcript';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { CoinToss } from '../example/index.ts';
import { createFrostEd25519, type FrostOut } from '../frost/index.ts';
import { keyShares } from '../frost/test/keys.ts';
import { createEcdsaH, type EcdsaSignature } from '../honest-majority/index.ts';
import { seededSessions } from '../honest-majority/test/sessions.ts';
import type { Index, KeyShare, Machine, Message } from '../runtime/index.ts';
import { lyingMachine, seatParties, seededRandom, simulate, underSeed } from '../simulator/index.ts';
import { createGroup, type GroupElement, type Settled } from './group.ts';
import { GROUP_MAX } from './places.ts';

const secp = curve('secp256k1');
const everybody = [1, 2, 3, 4, 5];
const sameIndex = new Map(everybody.map((party) => [party, party]));

interface World {
  readonly seed: string;
  readonly groups: Map<Index, Machine<ReadonlyMap<number, Settled<EcdsaSignature>>>>;
  readonly shares: readonly KeyShare[];
  readonly digests: readonly Uint8Array[];
  /** [party][place] */
  readonly machines: ReadonlyMap<Index, readonly Machine<EcdsaSignature>[]>;
}

interface Options {
  readonly seed: string;
  readonly size?: number;
  /** Places that a party refuses. */
  readonly refused?: Readonly<Record<Index, readonly number[]>>;
  /** The digest a party believes in. */
  readonly digestOf?: (party: Index, place: number, digest: Uint8Array) => Uint8Array;
  /** The run a party means by a place. */
  readonly runOf?: (party: Index, place: number) => string;
}

/** Five parties and a group of ECDSA runs, each over a digest of its own. */
function ecdsaGroup(o: Options): World {
  const { seed, size = 5 } = o;
  const shares = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed });
  const sessions = seededSessions(seed);
  const label = seatParties({ seed, n: 5, curve: secp, run: 'group' });
  const digests = Array.from({ length: size }, (_, place) => seededRandom(`${seed}/digest ${place}`).bytes(32));
  const machines = new Map(
    everybody.map((party) => [
      party,
      digests.map((digest, place) => {
        const run = o.runOf?.(party, place) ?? `element ${place}`;
        const table = seatParties({ seed, n: 5, curve: secp, run });
        const prss = sessions.get(party);
        const share = shares[party - 1];
        if (prss === undefined || share === undefined) throw new Error('bug: five parties');
        return createEcdsaH(table.context(party), {
          share,
          prss,
          digest: o.digestOf?.(party, place, digest) ?? digest,
        });
      }),
    ]),
  );
  const groups = new Map(
    everybody.map((party) => {
      const elements = new Map<number, GroupElement<EcdsaSignature>>();
      for (const [place, machine] of (machines.get(party) ?? []).entries())
        if (o.refused?.[party]?.includes(place) !== true) elements.set(place, { machine, points: sameIndex });
      return [party, createGroup(label.context(party), { size, rounds: 3, elements })];
    }),
  );
  return { seed, groups, shares, digests, machines };
}

/** By party and place: `signed`, or the code of the abort with whom it names. */
function endsOf(world: World, o: { cheats?: Parameters<typeof simulate>[0]['cheats'] } = {}): Map<Index, string[]> {
  const { seed, groups, shares, digests } = world;
  const outcome = simulate({
    seed,
    machines: groups,
    faults: { duplicate: 0.1, delay: 0.2 },
    ...(o.cheats === undefined ? {} : { cheats: o.cheats }),
  });
  const publicKey = secp.encodePoint(shares[0]?.publicKey as Point);
  return new Map(
    [...outcome.status].map(([party, status]) => {
      if (status.s !== 'done') return [party, [status.s === 'aborted' ? status.abort.code : status.s]];
      const ends = digests.map((digest, place) => {
        const one = status.out.get(place);
        if (one === undefined) return 'refused';
        if (one.s === 'aborted') return [one.abort.code, ...one.abort.culprits].join(' ');
        ok(secp256k1.verify(one.out.signature, digest, publicKey, { prehash: false, lowS: true }));
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

// ---- Lockstep ------------------------------------------------------------------------------------------------

test('a group signs every element with one message per party and round', () => {
  underSeed('group', (seed) => {
    const world = ecdsaGroup({ seed, size: 12 });
    const sent: Message[] = [];

    const ends = endsOf(world, {
      cheats: {
        2: (m, to) => {
          if (to === 1) sent.push(m);
          return m;
        },
      },
    });

    allEnd(ends, new Array(12).fill('signed'));
    deepEqual(sent.map(({ round, kind }) => `${round} ${kind}`).sort(), ['1 bcast', '2 bcast', '3 bcast']);
  });
});

test('a group of the largest size signs', () => {
  const world = ecdsaGroup({ seed: 'largest', size: GROUP_MAX });

  allEnd(endsOf(world), new Array(GROUP_MAX).fill('signed'));
});

test('elements of keys whose parties have other points sign beside each other', () => {
  const seed = 'points';
  const ed = curve('ed25519');
  const shares = keyShares({ curve: ed, protocol: 'FROST', t: 3, n: 5, seed });
  // The first key knows the parties 1, 2, 3 by the points 3, 1, 2.
  const points = [
    new Map([
      [1, 3],
      [2, 1],
      [3, 2],
    ]),
    new Map([
      [1, 1],
      [2, 2],
      [3, 3],
    ]),
  ] as const;
  const seats = seatParties({ seed, n: 3, curve: ed, run: 'group' });
  const groups = new Map(
    [1, 2, 3].map((party) => {
      const elements = new Map(
        points.map((map, place) => {
          const self = map.get(party) ?? 0;
          const run = seatParties({ seed, n: 3, curve: ed, run: `element ${place}` }).context(self);
          const share = shares[self - 1];
          if (share === undefined) throw new Error('bug: five shares');
          const machine = createFrostEd25519(run, {
            share: { ...share, x: share.x.slice() as typeof share.x },
            message: Uint8Array.of(place),
          });
          return [place, { machine, points: map } satisfies GroupElement<FrostOut>] as const;
        }),
      );
      return [party, createGroup<FrostOut>(seats.context(party), { size: 2, rounds: 2, elements })];
    }),
  );

  const outcome = simulate({ seed, machines: groups });

  for (const status of outcome.status.values()) {
    if (status.s !== 'done') throw new Error(JSON.stringify(status));
    deepEqual(
      [...status.out.values()].map(({ s }) => s),
      ['done', 'done'],
    );
  }
});

// ---- A fault stays with its element --------------------------------------------------------------------------

test('an element that one party refuses ends at the others, and every other element signs', () => {
  const world = ecdsaGroup({ seed: 'refused', refused: { 3: [1] } });

  const ends = endsOf(world);

  allEnd(ends, ['signed', 'E_PEER_GONE', 'signed', 'signed', 'signed'], [1, 2, 4, 5]);
  allEnd(ends, ['signed', 'refused', 'signed', 'signed', 'signed'], [3]);
});

test('a party that refuses every element still lets the others end them at once', () => {
  const world = ecdsaGroup({ seed: 'nothing', size: 3, refused: { 4: [0, 1, 2] } });

  const ends = endsOf(world);

  allEnd(ends, ['E_PEER_GONE', 'E_PEER_GONE', 'E_PEER_GONE'], [1, 2, 3, 5]);
  allEnd(ends, ['refused', 'refused', 'refused'], [4]);
});

test('a place by which two parties mean different runs ends, and every other element signs', () => {
  const world = ecdsaGroup({
    seed: 'another run',
    runOf: (party, place) => (party === 2 && place === 3 ? 'another' : `element ${place}`),
  });

  const ends = endsOf(world);

  allEnd(ends, ['signed', 'signed', 'signed', 'E_GROUP_ELEMENT', 'signed']);
});

test('a place for which one party was given another digest ends, and every other element signs', () => {
  const world = ecdsaGroup({
    seed: 'another digest',
    digestOf: (party, place, digest) => (party === 5 && place === 0 ? new Uint8Array(32).fill(9) : digest),
  });

  const ends = endsOf(world);

  allEnd(ends, ['E_H_CONTEXT', 'signed', 'signed', 'signed', 'signed']);
});

for (const { round, name, value, code } of [
  { round: 1, name: 'w_j', value: 'w_j', code: 'E_H_W' },
  { round: 3, name: 's_j', value: 's_j', code: 'E_H_SIG' },
]) {
  test(`a wrong ${name} in one element ends that element alone`, () => {
    const world = ecdsaGroup({ seed: `wrong ${name}` });
    const cheat = world.machines.get(2)?.[4];
    if (cheat === undefined) throw new Error('bug: five elements');
    lyingMachine(cheat, (at, said) =>
      at.round === round ? { ...(said as object), [value]: new Uint8Array(32).fill(1) } : said,
    );

    const ends = endsOf(world);

    allEnd(ends, ['signed', 'signed', 'signed', 'signed', code], [1, 3, 4, 5]);
  });
}

test('an element whose message is no message names its sender, and every other element signs', () => {
  const world = ecdsaGroup({ seed: 'garbage' });
  const cheat = world.machines.get(2)?.[1] as unknown as { start(): unknown };
  cheat.start = () => [{ t: 'send', message: { round: 1, kind: 'bcast', from: 2, to: 0, body: Uint8Array.of(1) } }];

  const ends = endsOf(world);

  allEnd(ends, ['signed', 'E_MALFORMED 2', 'signed', 'signed', 'signed'], [1, 3, 4, 5]);
});

test('a party that falls silent in the middle ends the group with nobody named', () => {
  const world = ecdsaGroup({ seed: 'silent' });

  const ends = endsOf(world, { cheats: { 3: (m) => (m.round === 2 ? undefined : m) } });

  for (const party of [1, 2, 4, 5]) deepEqual(ends.get(party), ['E_PEER_GONE']);
});

// ---- Messages of a group -------------------------------------------------------------------------------------

for (const [what, alter] of Object.entries({
  'a place outside the group': (body: Uint8Array) => withBitmap(body, 0b0010_1111),
  'fewer places than bodies': (body: Uint8Array) => withBitmap(body, 0b0000_1111),
  'bytes behind its end': (body: Uint8Array) => Uint8Array.of(...body, 0),
  'nothing at all': () => new Uint8Array(0),
})) {
  for (const round of [1, 2]) {
    test(`a message of round ${round} with ${what} names its sender`, () => {
      const world = ecdsaGroup({ seed: `${what} ${round}` });
      const aborts = endsOf(world, {
        cheats: { 4: (m) => (m.round === round ? { ...m, body: alter(m.body) } : m) },
      });

      for (const party of [1, 2, 3, 5]) deepEqual(aborts.get(party), ['E_MALFORMED']);
    });
  }
}

test('a message of round 1 with one id too few, or one too many, names its sender', () => {
  for (const alter of [(ids: Uint8Array[]) => ids.slice(1), (ids: Uint8Array[]) => [...ids, new Uint8Array(32)]]) {
    const world = ecdsaGroup({ seed: 'ids' });
    const aborts = endsOf(world, {
      cheats: { 4: (m) => (m.round === 1 ? { ...m, body: withIds(m.body, alter) } : m) },
    });

    for (const party of [1, 2, 3, 5]) deepEqual(aborts.get(party), ['E_MALFORMED']);
  }
});

function withIds(body: Uint8Array, alter: (ids: Uint8Array[]) => Uint8Array[]): Uint8Array {
  const tag = 'mpc/group/1/row/v1';
  const idField = f.list(f.bytes(32), { max: 5 });
  const [bitmap, ids, bodies] = decode(tag, body, [
    f.bytes(1),
    idField,
    f.list(f.bytes({ min: 1, max: 65_536 }), { max: 5 }),
  ]);
  const lists = [alter([...ids]), bodies].map((list) => i.list(list.map((each) => i.bytes(each))));
  return enc(tag, i.bytes(bitmap), ...lists);
}

/** The bitmap of a group of five is one byte, behind version, tag, count, type and length. */
function withBitmap(body: Uint8Array, bitmap: number): Uint8Array {
  const altered = body.slice();
  const tagBytes = (altered[4] as number) + 7;
  altered[tagBytes + 5] = bitmap;
  return altered;
}

// ---- What is no group ----------------------------------------------------------------------------------------

test('a group has 1 to 128 places, each in its range and with one run, known to every party', () => {
  const world = ecdsaGroup({ seed: 'sizes', size: 1 });
  const machine = world.machines.get(1)?.[0];
  if (machine === undefined) throw new Error('bug: one element');
  const ctx = seatParties({ seed: 'sizes', n: 5, curve: secp, run: 'another group' }).context(1);
  const make = (size: number, elements: [number, GroupElement<EcdsaSignature>][]) => () =>
    createGroup(ctx, { size, rounds: 3, elements: new Map(elements) });
  const element = { machine, points: sameIndex };

  throws(make(0, []), { code: 'E_GROUP_SIZE' });
  throws(make(GROUP_MAX + 1, []), { code: 'E_GROUP_SIZE' });
  throws(make(1.5, []), { code: 'E_GROUP_SIZE' });
  throws(make(2, [[2, element]]), { code: 'E_GROUP_PLACE' });
  throws(make(2, [[-1, element]]), { code: 'E_GROUP_PLACE' });
  throws(
    make(2, [
      [0, element],
      [1, element],
    ]),
    { code: 'E_GROUP_TWICE' },
  );
  throws(make(2, [[0, { machine, points: new Map([[1, 1]]) }]]), { code: 'E_PARTIES' });
  equal(make(2, [[1, element]])().protocol, 'group/1');
});

test('a protocol that echoes or has other rounds ends as a fault of this process, and its neighbour signs', () => {
  const seed = 'foreign';
  const world = ecdsaGroup({ seed, size: 1 });
  const label = seatParties({ seed, n: 5, curve: secp, run: 'mixed' });
  const groups = new Map(
    everybody.map((party) => {
      const toss = new CoinToss(seatParties({ seed, n: 5, curve: secp, run: 'toss' }).context(party));
      const machine = world.machines.get(party)?.[0] as Machine<unknown>;
      const elements = new Map<number, GroupElement<unknown>>([
        [0, { machine, points: sameIndex }],
        [1, { machine: toss, points: sameIndex }],
      ]);
      return [party, createGroup<unknown>(label.context(party), { size: 2, rounds: 3, elements })];
    }),
  );

  const outcome = simulate({ seed, machines: groups });

  for (const status of outcome.status.values()) {
    if (status.s !== 'done') throw new Error(JSON.stringify(status));
    equal(status.out.get(0)?.s, 'done');
    const foreign = status.out.get(1);
    equal(foreign?.s === 'aborted' && foreign.abort.code, 'E_INTERNAL');
  }
});

test('wiping a group wipes every element, and a wiped element says nothing more', () => {
  const world = ecdsaGroup({ seed: 'wiped', size: 2 });
  const group = world.groups.get(1);
  group?.start();
  group?.wipe();

  for (const machine of world.machines.get(1) ?? []) {
    const status = machine.status();
    equal(status.s === 'aborted' && status.abort.code, 'E_WIPED');
    deepEqual(machine.receive({ round: 1, kind: 'bcast', from: 2, to: 0, body: Uint8Array.of(1) }), []);
  }
});

test('row 33: a wrong product in one element ends that element before anything of its nonce is opened, and no other', () => {
  underSeed('wrong product', (seed) => {
    const world = ecdsaGroup({ seed, size: 3 });
    const liar = world.machines.get(4)?.[1];
    if (liar === undefined) throw new Error('bug: three elements');
    lyingMachine(liar, ({ round }, value) => {
      const said = value as { w_j: Scalar };
      return round === 1 ? { ...said, w_j: secp.scalar.add(said.w_j, secp.scalar.one) } : value;
    });
    const last = new Map<Index, Uint8Array>();

    const ends = endsOf(world, {
      cheats: Object.fromEntries(
        everybody.map((p) => [
          p,
          (m: Message) => {
            if (m.round === 3) last.set(p, m.body);
            return m;
          },
        ]),
      ),
    });

    const honest = everybody.filter((p) => p !== 4);
    allEnd(ends, ['signed', 'E_H_W', 'signed'], honest);
    // In round 3, where shares of the signature travel, an honest party's row has the places 0 and 2 alone.
    for (const p of honest) {
      const body = last.get(p) as Uint8Array;
      const [bitmap] = decode('mpc/group/3/row/v1', body, [
        f.bytes(1),
        f.list(f.bytes({ min: 1, max: 65_536 }), { max: 3 }),
      ]);
      deepEqual([...bitmap], [0b101]);
    }
  });
});
