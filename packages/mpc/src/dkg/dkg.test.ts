/** Key generation: every threshold and curve, every check of mpc-protocols §1.1 with a party that cheats. */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, type CurveName, curve as curveOf, type Point, type Scalar } from '@holdfast/crypto/curves';
import { evaluate, interpolate } from '@holdfast/crypto/sharing';
import { enc, i } from '@holdfast/crypto/transcript';
import {
  type Index,
  type Machine,
  type Message,
  type ProtocolName,
  RefusedError,
  signedBytes,
} from '../runtime/index.ts';
import {
  altering,
  type Cheat,
  type Faults,
  lyingMachine,
  seatParties,
  seededRandom,
  signedAnew,
  simulate,
  type Table,
  underSeed,
} from '../simulator/index.ts';
import { type Dealing, type DealingFrame, eraseDealing } from './dealing.ts';
import {
  acknowledge,
  type CertifiedShare,
  createDkg,
  type DkgOptions,
  epochOf,
  isCertificate,
  judgeComplaint,
} from './index.ts';
import { abortOf, allAbort, curveNames, outputs, protocolOf, statement } from './test/outcomes.ts';

const masterSeed = process.env['HOLDFAST_SEED'] ?? 'dkg';

interface Run {
  readonly table: Table;
  readonly frame: DealingFrame;
  readonly machines: Map<Index, Machine<CertifiedShare>>;
  machine(p: Index): Machine<CertifiedShare>;
}

function seat(o: {
  seed: string;
  n: number;
  t: number;
  curve?: CurveName;
  options?: (p: Index) => Partial<DkgOptions>;
  run?: string;
}): Run {
  const { seed, n, t, options = () => ({}) } = o;
  const curve = curveOf(o.curve ?? 'secp256k1');
  const table = seatParties({ seed, n, curve, ...(o.run === undefined ? {} : { run: o.run }) });
  const machines = new Map(
    table.parties.map((p) => [
      p,
      createDkg(table.context(p), { protocol: protocolOf[curve.name], n, t, statement, ...options(p) }),
    ]),
  );
  const frame: DealingFrame = { run: 'dkg', curve, execId: table.execId, n, t, constant: 'random' };
  return { table, frame, machines, machine: (p) => machines.get(p) as Machine<CertifiedShare> };
}

/** Replaces what a party deals; its commitment is over the replacement. */
function dealing(machine: Machine<CertifiedShare>, change: (honest: Dealing) => Dealing): void {
  const inside = machine as unknown as { deal(): Dealing };
  const honest = inside.deal.bind(machine);
  inside.deal = () => change(honest());
}

/** What each party will deal: machines draw everything from the seed. */
function foreseen(o: Parameters<typeof seat>[0]): Map<Index, Dealing> {
  const { machines } = seat(o);
  return new Map([...machines].map(([p, machine]) => [p, (machine as unknown as { deal(): Dealing }).deal()]));
}

function sumsAreRight(curve: Curve, certified: readonly CertifiedShare[]): void {
  const shares = certified.map(({ share }) => share);
  const [first] = shares as [CertifiedShare['share']];
  const { t, n } = first;
  for (const share of shares) {
    deepEqual(share.epoch, first.epoch);
    ok(curve.equals(share.publicKey, first.publicKey));
    ok(curve.equals(curve.mulBase(share.x), share.publicShares[share.index - 1] as Point));
  }
  deepEqual(first.epoch, epochOf(curve, first.publicShares));
  for (const subset of [shares.slice(0, t), shares.slice(n - t)]) {
    const x = interpolate(
      curve,
      subset.map(({ index, x: y }) => ({ x: index, y })),
    );
    ok(curve.equals(curve.mulBase(x), first.publicKey));
  }
}

