/** Resharing: the key moves to another committee and stays; every check of mpc-protocols §7.2 with a party that cheats. */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type CurveName, curve as curveOf, type Point, type Scalar } from '@holdfast/crypto/curves';
import { enc, i } from '@holdfast/crypto/transcript';
import { isCertificate } from '../dkg/index.ts';
import { abortOf, allAbort, curveNames, outputs, statement } from '../dkg/test/outcomes.ts';
import { type Index, type KeyShare, type Message, RefusedError, signedBytes } from '../runtime/index.ts';
import {
  altering,
  type Cheat,
  type Faults,
  lyingMachine,
  type Outcome,
  seatParties,
  seededRandom,
  signedAnew,
  simulate,
  type Table,
  underSeed,
} from '../simulator/index.ts';
import type { Opening } from './messages.ts';
import { type Dealing, type Reshared, type ReshareOptions, ResharingRun, type Role } from './resharing.ts';
import { areNewSharesOf, holders, isKeyOf } from './test/holders.ts';

const masterSeed = process.env['HOLDFAST_SEED'] ?? 'resharing';

/** Signer 3 is lost; party 5 of the run is new and takes its point. The fifth old holder (party 4: point 4) stays as it is. */
const replacement: Readonly<Record<Index, Role>> = {
  1: { from: 1, to: 1 },
  2: { from: 2, to: 2 },
  3: { to: 3 },
  4: { from: 4, to: 4 },
  5: { to: 5 },
};
/** All five are there, and one of them goes: six parties, of which party 6 takes the point of party 3. */
const handover: Readonly<Record<Index, Role>> = {
  1: { from: 1, to: 1 },
  2: { from: 2, to: 2 },
  3: { from: 3 },
  4: { from: 4, to: 4 },
  5: { from: 5, to: 5 },
  6: { to: 3 },
};

interface Run {
  readonly table: Table;
  readonly old: readonly KeyShare[];
  readonly machines: Map<Index, ResharingRun>;
  machine(p: Index): ResharingRun;
}

interface Seats {
  readonly seed: string;
  readonly roles?: Readonly<Record<Index, Role>>;
  /** Of the old sharing. */
  readonly n?: number;
  readonly t?: number;
  readonly to?: { readonly n: number; readonly t: number };
  readonly curve?: CurveName;
  readonly chainCode?: Uint8Array;
  readonly run?: string;
  readonly options?: (p: Index, honest: ReshareOptions) => Partial<ReshareOptions>;
}

function seat(o: Seats): Run {
  const { seed, roles: given = replacement, n = 5, t = 3, to = { n: 5, t: 3 }, options = () => ({}) } = o;
  const curve = curveOf(o.curve ?? 'secp256k1');
  const roles = new Map(Object.entries(given).map(([p, role]) => [Number(p), role]));
  const table = seatParties({ seed, n: roles.size, curve, ...(o.run === undefined ? {} : { run: o.run }) });
  const old = holders({ ...o, n, t });
  const [key] = old as [KeyShare];
  const machines = new Map(
    table.parties.map((p) => {
      const from = roles.get(p)?.from;
      const share = from === undefined ? undefined : old[from - 1];
      const honest: ReshareOptions = { key, roles, ...to, statement, ...(share === undefined ? {} : { share }) };
      return [p, new ResharingRun(table.context(p), { ...honest, ...options(p, honest) })];
    }),
  );
  return { table, old, machines, machine: (p) => machines.get(p) as ResharingRun };
}

/** Replaces what a party deals; its commitment is over the replacement. */
function dealing(machine: ResharingRun, change: (honest: Dealing, share: KeyShare) => Dealing): void {
  const inside = machine as unknown as { deal(share: KeyShare): Dealing };
  const honest = inside.deal.bind(machine);
  inside.deal = (share) => change(honest(share), share);
}

/** Polynomial and commitments to it, consistent in all else. */
function withPolynomial(curve: CurveName, d: Dealing, g: readonly Scalar[]): Dealing {
  const { encodePoint, mulBase } = curveOf(curve);
  return { g, opening: { ...d.opening, C: g.map((a_k) => encodePoint(mulBase(a_k))) } };
}

function newShares(outcome: Outcome<Reshared>): KeyShare[] {
  return outputs(outcome).flatMap(({ share }) => (share === undefined ? [] : [share]));
}

