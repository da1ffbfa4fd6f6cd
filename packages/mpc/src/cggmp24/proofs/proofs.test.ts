/** The proofs of a signature by themselves: what they accept, and every way of cheating that one check stops. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { bitLength } from '@holdfast/crypto/bigmod';
import { type Curve, curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import type { Format } from '../../runtime/index.ts';
import { seededRandom } from '../../simulator/index.ts';
import { type CommitmentRing, commitmentRing } from '../commitment-ring.ts';
import { decryptionKey, encrypt, encryptionKey } from '../paillier.ts';
import { ell, ellPrime, epsilon } from '../parameters.ts';
import { testAux } from '../test/index.ts';
import { affGFormat, proveAffG, verifyAffG, z2Bound } from './aff-g.ts';
import { type Draw, drawing, type ProofContext, type ProofLabel, powerOfTwo, z1Bound } from './challenge.ts';
import { decBound, decFormat, proveDec, verifyDec } from './dec.ts';
import { elogFormat, proveElog, verifyElog } from './elog.ts';
import { encElgFormat, proveEncElg, verifyEncElg } from './enc-elg.ts';

const secp = curve('secp256k1');
const stark = curve('stark');
const [prover, verifier] = [testAux(1), testAux(2)];
const own = decryptionKey(prover.own);
const peer = encryptionKey(verifier.public.N);
const ring = commitmentRing(verifier.public.ringPedersen);
/** The verifier's view: its own moduli through their factors. */
const ringOfOwner = commitmentRing(verifier.public.ringPedersen, verifier.own);
const peerOfOwner = decryptionKey(verifier.own);
const ownToPeer = encryptionKey(prover.public.N);

const contextOn = (on: Curve, label: ProofLabel): ProofContext => ({
  execId: new Uint8Array(32).fill(1),
  curve: on,
  label,
  prover: 1,
  verifier: 2,
});

/** Draws as usual, except where a value is put in their place: the n-th integer, every unit of one modulus. */
function draws(
  seed: string,
  o: { signed?: (bigint | undefined)[]; unit?: (N: bigint) => bigint | undefined } = {},
): Draw {
  const honest = drawing(seededRandom(seed).bytes(64), 'test');
  let at = 0;
  return {
    signed: (bound) => {
      const drawn = honest.signed(bound);
      at += 1;
      return o.signed?.[at - 1] ?? drawn;
    },
    unit: (N) => o.unit?.(N) ?? honest.unit(N),
    scalar: (on) => honest.scalar(on),
  };
}

/** A prover's ring whose n-th commitment is another value. */
function ringWith(change: (value: bigint, at: number) => bigint): CommitmentRing {
  let at = -1;
  return {
    ...ring,
    commit: (x, m) => {
      at += 1;
      return change(ring.commit(x, m), at);
    },
  };
}

const timesS = (n: number) => ringWith((value, at) => (at === n ? ring.by.mul(value, ring.s) : value));
const scalarOf = (on: Curve, v: bigint): Scalar => on.scalar.fromBigInt(v);
const pointOf = (on: Curve, v: bigint): Point => on.mulBase(scalarOf(on, v));
const integer = (seed: string, bits: number): bigint =>
  BigInt(`0x${Buffer.from(seededRandom(seed).bytes(bits / 8)).toString('hex')}`);

/** One kind of proof as the tables below see it: an honest instance, and how to make and check others. */
interface Kind<S extends object, P extends object> {
  readonly name: string;
  readonly label: ProofLabel;
  readonly on: Curve;
  readonly statement: S;
  readonly prove: (ctx: ProofContext, statement: S, draw: Draw) => P;
  readonly verify: (ctx: ProofContext, statement: S, proof: P) => boolean;
  readonly format: Format<P>;
  /** The public inputs, each with another value. */
  readonly others: Partial<S>;
}

type AnyKind = Kind<object, Record<string, unknown>>;