for (const [t, n] of [
  [2, 2],
  [2, 3],
  [3, 5],
  [4, 7],
] as const) {
  for (const name of curveNames) {
    test(`${t} of ${n} on ${name}: under a random schedule all hold shares of one key, and any t give it`, () => {
      underSeed(`${masterSeed}/${t}/${n}/${name}`, (seed) => {
        const { machines, table } = seat({ seed, n, t, curve: name });

        const certified = outputs(simulate({ seed, machines, faults: { duplicate: 0.2, delay: 0.2 } }));

        sumsAreRight(table.curve, certified);
        for (const { share, statements } of certified) {
          ok(isCertificate({ curve: table.curve, share, statement, verify: table.identities.verify }, statements));
        }
        // Fewer than t shares give something else.
        const some = certified.slice(0, t - 1).map(({ share }) => ({ x: share.index, y: share.x }));
        const wrong = interpolate(table.curve, some);
        ok(!table.curve.equals(table.curve.mulBase(wrong), (certified[0] as CertifiedShare).share.publicKey));
      });
    });
  }
}

test('row 23: many schedules of one run end in the same shares', () => {
  const epochs = new Set<string>();
  for (let k = 0; k < 12; k += 1) {
    const seed = `${masterSeed}/schedules`;
    const { machines } = seat({ seed, n: 3, t: 2 });
    const outcome = simulate({ seed: `${seed}/${k}`, machines, faults: { duplicate: 0.5, delay: 0.5 } });
    for (const { share } of outputs(outcome)) epochs.add(Buffer.from(share.epoch).toString('hex'));
  }
  equal(epochs.size, 1);
});

test('row 23: whatever is dropped or altered on the way, every party ends and none certifies alone', () => {
  for (let k = 0; k < 25; k += 1) {
    underSeed(`${masterSeed}/faults/${k}`, (seed) => {
      const { machines, table } = seat({ seed, n: 3, t: 2 });
      const faults: Faults = { drop: 0.02, corrupt: 0.02, duplicate: 0.1, delay: 0.1 };

      const outcome = simulate({ seed, machines, faults });

      for (const p of table.parties) {
        const status = outcome.status.get(p);
        ok(status?.s === 'done' || status?.s === 'aborted');
        if (status.s === 'aborted') ok(status.abort.code !== 'E_INTERNAL', `${status.abort.code}`);
        if (status.s === 'done') for (const each of table.parties) equal(outcome.persistedBy(each).length, 1);
      }
    });
  }
});

test('the share is handed over for storage before the acknowledgement leaves', () => {
  const seed = `${masterSeed}/persist`;
  const { machines, table } = seat({ seed, n: 3, t: 2 });

  const { trace } = simulate({ seed, machines });

  for (const p of table.parties) {
    const own = trace
      .filter((e) => e.party === p)
      .map(({ effect }) => (effect.t === 'send' ? effect.message.kind : effect.t));
    deepEqual(own, ['bcast', 'echo', 'bcast', 'p2p', 'p2p', 'bcast', 'persist', 'ack']);
  }
});

test('a crash after any effect: nobody certifies unless every party had stored its share', () => {
  for (const party of [1, 2, 3]) {
    for (let afterEffects = 0; afterEffects <= 8; afterEffects += 1) {
      const seed = `${masterSeed}/crash/${party}/${afterEffects}`;
      const { machines, table } = seat({ seed, n: 3, t: 2 });

      const outcome = simulate({ seed, machines, crash: { party, afterEffects } });

      for (const p of table.parties.filter((each) => each !== party)) {
        const status = outcome.status.get(p);
        if (status?.s === 'done') for (const each of table.parties) equal(outcome.persistedBy(each).length, 1);
        else deepEqual(abortOf(outcome, p).code, 'E_PEER_GONE');
      }
      equal(outcome.status.get(party === 1 ? 2 : 1)?.s === 'done', afterEffects === 8);
    }
  }
});

