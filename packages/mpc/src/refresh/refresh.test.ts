/** Refresh: the key stays and every share changes, whatever the schedule; every check of mpc-protocols §7.1 with a party that cheats. */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type CurveName, curve as curveOf, type Point, type Scalar } from '@holdfast/crypto/curves';
import { enc, i } from '@holdfast/crypto/transcript';
import type { Dealing } from '../dkg/dealing.ts';
import { type CertifiedShare, type DealingFrame, isCertificate, judgeComplaint } from '../dkg/index.ts';
import { abortOf, allAbort, curveNames, outputs, statement } from '../dkg/test/outcomes.ts';
import { type Index, type KeyShare, type Machine, type Message, RefusedError, signedBytes } from '../runtime/index.ts';
import {
  altering,
  type Cheat,
  type Faults,
  lyingMachine,
  seatParties,
  simulate,
  type Table,
  underSeed,
} from '../simulator/index.ts';
import { createRefresh } from './index.ts';
import { areNewSharesOf, holders } from './test/holders.ts';

const masterSeed = process.env['HOLDFAST_SEED'] ?? 'refresh';

interface Run {
  readonly table: Table;
  readonly frame: DealingFrame;
  readonly old: readonly KeyShare[];
  readonly machines: Map<Index, Machine<CertifiedShare>>;
  machine(p: Index): Machine<CertifiedShare>;
}

function seat(o: {
  seed: string;
  n: number;
  t: number;
  curve?: CurveName;
  chainCode?: Uint8Array;
  run?: string;
  share?: (honest: KeyShare, p: Index) => KeyShare;
}): Run {
  const { seed, n, t, share = (honest) => honest } = o;
  const curve = curveOf(o.curve ?? 'secp256k1');
  const table = seatParties({ seed, n, curve, ...(o.run === undefined ? {} : { run: o.run }) });
  const old = holders(o);
  const machines = new Map(
    old.map((each) => [
      each.index,
      createRefresh(table.context(each.index), { share: share(each, each.index), statement }),
    ]),
  );
  const frame: DealingFrame = { run: 'refresh', curve, execId: table.execId, n, t, constant: 'zero' };
  return { table, frame, old, machines, machine: (p) => machines.get(p) as Machine<CertifiedShare> };
}

/** Replaces what a party deals; its commitment is over the replacement. */
function dealing(machine: Machine<CertifiedShare>, change: (honest: Dealing) => Dealing): void {
  const inside = machine as unknown as { deal(): Dealing };
  const honest = inside.deal.bind(machine);
  inside.deal = () => change(honest());
}

const five = { n: 5, t: 3 };
const honest = [1, 3, 4, 5];

for (const [t, n] of [
  [2, 2],
  [2, 3],
  [3, 5],
] as const) {
  for (const name of curveNames) {
    test(`${t} of ${n} on ${name}: after a refresh any t new shares give the key, and no mix with old ones does`, () => {
      underSeed(`${masterSeed}/${t}/${n}/${name}`, (seed) => {
        const { machines, table, old } = seat({ seed, n, t, curve: name });

        const certified = outputs(simulate({ seed, machines, faults: { duplicate: 0.2, delay: 0.2 } }));

        areNewSharesOf(
          table.curve,
          old,
          certified.map(({ share }) => share),
        );
        for (const { share, statements } of certified) {
          ok(isCertificate({ curve: table.curve, share, statement, verify: table.identities.verify }, statements));
        }
        // The old ones are the caller's and untouched: they are erased when the certificate is stored.
        for (const share of old)
          ok(table.curve.equals(table.curve.mulBase(share.x), share.publicShares[share.index - 1] as Point));
      });
    });
  }
}