const honest = [1, 3, 4, 5];

for (const name of curveNames) {
  for (const [what, o] of Object.entries<Omit<Seats, 'seed'>>({
    'a lost signer is replaced by three that are left, at its point': { roles: replacement },
    'a signer that is there hands over to a new one': { roles: handover },
    'four deal where three would do': { roles: { ...replacement, 5: { from: 5, to: 5 } } },
    'all five stay': { roles: Object.fromEntries([1, 2, 3, 4, 5].map((p) => [p, { from: p, to: p }])) },
    'a whole new committee': {
      roles: { 1: { from: 5 }, 2: { from: 2 }, 3: { from: 1 }, 4: { to: 2 }, 5: { to: 1 }, 6: { to: 3 } },
      to: { n: 3, t: 2 },
    },
    '2 of 3 become 3 of 5': {
      roles: { 1: { from: 1, to: 1 }, 2: { to: 2 }, 3: { from: 3, to: 3 }, 4: { to: 4 }, 5: { to: 5 } },
      n: 3,
      t: 2,
    },
  })) {
    test(`${name}, ${what}: any t new shares give the key, and no mix with old ones does`, () => {
      underSeed(`${masterSeed}/${name}/${what}`, (seed) => {
        const { machines, table, old } = seat({ seed, curve: name, ...o });

        const outcome = simulate({ seed, machines, faults: { duplicate: 0.2, delay: 0.2 } });

        const { curve, identities } = table;
        const to = o.to ?? { n: 5, t: 3 };
        const fresh = newShares(outcome).sort((a, b) => a.index - b.index);
        equal(fresh.length, to.n);
        equal(fresh[0]?.t, to.t);
        // Mixes are of interest where both sharings have one threshold; of unlike ones any t of the larger are tried.
        if (old[0]?.t === to.t) areNewSharesOf(curve, old, fresh);
        else ok(isKeyOf(curve, fresh.slice(to.n - to.t), (old[0] as KeyShare).publicKey));
        // Every party, those that leave included, holds the certificate of the new holders.
        const partyAt = new Map(Object.entries(o.roles ?? {}).map(([p, role]) => [role.to, Number(p)]));
        const verify = (point: Index, bytes: Uint8Array, sig: Uint8Array): boolean =>
          identities.verify(partyAt.get(point) ?? 0, bytes, sig);
        for (const { statements, epoch } of outputs(outcome)) {
          const share = { ...(fresh[0] as KeyShare), epoch };
          ok(isCertificate({ curve, share, statement, verify }, statements));
        }
      });
    });
  }
}

test('a chain code reaches new holders in private and stays the same', () => {
  const seed = `${masterSeed}/chain code`;
  const chainCode = new Uint8Array(32).fill(7);
  const { machines } = seat({ seed, chainCode, roles: handover });

  const outcome = simulate({ seed, machines });

  for (const share of newShares(outcome)) deepEqual(share.chainCode, chainCode);
  for (const { effect } of outcome.trace) {
    if (effect.t !== 'send' || effect.message.kind === 'p2p') continue;
    equal(Buffer.from(effect.message.body).includes(Buffer.from(chainCode)), false);
  }
  for (const share of newShares(simulate({ seed, machines: seat({ seed }).machines })))
    equal('chainCode' in share, false);
});

test('row 46: a crash after any effect of any party: nobody certifies unless all new holders had stored their share', () => {
  const effects = new Map<Index, number>();
  const seed = `${masterSeed}/crash`;
  const whole = simulate({ seed, machines: seat({ seed, roles: handover }).machines });
  for (const { party } of whole.trace) effects.set(party, (effects.get(party) ?? 0) + 1);
  for (const [party, last] of effects) {
    for (let afterEffects = 0; afterEffects <= last; afterEffects += 1) {
      const { machines, table } = seat({ seed, roles: handover });

      const outcome = simulate({ seed, machines, crash: { party, afterEffects } });

      for (const p of table.parties.filter((each) => each !== party)) {
        const status = outcome.status.get(p);
        if (status?.s !== 'done')
          deepEqual([party, afterEffects, abortOf(outcome, p).code], [party, afterEffects, 'E_PEER_GONE']);
        else for (const each of [1, 2, 4, 5, 6]) equal(outcome.persistedBy(each).length, 1);
      }
      equal(outcome.status.get(party === 1 ? 2 : 1)?.s === 'done', afterEffects === last);
    }
  }
});