test('a pending share gives its acknowledgement again, and n of them are the certificate', () => {
  const seed = `${masterSeed}/pending`;
  const { machines, table } = seat({ seed, n: 3, t: 2 });
  const { curve, identities, parties } = table;
  // The acknowledgements never arrive: everybody is left with a pending share.
  const silent: Cheat = (m) => (m.kind === 'ack' ? undefined : m);

  const outcome = simulate({ seed, machines, cheats: { 1: silent, 2: silent, 3: silent } });
  const pending = parties.map((p) => outcome.persistedBy(p)[0] as CertifiedShare['share']);
  const again = pending.map((share) =>
    acknowledge({ curve, share, statement, sign: identities.env(share.index).sign }),
  );

  for (const p of parties) equal(abortOf(outcome, p).code, 'E_PEER_GONE');
  const key = { curve, share: pending[0] as CertifiedShare['share'], statement, verify: identities.verify };
  ok(isCertificate(key, again));
  ok(!isCertificate(key, again.slice(1)));
  ok(!isCertificate(key, [again[0], again[1], again[1]] as typeof again));
  ok(!isCertificate(key, [again[1], again[0], again[2]] as typeof again));
  ok(!isCertificate({ ...key, statement: (x, e) => statement(e, x) }, again));
  ok(
    !isCertificate(
      key,
      again.map((a) => ({ ...a, signature: a.signature.subarray(1) })),
    ),
  );
});

test('the aborted run leaves a pending share intact and erases what was never handed over', () => {
  const seed = `${masterSeed}/erase`;
  const { machines, table, machine } = seat({ seed, n: 2, t: 2 });
  const outcome = simulate({ seed, machines, cheats: { 1: (m) => (m.kind === 'ack' ? undefined : m) } });
  machine(2).wipe();

  const [share] = outcome.persistedBy(2);
  ok(share !== undefined && table.curve.equals(table.curve.mulBase(share.x), share.publicShares[1] as Point));

  const other = seat({ seed, n: 2, t: 2 });
  let drawn: Dealing | undefined;
  dealing(other.machine(1), (honest) => (drawn = honest));
  other.machine(1).start();
  other.machine(1).wipe();
  ok(drawn?.f.every((a_k) => a_k.every((byte) => byte === 0)) && drawn.r.every((byte) => byte === 0));
});

// ---- Refused parameters ------------------------------------------------------------------------------------------

test('row 16: refuses holders whose indices are not 1…n', () => {
  const { table } = seat({ seed: 'indices', n: 3, t: 2 });
  const context = table.context(1);
  const o = { protocol: 'CGGMP21', n: 3, t: 2, statement } as const;

  for (const parties of [
    [1, 2],
    [1, 2, 4],
    [0, 1, 2],
    [1, 1, 2],
    [1, 3, 2],
    [1, 2, 3, 4],
  ]) {
    throws(
      () => createDkg({ ...context, parties }, o),
      (e) => e instanceof RefusedError && e.code === 'E_PARTIES',
      `${parties}`,
    );
  }
});

test('refuses thresholds outside 2 ≤ t ≤ n and protocols on a wrong curve', () => {
  const { table } = seat({ seed: 'thresholds', n: 3, t: 2 });
  const refused = (o: Partial<DkgOptions>, code: string) =>
    throws(
      () => createDkg(table.context(1), { protocol: 'CGGMP21', n: 3, t: 2, statement, ...o }),
      (e) => e instanceof RefusedError && e.code === code,
    );

  refused({ t: 1 }, 'E_THRESHOLD');
  refused({ t: 4 }, 'E_THRESHOLD');
  refused({ t: 2.5 }, 'E_THRESHOLD');
  refused({ n: 33 }, 'E_THRESHOLD');
  refused({ protocol: 'FROST' }, 'E_PROTOCOL');
  refused({ protocol: 'constructor' as ProtocolName }, 'E_PROTOCOL');
});

test('row 53: refuses an execution id of zeros', () => {
  const { table } = seat({ seed: 'zero', n: 3, t: 2 });
  const context = { ...table.context(1), execId: new Uint8Array(32) };

  throws(
    () => createDkg(context, { protocol: 'CGGMP21', n: 3, t: 2, statement }),
    (e) => e instanceof RefusedError && e.code === 'E_EXEC_ID',
  );
});

// ---- Cheating parties --------------------------------------------------------------------------------------------

const five = { n: 5, t: 3 };
const honest = [1, 3, 4, 5];