test('a chain code goes over to the new epoch unchanged, and none appears where there was none', () => {
  const seed = `${masterSeed}/chain code`;
  const chainCode = new Uint8Array(32).fill(7);

  for (const { share } of outputs(simulate({ seed, machines: seat({ seed, ...five, chainCode }).machines })))
    deepEqual(share.chainCode, chainCode);
  // The one it came from is the caller's, whatever a run that ends early erases.
  const { machines } = seat({ seed, ...five, chainCode });
  simulate({ seed, machines, crash: { party: 2, afterEffects: 7 } });
  for (const machine of machines.values()) machine.wipe();
  deepEqual(chainCode, new Uint8Array(32).fill(7));
  for (const { share } of outputs(simulate({ seed, machines: seat({ seed, ...five }).machines })))
    equal('chainCode' in share, false);
});

test('a second refresh starts from the first: three epochs of one key', () => {
  const seed = `${masterSeed}/twice`;
  const { machines, table, old } = seat({ seed, ...five });
  const first = outputs(simulate({ seed, machines })).map(({ share }) => share);
  const again = seat({ seed, ...five, run: 'second', share: (_, p) => first[p - 1] as KeyShare });

  const second = outputs(simulate({ seed, machines: again.machines })).map(({ share }) => share);

  areNewSharesOf(table.curve, first, second);
  areNewSharesOf(table.curve, old, second);
});

test('row 23: many schedules of one refresh end in the same shares', () => {
  const epochs = new Set<string>();
  for (let k = 0; k < 10; k += 1) {
    const seed = `${masterSeed}/schedules`;
    const { machines } = seat({ seed, n: 3, t: 2 });
    const outcome = simulate({ seed: `${seed}/${k}`, machines, faults: { duplicate: 0.5, delay: 0.5 } });
    for (const { share } of outputs(outcome)) epochs.add(Buffer.from(share.epoch).toString('hex'));
  }
  equal(epochs.size, 1);
});

test('row 46: whatever is dropped or altered on the way, nobody certifies unless all hold the new share, and the old ones stay', () => {
  for (let k = 0; k < 25; k += 1) {
    underSeed(`${masterSeed}/faults/${k}`, (seed) => {
      const { machines, table, old } = seat({ seed, n: 3, t: 2 });
      const faults: Faults = { drop: 0.02, corrupt: 0.02, duplicate: 0.1, delay: 0.1 };

      const outcome = simulate({ seed, machines, faults });

      for (const p of table.parties) {
        const status = outcome.status.get(p);
        ok(status?.s === 'done' || status?.s === 'aborted');
        if (status.s === 'aborted') ok(status.abort.code !== 'E_INTERNAL', status.abort.code);
        if (status.s === 'done') for (const each of table.parties) equal(outcome.persistedBy(each).length, 1);
      }
      for (const { x } of old) ok(x.some((byte) => byte !== 0));
    });
  }
});

test('row 46: a crash after any effect of any holder: nobody certifies unless all had stored the new share', () => {
  for (let party = 1; party <= 3; party += 1) {
    for (let afterEffects = 0; afterEffects <= 8; afterEffects += 1) {
      const seed = `${masterSeed}/crash/${party}/${afterEffects}`;
      const { machines, table, old } = seat({ seed, n: 3, t: 2 });

      const outcome = simulate({ seed, machines, crash: { party, afterEffects } });

      for (const p of table.parties.filter((each) => each !== party)) {
        const status = outcome.status.get(p);
        if (status?.s === 'done') for (const each of table.parties) equal(outcome.persistedBy(each).length, 1);
        else equal(abortOf(outcome, p).code, 'E_PEER_GONE');
      }
      equal(outcome.status.get(party === 1 ? 2 : 1)?.s === 'done', afterEffects === 8);
      for (const share of old)
        ok(table.curve.equals(table.curve.mulBase(share.x), share.publicShares[share.index - 1] as Point));
    }
  }
});