test('row 46: whatever is dropped or altered on the way, every party ends and none certifies alone', () => {
  for (let k = 0; k < 15; k += 1) {
    underSeed(`${masterSeed}/faults/${k}`, (seed) => {
      const { machines, table } = seat({ seed });
      const faults: Faults = { drop: 0.01, corrupt: 0.01, duplicate: 0.1, delay: 0.1 };

      const outcome = simulate({ seed, machines, faults });

      for (const p of table.parties) {
        const status = outcome.status.get(p);
        ok(status?.s === 'done' || status?.s === 'aborted');
        if (status.s === 'aborted') ok(status.abort.code !== 'E_INTERNAL', status.abort.code);
        if (status.s === 'done') for (const each of table.parties) equal(outcome.persistedBy(each).length, 1);
      }
    });
  }
});

test('row 23: many schedules of one resharing end in the same shares', () => {
  const epochs = new Set<string>();
  for (let k = 0; k < 6; k += 1) {
    const seed = `${masterSeed}/schedules`;
    const outcome = simulate({
      seed: `${seed}/${k}`,
      machines: seat({ seed }).machines,
      faults: { duplicate: 0.5, delay: 0.5 },
    });
    for (const { epoch } of outputs(outcome)) epochs.add(Buffer.from(epoch).toString('hex'));
  }
  equal(epochs.size, 1);
});

// ---- Refused before anything is sent -----------------------------------------------------------------------------

test('row 16: refuses committees that cannot deal, receive, or are not who they say', () => {
  const refused = (o: Omit<Seats, 'seed'>, code: string, what: string) =>
    throws(
      () => seat({ seed: masterSeed, ...o }),
      (e) => e instanceof RefusedError && e.code === code,
      what,
    );
  const roles = (changed: Readonly<Record<Index, Role>>) => ({ roles: { ...replacement, ...changed } });
  const give = (changed: Readonly<Record<Index, Role>>) => ({
    options: () => ({ roles: new Map(Object.entries({ ...replacement, ...changed }).map(([p, r]) => [Number(p), r])) }),
  });

  refused(roles({ 4: { to: 4 } }), 'E_RS_ROLES', 'two dealers where three belong');
  refused(give({ 1: { from: 4, to: 1 } }), 'E_RS_ROLES', 'two dealers at one point');
  refused(give({ 1: { from: 0, to: 1 } }), 'E_RS_ROLES', 'a dealer at zero');
  refused(give({ 1: { from: 6, to: 1 } }), 'E_RS_ROLES', 'a dealer at no point of the sharing');
  refused(give({ 1: { from: 1.5, to: 1 } }), 'E_RS_ROLES', 'a dealer between points');
  refused(roles({ 3: { to: 5 } }), 'E_RS_ROLES', 'two receivers at one point');
  refused(roles({ 3: { to: 0 } }), 'E_RS_ROLES', 'a receiver at zero');
  refused(roles({ 3: { to: 6 } }), 'E_RS_ROLES', 'a receiver beyond n');
  refused(roles({ 6: { to: 5 } }), 'E_RS_ROLES', 'more receivers than n');
  refused(roles({ 3: {} }), 'E_RS_ROLES', 'a party without a role that misses one');
  refused(roles({ 6: {} }), 'E_RS_ROLES', 'a party without a role beside a committee that is complete');
  refused(give({ 6: { from: 5 } }), 'E_RS_ROLES', 'a role for somebody who is no party');
  refused({ options: () => ({ roles: new Map([[1, { from: 1, to: 1 }]]) }) }, 'E_RS_ROLES', 'roles of one party only');
  refused({ to: { n: 5, t: 1 } }, 'E_THRESHOLD', 'a threshold of one');
  refused({ to: { n: 5, t: 6 } }, 'E_THRESHOLD', 'a threshold above n');
  refused({ options: (_, { key }) => ({ key: { ...key, t: 1 } }) }, 'E_THRESHOLD', 'an old threshold of one');
  refused(
    { options: (_, { key }) => ({ key: { ...key, protocol: 'FROST' } }) },
    'E_PROTOCOL',
    'a protocol of another curve',
  );
});