test('row 20: two versions of a commitment are named, with evidence that verifies offline', () => {
  const seed = `${masterSeed}/equivocation`;
  const { machines, table } = seat({ seed, ...five });
  const { execId, identities } = table;
  const body = () =>
    enc('mpc/dkg/1/commitment/v1', i.bytes(new Uint8Array(64).fill(1)), i.bytes(new Uint8Array(64).fill(2)));
  const cheat = altering({ execId, env: identities.env(2), alter: { round: 1, kind: 'bcast', to: 4, body } });

  const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

  allAbort(outcome, { honest, code: 'E_EQUIVOCATION', culprits: [2], lastRound: 1 });
  for (const p of honest) {
    const [a, b] = abortOf(outcome, p).evidence as [Message, Message];
    notDeepEqual(a.body, b.body);
    for (const m of [a, b]) ok(identities.verify(2, signedBytes(execId, m), m.sig as Uint8Array));
  }
});

test('row 21: an echo that omits a sender ends the run before anything is revealed', () => {
  const seed = `${masterSeed}/omission`;
  const { machines, table } = seat({ seed, ...five });
  const body = () => enc('mpc/echo/v1', i.list([]), i.list([]));
  const cheat = altering({
    execId: table.execId,
    env: table.identities.env(2),
    alter: { round: 1, kind: 'echo', body },
  });

  const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

  allAbort(outcome, { honest, code: 'E_MALFORMED', culprits: [2], lastRound: 1 });
});

test('holders that disagree on the protocol of the key stop before anything is revealed', () => {
  const seed = `${masterSeed}/mismatch`;
  const { machines } = seat({ seed, ...five, options: (p) => ({ protocol: p === 2 ? 'FROST_BITCOIN' : 'CGGMP21' }) });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest: [1, 2, 3, 4, 5], code: 'E_DKG_MISMATCH', culprits: [], lastRound: 1 });
});