test('the new share is handed over for storage before the acknowledgement leaves', () => {
  const seed = `${masterSeed}/persist`;
  const { machines, table } = seat({ seed, n: 3, t: 2 });

  const { trace } = simulate({ seed, machines });

  for (const p of table.parties) {
    const own = trace
      .filter((e) => e.party === p)
      .map(({ effect }) => (effect.t === 'persist' ? 'persist' : effect.t === 'send' ? effect.message.kind : effect));
    deepEqual(own, ['bcast', 'echo', 'bcast', 'p2p', 'p2p', 'bcast', 'persist', 'ack']);
  }
});

// ---- Refused before anything is sent -----------------------------------------------------------------------------

test('row 16: refuses holders whose indices are not 1…n, a share of somebody else, and one on another curve', () => {
  const { table, old } = seat({ seed: 'indices', n: 3, t: 2 });
  const [share] = old as [KeyShare];
  const context = table.context(1);
  const refused = (ctx: Partial<typeof context>, code: string) =>
    throws(
      () => createRefresh({ ...context, ...ctx }, { share, statement }),
      (e) => e instanceof RefusedError && e.code === code,
    );

  refused({ parties: [1, 2] }, 'E_PARTIES');
  refused({ parties: [1, 2, 4] }, 'E_PARTIES');
  refused({ parties: [1, 2, 3, 4] }, 'E_PARTIES');
  refused({ self: 2 }, 'E_PARTIES');
  refused({ curve: curveOf('stark') }, 'E_PROTOCOL');
});

test('a share that does not fit its key, or its epoch, ends the run at its start', () => {
  const { scalar } = curveOf('secp256k1');
  const damaged: Record<string, (share: KeyShare) => KeyShare> = {
    'another scalar': (share) => ({ ...share, x: scalar.add(share.x, scalar.one) }),
    'public shares exchanged': (share) => ({
      ...share,
      publicShares: [share.publicShares[0], share.publicShares[2], share.publicShares[1]] as Point[],
    }),
    'another epoch': (share) => ({ ...share, epoch: new Uint8Array(32) }),
  };
  for (const [what, damage] of Object.entries(damaged)) {
    const { machine } = seat({ seed: masterSeed, n: 3, t: 2, share: damage });
    deepEqual(machine(1).start(), [], what);
    const status = machine(1).status();
    deepEqual(status.s === 'aborted' && status.abort.code, 'E_RF_SHARE', what);
  }
});

// ---- Cheating holders --------------------------------------------------------------------------------------------

test('row 48: a holder that starts from another epoch stops the refresh before anything is revealed', () => {
  const seed = `${masterSeed}/epochs`;
  const newer = outputs(simulate({ seed, machines: seat({ seed, ...five }).machines }));
  const { machines } = seat({
    seed,
    ...five,
    run: 'next',
    share: (s, p) => (p === 2 ? (newer[1]?.share as KeyShare) : s),
  });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest: [1, 2, 3, 4, 5], code: 'E_RF_MISMATCH', culprits: [], lastRound: 1 });
});

test('a holder with another chain code, or without one, stops the refresh before anything is revealed', () => {
  for (const chainCode of [new Uint8Array(32).fill(8), undefined]) {
    const seed = `${masterSeed}/other chain code`;
    const other = ({ chainCode: _, ...share }: KeyShare): KeyShare =>
      chainCode === undefined ? share : { ...share, chainCode };
    const { machines } = seat({
      seed,
      ...five,
      chainCode: new Uint8Array(32).fill(7),
      share: (s, p) => (p === 2 ? other(s) : s),
    });

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [1, 2, 3, 4, 5], code: 'E_RF_MISMATCH', culprits: [], lastRound: 1 });
  }
});