test('refuses a sharing that is not one of the key, and a share that is not one of the sharing', () => {
  const { scalar, mulBase } = curveOf('secp256k1');
  const other = holders({ seed: 'another key', n: 5, t: 3 });
  const refused = (options: NonNullable<Seats['options']>, what: string) =>
    throws(
      () => seat({ seed: masterSeed, options }),
      (e) => e instanceof RefusedError && e.code === 'E_RS_KEY',
      what,
    );

  refused((_, { key }) => ({ key: { ...key, publicKey: mulBase(scalar.one) } }), 'another public key');
  refused(
    (_, { key }) => ({ key: { ...key, publicShares: [...key.publicShares.slice(0, 4), mulBase(scalar.one)] } }),
    'a public share off the polynomial',
  );
  refused((p) => (p === 1 ? { share: other[0] as KeyShare } : {}), 'a share of another key');
  refused((p) => (p === 3 ? { share: other[2] as KeyShare } : {}), 'a share where none is dealt from');
  refused((_, o) => (o.share ? { share: { ...o.share, index: 5 } } : {}), 'a share of another point');
  refused(
    (_, o) => (o.share ? { share: { ...o.share, protocol: 'FROST_BITCOIN' } } : {}),
    'a share of another protocol',
  );
  refused(
    (_, o) => (o.share ? { share: { ...o.share, x: scalar.add(o.share.x, scalar.one) } } : {}),
    'a share that does not fit its public share',
  );
  refused((_, o) => (o.share ? { share: { ...o.share, epoch: new Uint8Array(32) } } : {}), 'a share of another epoch');
  throws(
    () => seat({ seed: masterSeed, options: (_, { share: _share, ...o }) => ({ ...o, share: undefined as never }) }),
    (e) => e instanceof RefusedError && e.code === 'E_RS_KEY',
    'a dealer without a share',
  );
});

// ---- Cheating parties --------------------------------------------------------------------------------------------

test('row 48: parties told of different epochs of the key stop before anything is revealed', () => {
  const seed = `${masterSeed}/epochs`;
  const next = newShares(simulate({ seed, machines: seat({ seed }).machines }));
  // The new party is shown the sharing that the others do not start from any more.
  const { machines } = seat({ seed, run: 'next', options: (p) => (p === 3 ? { key: next[0] as KeyShare } : {}) });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest: [1, 2, 3, 4, 5], code: 'E_RS_MISMATCH', culprits: [], lastRound: 1 });
});

test('parties told of different roles, or of another new threshold, stop before anything is revealed', () => {
  for (const told of [
    { roles: new Map(Object.entries({ ...replacement, 5: { from: 5, to: 5 } }).map(([p, r]) => [Number(p), r])) },
    { t: 2 },
  ]) {
    const seed = `${masterSeed}/told`;
    const { machines } = seat({ seed, options: (p) => (p === 3 ? told : {}) });

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [1, 2, 4, 5], code: 'E_RS_MISMATCH', culprits: [], lastRound: 1 });
  }
});

test('row 20: two versions of a commitment are named, with evidence that verifies offline', () => {
  const seed = `${masterSeed}/equivocation`;
  const { machines, table } = seat({ seed });
  const { execId, identities } = table;
  const bytes = (k: number) => i.bytes(new Uint8Array(64).fill(k));
  const body = () => enc('mpc/reshare/1/commitment/v1', bytes(1), bytes(2), i.absent);
  const cheat = altering({ execId, env: identities.env(2), alter: { round: 1, kind: 'bcast', to: 4, body } });

  const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

  allAbort(outcome, { honest, code: 'E_EQUIVOCATION', culprits: [2], lastRound: 1 });
  for (const p of honest) {
    const [a, b] = abortOf(outcome, p).evidence as [Message, Message];
    notDeepEqual(a.body, b.body);
    for (const m of [a, b]) ok(identities.verify(2, signedBytes(execId, m), m.sig as Uint8Array));
  }
});