for (const name of curveNames) {
  const curve = curveOf(name);

  for (const count of [0, 2, 4]) {
    test(`row 15: ${count} commitments on ${name} where the threshold is 3 are refused`, () => {
      const seed = `${masterSeed}/size/${count}`;
      const { machines, machine } = seat({ seed, ...five, curve: name });
      // Consistent in all else: a polynomial of that many coefficients, its commitments, its subshares.
      dealing(machine(2), (d) => {
        const f = Array.from({ length: count }, (_, k) => d.f[k] ?? (curve.scalar.one.slice() as Scalar));
        return {
          ...d,
          f: f.length > 0 ? f : d.f,
          opening: { ...d.opening, C: f.map((a_k) => curve.encodePoint(curve.mulBase(a_k))) },
        };
      });

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest, code: 'E_DKG_SIZE', culprits: [2], lastRound: 2 });
    });
  }

  test(`row 24: points on ${name} that are no group elements, or the identity, are refused in every place`, () => {
    for (const [what, bytes] of badPoints(curve)) {
      for (const place of [0, 2, 'A'] as const) {
        const seed = `${masterSeed}/point/${what}/${place}`;
        const { machines, machine } = seat({ seed, n: 3, t: 3, curve: name });
        dealing(machine(2), (d) => {
          const C = d.opening.C.map((C_k, k) => (k === place ? bytes : C_k));
          return { ...d, opening: { ...d.opening, C, A: place === 'A' ? bytes : d.opening.A } };
        });

        const outcome = simulate({ seed, machines });

        underSeed(seed, () => allAbort(outcome, { honest: [1, 3], code: 'E_DKG_POINT', culprits: [2], lastRound: 2 }));
      }
    }
  });

  test(`row 19: a wrong subshare on ${name} is refused by its receiver, and the complaint convinces everybody`, () => {
    const seed = `${masterSeed}/feldman`;
    const { machines, machine, table, frame } = seat({ seed, ...five, curve: name });
    lyingMachine(machine(2), ({ kind, to }, value) =>
      kind === 'p2p' && to === 4 ? curve.scalar.add(value as Scalar, curve.scalar.one) : value,
    );

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [4], code: 'E_DKG_FELDMAN', culprits: [2], lastRound: 2 });
    allAbort(outcome, { honest: [1, 3, 5], code: 'E_PEER_GONE', culprits: [], lastRound: 3 });
    const evidence = abortOf(outcome, 4).evidence ?? [];
    const { verify } = table.identities;
    equal(judgeComplaint(frame, { complainer: 4, accused: 2, evidence }, verify), 2);
    // Nobody can turn it against somebody else, or against the accused in another run.
    equal(judgeComplaint(frame, { complainer: 3, accused: 2, evidence }, verify), 3);
    equal(judgeComplaint(frame, { complainer: 4, accused: 1, evidence }, verify), 4);
    equal(
      judgeComplaint({ ...frame, execId: new Uint8Array(32).fill(1) }, { complainer: 4, accused: 2, evidence }, verify),
      4,
    );
    equal(judgeComplaint(frame, { complainer: 4, accused: 2, evidence: evidence.slice(0, 2) }, verify), 4);
  });

  test(`a subshare at or over the order of ${name} is refused by its receiver`, () => {
    const seed = `${masterSeed}/range`;
    const { machines, machine } = seat({ seed, n: 3, t: 2, curve: name });
    const tooLarge = new Uint8Array(32).fill(0xff);
    lyingMachine(machine(2), ({ kind, to }, value) => (kind === 'p2p' && to === 1 ? tooLarge : value));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [1], code: 'E_DKG_FELDMAN', culprits: [2], lastRound: 2 });
  });

  test(`row 17: a proof on ${name} that does not verify is refused, and no share is kept`, () => {
    const wrong: ((z: Scalar) => Uint8Array)[] = [
      (z) => curve.scalar.add(z, curve.scalar.one),
      () => new Uint8Array(32),
      () => new Uint8Array(32).fill(0xff),
    ];
    for (const [k, lie] of wrong.entries()) {
      const seed = `${masterSeed}/schnorr/${k}`;
      const { machines, machine } = seat({ seed, n: 3, t: 2, curve: name });
      lyingMachine(machine(2), ({ round }, value) => (round === 3 ? lie(value as Scalar) : value));

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest: [1, 3], code: 'E_DKG_SCHNORR', culprits: [2], lastRound: 3 });
      for (const p of [1, 3]) deepEqual(outcome.persistedBy(p), []);
    }
  });

  test(`sums on ${name} that are zero where they must not be end the run without blame`, () => {
    const o = { seed: `${masterSeed}/degenerate`, n: 3, t: 2, curve: name };
    const others = foreseen(o);
    const f_1 = (others.get(1) as Dealing).f;
    const f_3 = (others.get(3) as Dealing).f;
    const minus = (k: number): Scalar => curve.scalar.neg(curve.scalar.add(f_1[k] as Scalar, f_3[k] as Scalar));
    const at = (j: number): Scalar =>
      curve.scalar.neg(curve.scalar.add(evaluate(curve, f_1, j), evaluate(curve, f_3, j)));
    const { one } = curve.scalar;
    const rigged: Record<string, readonly Scalar[]> = {
      'X = O': [minus(0), one],
      'leading coefficient = O': [one, minus(1)],
      'X_1 = O': [curve.scalar.sub(at(1), one), one],
      'X_3 = O': [curve.scalar.sub(at(3), curve.scalar.fromBigInt(3n)), one],
    };
    for (const [what, f] of Object.entries(rigged)) {
      const { machines, machine } = seat(o);
      dealing(machine(2), (d) => ({
        ...d,
        f: f.map((a_k) => a_k.slice() as Scalar),
        opening: { ...d.opening, C: f.map((a_k) => curve.encodePoint(curve.mulBase(a_k))) },
      }));

      const outcome = simulate({ seed: o.seed, machines });

      underSeed(what, () =>
        allAbort(outcome, { honest: [1, 3], code: 'E_DKG_DEGENERATE', culprits: [], lastRound: 2 }),
      );
    }
  });
}