test('row 20: two versions of a refresh commitment are named, with evidence that verifies offline', () => {
  const seed = `${masterSeed}/equivocation`;
  const { machines, table } = seat({ seed, ...five });
  const { execId, identities } = table;
  const body = () =>
    enc('mpc/refresh/1/commitment/v1', i.bytes(new Uint8Array(64).fill(1)), i.bytes(new Uint8Array(64).fill(2)));
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

  for (const count of [0, 1, 3]) {
    test(`row 15: ${count} commitments to a refresh on ${name} where two belong are refused`, () => {
      const seed = `${masterSeed}/size/${count}`;
      const { machines, machine } = seat({ seed, ...five, curve: name });
      dealing(machine(2), (d) => {
        const f = [
          d.f[0],
          ...Array.from({ length: count }, (_, k) => d.f[k + 1] ?? curve.scalar.one.slice()),
        ] as Scalar[];
        return {
          ...d,
          f,
          opening: { ...d.opening, C: f.slice(1).map((a_k) => curve.encodePoint(curve.mulBase(a_k))) },
        };
      });

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest, code: 'E_RF_SIZE', culprits: [2], lastRound: 2 });
    });
  }

  test(`a dealer on ${name} that adds to the key instead of nothing is refused: its shares do not fit a constant of zero`, () => {
    const seed = `${masterSeed}/constant`;
    const { machines, machine } = seat({ seed, ...five, curve: name });
    dealing(machine(2), (d) => ({ ...d, f: [curve.scalar.one.slice() as Scalar, ...d.f.slice(1)] }));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest, code: 'E_RF_FELDMAN', culprits: [2], lastRound: 2 });
  });

  test(`row 19: a wrong contribution on ${name} is refused by its receiver, and the complaint convinces everybody`, () => {
    const seed = `${masterSeed}/feldman`;
    const { machines, machine, table, frame } = seat({ seed, ...five, curve: name });
    lyingMachine(machine(2), ({ kind, to }, value) =>
      kind === 'p2p' && to === 4 ? curve.scalar.add(value as Scalar, curve.scalar.one) : value,
    );

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [4], code: 'E_RF_FELDMAN', culprits: [2], lastRound: 2 });
    allAbort(outcome, { honest: [1, 3, 5], code: 'E_PEER_GONE', culprits: [], lastRound: 3 });
    const evidence = abortOf(outcome, 4).evidence ?? [];
    const { verify } = table.identities;
    equal(judgeComplaint(frame, { complainer: 4, accused: 2, evidence }, verify), 2);
    equal(judgeComplaint(frame, { complainer: 3, accused: 2, evidence }, verify), 3);
  });

  test(`row 17: a proof of a new share on ${name} that does not verify is refused, and nobody keeps a new share`, () => {
    const seed = `${masterSeed}/schnorr`;
    const { machines, machine } = seat({ seed, ...five, curve: name });
    lyingMachine(machine(2), ({ round }, value) =>
      round === 3 ? curve.scalar.add(value as Scalar, curve.scalar.one) : value,
    );

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest, code: 'E_RF_SCHNORR', culprits: [2], lastRound: 3 });
    for (const p of honest) deepEqual(outcome.persistedBy(p), []);
  });

  test(`row 24: the identity on ${name} as a commitment to a refresh is refused`, () => {
    const seed = `${masterSeed}/point`;
    const { machines, machine } = seat({ seed, ...five, curve: name });
    const bad = new Uint8Array(curve.pointBytes);
    if (name === 'ed25519') bad[0] = 1;
    dealing(machine(2), (d) => ({ ...d, opening: { ...d.opening, C: [d.opening.C[0] as Uint8Array, bad] } }));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest, code: 'E_RF_POINT', culprits: [2], lastRound: 2 });
  });
}

test('row 17: a party that chooses its contribution after it has seen the others cannot open it', () => {
  const seed = `${masterSeed}/opening`;
  const { machines, machine, table } = seat({ seed, ...five });
  const point = table.curve.encodePoint(table.curve.base);
  lyingMachine(machine(2), ({ round, kind }, value) =>
    round === 2 && kind === 'bcast' ? { ...(value as Dealing['opening']), C: [point, point] } : value,
  );

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_RF_OPENING', culprits: [2], lastRound: 2 });
});