for (const name of curveNames) {
  const curve = curveOf(name);
  const { scalar } = curve;

  test(`row 47: an old member that shares another constant on ${name} is named, with evidence that verifies offline`, () => {
    const lies: Record<string, (d: Dealing, share: KeyShare) => Scalar> = {
      'its part and one': (d) => scalar.add(d.g[0] as Scalar, scalar.one),
      'its share without the weight': (_, share) => share.x.slice() as Scalar,
      one: () => scalar.one.slice() as Scalar,
    };
    for (const [what, constant] of Object.entries(lies)) {
      const seed = `${masterSeed}/constant/${what}`;
      const { machines, machine, table } = seat({ seed, curve: name, roles: handover });
      dealing(machine(2), (d, share) => withPolynomial(name, d, [constant(d, share), ...d.g.slice(1)]));

      const outcome = simulate({ seed, machines });

      underSeed(seed, () => {
        allAbort(outcome, { honest: [1, 3, 4, 5, 6], code: 'E_RS_CONST', culprits: [2], lastRound: 2 });
        const [commitment] = abortOf(outcome, 6).evidence as [Message, Message];
        ok(table.identities.verify(2, signedBytes(table.execId, commitment), commitment.sig as Uint8Array));
      });
    }
  });

  test(`row 47: two old members whose errors cancel out on ${name} are named all the same`, () => {
    const seed = `${masterSeed}/cancel`;
    const { machines, machine } = seat({ seed, curve: name });
    dealing(machine(1), (d) => withPolynomial(name, d, [scalar.add(d.g[0] as Scalar, scalar.one), ...d.g.slice(1)]));
    dealing(machine(4), (d) => withPolynomial(name, d, [scalar.sub(d.g[0] as Scalar, scalar.one), ...d.g.slice(1)]));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [2, 3, 5], code: 'E_RS_CONST', culprits: [1], lastRound: 2 });
  });

  for (const count of [0, 2, 4]) {
    test(`row 15: ${count} commitments of a dealer on ${name} where the new threshold is 3 are refused`, () => {
      const seed = `${masterSeed}/size/${count}`;
      const { machines, machine } = seat({ seed, curve: name });
      dealing(machine(2), (d) => {
        const g = Array.from({ length: count }, (_, k) => d.g[k] ?? (scalar.one.slice() as Scalar));
        return { ...withPolynomial(name, d, g), g: g.length > 0 ? g : d.g };
      });

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest, code: 'E_RS_SIZE', culprits: [2], lastRound: 2 });
    });
  }

  test(`row 24: the identity on ${name} as a dealer's commitment is refused`, () => {
    const seed = `${masterSeed}/point`;
    const { machines, machine } = seat({ seed, curve: name });
    const bad = new Uint8Array(curve.pointBytes);
    if (name === 'ed25519') bad[0] = 1;
    dealing(machine(2), (d) => ({ ...d, opening: { ...d.opening, C: [...d.opening.C.slice(0, 2), bad] } }));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest, code: 'E_RS_POINT', culprits: [2], lastRound: 2 });
  });

  test(`row 19: a wrong share on ${name} is refused by its receiver, with the dealer's signature on it`, () => {
    const wrong = [(sigma: Scalar): Uint8Array => scalar.add(sigma, scalar.one), () => new Uint8Array(32).fill(0xff)];
    for (const [k, lie] of wrong.entries()) {
      const seed = `${masterSeed}/feldman/${k}`;
      const { machines, machine, table } = seat({ seed, curve: name });
      lyingMachine(machine(2), ({ kind, to }, value) => {
        const deal = value as { sigma: Scalar };
        return kind === 'p2p' && to === 3 ? { ...deal, sigma: lie(deal.sigma) } : value;
      });

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest: [3], code: 'E_RS_FELDMAN', culprits: [2], lastRound: 2 });
      allAbort(outcome, { honest: [1, 4, 5], code: 'E_PEER_GONE', culprits: [], lastRound: 3 });
      const [commitment, told] = abortOf(outcome, 3).evidence as [Message, Message];
      for (const m of [commitment, told])
        ok(table.identities.verify(2, signedBytes(table.execId, m), m.sig as Uint8Array));
    }
  });

  test(`row 17: a proof of a new share on ${name} that does not verify is refused, and nobody keeps a new share`, () => {
    const bad = new Uint8Array(curve.pointBytes);
    const lies: ((proof: { A: Uint8Array; z: Scalar }) => unknown)[] = [
      (proof) => ({ ...proof, z: scalar.add(proof.z, scalar.one) }),
      (proof) => ({ ...proof, z: new Uint8Array(32).fill(0xff) }),
      (proof) => ({ ...proof, A: curve.encodePoint(curve.base) }),
      (proof) => ({ ...proof, A: bad }),
    ];
    for (const [k, lie] of lies.entries()) {
      const seed = `${masterSeed}/schnorr/${k}`;
      const { machines, machine } = seat({ seed, curve: name });
      lyingMachine(machine(3), ({ round }, value) =>
        round === 3 ? lie(value as { A: Uint8Array; z: Scalar }) : value,
      );

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest: [1, 2, 4, 5], code: 'E_RS_SCHNORR', culprits: [3], lastRound: 3 });
      for (const p of [1, 2, 4, 5]) deepEqual(outcome.persistedBy(p), []);
    }
  });
}

