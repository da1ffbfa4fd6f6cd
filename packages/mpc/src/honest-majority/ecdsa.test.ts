import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import { interpolate } from '@holdfast/crypto/sharing';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keyShares } from '../frost/test/keys.ts';
import type { Index, KeyShare, Machine, Status } from '../runtime/index.ts';
import {
  altering,
  type Faults,
  lyingMachine,
  type Outcome,
  seatParties,
  seededRandom,
  simulate,
  type Table,
  underSeed,
} from '../simulator/index.ts';
import { createEcdsaH } from './ecdsa.ts';
import { openPoint, openScalar } from './open.ts';
import type { PrssSession } from './prss.ts';
import { createPrssSetup } from './prss-setup.ts';
import { digestScalar, type EcdsaSignature, encodeSignature, nonceCoordinate, verifyEcdsa } from './signature.ts';
import { chosenSessions, seededSessions } from './test/sessions.ts';

const secp = curve('secp256k1');
const stark = curve('stark');
const everybody = [1, 2, 3, 4, 5];
const honestThree = [1, 2, 3];

interface Run {
  readonly table: Table;
  readonly shares: readonly KeyShare[];
  readonly digest: Uint8Array;
  readonly machines: Map<Index, Machine<EcdsaSignature>>;
}

interface RunOptions {
  readonly seed: string;
  readonly curve?: Curve;
  readonly run?: string;
  readonly shares?: readonly KeyShare[];
  readonly sessions?: Map<Index, PrssSession>;
  readonly digest?: Uint8Array;
  readonly digestOf?: (party: Index) => Uint8Array;
}

function digestFor(on: Curve, seed: string): Uint8Array {
  const digest = seededRandom(`${seed}/digest`).bytes(32);
  if (on.name === 'stark') digest[0] = (digest[0] as number) & 0x07;
  return digest;
}

function prepare(o: RunOptions): Run {
  const on = o.curve ?? secp;
  const table = seatParties({ seed: o.seed, n: 5, curve: on, ...(o.run === undefined ? {} : { run: o.run }) });
  const shares = o.shares ?? keyShares({ curve: on, protocol: 'CGGMP21', t: 3, n: 5, seed: o.seed });
  const sessions = o.sessions ?? seededSessions(o.seed);
  const digest = o.digest ?? digestFor(on, o.seed);
  const machines = new Map(
    table.parties.map((party) => [
      party,
      createEcdsaH(table.context(party), {
        share: shares[party - 1] as KeyShare,
        prss: sessions.get(party) as PrssSession,
        digest: o.digestOf?.(party) ?? digest,
      }),
    ]),
  );
  return { table, shares, digest, machines };
}

function run(
  prepared: Run,
  o: { seed: string; faults?: Faults; cheats?: Parameters<typeof simulate>[0]['cheats'] },
): Outcome<EcdsaSignature> {
  return simulate({
    seed: o.seed,
    machines: prepared.machines,
    ...(o.faults === undefined ? {} : { faults: o.faults }),
    ...(o.cheats === undefined ? {} : { cheats: o.cheats }),
  });
}

function signaturesOf(outcome: Outcome<EcdsaSignature>): EcdsaSignature[] {
  return [...outcome.status.values()].map((status) => {
    if (status.s !== 'done') throw new Error(JSON.stringify(status));
    return status.out;
  });
}

function abortOf(status: Status<unknown> | undefined): { code: string; culprits: readonly Index[] } {
  if (status?.s !== 'aborted') throw new Error(`expected an abort, got ${status?.s}`);
  return { code: status.abort.code, culprits: status.abort.culprits };
}

/** Every honest party aborted with this code and names nobody. */
function allAbort(outcome: Outcome<EcdsaSignature>, code: string, parties: readonly Index[] = everybody): void {
  for (const party of parties) deepEqual(abortOf(outcome.status.get(party)), { code, culprits: [] }, `party ${party}`);
}

/** Parties that sent anything of this round. */
function sentRound(outcome: Outcome<EcdsaSignature>, round: number): Index[] {
  return everybody.filter((party) => outcome.sentBy(party).some((m) => m.round === round));
}