test('row 17: whoever opens something else than it committed to is refused', () => {
  const { scalar, encodePoint, mulBase } = curveOf('secp256k1');
  const point = encodePoint(mulBase(scalar.one));
  const lies: Record<string, (o: Dealing['opening']) => Dealing['opening']> = {
    C: (o) => ({ ...o, C: [point, ...o.C.slice(1)] }),
    'order of C': (o) => ({ ...o, C: [...o.C].reverse() }),
    A: (o) => ({ ...o, A: point }),
    rid: (o) => ({ ...o, rid: new Uint8Array(32) }),
    u: (o) => ({ ...o, u: new Uint8Array(32) }),
  };
  for (const [what, lie] of Object.entries(lies)) {
    const seed = `${masterSeed}/opening/${what}`;
    const { machines, machine } = seat({ seed, ...five });
    lyingMachine(machine(2), ({ round, kind }, value) =>
      round === 2 && kind === 'bcast' ? lie(value as Dealing['opening']) : value,
    );

    const outcome = simulate({ seed, machines });

    underSeed(seed, () => allAbort(outcome, { honest, code: 'E_DKG_OPENING', culprits: [2], lastRound: 2 }));
  }
});

test('row 18: a commitment and opening repeated from another party are refused', () => {
  const o = { seed: `${masterSeed}/mirror`, ...five };
  const copied = foreseen(o).get(1) as Dealing;
  const said = simulate({ seed: o.seed, machines: seat(o).machines }).sentBy(1)[0] as Message;
  const { machines, machine } = seat(o);
  dealing(machine(2), () => copied);
  lyingMachine(machine(2), ({ round, kind }, value) =>
    round === 1 && kind === 'bcast' ? { ...(value as object), V: said.body.subarray(said.body.length - 64) } : value,
  );

  const outcome = simulate({ seed: o.seed, machines });

  allAbort(outcome, { honest, code: 'E_DKG_OPENING', culprits: [2], lastRound: 2 });
});

test('a chain code where there is none is refused', () => {
  const seed = `${masterSeed}/chain-code`;
  const { machines, machine } = seat({ seed, ...five });
  dealing(machine(2), (d) => ({ ...d, opening: { ...d.opening, chainCode: new Uint8Array(32).fill(9) } }));

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_DKG_CHAINCODE', culprits: [2], lastRound: 2 });
});

const master = { options: () => ({ masterKey: true }) };

test('a master key gets one chain code, the same at all five and made of every part', () => {
  for (const curve of curveNames) {
    const seed = `${masterSeed}/master/${curve}`;
    const { machines } = seat({ seed, ...five, curve, ...master });
    const parts = [...foreseen({ seed, ...five, curve, ...master }).values()].map(({ opening }) => opening.chainCode);
    const expected = Buffer.alloc(32);
    for (const part of parts)
      for (const [k, byte] of (part as Uint8Array).entries()) expected[k] = (expected[k] as number) ^ byte;

    const certified = outputs(simulate({ seed, machines }));

    for (const { share } of certified) deepEqual(Buffer.from(share.chainCode as Uint8Array), expected);
    sumsAreRight(curveOf(curve), certified);
  }
});

test('a key that is no master has no chain code', () => {
  const seed = `${masterSeed}/plain`;

  for (const { share } of outputs(simulate({ seed, machines: seat({ seed, ...five }).machines })))
    equal('chainCode' in share, false);
});

for (const [what, chainCode] of [
  ['no part', undefined],
  ['a part cut short', new Uint8Array(31).fill(9)],
] as const) {
  test(`a party that gives ${what} of the chain code is named`, () => {
    const seed = `${masterSeed}/chain-code/${what}`;
    const { machines, machine } = seat({ seed, ...five, ...master });
    dealing(machine(2), (d) => ({ ...d, opening: { ...d.opening, chainCode } }));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest, code: 'E_DKG_CHAINCODE', culprits: [2], lastRound: 2 });
  });
}