test('row 17: a dealer that opens something else than it committed to is refused', () => {
  const lies: Record<string, (o: Dealing['opening']) => Dealing['opening']> = {
    'order of C': (o) => ({ ...o, C: [...o.C].reverse() }),
    rid: (o) => ({ ...o, rid: new Uint8Array(32) }),
    u: (o) => ({ ...o, u: new Uint8Array(32) }),
  };
  for (const [what, lie] of Object.entries(lies)) {
    const seed = `${masterSeed}/opening/${what}`;
    const { machines, machine } = seat({ seed });
    lyingMachine(machine(2), ({ round, kind }, value) =>
      round === 2 && kind === 'bcast' ? lie(value as Dealing['opening']) : value,
    );

    const outcome = simulate({ seed, machines });

    underSeed(seed, () => allAbort(outcome, { honest, code: 'E_RS_OPENING', culprits: [2], lastRound: 2 }));
  }
});

test('row 18: a dealing repeated from another dealer is refused', () => {
  const seed = `${masterSeed}/mirror`;
  let copied: Dealing | undefined;
  let said: Uint8Array | undefined;
  const foreseen = seat({ seed }).machine(1);
  dealing(foreseen, (d) => (copied = d));
  lyingMachine(foreseen, (_, value) => {
    said = (value as { V: Uint8Array }).V;
    return value;
  });
  foreseen.start();
  const { machines, machine } = seat({ seed });
  dealing(machine(2), () => copied as Dealing);
  lyingMachine(machine(2), ({ round, kind }, value) =>
    round === 1 && kind === 'bcast' ? { ...(value as object), V: said } : value,
  );

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_RS_OPENING', culprits: [2], lastRound: 2 });
});