function liar(prepared: Run, party: Index, round: number, alter: (value: never) => object): void {
  lyingMachine(prepared.machines.get(party) as Machine<EcdsaSignature>, (at, value) =>
    at.round === round ? { ...(value as object), ...alter(value as never) } : value,
  );
}

const plusOne = (k: Scalar): Scalar => secp.scalar.add(k, secp.scalar.one);
const plusG = (P: Point): Point => secp.add(P, secp.base);

// ---- Signatures ----------------------------------------------------------------------------------------------

test('five signers make a low-s secp256k1 signature that recovers the key, the same at all five', () => {
  const recids = new Set<number>();
  for (let k = 0; k < 20; k += 1) {
    underSeed(`secp256k1 ${k}`, (seed) => {
      const prepared = prepare({ seed });

      const [first, ...others] = signaturesOf(run(prepared, { seed, faults: { duplicate: 0.2, delay: 0.2 } }));

      const { signature, recid } = first as EcdsaSignature;
      const publicKey = secp.encodePoint(prepared.shares[0]?.publicKey as Point);
      ok(secp256k1.verify(signature, prepared.digest, publicKey, { prehash: false, lowS: true }));
      const recovered = secp256k1.recoverPublicKey(Uint8Array.of(recid, ...signature), prepared.digest, {
        prehash: false,
      });
      deepEqual(Uint8Array.from(recovered), publicKey);
      for (const other of others) deepEqual(other, first);
      recids.add(recid);
    });
  }
  deepEqual([...recids].sort(), [0, 1]);
});

test('five signers make a stark signature within the bounds of its verifiers', () => {
  const { p, n, a, b, Gx, Gy } = starkParameters();
  const Point = weierstrass({ p, n, h: 1n, a, b, Gx, Gy });
  for (let k = 0; k < 2; k += 1) {
    underSeed(`stark ${k}`, (seed) => {
      const prepared = prepare({ seed, curve: stark });

      const [made] = signaturesOf(run(prepared, { seed }));

      const [r, s, h] = [made?.signature.slice(0, 32), made?.signature.slice(32), prepared.digest].map((bytes) =>
        BigInt(`0x${Buffer.from(bytes as Uint8Array).toString('hex')}`),
      ) as [bigint, bigint, bigint];
      const w = Point.Fn.inv(s);
      ok(r >= 1n && r < 2n ** 251n && w < 2n ** 251n);
      const X = Point.fromBytes(stark.encodePoint(prepared.shares[0]?.publicKey as Point));
      const R = Point.BASE.multiplyUnsafe((h * w) % n).add(X.multiplyUnsafe((r * w) % n));
      equal(R.x, r);
      equal(Number(R.y & 1n), made?.recid);
    });
  }
});

test('signs with a session that was set up by the five, and again under another execution id', () => {
  underSeed('end to end', (seed) => {
    const table = seatParties({ seed, n: 5, curve: secp, run: 'set-up' });
    const setup = new Map(table.parties.map((p) => [p, createPrssSetup(table.context(p))]));
    const outcome = simulate({ seed, machines: setup });
    const sessions = new Map(
      [...outcome.status].map(([p, status]) => [p, status.s === 'done' ? status.out : (undefined as never)]),
    );

    for (const name of ['first', 'second']) {
      const prepared = prepare({ seed, run: name, sessions });
      const [made] = signaturesOf(run(prepared, { seed: `${seed} ${name}` }));
      const publicKey = secp.encodePoint(prepared.shares[0]?.publicKey as Point);
      ok(secp256k1.verify(made?.signature as Uint8Array, prepared.digest, publicKey, { prehash: false }));
    }
  });
});

test('signs a digest at or above the order, and one of zeros, as verifiers reduce them', () => {
  for (const byte of [0xff, 0]) {
    underSeed(`digest of ${byte}`, (seed) => {
      const prepared = prepare({ seed, digest: new Uint8Array(32).fill(byte) });

      const [made] = signaturesOf(run(prepared, { seed }));

      const publicKey = secp.encodePoint(prepared.shares[0]?.publicKey as Point);
      ok(secp256k1.verify(made?.signature as Uint8Array, prepared.digest, publicKey, { prehash: false }));
    });
  }
});

// ---- Cheating ------------------------------------------------------------------------------------------------