function encElg(on: Curve) {
  const k = integer(`k ${on.name}`, 256) % on.order;
  const [a, rho] = [scalarOf(on, 77n), integer('rho', 3064)];
  const Y = pointOf(on, 5n);
  const statement = {
    key: own,
    ring,
    K: encrypt(own, k, rho),
    Y,
    A1: on.mulBase(a),
    A2: on.add(on.mulSecret(Y, a), pointOf(on, k)),
  };
  const witness = { k, rho, a };
  const kind: Kind<typeof statement, ReturnType<typeof proveEncElg>> = {
    name: `Π^enc-elg on ${on.name}`,
    label: 'enc.k',
    on,
    statement,
    prove: (ctx, s, draw) => proveEncElg(ctx, s, witness, draw),
    verify: (ctx, s, proof) =>
      verifyEncElg(
        ctx,
        { ...s, key: s.key === own ? ownToPeer : s.key, ring: s.ring === ring ? ringOfOwner : s.ring },
        proof,
      ),
    format: encElgFormat(on),
    others: {
      key: decryptionKey(testAux(3).own),
      ring: commitmentRing(testAux(3).public.ringPedersen),
      K: encrypt(own, k + 1n, rho),
      Y: pointOf(on, 6n),
      A1: pointOf(on, 78n),
      A2: pointOf(on, 9n),
    },
  };
  return { kind, statement, witness };
}

function affG(on: Curve) {
  const x = integer(`x ${on.name}`, 256) % on.order;
  const y = -integer('y', ellPrime);
  const [rho, rhoY] = [integer('rho_j', 3064), integer('rho_i', 3064)];
  const C = encrypt(peer, 12345n, integer('C', 3064));
  const statement = {
    owner: peer,
    prover: own,
    ring,
    C,
    D: peer.byN2.mul(peer.byN2.pow(C, x), encrypt(peer, y, rho)),
    Y: encrypt(own, y, rhoY),
    X: pointOf(on, x),
  };
  const witness = { x, y, rho, rhoY };
  const kind: Kind<typeof statement, ReturnType<typeof proveAffG>> = {
    name: `Π^aff-g on ${on.name}`,
    label: 'affg.gamma',
    on,
    statement,
    prove: (ctx, s, draw) => proveAffG(ctx, s, witness, draw),
    verify: (ctx, s, proof) => {
      const owner = s.owner === peer ? peerOfOwner : s.owner;
      const theirs = s.prover === own ? ownToPeer : s.prover;
      return verifyAffG(ctx, { ...s, owner, prover: theirs, ring: s.ring === ring ? ringOfOwner : s.ring }, proof);
    },
    format: affGFormat(on),
    others: {
      owner: encryptionKey(testAux(3).public.N),
      prover: decryptionKey(testAux(3).own),
      ring: commitmentRing(testAux(3).public.ringPedersen),
      C: encrypt(peer, 12346n, integer('C', 3064)),
      D: peer.byN2.mul(statement.D, 1n + peer.N),
      Y: own.byN2.mul(statement.Y, 1n + own.N),
      X: pointOf(on, x + 1n),
    },
  };
  return { kind, statement, witness };
}

function dec(on: Curve) {
  const x = integer(`x ${on.name}`, 256) % on.order;
  const y = -integer('dec y', ellPrime);
  const rho = integer('dec rho', 3064);
  const K = encrypt(own, 54321n, integer('K', 3064));
  const h = pointOf(on, 31n);
  const statement = {
    key: own,
    ring,
    K,
    D: own.byN2.mul(encrypt(own, y, rho), own.byN2.pow(K, -x)),
    X: pointOf(on, x),
    Sy: on.mulPublic(h, scalarOf(on, y)),
    h,
  };
  const witness = { x, y, rho };
  const kind: Kind<typeof statement, ReturnType<typeof proveDec>> = {
    name: `Π^dec on ${on.name}`,
    label: 'dec.gamma',
    on,
    statement,
    prove: (ctx, s, draw) => proveDec(ctx, s, witness, draw),
    verify: (ctx, s, proof) =>
      verifyDec(
        ctx,
        { ...s, key: s.key === own ? ownToPeer : s.key, ring: s.ring === ring ? ringOfOwner : s.ring },
        proof,
      ),
    format: decFormat(on),
    others: {
      key: decryptionKey(testAux(3).own),
      ring: commitmentRing(testAux(3).public.ringPedersen),
      K: encrypt(own, 54322n, integer('K', 3064)),
      D: own.byN2.mul(statement.D, 1n + own.N),
      X: pointOf(on, x + 1n),
      Sy: on.add(statement.Sy, on.base),
      h: pointOf(on, 32n),
    },
  };
  return { kind, statement, witness };
}