test('a part of the chain code that was not committed to is named', () => {
  const seed = `${masterSeed}/chain-code/late`;
  const { table, machines } = seat({ seed, ...five, ...master });
  const lie = (body: Uint8Array): Uint8Array => {
    const changed = body.slice();
    // The chain code stands before u, which takes the last 37 bytes.
    changed[changed.length - 40] = (changed[changed.length - 40] as number) ^ 1;
    return changed;
  };
  const cheat = altering({
    execId: table.execId,
    env: table.context(2).env,
    alter: { round: 2, kind: 'bcast', body: lie },
  });

  const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

  allAbort(outcome, { honest, code: 'E_DKG_OPENING', culprits: [2], lastRound: 2 });
});

test('parties told different things about being a master reveal nothing', () => {
  const seed = `${masterSeed}/master or not`;
  const { machines } = seat({ seed, ...five, options: (p) => ({ masterKey: p === 2 }) });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_DKG_MISMATCH', culprits: [], lastRound: 1 });
});

test('row 52: a key for derivation cannot be a master', () => {
  const { table } = seat({ seed: `${masterSeed}/dh master`, ...five });

  throws(
    () => createDkg(table.context(1), { protocol: 'GLOW20_DH', n: 5, t: 3, statement, masterKey: true }),
    (error) => error instanceof RefusedError && error.code === 'E_PROTOCOL',
  );
});

test('an acknowledgement that signs something else is refused; the share stays pending', () => {
  const seed = `${masterSeed}/ack`;
  const other = (x: Uint8Array): Uint8Array => statement(x, new Uint8Array(32));
  const { machines } = seat({ seed, ...five, options: (p) => (p === 2 ? { statement: other } : {}) });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_DKG_ACK', culprits: [2], lastRound: 4 });
  for (const p of honest) equal(outcome.persistedBy(p).length, 1);
});

test('row 24: an uncompressed point is malformed', () => {
  const seed = `${masterSeed}/uncompressed`;
  const { machines, table } = seat({ seed, ...five });
  const { curve, execId, identities } = table;
  const uncompressed = curve.encodeUncompressed(curve.base);
  const body = () => {
    const head = enc(
      'mpc/dkg/2/opening/v1',
      i.bytes(new Uint8Array(32)),
      i.list([]),
      i.absent,
      i.absent,
      i.bytes(new Uint8Array(32)),
    );
    return Buffer.concat([head, uncompressed]);
  };
  const cheat = altering({ execId, env: identities.env(2), alter: { round: 2, kind: 'bcast', body } });

  const outcome = simulate({ seed, machines, cheats: { 2: cheat } });

  allAbort(outcome, { honest, code: 'E_MALFORMED', culprits: [2], lastRound: 2 });
});

test('row 19: a complaint without ground falls back on the complainer', () => {
  const seed = `${masterSeed}/false-complaint`;
  const { machines, table, frame } = seat({ seed, n: 3, t: 2 });
  const outcome = simulate({ seed, machines });
  const { execId, identities } = table;
  const said = outcome.sentBy(2);
  const pick = (round: number, kind: string, to: Index): Message =>
    said.find((m) => m.round === round && m.kind === kind && m.to === to) as Message;
  const evidence = [pick(1, 'bcast', 0), pick(2, 'bcast', 0), pick(2, 'p2p', 1)];
  const [commitment, opening, told] = evidence as [Message, Message, Message];
  const { verify } = identities;
  const judge = (changed: readonly Message[]) =>
    judgeComplaint(frame, { complainer: 1, accused: 2, evidence: changed }, verify);
  const forgedTold = { ...told, body: said.find((m) => m.kind === 'p2p' && m.to === 3)?.body as Uint8Array };
  const forgedOpening = {
    ...opening,
    body: outcome.sentBy(3).find((m) => m.round === 2 && m.kind === 'bcast')?.body as Uint8Array,
  };

  equal(judge(evidence), 1);
  equal(judge([commitment, opening, forgedTold]), 1);
  equal(judge([commitment, opening, signedAnew({ execId, env: identities.env(1), message: forgedTold })]), 1);
  equal(judge([commitment, forgedOpening, told]), 1);
  equal(judge([commitment, opening, pick(2, 'p2p', 3)]), 1);
  equal(judge([opening, opening, told]), 1);
  equal(judge([]), 1);
  // What the accused itself signed wrongly counts against it.
  equal(
    judge([
      commitment,
      opening,
      signedAnew({ execId, env: identities.env(2), message: { ...told, body: new Uint8Array(3) } }),
    ]),
    2,
  );
  equal(judge([commitment, opening, signedAnew({ execId, env: identities.env(2), message: forgedTold })]), 2);
});