test('row 34: a wrong R share of one party, or of two, is found and names nobody', () => {
  for (const cheats of [[5], [4, 5], [1, 3]]) {
    underSeed(`wrong R by ${cheats}`, (seed) => {
      const prepared = prepare({ seed });
      for (const cheat of cheats) liar(prepared, cheat, 1, ({ R_j }: { R_j: Point }) => ({ R_j: plusG(R_j) }));

      const outcome = run(prepared, { seed });

      allAbort(
        outcome,
        'E_H_RDEG',
        everybody.filter((p) => !cheats.includes(p)),
      );
      deepEqual(sentRound(outcome, 3), []);
    });
  }
});

test('row 34: a wrong W share of one party, or of two, is found and no signature share follows', () => {
  for (const cheats of [[5], [4, 5], [1, 3]]) {
    underSeed(`wrong W by ${cheats}`, (seed) => {
      const prepared = prepare({ seed });
      for (const cheat of cheats) liar(prepared, cheat, 2, ({ W_j }: { W_j: Point }) => ({ W_j: plusG(W_j) }));

      const outcome = run(prepared, { seed });

      const honest = everybody.filter((p) => !cheats.includes(p));
      allAbort(outcome, 'E_H_W', honest);
      deepEqual(
        sentRound(outcome, 3).filter((p) => honest.includes(p)),
        [],
      );
    });
  }
});

test('row 32: a wrong w share of one party, or of two, fails W = w·G and no signature share follows', () => {
  for (const cheats of [[5], [2, 5]]) {
    underSeed(`wrong w by ${cheats}`, (seed) => {
      const prepared = prepare({ seed });
      for (const cheat of cheats) liar(prepared, cheat, 1, ({ w_j }: { w_j: Scalar }) => ({ w_j: plusOne(w_j) }));

      const outcome = run(prepared, { seed });

      allAbort(
        outcome,
        'E_H_W',
        everybody.filter((p) => !cheats.includes(p)),
      );
      deepEqual(
        sentRound(outcome, 3).filter((p) => !cheats.includes(p)),
        [],
      );
    });
  }
});

test('row 59: a wrong s share, of one party or two, gives no signature at the honest parties', () => {
  for (const cheats of [[5], [2, 4]]) {
    underSeed(`wrong s by ${cheats}`, (seed) => {
      const prepared = prepare({ seed });
      for (const cheat of cheats) liar(prepared, cheat, 3, ({ s_j }: { s_j: Scalar }) => ({ s_j: plusOne(s_j) }));

      const outcome = run(prepared, { seed });

      allAbort(
        outcome,
        'E_H_SIG',
        everybody.filter((p) => !cheats.includes(p)),
      );
    });
  }
});

test('row 20: R shares that differ per recipient stop those who got the wrong one before they sign', () => {
  underSeed('equivocation in R', (seed) => {
    const prepared = prepare({ seed });
    const other = prepare({ seed: `${seed}, other` });
    const [twin] = other.machines.get(5)?.start() ?? [];
    const cheat = altering({
      execId: prepared.table.execId,
      env: prepared.table.context(5).env,
      alter: {
        round: 1,
        kind: 'bcast',
        to: 1,
        // R_5 of another run, w_5 of this one; 38 bytes of point, 37 of scalar.
        body: (body) =>
          twin?.t === 'send'
            ? Uint8Array.from([...body.slice(0, -75), ...twin.message.body.slice(-75, -37), ...body.slice(-37)])
            : body,
      },
    });

    const outcome = run(prepared, { seed, cheats: { 5: cheat } });

    deepEqual(abortOf(outcome.status.get(1)), { code: 'E_H_RDEG', culprits: [] });
    for (const party of [2, 3, 4]) equal(abortOf(outcome.status.get(party)).code, 'E_PEER_GONE');
    deepEqual(sentRound(outcome, 3), []);
  });
});

test('row 20: w shares that differ per recipient stop those who got the wrong one before they sign', () => {
  underSeed('equivocation in w', (seed) => {
    const prepared = prepare({ seed });
    const cheat = altering({
      execId: prepared.table.execId,
      env: prepared.table.context(5).env,
      alter: { round: 1, kind: 'bcast', to: 1, body: flipLast },
    });

    const outcome = run(prepared, { seed, cheats: { 5: cheat } });

    deepEqual(abortOf(outcome.status.get(1)), { code: 'E_H_W', culprits: [] });
    ok(!sentRound(outcome, 3).includes(1));
    for (const party of [2, 3, 4]) equal(outcome.status.get(party)?.s, 'aborted');
  });
});