function elog(on: Curve) {
  const [y, lambda] = [scalarOf(on, 1111n), scalarOf(on, 2222n)];
  const [X, h] = [pointOf(on, 333n), pointOf(on, 444n)];
  const statement = {
    L: on.mulBase(lambda),
    M: on.add(on.mulBase(y), on.mulSecret(X, lambda)),
    X,
    Yp: on.mulSecret(h, y),
    h,
  };
  const kind: Kind<typeof statement, ReturnType<typeof proveElog>> = {
    name: `Π^elog on ${on.name}`,
    label: 'elog.gamma',
    on,
    statement,
    prove: (ctx, s, draw) => proveElog(ctx, s, { y, lambda }, draw),
    verify: verifyElog,
    format: elogFormat(on),
    others: {
      L: pointOf(on, 1n),
      M: pointOf(on, 2n),
      X: pointOf(on, 334n),
      Yp: pointOf(on, 3n),
      h: pointOf(on, 445n),
    },
  };
  return { kind, statement };
}

const kinds = [encElg(secp).kind, affG(secp).kind, dec(secp).kind, elog(secp).kind] as unknown as AnyKind[];
const honest = new Map(
  kinds.map((kind) => [kind, kind.prove(contextOn(kind.on, kind.label), kind.statement, draws('honest'))]),
);
const proofOf = (kind: AnyKind): Record<string, unknown> => honest.get(kind) as Record<string, unknown>;

// ---- What holds ----------------------------------------------------------------------------------------------

test('every proof convinces its verifier, on both curves, with the factors of the own moduli and without', () => {
  const all = [
    ...kinds,
    ...([encElg(stark).kind, affG(stark).kind, dec(stark).kind, elog(stark).kind] as unknown as AnyKind[]),
  ];
  for (const kind of all) {
    const ctx = contextOn(kind.on, kind.label);
    const proof = honest.get(kind) ?? kind.prove(ctx, kind.statement, draws('honest'));
    equal(kind.verify(ctx, kind.statement, proof), true, kind.name);
  }
  equal(verifyEncElg(contextOn(secp, 'enc.k'), encElg(secp).statement, proofOf(kinds[0] as AnyKind) as never), true);
  equal(verifyAffG(contextOn(secp, 'affg.gamma'), affG(secp).statement, proofOf(kinds[1] as AnyKind) as never), true);
});

test('a proof survives its encoding, and keeps the limits of its message', () => {
  for (const kind of kinds) {
    const bytes = kind.format.encode(proofOf(kind));

    ok(bytes.length <= (kind.name.includes('elog') ? 512 : 6_144), `${kind.name}: ${bytes.length}`);
    const again = kind.format.decode(bytes);
    equal(kind.verify(contextOn(kind.on, kind.label), kind.statement, again), true, kind.name);
    deepEqual(kind.format.encode(again), bytes);
  }
});

test('row 54: integers beyond the limits of the wire do not decode', () => {
  for (const kind of kinds.slice(0, 3)) {
    for (const name of ['z1', 'z2', 'z3', 'z4']) {
      const proof = proofOf(kind);
      if (typeof proof[name] !== 'bigint' || (kind.label === 'enc.k' && name === 'z2')) continue;
      const oversized = kind.format.encode({ ...proof, [name]: 1n << 4096n });
      throws(() => kind.format.decode(oversized), { code: 'E_ENCODING' }, `${kind.name} ${name}`);
    }
  }
});