test('a party that sends what its role does not have, or not what it has, is named', () => {
  const point = curveOf('secp256k1').encodePoint(curveOf('secp256k1').base);
  const some = (n: number): Uint8Array => new Uint8Array(n).fill(1);
  type Lie = { who: Index; round: number; kind: Message['kind']; lie: (value: never) => unknown; lastRound: number };
  const lies: Record<string, Lie> = {
    'a dealer commits to nothing': {
      who: 2,
      round: 1,
      kind: 'bcast',
      lie: (v: object) => ({ ...v, V: undefined }),
      lastRound: 1,
    },
    'a new party commits': {
      who: 3,
      round: 1,
      kind: 'bcast',
      lie: (v: object) => ({ ...v, V: some(64) }),
      lastRound: 1,
    },
    'a new party names a chain code': {
      who: 3,
      round: 1,
      kind: 'bcast',
      lie: (v: object) => ({ ...v, chainCodeHash: some(64) }),
      lastRound: 1,
    },
    'a dealer opens without rid': {
      who: 2,
      round: 2,
      kind: 'bcast',
      lie: (v: Opening) => ({ ...v, rid: undefined }),
      lastRound: 2,
    },
    'a dealer opens without u': {
      who: 2,
      round: 2,
      kind: 'bcast',
      lie: (v: Opening) => ({ ...v, u: undefined }),
      lastRound: 2,
    },
    'a new party opens commitments': {
      who: 3,
      round: 2,
      kind: 'bcast',
      lie: (v: Opening) => ({ ...v, C: [point] }),
      lastRound: 2,
    },
    'a new party opens a rid': {
      who: 3,
      round: 2,
      kind: 'bcast',
      lie: (v: Opening) => ({ ...v, rid: some(32) }),
      lastRound: 2,
    },
    'a new party opens a u': {
      who: 3,
      round: 2,
      kind: 'bcast',
      lie: (v: Opening) => ({ ...v, u: some(32) }),
      lastRound: 2,
    },
    'a dealer gives no share': {
      who: 2,
      round: 2,
      kind: 'p2p',
      lie: (v: object) => ({ ...v, sigma: undefined }),
      lastRound: 2,
    },
    'a new party gives a share': {
      who: 3,
      round: 2,
      kind: 'p2p',
      lie: (v: object) => ({ ...v, sigma: some(32) }),
      lastRound: 2,
    },
    'a receiver proves nothing': {
      who: 3,
      round: 3,
      kind: 'bcast',
      lie: () => ({ A: undefined, z: undefined }),
      lastRound: 3,
    },
    'a receiver sends no A': {
      who: 3,
      round: 3,
      kind: 'bcast',
      lie: (v: object) => ({ ...v, A: undefined }),
      lastRound: 3,
    },
    'a receiver sends no z': {
      who: 3,
      round: 3,
      kind: 'bcast',
      lie: (v: object) => ({ ...v, z: undefined }),
      lastRound: 3,
    },
    'a receiver acknowledges nothing': {
      who: 3,
      round: 4,
      kind: 'ack',
      lie: () => ({ signature: undefined }),
      lastRound: 4,
    },
  };
  for (const [what, { who, round, kind, lie, lastRound }] of Object.entries(lies)) {
    const seed = `${masterSeed}/role/${what}`;
    const { machines, machine, table } = seat({ seed });
    lyingMachine(machine(who), (at, value) => (at.round === round && at.kind === kind ? lie(value as never) : value));

    const outcome = simulate({ seed, machines });

    const others = table.parties.filter((p) => p !== who);
    underSeed(seed, () => allAbort(outcome, { honest: others, code: 'E_RS_ROLE', culprits: [who], lastRound }));
  }
});

test('a party that only leaves cannot prove or acknowledge a share, nor be given one', () => {
  const point = curveOf('secp256k1').encodePoint(curveOf('secp256k1').base);
  const one = new Uint8Array(32).fill(1);
  const seed = `${masterSeed}/leaving`;
  for (const [round, kind, value] of [
    [3, 'bcast', { A: point, z: one }],
    [4, 'ack', { signature: new Uint8Array(64) }],
  ] as const) {
    const { machines, machine } = seat({ seed, roles: handover });
    lyingMachine(machine(3), (at, honestValue) => (at.round === round && at.kind === kind ? value : honestValue));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [1, 2, 4, 5, 6], code: 'E_RS_ROLE', culprits: [3], lastRound: round });
  }
  const { machines, machine } = seat({ seed, roles: handover });
  lyingMachine(machine(2), ({ kind, to }, value) =>
    kind === 'p2p' && to === 3 ? { sigma: one, chainCode: undefined } : value,
  );
  allAbort(simulate({ seed, machines }), { honest: [3], code: 'E_RS_ROLE', culprits: [2], lastRound: 2 });
});

test('a dealer that passes on another chain code, none, or one where there is none, is named by its receiver', () => {
  const chainCode = new Uint8Array(32).fill(7);
  for (const [k, o] of [
    { chainCode, sent: new Uint8Array(32).fill(8) },
    { chainCode, sent: undefined },
    { sent: new Uint8Array(32).fill(8) },
  ].entries()) {
    const seed = `${masterSeed}/chain codes/${k}`;
    const { machines, machine } = seat({ seed, ...('chainCode' in o ? { chainCode } : {}) });
    lyingMachine(machine(2), ({ kind, to }, value) =>
      kind === 'p2p' && to === 3 ? { ...(value as object), chainCode: o.sent } : value,
    );

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [3], code: 'E_RS_CHAINCODE', culprits: [2], lastRound: 2 });
  }
});

test('dealers that name different chain codes stop before anything is revealed', () => {
  const seed = `${masterSeed}/chain code of one`;
  const { machines } = seat({
    seed,
    chainCode: new Uint8Array(32).fill(7),
    options: (p, { share }) => (p === 2 && share ? { share: { ...share, chainCode: new Uint8Array(32).fill(8) } } : {}),
  });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest: [1, 2, 3, 4, 5], code: 'E_RS_MISMATCH', culprits: [], lastRound: 1 });
});