test('row 30: one digest at two signers and another at three: nobody goes beyond round one', () => {
  underSeed('split digest', (seed) => {
    const other = seededRandom('another digest').bytes(32);
    const digest = digestFor(secp, seed);
    const prepared = prepare({ seed, digestOf: (party) => (party <= 2 ? other : digest) });

    const outcome = run(prepared, { seed });

    allAbort(outcome, 'E_H_CONTEXT');
    deepEqual(sentRound(outcome, 2), []);
    deepEqual(sentRound(outcome, 3), []);
  });
});

test('row 30: messages of a run under another execution id are of no use', () => {
  underSeed('two runs', (seed) => {
    const sessions = seededSessions(seed);
    const one = prepare({ seed, run: 'one', sessions });
    const two = prepare({ seed, run: 'two', sessions, shares: one.shares });
    const mixed: Run = {
      ...one,
      machines: new Map([...one.machines].map(([p, m]) => [p, p <= 2 ? (two.machines.get(p) ?? m) : m])),
    };

    const outcome = run(mixed, { seed });

    allAbort(outcome, 'E_H_CONTEXT');
  });
});

test('row 30: signers that hold different PRSS sessions stop in round one', () => {
  underSeed('split session', (seed) => {
    const [one, two] = [seededSessions(seed), seededSessions(`${seed}, other`)];
    const prepared = prepare({
      seed,
      sessions: new Map([...one].map(([p, s]) => [p, p === 5 ? (two.get(p) ?? s) : s])),
    });

    const outcome = run(prepared, { seed });

    allAbort(outcome, 'E_H_CONTEXT');
  });
});

test('row 24: points off the curve, the identity and scalars above the order name their sender', () => {
  const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 5);
  for (const [name, alteration] of Object.entries({
    'off the curve': offCurve,
    'x above the field': Uint8Array.of(2, ...new Uint8Array(32).fill(0xff)),
    'a hybrid prefix': Uint8Array.of(6, ...secp.encodePoint(secp.base).slice(1)),
  })) {
    underSeed(`point ${name}`, (seed) => {
      const prepared = prepare({ seed });
      const cheat = altering({
        execId: prepared.table.execId,
        env: prepared.table.context(5).env,
        alter: { round: 2, kind: 'bcast', body: (body) => Uint8Array.from([...body.slice(0, -33), ...alteration]) },
      });

      const outcome = run(prepared, { seed, cheats: { 5: cheat } });

      for (const party of honestThree)
        deepEqual(abortOf(outcome.status.get(party)), { code: 'E_MALFORMED', culprits: [5] }, name);
    });
  }
  underSeed('large scalar', (seed) => {
    const prepared = prepare({ seed });
    liar(prepared, 5, 3, () => ({ s_j: new Uint8Array(32).fill(0xff) }));

    deepEqual(abortOf(run(prepared, { seed }).status.get(1)), { code: 'E_MALFORMED', culprits: [5] });
  });
});

test('row 23: a network that corrupts bodies never makes a wrong signature', () => {
  for (let k = 0; k < 10; k += 1) {
    underSeed(`corrupt ${k}`, (seed) => {
      const prepared = prepare({ seed });

      const outcome = run(prepared, { seed, faults: { corrupt: 0.05, duplicate: 0.2 } });

      const publicKey = secp.encodePoint(prepared.shares[0]?.publicKey as Point);
      for (const status of outcome.status.values()) {
        if (status.s === 'done')
          ok(secp256k1.verify(status.out.signature, prepared.digest, publicKey, { prehash: false }));
        else equal(status.s, 'aborted');
      }
    });
  }
});

test('one missing signer ends the run', () => {
  underSeed('four of five', (seed) => {
    const prepared = prepare({ seed });

    const outcome = simulate({ seed, machines: prepared.machines, crash: { party: 5, afterEffects: 1 } });

    for (const party of [1, 2, 3, 4]) equal(abortOf(outcome.status.get(party)).code, 'E_PEER_GONE');
  });
});