test('row 58: two processes restored from one snapshot deal differently in different runs', () => {
  const first = foreseen({ seed: 'snapshot', n: 2, t: 2, run: 'one' }).get(1) as Dealing;
  const second = foreseen({ seed: 'snapshot', n: 2, t: 2, run: 'two' }).get(1) as Dealing;

  notDeepEqual(first.r, second.r);
  notDeepEqual(first.f, second.f);
  notDeepEqual(first.opening.u, second.opening.u);
  eraseDealing(first);
});

test('2,000 malformed messages at every stage of a run: none throws', () => {
  underSeed(`${masterSeed}/fuzz`, (seed) => {
    const random = seededRandom(seed);
    let sent = 0;
    for (let run = 0; sent < 2_000; run += 1) {
      const { table } = seat({ seed: `${seed}/${run}`, n: 3, t: 2 });
      const { machines, machine } = seat({ seed: `${seed}/${run}`, n: 3, t: 2 });
      const env = table.identities.env(2);
      // Party 2 mangles every message it sends with some probability, and sends junk beside.
      const cheat: Cheat = (m) => {
        sent += 4;
        const body = m.body.slice();
        for (let flips = random.below(3); flips > 0; flips -= 1) body[random.below(body.length)] = random.below(256);
        const cut = random.chance(0.2) ? body.subarray(0, random.below(body.length)) : body;
        const junk = (round: number): Message => ({
          ...m,
          round,
          body: random.bytes(random.below(300)),
          sig: random.bytes(64),
        });
        const mangled = random.chance(0.3) ? { ...m, body: cut } : m;
        return [
          signedAnew({ execId: table.execId, env, message: mangled }),
          junk(m.round),
          junk(m.round + 1),
          { ...m, sig: random.bytes(10) },
        ];
      };

      simulate({ seed: `${seed}/${run}`, machines, cheats: { 2: cheat } });

      for (const p of [1, 3]) {
        const status = machine(p).status();
        ok(status.s !== 'running');
        if (status.s === 'aborted')
          ok(status.abort.code !== 'E_INTERNAL', String((machine(p) as { cause?: unknown }).cause));
      }
    }
  });
});

/** Encodings of the right length that decodePoint must refuse. */
function badPoints(curve: Curve): [string, Uint8Array][] {
  if (curve.name === 'ed25519') {
    return [
      ['identity', bytes(32, { 0: 1 })],
      [
        'torsion of order 8',
        Uint8Array.from(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex')),
      ],
      [
        'order 2',
        Uint8Array.from(Buffer.from('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex')),
      ],
      [
        'y at least p',
        Uint8Array.from(Buffer.from('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex')),
      ],
      ['off the curve', bytes(32, { 0: 2 })],
    ];
  }
  const base = curve.encodePoint(curve.base);
  return [
    ['identity', bytes(33, {})],
    ['x at least p', Uint8Array.from([2, ...new Uint8Array(32).fill(0xff)])],
    ['hybrid form', Uint8Array.from([6, ...base.subarray(1)])],
    ['off the curve', offCurve(curve)],
  ];
}

function offCurve(curve: Curve): Uint8Array {
  for (let x = 1; ; x += 1) {
    const candidate = bytes(33, { 0: 2, 32: x });
    try {
      curve.decodePoint(candidate);
    } catch {
      return candidate;
    }
  }
}

function bytes(length: number, at: Record<number, number>): Uint8Array {
  const out = new Uint8Array(length);
  for (const [k, value] of Object.entries(at)) out[Number(k)] = value;
  return out;
}