test('row 4: the mask of a product spans its whole range', () => {
  const { signed } = drawing(seededRandom('beta').bytes(64), 'product.gamma');
  const longest = Math.max(...Array.from({ length: 64 }, () => bitLength(signed(powerOfTwo(ellPrime)))));

  ok(longest >= ellPrime - 1 && longest <= ellPrime + 1);
});

// ---- Fiat–Shamir ---------------------------------------------------------------------------------------------

test('row 11: a proof does not hold in another run, for another label, by another prover or for another verifier', () => {
  for (const kind of kinds) {
    const ctx = contextOn(kind.on, kind.label);
    const others: ProofContext[] = [
      { ...ctx, execId: new Uint8Array(32).fill(2) },
      { ...ctx, label: kind.label === 'enc.k' ? 'enc.gamma' : 'affg.x' },
      { ...ctx, prover: 3 },
      { ...ctx, verifier: 3 },
      { ...ctx, verifier: 0 },
    ];
    for (const other of others) equal(kind.verify(other, kind.statement, proofOf(kind)), false, kind.name);
  }
});

test('row 12: a proof does not hold when any public input is another one', () => {
  for (const kind of kinds) {
    deepEqual(Object.keys(kind.others).sort(), Object.keys(kind.statement).sort(), kind.name);
    for (const [name, value] of Object.entries(kind.others)) {
      const statement = { ...kind.statement, [name]: value };
      equal(kind.verify(contextOn(kind.on, kind.label), statement, proofOf(kind)), false, `${kind.name}: ${name}`);
    }
  }
});

test('row 12: every public input enters the challenge', () => {
  // With the same draws the first response is another one exactly where the challenge is.
  for (const kind of kinds) {
    const ctx = contextOn(kind.on, kind.label);
    const response = (o: { ctx?: ProofContext; statement?: object; draw?: string } = {}): string => {
      const { z1, z, ...rest } = kind.prove(o.ctx ?? ctx, o.statement ?? kind.statement, draws(o.draw ?? 'e'));
      void rest;
      return String(z1 ?? z);
    };
    const first = response();
    equal(response(), first);
    for (const [name, value] of Object.entries(kind.others)) {
      const changed = response({ statement: { ...kind.statement, [name]: value } });
      ok(changed !== first, `${kind.name}: ${name}`);
    }
    ok(response({ ctx: { ...ctx, verifier: 0 } }) !== first);
  }
});

test('row 12: every value of the first move enters the challenge', () => {
  for (const [at, kind] of ([encElg(secp).kind, affG(secp).kind, dec(secp).kind] as unknown as AnyKind[]).entries()) {
    const ctx = contextOn(secp, kind.label);
    const response = (o: { ring?: CommitmentRing; unit?: (N: bigint) => bigint | undefined } = {}): unknown =>
      kind.prove(
        ctx,
        { ...kind.statement, ring: o.ring ?? ring },
        draws('e', o.unit === undefined ? {} : { unit: o.unit }),
      )['z1'];
    const first = response();
    for (let n = 0; n < (at === 0 ? 2 : 4); n += 1) ok(response({ ring: timesS(n) }) !== first, `${kind.name} ${n}`);
    ok(response({ unit: (N) => (N === own.N ? 5n : undefined) }) !== first, kind.name);
    if (at === 1) ok(response({ unit: (N) => (N === peer.N ? 5n : undefined) }) !== first, kind.name);
  }
});

test('row 12: a proof does not hold when any value in it is another one', () => {
  for (const kind of kinds) {
    for (const [name, value] of Object.entries(proofOf(kind))) {
      const altered =
        typeof value === 'bigint'
          ? value + 1n
          : value instanceof Uint8Array
            ? kind.on.scalar.add(value as Scalar, kind.on.scalar.one)
            : kind.on.add(value as Point, kind.on.base);
      const proof = { ...proofOf(kind), [name]: altered };
      equal(kind.verify(contextOn(kind.on, kind.label), kind.statement, proof), false, `${kind.name}: ${name}`);
    }
  }
});