// ---- Zeros and ranges ----------------------------------------------------------------------------------------

test('row 56: R = O is refused', () => {
  underSeed('k = 0', (seed) => {
    const prepared = prepare({ seed, sessions: chosenSessions(secp, seed, { k: 0n }) });

    const outcome = run(prepared, { seed });

    allAbort(outcome, 'E_H_ZERO');
    deepEqual(sentRound(outcome, 2), []);
  });
});

test('row 56: R = O is refused also where a cheat makes w look right', () => {
  underSeed('k = 0, w not', (seed) => {
    const prepared = prepare({ seed, sessions: chosenSessions(secp, seed, { k: 0n }) });
    liar(prepared, 5, 1, ({ w_j }: { w_j: Scalar }) => ({ w_j: plusOne(w_j) }));

    allAbort(run(prepared, { seed }), 'E_H_ZERO', [1, 2, 3, 4]);
  });
});

test('row 56: w = 0 is refused', () => {
  underSeed('a = 0', (seed) => {
    const prepared = prepare({ seed, sessions: chosenSessions(secp, seed, { a: 0n }) });

    const outcome = run(prepared, { seed });

    allAbort(outcome, 'E_H_ZERO');
    deepEqual(sentRound(outcome, 2), []);
  });
});

test('row 56: s = 0 is refused', () => {
  underSeed('s = 0', (seed) => {
    const shares = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed });
    const { k, r, x } = forcedNonce(secp, shares, seed);
    const digest = secp.scalar.fromBigInt(-r * x);
    const prepared = prepare({ seed, shares, digest, sessions: chosenSessions(secp, seed, { k }) });

    allAbort(run(prepared, { seed }), 'E_H_ZERO');
  });
});

test('row 56: r = 0 is refused, and x of R above the order sets the second recovery bit', () => {
  let excess = 1n;
  while (pointWithX(secp, secp.order + excess) === undefined) excess += 1n;

  throws(() => nonceCoordinate(withAffine(secp, new Uint8Array(32)), secp.base), { code: 'E_H_ZERO' });
  throws(() => nonceCoordinate(withAffine(secp, Uint8Array.from(bytesOf(secp.order))), secp.base), {
    code: 'E_H_ZERO',
  });
  const { r, recid } = nonceCoordinate(secp, pointWithX(secp, secp.order + excess) as Point);
  equal(secp.scalar.toBigInt(r), excess);
  equal(recid, 2);
});

test('row 56: high s becomes low and turns the recovery bit; low s stays', () => {
  const r = secp.scalar.one;
  const low = secp.scalar.fromBigInt(secp.order / 2n);
  const high = secp.scalar.fromBigInt(secp.order / 2n + 1n);

  deepEqual(encodeSignature(secp, { r, s: low, recid: 0 }), { signature: Uint8Array.from([...r, ...low]), recid: 0 });
  deepEqual(encodeSignature(secp, { r, s: high, recid: 3 }), { signature: Uint8Array.from([...r, ...low]), recid: 2 });
});

test('row 60: a stark s whose inverse reaches 2^251 ends the run so that another begins', () => {
  underSeed('stark s', (seed) => {
    // Choose s first: h = s·k − r·x gives it, and is a digest below 2^251 for nearly every s.
    const shares = keyShares({ curve: stark, protocol: 'CGGMP21', t: 3, n: 5, seed });
    const { k, r, x } = forcedNonce(stark, shares, seed);
    const s = stark.scalar.toBigInt(stark.scalar.invert(stark.scalar.fromBigInt(2n ** 251n)));
    const digest = stark.scalar.fromBigInt(s * k - r * x);
    const prepared = prepare({ seed, curve: stark, shares, digest, sessions: chosenSessions(stark, seed, { k }) });

    allAbort(run(prepared, { seed }), 'E_H_RANGE');
  });
});

test('row 60: a stark s whose inverse is just below 2^251 is signed, and its s is not replaced by q − s', () => {
  const r = stark.scalar.one;
  const s = stark.scalar.invert(stark.scalar.fromBigInt(2n ** 251n - 1n));

  deepEqual(encodeSignature(stark, { r, s, recid: 1 }), { signature: Uint8Array.from([...r, ...s]), recid: 1 });
});