test('contributions that cancel the sharing at a new holder end the run without blame', () => {
  const seed = `${masterSeed}/degenerate`;
  const { scalar } = curveOf('secp256k1');
  const drawn = new Map<Index, Dealing>();
  const foreseen = seat({ seed });
  for (const p of [1, 2, 4]) {
    dealing(foreseen.machine(p), (d) => {
      drawn.set(p, { ...d, g: d.g.map((a_k) => a_k.slice() as Scalar) });
      return d;
    });
    foreseen.machine(p).start();
  }
  const at = (k: number, parties: readonly Index[]): Scalar =>
    parties.reduce((sum, p) => scalar.add(sum, drawn.get(p)?.g[k] as Scalar), scalar.zero);
  // The sum of all linear coefficients is −(x + sum of the quadratic ones): f′(1) = 0.
  const sum = scalar.add(scalar.add(at(0, [1, 2, 4]), at(2, [1, 2, 4])), at(1, [1, 4]));
  const { machines, machine } = seat({ seed });
  dealing(machine(2), (d) => withPolynomial('secp256k1', d, [d.g[0], scalar.neg(sum), d.g[2]] as Scalar[]));

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_RS_DEGENERATE', culprits: [], lastRound: 2 });
});

test('an acknowledgement that signs something else is refused; the new shares stay pending', () => {
  const seed = `${masterSeed}/ack`;
  const other = (x: Uint8Array): Uint8Array => statement(x, new Uint8Array(32));
  const { machines } = seat({ seed, options: (p) => (p === 3 ? { statement: other } : {}) });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest: [1, 2, 4, 5], code: 'E_RS_ACK', culprits: [3], lastRound: 4 });
  for (const p of [1, 2, 4, 5]) equal(outcome.persistedBy(p).length, 1);
});

test('a run that ends early erases what was dealt, hands over no share and leaves the old ones as they are', () => {
  const seed = `${masterSeed}/erase`;
  const { machines, machine, old } = seat({ seed });
  let drawn: Dealing | undefined;
  dealing(machine(1), (d) => (drawn = d));
  const silent: Cheat = (m) => (m.round === 3 ? undefined : m);

  const outcome = simulate({ seed, machines, cheats: { 2: silent } });

  allAbort(outcome, { honest, code: 'E_PEER_GONE', culprits: [], lastRound: 3 });
  ok(drawn?.g.every((a_k) => a_k.every((byte) => byte === 0)));
  for (const p of honest) deepEqual(outcome.persistedBy(p), []);
  const curve = curveOf('secp256k1');
  for (const share of old) ok(curve.equals(curve.mulBase(share.x), share.publicShares[share.index - 1] as Point));
});

test('1,500 malformed messages at every stage of a resharing: none throws', () => {
  underSeed(`${masterSeed}/fuzz`, (seed) => {
    const random = seededRandom(seed);
    let sent = 0;
    for (let run = 0; sent < 1_500; run += 1) {
      const { machines, machine, table } = seat({ seed: `${seed}/${run}` });
      const env = table.identities.env(2);
      const cheat: Cheat = (m) => {
        sent += 3;
        const body = m.body.slice();
        for (let flips = random.below(3); flips > 0; flips -= 1) body[random.below(body.length)] = random.below(256);
        const cut = random.chance(0.2) ? body.subarray(0, random.below(body.length)) : body;
        const mangled = random.chance(0.3) ? { ...m, body: cut } : m;
        const junk: Message = {
          ...m,
          round: m.round + 1,
          body: random.bytes(random.below(300)),
          sig: random.bytes(64),
        };
        return [signedAnew({ execId: table.execId, env, message: mangled }), junk, { ...m, sig: random.bytes(10) }];
      };

      simulate({ seed: `${seed}/${run}`, machines, cheats: { 2: cheat } });

      for (const p of honest) {
        const status = machine(p).status();
        ok(status.s !== 'running');
        if (status.s === 'aborted') ok(status.abort.code !== 'E_INTERNAL', String(machine(p).cause));
      }
    }
  });
});