test('row 13: zero, the modulus and multiples of a factor are no elements, wherever they stand', () => {
  const { p } = prover.own;
  const { pHat } = verifier.own;
  for (const kind of kinds.slice(0, 3)) {
    for (const [name, value] of Object.entries(proofOf(kind))) {
      if (typeof value !== 'bigint' || /^z[134]$|^z2$/.test(name)) continue;
      for (const bad of [0n, own.N, own.N ** 2n, 3n * own.N, peer.N, ring.N, 5n * p, 5n * pHat, -1n]) {
        const proof = { ...proofOf(kind), [name]: bad };
        equal(kind.verify(contextOn(kind.on, kind.label), kind.statement, proof), false, `${kind.name}: ${name}`);
      }
    }
  }
});

// ---- Provers that cheat in one place -------------------------------------------------------------------------

/** Proves `statement` as if it were true, with these draws, and asks the verifier. */
function convinces<S extends object, P extends object>(
  kind: Kind<S, P>,
  o: {
    readonly statement?: Partial<S>;
    readonly proverRing?: CommitmentRing;
    readonly draw?: Draw;
    readonly alter?: (proof: P) => P;
  },
): boolean {
  const ctx = contextOn(kind.on, kind.label);
  const statement = { ...kind.statement, ...o.statement };
  const seen = o.proverRing === undefined ? statement : { ...statement, ring: o.proverRing };
  const proof = kind.prove(ctx, seen, o.draw ?? draws('cheat'));
  return kind.verify(ctx, statement, o.alter?.(proof) ?? proof);
}

test('Π^enc-elg: each equation stops the one lie that the others let through', () => {
  const { kind, statement } = encElg(secp);
  const { others } = kind;

  equal(convinces(kind, { statement: { A2: secp.add(statement.A2, secp.base) } }), false, 'k in A2');
  equal(convinces(kind, { statement: { A1: others.A1 as Point } }), false, 'a in A1');
  equal(convinces(kind, { proverRing: timesS(0) }), false, 'k in S');
  equal(convinces(kind, { statement: { K: others.K as bigint } }), false, 'k in K');
  equal(convinces(kind, {}), true);
});

test('Π^aff-g: each equation stops the one lie that the others let through', () => {
  const { kind } = affG(secp);
  const { others } = kind;

  equal(convinces(kind, { statement: { X: others.X as Point } }), false, 'x in X');
  equal(convinces(kind, { proverRing: timesS(1) }), false, 'x in S');
  equal(convinces(kind, { proverRing: timesS(3) }), false, 'y in T');
  equal(convinces(kind, { statement: { D: others.D as bigint } }), false, 'x and y in D');
  equal(convinces(kind, { statement: { Y: others.Y as bigint } }), false, 'y in Y');
  equal(convinces(kind, {}), true);
});

test('row 37: Π^dec: each equation stops the one lie that the others let through', () => {
  const { kind } = dec(secp);
  const { others } = kind;

  equal(convinces(kind, { statement: { X: others.X as Point } }), false, 'x in X');
  equal(convinces(kind, { statement: { Sy: others.Sy as Point } }), false, 'y in Sy');
  equal(convinces(kind, { proverRing: timesS(1) }), false, 'x in S');
  equal(convinces(kind, { proverRing: timesS(3) }), false, 'y in T');
  equal(convinces(kind, { statement: { D: others.D as bigint } }), false, 'y in D');
  equal(convinces(kind, {}), true);
});

test('row 38: Π^elog: each equation stops the one lie that the others let through', () => {
  const { kind, statement } = elog(secp);

  equal(convinces(kind, { statement: { L: secp.add(statement.L, secp.base) } }), false, 'λ in L');
  equal(convinces(kind, { statement: { M: secp.add(statement.M, secp.base) } }), false, 'y in M');
  equal(convinces(kind, { statement: { Yp: secp.add(statement.Yp, statement.h) } }), false, 'y in Yp');
  equal(convinces(kind, {}), true);
});