test('row 60: a stark R with x at or above 2^251 ends the run', () => {
  let x = 2n ** 251n;
  let R: Point | undefined;
  while (R === undefined) R = pointWithX(stark, x++);
  const found = R;

  throws(() => nonceCoordinate(stark, found), { code: 'E_H_RANGE' });
});

test('row 60: stark digests at or above 2^251 are refused', () => {
  const digest = new Uint8Array(32);
  digest[0] = 0x08;

  throws(() => prepare({ seed: 'stark digest', curve: stark, digest }), { code: 'E_H_DIGEST' });
  equal(
    stark.scalar.toBigInt(digestScalar(stark, Uint8Array.of(7, ...new Uint8Array(31).fill(0xff)))),
    2n ** 251n - 1n,
  );
});

test('refuses digests that are not 32 bytes', () => {
  for (const length of [0, 31, 33, 64]) {
    throws(
      () => prepare({ seed: 'digest length', digest: new Uint8Array(length) }),
      { code: 'E_H_DIGEST' },
      `${length}`,
    );
  }
});

// ---- Final verification --------------------------------------------------------------------------------------

test('row 59: the last verification accepts exactly what another library accepts, low s only', () => {
  const random = seededRandom('verify');
  const secret = random.bytes(32);
  const digest = random.bytes(32);
  const publicKey = secp.decodePoint(secp256k1.getPublicKey(secret, true));
  const signature = secp256k1.sign(digest, secret, { prehash: false });
  const s = secp.scalar.decode(signature.slice(32));
  const alter = (at: number): Uint8Array => {
    const altered = signature.slice();
    altered[at] = (altered[at] as number) ^ 1;
    return altered;
  };

  ok(verifyEcdsa(secp, { publicKey, digest, signature }));
  for (const at of [0, 31, 32, 63]) ok(!verifyEcdsa(secp, { publicKey, digest, signature: alter(at) }));
  ok(!verifyEcdsa(secp, { publicKey: secp.base, digest, signature }));
  ok(!verifyEcdsa(secp, { publicKey, digest: signature.slice(0, 32), signature }));
  ok(
    !verifyEcdsa(secp, {
      publicKey,
      digest,
      signature: Uint8Array.from([...signature.slice(0, 32), ...secp.scalar.neg(s)]),
    }),
  );
  ok(!verifyEcdsa(secp, { publicKey, digest, signature: Uint8Array.from([...new Uint8Array(32), ...s]) }));
  ok(
    !verifyEcdsa(secp, {
      publicKey,
      digest,
      signature: Uint8Array.from([...signature.slice(0, 32), ...new Uint8Array(32)]),
    }),
  );
  ok(
    !verifyEcdsa(secp, {
      publicKey,
      digest,
      signature: Uint8Array.from([...signature.slice(0, 32), ...new Uint8Array(32).fill(0xff)]),
    }),
  );
  ok(!verifyEcdsa(secp, { publicKey, digest, signature: signature.slice(1) }));
  ok(!verifyEcdsa(secp, { publicKey, digest, signature: Uint8Array.from([...signature, 0]) }));
});

test('row 60: the last verification of stark signatures refuses r and the inverse of s at or above 2^251', () => {
  const k = 5n;
  const R = stark.affine(stark.mulBase(stark.scalar.fromBigInt(k)));
  const r = stark.scalar.toBigInt(stark.scalar.reduce(R.x));
  const x = 77n;
  const publicKey = stark.mulBase(stark.scalar.fromBigInt(x));
  const signed = (w: bigint) => {
    const s = stark.scalar.toBigInt(stark.scalar.invert(stark.scalar.fromBigInt(w)));
    const digest = stark.scalar.fromBigInt(s * k - r * x);
    return {
      publicKey,
      digest,
      signature: Uint8Array.from([...stark.scalar.fromBigInt(r), ...stark.scalar.fromBigInt(s)]),
    };
  };

  ok(verifyEcdsa(stark, signed(2n ** 251n - 1n)));
  ok(!verifyEcdsa(stark, signed(2n ** 251n)));
});

// ---- Opening -------------------------------------------------------------------------------------------------