test('row 18: a commitment and opening repeated from another holder are refused', () => {
  const o = { seed: `${masterSeed}/mirror`, ...five };
  let copied: Dealing | undefined;
  const foreseen = seat(o);
  dealing(
    foreseen.machine(1),
    (d) => (copied = { ...d, f: d.f.map((a_k) => a_k.slice() as Scalar), r: d.r.slice() as Scalar }),
  );
  const said = simulate({ seed: o.seed, machines: foreseen.machines }).sentBy(1)[0] as Message;
  const { machines, machine } = seat(o);
  dealing(machine(2), () => copied as Dealing);
  lyingMachine(machine(2), ({ round, kind }, value) =>
    round === 1 && kind === 'bcast' ? { ...(value as object), V: said.body.subarray(said.body.length - 64) } : value,
  );

  const outcome = simulate({ seed: o.seed, machines });

  allAbort(outcome, { honest, code: 'E_RF_OPENING', culprits: [2], lastRound: 2 });
});

test('contributions that cancel the sharing at a holder end the run without blame', () => {
  const o = { seed: `${masterSeed}/degenerate`, n: 3, t: 2 };
  const { scalar, encodePoint, mulBase } = curveOf('secp256k1');
  const drawn = new Map<Index, Dealing>();
  const foreseen = seat(o);
  for (const p of [1, 3])
    dealing(foreseen.machine(p), (d) => {
      drawn.set(p, { ...d, f: d.f.map((a_k) => a_k.slice() as Scalar) });
      return d;
    });
  simulate({ seed: o.seed, machines: foreseen.machines });
  const slope = [1, 3].reduce((sum, p) => scalar.add(sum, drawn.get(p)?.f[1] as Scalar), scalar.zero);
  // x_1′ = x_1 + (slope + a)·1 = 0.
  const a = scalar.neg(scalar.add(foreseen.old[0]?.x as Scalar, slope));
  const { machines, machine } = seat(o);
  dealing(machine(2), (d) => ({
    ...d,
    f: [scalar.zero.slice() as Scalar, a],
    opening: { ...d.opening, C: [encodePoint(mulBase(a))] },
  }));

  const outcome = simulate({ seed: o.seed, machines });

  allAbort(outcome, { honest: [1, 3], code: 'E_RF_DEGENERATE', culprits: [], lastRound: 2 });
});

test('a chain code in an opening is refused: a refresh makes none', () => {
  const seed = `${masterSeed}/opened chain code`;
  const { machines, machine } = seat({ seed, ...five });
  dealing(machine(2), (d) => ({ ...d, opening: { ...d.opening, chainCode: new Uint8Array(32).fill(9) } }));

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_RF_CHAINCODE', culprits: [2], lastRound: 2 });
});

test('an acknowledgement that signs something else is refused; the new share stays pending', () => {
  const seed = `${masterSeed}/ack`;
  const { machines, table, old } = seat({ seed, ...five });
  const other = (x: Uint8Array): Uint8Array => statement(x, new Uint8Array(32));
  machines.set(2, createRefresh(table.context(2), { share: old[1] as KeyShare, statement: other }));

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_RF_ACK', culprits: [2], lastRound: 4 });
  for (const p of honest) equal(outcome.persistedBy(p).length, 1);
});

test('silence of one holder ends the refresh for all, and what was dealt is erased', () => {
  const seed = `${masterSeed}/silence`;
  const { machines, machine } = seat({ seed, n: 3, t: 2 });
  let drawn: Dealing | undefined;
  dealing(machine(1), (d) => (drawn = d));
  const silent: Cheat = (m) => (m.round === 2 && m.kind === 'p2p' ? undefined : m);

  const outcome = simulate({ seed, machines, cheats: { 2: silent } });

  allAbort(outcome, { honest: [1, 3], code: 'E_PEER_GONE', culprits: [], lastRound: 2 });
  ok(drawn?.f.every((a_k) => a_k.every((byte) => byte === 0)) && drawn.r.every((byte) => byte === 0));
});