/** With α = 1 the first response has the sign of the challenge. */
function withNegativeChallenge<S extends object, P extends { z1: bigint }>(
  kind: Kind<S, P>,
  make: (seed: string) => { proverRing?: CommitmentRing; draw: Draw },
): boolean[] {
  const verdicts: boolean[] = [];
  for (let k = 0; verdicts.length < 1 && k < 40; k += 1) {
    const { proverRing, draw } = make(`sign ${k}`);
    convinces(kind, {
      draw,
      ...(proverRing === undefined ? {} : { proverRing }),
      alter: (proof) => {
        if (proof.z1 < 0n) verdicts.push(kind.verify(contextOn(kind.on, kind.label), kind.statement, proof));
        return proof;
      },
    });
  }
  return verdicts;
}

test('row 13: commitments of zero satisfy an equation of zeros, and are refused as no elements', () => {
  const zeros = (from: number, to: number) => ringWith((value, at) => (at >= from && at <= to ? 0n : value));
  const still = (seed: string) => draws(seed, { signed: [1n] });
  const cases: [Kind<object, { z1: bigint }>, from: number, to: number][] = [
    [encElg(secp).kind as never, 0, 1],
    [affG(secp).kind as never, 0, 1],
    [affG(secp).kind as never, 2, 3],
    [dec(secp).kind as never, 0, 1],
    [dec(secp).kind as never, 2, 3],
  ];
  for (const [kind, from, to] of cases) {
    const verdicts = withNegativeChallenge(kind, (seed) => ({ proverRing: zeros(from, to), draw: still(seed) }));
    deepEqual(verdicts, [false], `${kind.name} ${from}`);
  }
});

test('row 13: a randomizer of zero makes a ciphertext of zero, which is refused as no element', () => {
  equal(convinces(encElg(secp).kind, { draw: draws('zero', { unit: () => 0n }) }), false);
  equal(convinces(dec(secp).kind, { draw: draws('zero', { unit: () => 0n }) }), false);
  const { kind } = affG(secp);
  equal(convinces(kind, { draw: draws('zero', { unit: (N) => (N === peer.N ? 0n : undefined) }) }), false);
  equal(convinces(kind, { draw: draws('zero', { unit: (N) => (N === own.N ? 0n : undefined) }) }), false);
});

test('row 14: a response beyond its bound is refused on either side, though every equation holds', () => {
  const mask = powerOfTwo(ell + epsilon + 1) * ring.N;
  const beyond: [string, Kind<object, never>, at: number, bound: bigint][] = [
    ['enc-elg z1', encElg(secp).kind as never, 0, z1Bound],
    ['enc-elg z3', encElg(secp).kind as never, 2, mask],
    ['aff-g z1', affG(secp).kind as never, 0, z1Bound],
    ['aff-g z2', affG(secp).kind as never, 1, z2Bound],
    ['aff-g z3', affG(secp).kind as never, 2, mask],
    ['aff-g z4', affG(secp).kind as never, 3, mask],
    ['dec z1', dec(secp).kind as never, 0, z1Bound],
    ['dec z2', dec(secp).kind as never, 1, decBound],
    ['dec z3', dec(secp).kind as never, 2, mask],
    ['dec z4', dec(secp).kind as never, 3, mask],
  ];
  for (const [name, kind, at, bound] of beyond) {
    for (const far of [bound + (bound >> 200n), -bound - (bound >> 200n)]) {
      const signed: (bigint | undefined)[] = [];
      signed[at] = far;
      equal(convinces(kind, { draw: draws('far', { signed }) }), false, name);
    }
  }
});

test('row 14: a response just inside its bound is accepted, the end of the range included', () => {
  const { kind } = encElg(secp);
  const ctx = contextOn(secp, 'enc.k');
  const verdicts = { inside: new Set<boolean>(), beyond: new Set<boolean>() };
  // α at the very end of its range: z1 = α + e·k lies inside exactly for a challenge of zero or below.
  for (let k = 0; verdicts.inside.size === 0 || verdicts.beyond.size === 0; k += 1) {
    const proof = kind.prove(ctx, kind.statement, draws(`end ${k}`, { signed: [z1Bound] }));
    verdicts[proof.z1 <= z1Bound ? 'inside' : 'beyond'].add(kind.verify(ctx, kind.statement, proof));
  }

  deepEqual([[...verdicts.inside], [...verdicts.beyond]], [[true], [false]]);
});