test('opens points of degree 2 and refuses any other, scalars of degree 4', () => {
  const f = [11n, 7n, 5n, 3n, 2n];
  const at = (degree: number, x: number): bigint =>
    f.slice(0, degree + 1).reduce((sum, c, e) => sum + c * BigInt(x) ** BigInt(e), 0n);
  const points = (degree: number) => everybody.map((x) => secp.mulBase(secp.scalar.fromBigInt(at(degree, x))));

  for (const degree of [0, 1, 2])
    ok(secp.equals(openPoint(secp, points(degree)) as Point, secp.mulBase(secp.scalar.fromBigInt(11n))));
  for (const degree of [3, 4]) equal(openPoint(secp, points(degree)), undefined);
  for (const degree of [0, 1, 2, 3, 4]) {
    const ys = everybody.map((x) => secp.scalar.fromBigInt(at(degree, x)));
    equal(secp.scalar.toBigInt(openScalar(secp, ys)), 11n);
    deepEqual(
      openScalar(secp, ys),
      interpolate(
        secp,
        ys.map((y, k) => ({ x: k + 1, y })),
      ),
    );
  }
  const three = [1, 2, 3].map((x) => secp.mulBase(secp.scalar.fromBigInt(at(1, x))));
  ok(secp.equals(openPoint(secp, three) as Point, secp.mulBase(secp.scalar.fromBigInt(11n))));
  const seven = [1, 2, 3, 4, 5, 6, 7].map((x) => secp.mulBase(secp.scalar.fromBigInt(at(3, x))));
  ok(secp.equals(openPoint(secp, seven) as Point, secp.mulBase(secp.scalar.fromBigInt(11n))));
});

test('row 34: any one and any two altered points of five are off the polynomial', () => {
  const points = everybody.map((x) => secp.mulBase(secp.scalar.fromBigInt(BigInt(11 + 7 * x + 5 * x * x))));
  for (let a = 0; a < 5; a += 1) {
    for (let b = a; b < 5; b += 1) {
      const altered = points.map((P, at) => (at === a || at === b ? plusG(P) : P));
      equal(openPoint(secp, altered), undefined, `${a} and ${b}`);
    }
  }
});

// ---- Once ----------------------------------------------------------------------------------------------------

test('row 27: a second run under the same execution id and session is refused, whatever its digest', () => {
  underSeed('again', (seed) => {
    const sessions = seededSessions(seed);
    const first = prepare({ seed, sessions });

    for (const digest of [first.digest, seededRandom('another').bytes(32)]) {
      throws(() => prepare({ seed, sessions, shares: first.shares, digest }), { code: 'E_H_PRSS_REUSE' });
    }
    const machine = first.machines.get(1) as Machine<EcdsaSignature>;
    machine.start();
    throws(() => machine.start(), { code: 'E_STARTED' });
  });
});

test('row 27: after a wipe nothing is sent any more', () => {
  const prepared = prepare({ seed: 'wiped' });
  const machine = prepared.machines.get(1) as Machine<EcdsaSignature>;
  machine.start();
  machine.wipe();

  for (const party of [2, 3, 4, 5]) {
    for (const effect of prepared.machines.get(party)?.start() ?? []) {
      if (effect.t === 'send') deepEqual(machine.receive(effect.message), []);
    }
  }
  equal(abortOf(machine.status()).code, 'E_WIPED');
});

// ---- Refusals ------------------------------------------------------------------------------------------------

test('row 52: a key made for another protocol or curve does not sign ECDSA', () => {
  const table = seatParties({ seed: 'cross', n: 5, curve: secp });
  const prss = seededSessions('cross').get(1) as PrssSession;
  const digest = new Uint8Array(32).fill(1);
  const [share] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed: 'cross' }) as [KeyShare];
  const ed = curve('ed25519');
  const [edShare] = keyShares({ curve: ed, protocol: 'CGGMP21', t: 3, n: 5, seed: 'cross' }) as [KeyShare];

  throws(() => createEcdsaH(table.context(1), { share: { ...share, protocol: 'FROST_BITCOIN' }, prss, digest }), {
    code: 'E_KEY_PROTOCOL',
  });
  throws(() => createEcdsaH(table.context(1), { share: { ...share, protocol: 'FROST' }, prss, digest }), {
    code: 'E_KEY_PROTOCOL',
  });
  throws(() => createEcdsaH({ ...table.context(1), curve: ed }, { share: edShare, prss, digest }), {
    code: 'E_KEY_PROTOCOL',
  });
  throws(() => createEcdsaH({ ...table.context(1), curve: stark }, { share, prss, digest }), {
    code: 'E_KEY_PROTOCOL',
  });
});