test('row 4: secrets far beyond their ranges do not pass', () => {
  const { statement, witness } = affG(secp);
  const ctx = contextOn(secp, 'affg.gamma');
  const y = powerOfTwo(ellPrime + epsilon + 1);
  const x = powerOfTwo(ell + epsilon + 1);
  const of = (o: { x: bigint; y: bigint }): boolean => {
    const made = {
      ...statement,
      D: peer.byN2.mul(peer.byN2.pow(statement.C, o.x), encrypt(peer, o.y, witness.rho)),
      Y: encrypt(own, o.y, witness.rhoY),
      X: pointOf(secp, o.x),
    };
    return verifyAffG(ctx, made, proveAffG(ctx, made, { ...witness, ...o }, draws('range')));
  };

  equal(of({ x: witness.x, y }), false);
  equal(of({ x, y: witness.y }), false);
  equal(of({ x: witness.x, y: witness.y }), true);
});

// ---- Mutants -------------------------------------------------------------------------------------------------

/** Bits flipped in each integer and scalar; HOLDFAST_MUTANTS=256 tries more. */
const FLIPS = Number(process.env['HOLDFAST_MUTANTS'] ?? 12);

/** Other values for one field: its neighbours, the ends of its group, a sibling's, another proof's, and single bits. */
function mutantsOf(kind: AnyKind, field: string, others: readonly Record<string, unknown>[]): unknown[] {
  const value = proofOf(kind)[field];
  const random = seededRandom(`mutants/${kind.name}/${field}`);
  const elsewhere = others.map((each) => each[field]);
  if (typeof value === 'bigint') {
    const siblings = Object.values(proofOf(kind)).filter((v): v is bigint => typeof v === 'bigint' && v !== value);
    const moduli = [own.N, peer.N, ring.N, own.N * own.N, peer.N * peer.N].flatMap((N) => [
      N,
      N - 1n,
      N + 1n,
      value + N,
      value - N,
    ]);
    const flips = Array.from({ length: FLIPS }, () => value ^ (1n << BigInt(random.below(bitLength(value)))));
    return [0n, 1n, -1n, -value, value + 1n, value - 1n, kind.on.order, ...moduli, ...siblings, ...elsewhere, ...flips];
  }
  const isScalar = field === 'w' || (kind.name.startsWith('Π^elog') && (field === 'z' || field === 'u'));
  if (isScalar) {
    const { scalar } = kind.on;
    const moved = Array.from({ length: FLIPS }, () =>
      scalar.add(value as Scalar, scalarOf(kind.on, 1n << BigInt(random.below(250)))),
    );
    return [scalar.zero, scalar.one, scalar.neg(value as Scalar), ...elsewhere, ...moved];
  }
  const point = value as Point;
  const moved = Array.from({ length: FLIPS }, () =>
    kind.on.add(point, pointOf(kind.on, 1n << BigInt(random.below(250)))),
  );
  return [kind.on.neg(point), kind.on.base, ...elsewhere, ...moved];
}

test('row 12: of thousands of proofs with one value that is another, none convinces and none throws', () => {
  let tried = 0;
  for (const kind of kinds) {
    const ctx = contextOn(kind.on, kind.label);
    const others = ['another', 'a third'].map((seed) => kind.prove(ctx, kind.statement, draws(seed)));
    for (const field of Object.keys(proofOf(kind))) {
      for (const mutant of mutantsOf(kind, field, others)) {
        tried += 1;
        equal(kind.verify(ctx, kind.statement, { ...proofOf(kind), [field]: mutant }), false, `${kind.name}: ${field}`);
      }
    }
  }
  console.log(`${tried} mutants of ${kinds.length} kinds of proof, 0 accepted`);
  ok(tried > 1_500, `${tried}`);
});