test('row 44: public shares that do not fit the key are refused when the run is made', () => {
  const [share] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed: 'shuffled' }) as [KeyShare];
  const [X1, X2, X3, X4, X5] = share.publicShares as [Point, Point, Point, Point, Point];
  const table = seatParties({ seed: 'shuffled', n: 5, curve: secp });
  const prss = seededSessions('shuffled').get(1) as PrssSession;

  throws(
    () =>
      createEcdsaH(table.context(1), {
        share: { ...share, publicShares: [X1, X3, X2, X4, X5] },
        prss,
        digest: new Uint8Array(32),
      }),
    { code: 'E_KEY_SHARE' },
  );
});

test('runs with exactly five of five, never fewer and never for another threshold', () => {
  const table = seatParties({ seed: 'five', n: 5, curve: secp });
  const prss = seededSessions('five').get(1) as PrssSession;
  const digest = new Uint8Array(32).fill(1);
  const key = (t: number, n: number) =>
    keyShares({ curve: secp, protocol: 'CGGMP21', t, n, seed: 'five' })[0] as KeyShare;

  throws(() => createEcdsaH({ ...table.context(1), parties: [1, 2, 3, 4] }, { share: key(3, 5), prss, digest }), {
    code: 'E_PARTIES',
  });
  throws(() => createEcdsaH({ ...table.context(1), parties: [1, 2, 3] }, { share: key(3, 5), prss, digest }), {
    code: 'E_PARTIES',
  });
  throws(() => createEcdsaH(table.context(1), { share: key(2, 5), prss, digest }), { code: 'E_PARTIES' });
  throws(() => createEcdsaH(table.context(1), { share: key(3, 7), prss, digest }), { code: 'E_PARTIES' });
});

test('refuses the PRSS session of another party or of other parties', () => {
  const table = seatParties({ seed: 'session', n: 5, curve: secp });
  const [share] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed: 'session' }) as [KeyShare];
  const digest = new Uint8Array(32).fill(1);

  for (const prss of [seededSessions('session').get(2), seededSessions('session', 3).get(1)]) {
    throws(() => createEcdsaH(table.context(1), { share, prss: prss as PrssSession, digest }), { code: 'E_H_PRSS' });
  }
});

// ---- Helpers -------------------------------------------------------------------------------------------------

/** k, its r, and the private key, so that a test can choose what s comes out. */
function forcedNonce(on: Curve, shares: readonly KeyShare[], seed: string): { k: bigint; r: bigint; x: bigint } {
  const k = on.scalar.toBigInt(on.scalar.reduce(seededRandom(`${seed}/k chosen`).bytes(48)));
  const r = on.scalar.toBigInt(on.scalar.reduce(on.affine(on.mulBase(on.scalar.fromBigInt(k))).x));
  const x = on.scalar.toBigInt(
    interpolate(
      on,
      shares.slice(0, 3).map((share) => ({ x: share.index, y: share.x })),
    ),
  );
  return { k, r, x };
}

function pointWithX(on: Curve, x: bigint): Point | undefined {
  try {
    return on.decodePoint(Uint8Array.of(2, ...bytesOf(x)));
  } catch {
    return undefined; // no point has this x
  }
}

function bytesOf(x: bigint): Buffer {
  return Buffer.from(x.toString(16).padStart(64, '0'), 'hex');
}

/** A curve on which every point has this x: what no honest run ever meets. */
function withAffine(on: Curve, x: Uint8Array): Curve {
  return { ...on, affine: () => ({ x, yOdd: false }) };
}

function flipLast(body: Uint8Array): Uint8Array {
  const altered = body.slice();
  altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1;
  return altered;
}

function starkParameters() {
  return {
    p: 0x800000000000011000000000000000000000000000000000000000000000001n,
    n: 0x0800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2fn,
    a: 1n,
    b: 0x06f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89n,
    Gx: 0x1ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfcan,
    Gy: 0x5668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1fn,
  };
}
