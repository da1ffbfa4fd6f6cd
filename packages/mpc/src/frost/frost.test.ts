import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Curve, curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr } from '@noble/curves/secp256k1.js';
import type { Index, KeyShare, Machine, RunContext, Status } from '../runtime/index.ts';
import {
  altering,
  type Cheat,
  lyingMachine,
  type Outcome,
  seatParties,
  seededRandom,
  simulate,
  type Table,
  underSeed,
} from '../simulator/index.ts';
import { createFrostBip340, createFrostEd25519, type FrostOut } from './machine.ts';
import { bip340Suite } from './suites/bitcoin.ts';
import { keyShares } from './test/keys.ts';

const ed = curve('ed25519');
const secp = curve('secp256k1');
const message = new TextEncoder().encode('message to sign');
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

type Make = (ctx: RunContext, share: KeyShare) => Machine<FrostOut>;

interface Run {
  readonly table: Table;
  readonly shares: readonly KeyShare[];
  readonly signers: readonly Index[];
  readonly machines: Map<Index, Machine<FrostOut>>;
}

/** One run ready to be simulated. */
function prepare(o: {
  seed: string;
  curve: Curve;
  make: Make;
  signers?: readonly Index[];
  t?: number;
  n?: number;
  shares?: readonly KeyShare[];
  run?: string;
}): Run {
  const { seed, t = 3, n = 5, signers = [1, 3, 4] } = o;
  const table = seatParties({ seed, n, curve: o.curve, ...(o.run === undefined ? {} : { run: o.run }) });
  const protocol = o.curve.name === 'ed25519' ? 'FROST' : 'FROST_BITCOIN';
  const shares = o.shares ?? keyShares({ curve: o.curve, protocol, t, n, seed });
  const machines = new Map(
    signers.map((i) => [i, o.make({ ...table.context(i), parties: signers }, shares[i - 1] as KeyShare)]),
  );
  return { table, shares, signers, machines };
}

const ed25519Run: Make = (ctx, share) => createFrostEd25519(ctx, { share, message });

function signatures(outcome: Outcome<FrostOut>): Uint8Array[] {
  return [...outcome.status.values()].map((status) => {
    if (status.s !== 'done') throw new Error(JSON.stringify(status));
    return status.out.signature;
  });
}

function abortOf(status: Status<unknown> | undefined): { code: string; culprits: readonly Index[] } {
  if (status?.s !== 'aborted') throw new Error(`expected an abort, got ${status?.s}`);
  return { code: status.abort.code, culprits: status.abort.culprits };
}

/** Which parties sent their signature share. */
function released(outcome: Outcome<FrostOut>, signers: readonly Index[]): Index[] {
  return signers.filter((i) => outcome.sentBy(i).some((m) => m.round === 2));
}

// ---- Signatures ----------------------------------------------------------------------------------------------

test('every three of five make an Ed25519 signature, the same at all three', () => {
  for (const signers of threeOfFive()) {
    underSeed(`ed25519 by ${signers}`, (seed) => {
      const run = prepare({ seed, curve: ed, make: ed25519Run, signers });

      const [first, ...others] = signatures(simulate({ seed, machines: run.machines }));

      const publicKey = ed.encodePoint(run.shares[0]?.publicKey as Point);
      ok(ed25519.verify(first as Uint8Array, message, publicKey, { zip215: false }));
      for (const other of others) deepEqual(other, first);
    });
  }
});

test('signs empty and long messages', () => {
  for (const length of [0, 1, 100_000]) {
    underSeed(`length ${length}`, (seed) => {
      const text = seededRandom(seed).bytes(length);
      const run = prepare({ seed, curve: ed, make: (ctx, share) => createFrostEd25519(ctx, { share, message: text }) });

      const [signature] = signatures(simulate({ seed, machines: run.machines }));

      ok(ed25519.verify(signature as Uint8Array, text, ed.encodePoint(run.shares[0]?.publicKey as Point)));
    });
  }
});

test('works for other thresholds, and over a network that doubles and delays', () => {
  const cases = [
    { t: 2, n: 2, signers: [1, 2] },
    { t: 2, n: 3, signers: [2, 3] },
    { t: 4, n: 7, signers: [1, 4, 6, 7] },
  ];
  for (const { t, n, signers } of cases) {
    underSeed(`${t} of ${n}`, (seed) => {
      const run = prepare({ seed, curve: ed, make: ed25519Run, signers, t, n });

      const made = signatures(simulate({ seed, machines: run.machines, faults: { duplicate: 0.5, delay: 0.5 } }));

      equal(made.length, t);
      ok(ed25519.verify(made[0] as Uint8Array, message, ed.encodePoint(run.shares[0]?.publicKey as Point)));
    });
  }
});

test('row 45: all parities of P, Q and R, without tweak, with an empty root and with a root', () => {
  const digest = seededRandom('digest').bytes(32);
  const roots: Record<string, Uint8Array | undefined> = {
    absent: undefined,
    empty: new Uint8Array(0),
    root: seededRandom('root').bytes(32),
  };
  for (const [name, root] of Object.entries(roots)) {
    const options = root === undefined ? {} : { taprootMerkleRoot: root };
    const seen = new Set<string>();
    const wanted = root === undefined ? 4 : 8; // Without a tweak Q is P, made even already.
    for (let k = 0; seen.size < wanted; k += 1) {
      underSeed(`parity ${name} ${k}`, (seed) => {
        let negatedR = false;
        const run = prepare({
          seed,
          curve: watchingR(secp, (odd) => {
            negatedR = odd;
          }),
          make: (ctx, share) => createFrostBip340(ctx, { share, message: digest, ...options }),
        });
        const P = run.shares[0]?.publicKey as Point;
        const { outputKey, oddQ } = outputKeyOf(P, root);

        const made = signatures(simulate({ seed, machines: run.machines }));

        for (const signature of made) ok(schnorr.verify(signature, digest, outputKey));
        seen.add(`P ${secp.affine(P).yOdd}, Q ${oddQ}, R ${negatedR}`);
      });
    }
    equal(seen.size, wanted);
  }
});

test('signs the BIP-341 key-path inputs so that they verify under the published output keys', () => {
  const file = new URL('../../../../vectors/frost/bip341-wallet-test-vectors.json', import.meta.url);
  const { keyPathSpending } = JSON.parse(readFileSync(file, 'utf8')) as {
    keyPathSpending: { inputSpending: { given: Record<string, string>; intermediary: Record<string, string> }[] }[];
  };
  for (const { given, intermediary } of keyPathSpending.flatMap(({ inputSpending }) => inputSpending)) {
    const secret = secp.scalar.decode(hex(given.internalPrivkey as string));
    const digest = hex(intermediary.sigHash as string);
    const root = hex(given.merkleRoot ?? '');
    const seed = `bip341 ${intermediary.sigHash}`;
    const run = prepare({
      seed,
      curve: secp,
      shares: keyShares({ curve: secp, protocol: 'FROST_BITCOIN', t: 3, n: 5, seed, secret }),
      make: (ctx, share) => createFrostBip340(ctx, { share, message: digest, taprootMerkleRoot: root }),
    });

    const [signature] = signatures(simulate({ seed, machines: run.machines }));

    const outputKey = schnorr.getPublicKey(hex(intermediary.tweakedPrivkey as string));
    ok(schnorr.verify(signature as Uint8Array, digest, outputKey));
  }
});

test('leaves the stored share as it was, whatever was tweaked and wiped', () => {
  const run = prepare({
    seed: 'untouched',
    curve: secp,
    make: (ctx, share) => createFrostBip340(ctx, { share, message, taprootMerkleRoot: new Uint8Array(0) }),
  });
  const before = run.shares.map((share) => Uint8Array.from(share.x));

  simulate({ seed: 'untouched', machines: run.machines });
  for (const machine of run.machines.values()) machine.wipe();

  deepEqual(
    run.shares.map((share) => Uint8Array.from(share.x)),
    before,
  );
});

// ---- Cheating ------------------------------------------------------------------------------------------------

test('row 43: a wrong share names its sender, and nobody hands out a signature', () => {
  underSeed('one wrong share', (seed) => {
    const run = prepare({ seed, curve: ed, make: ed25519Run });
    lyingMachine(run.machines.get(3) as Machine<FrostOut>, (at, value) => (at.round === 2 ? addOne(ed, value) : value));

    const outcome = simulate({ seed, machines: run.machines });

    for (const honest of [1, 4]) deepEqual(abortOf(outcome.status.get(honest)), { code: 'E_F_SHARE', culprits: [3] });
  });
});

test('row 43: two wrong shares name both senders, also on BIP-340 with a tweak and odd parities', () => {
  for (let k = 0; k < 8; k += 1) {
    underSeed(`two wrong shares ${k}`, (seed) => {
      const run = prepare({
        seed,
        curve: secp,
        make: (ctx, share) => createFrostBip340(ctx, { share, message, taprootMerkleRoot: new Uint8Array(32) }),
      });
      for (const liar of [3, 4]) {
        lyingMachine(run.machines.get(liar) as Machine<FrostOut>, (at, value) =>
          at.round === 2 ? addOne(secp, value) : value,
        );
      }

      const outcome = simulate({ seed, machines: run.machines });

      deepEqual(abortOf(outcome.status.get(1)), { code: 'E_F_SHARE', culprits: [3, 4] });
    });
  }
});

test('row 59: a share altered on the way to one signer gives that signer no signature', () => {
  underSeed('share altered', (seed) => {
    const run = prepare({ seed, curve: ed, make: ed25519Run });
    const cheat = altering({
      execId: run.table.execId,
      env: run.table.context(3).env,
      alter: { round: 2, kind: 'bcast', to: 1, body: incrementLast },
    });

    const outcome = simulate({ seed, machines: run.machines, cheats: { 3: cheat } });

    deepEqual(abortOf(outcome.status.get(1)), { code: 'E_F_SHARE', culprits: [3] });
    equal(outcome.status.get(4)?.s, 'done');
  });
});

test('row 20: different commitments towards different signers end the run, and the deceived are not blamed', () => {
  underSeed('equivocation', (seed) => {
    const run = prepare({ seed, curve: ed, make: ed25519Run });
    const other = prepare({ seed: `${seed}, other`, curve: ed, make: ed25519Run, shares: run.shares });
    const twin = other.machines.get(3)?.start()[0];
    const forOne: Cheat = (m, to) =>
      m.round === 1 && to === 1 && twin?.t === 'send' ? { ...m, body: spliced(m.body, twin.message.body) } : m;

    const outcome = simulate({ seed, machines: run.machines, cheats: { 3: forOne } });

    deepEqual(abortOf(outcome.status.get(1)), { code: 'E_F_VIEW', culprits: [] });
    deepEqual(abortOf(outcome.status.get(4)), { code: 'E_F_VIEW', culprits: [] });
  });
});

test('row 30: signers given different messages under one execution id release no share', () => {
  underSeed('split message', (seed) => {
    const other = new TextEncoder().encode('another message');
    const run = prepare({
      seed,
      curve: ed,
      make: (ctx, share) => createFrostEd25519(ctx, { share, message: ctx.self === 4 ? other : message }),
    });

    const outcome = simulate({ seed, machines: run.machines });

    for (const i of run.signers) deepEqual(abortOf(outcome.status.get(i)), { code: 'E_F_CONTEXT', culprits: [] });
    // One of the two that agree may see only the other's commitments first; without all three there is no share.
    deepEqual(released(outcome, run.signers), []);
  });
});

test('row 30: signers in different runs release no share even when their messages are mixed up', () => {
  underSeed('two runs', (seed) => {
    const one = prepare({ seed, curve: ed, make: ed25519Run, run: 'one' });
    const two = prepare({ seed, curve: ed, make: ed25519Run, run: 'two', shares: one.shares });
    const machines = new Map(
      [...one.machines].map(([i, machine]) => [i, i === 4 ? (two.machines.get(4) ?? machine) : machine]),
    );

    const outcome = simulate({ seed, machines });

    for (const i of one.signers) equal(abortOf(outcome.status.get(i)).code, 'E_F_CONTEXT');
    deepEqual(released(outcome, one.signers), []);
  });
});

test('row 30: signers that disagree about the taproot root release no share', () => {
  underSeed('split root', (seed) => {
    const run = prepare({
      seed,
      curve: secp,
      make: (ctx, share) =>
        createFrostBip340(ctx, { share, message, ...(ctx.self === 4 ? {} : { taprootMerkleRoot: new Uint8Array(0) }) }),
    });

    const outcome = simulate({ seed, machines: run.machines });

    deepEqual(released(outcome, run.signers), []);
  });
});

test('row 24: commitments that are no points of the subgroup name their sender', () => {
  const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  const mixed = ed25519.Point.BASE.add(torsion).toBytes();
  const bad: Record<string, Uint8Array> = {
    'the identity': hex(`01${'00'.repeat(31)}`),
    'of small order': torsion.toBytes(),
    'with a component of small order': mixed,
    'not on the curve': hex(`02${'00'.repeat(31)}`),
    'not canonical': hex(`ee${'ff'.repeat(30)}7f`),
  };
  for (const [name, point] of Object.entries(bad)) {
    for (const field of ['encodedD', 'encodedE']) {
      underSeed(`${field} ${name}`, (seed) => {
        const run = prepare({ seed, curve: ed, make: ed25519Run });
        lyingMachine(run.machines.get(3) as Machine<FrostOut>, (at, value) =>
          at.round === 1 ? { ...(value as object), [field]: point } : value,
        );

        const outcome = simulate({ seed, machines: run.machines });

        deepEqual(abortOf(outcome.status.get(1)), { code: 'E_MALFORMED', culprits: [3] }, name);
        deepEqual(released(outcome, [1, 4]), []);
      });
    }
  }
});

test('a share at or above the order names its sender', () => {
  underSeed('large share', (seed) => {
    const run = prepare({ seed, curve: ed, make: ed25519Run });
    lyingMachine(run.machines.get(3) as Machine<FrostOut>, (at, value) =>
      at.round === 2 ? { ...(value as object), z: new Uint8Array(32).fill(0xff) } : value,
    );

    const outcome = simulate({ seed, machines: run.machines });

    deepEqual(abortOf(outcome.status.get(1)), { code: 'E_MALFORMED', culprits: [3] });
  });
});

test('a signer that goes away after round one ends the run', () => {
  underSeed('gone', (seed) => {
    const run = prepare({ seed, curve: ed, make: ed25519Run });

    const outcome = simulate({ seed, machines: run.machines, crash: { party: 3, afterEffects: 1 } });

    deepEqual(abortOf(outcome.status.get(1)), { code: 'E_PEER_GONE', culprits: [] });
  });
});

test('row 23: a network that corrupts bodies never makes a wrong signature', () => {
  for (let k = 0; k < 20; k += 1) {
    underSeed(`corrupt ${k}`, (seed) => {
      const run = prepare({ seed, curve: ed, make: ed25519Run });

      const outcome = simulate({ seed, machines: run.machines, faults: { corrupt: 0.2, duplicate: 0.2 } });

      for (const status of outcome.status.values()) {
        if (status.s === 'done') {
          ok(ed25519.verify(status.out.signature, message, ed.encodePoint(run.shares[0]?.publicKey as Point)));
        } else equal(status.s, 'aborted');
      }
    });
  }
});

// ---- Nonces --------------------------------------------------------------------------------------------------

test('row 27: a run is started once, and ends when it is wiped', () => {
  const { machines } = prepare({ seed: 'once', curve: ed, make: ed25519Run });
  const machine = machines.get(1) as Machine<FrostOut>;
  machine.start();

  throws(() => machine.start(), { code: 'E_STARTED' });
  machine.wipe();
  equal(abortOf(machine.status()).code, 'E_WIPED');
  deepEqual(machine.receive({ round: 1, kind: 'bcast', from: 3, to: 0, body: new Uint8Array(1) }), []);
});

test('row 58: two runs restored with the same state of the generator draw different nonces', () => {
  const commitmentsIn = (run: string): Uint8Array => {
    const { machines } = prepare({ seed: 'snapshot', run, curve: ed, make: ed25519Run });
    const [effect] = machines.get(1)?.start() ?? [];
    if (effect?.t !== 'send') throw new Error('no message');
    return effect.message.body.slice(-2 * 37);
  };

  notDeepEqual(commitmentsIn('before'), commitmentsIn('after'));
});

test('row 58: a generator that repeats itself ends the run before anything is sent', () => {
  const { table, shares, signers } = prepare({ seed: 'stuck', curve: ed, make: ed25519Run });
  const context = table.context(1);
  const env = { ...context.env, random: (n: number) => new Uint8Array(n).fill(7) };
  const machine = createFrostEd25519({ ...context, parties: signers, env }, { share: shares[0] as KeyShare, message });

  deepEqual(machine.start(), []);
  equal(abortOf(machine.status()).code, 'E_RANDOM');
});

// ---- Refusals ------------------------------------------------------------------------------------------------

test('row 44: public shares that do not fit the key are refused when the run is made', () => {
  const { table, shares, signers } = prepare({ seed: 'shuffled', curve: ed, make: ed25519Run });
  const share = shares[0] as KeyShare;
  const [X1, X2, X3, X4, X5] = share.publicShares as [Point, Point, Point, Point, Point];
  const bad: Record<string, KeyShare> = {
    'two swapped': { ...share, publicShares: [X1, X3, X2, X4, X5] },
    'one replaced': { ...share, publicShares: [X1, X2, X3, X4, ed.base] },
    'one missing': { ...share, publicShares: [X1, X2, X3, X4] },
    'of another key': { ...share, publicKey: ed.base },
    'of a lower degree': { ...share, t: 4 },
    'own share replaced': { ...share, x: (shares[1] as KeyShare).x },
  };
  for (const [name, altered] of Object.entries(bad)) {
    const parties = altered.t === 4 ? [1, 2, 3, 4] : signers;
    throws(
      () => createFrostEd25519({ ...table.context(1), parties }, { share: altered, message }),
      { code: 'E_KEY_SHARE' },
      name,
    );
  }
});

test('row 44: a key that was found valid vouches for no other share, key or list', () => {
  const [good, other] = keyShares({ curve: ed, protocol: 'FROST', t: 3, n: 5, seed: 'known' });
  const strange = keyShares({ curve: ed, protocol: 'FROST', t: 3, n: 5, seed: 'strange' })[0];
  ok(good !== undefined && other !== undefined && strange !== undefined);
  const table = seatParties({ seed: 'known', n: 5, curve: ed });
  const make = (share: KeyShare) => ed25519Run({ ...table.context(1), parties: [1, 2, 3] }, share);
  make(good);

  const { publicShares } = good;
  for (const bad of [
    { ...good, x: other.x },
    { ...good, x: ed.scalar.zero },
    { ...good, publicKey: strange.publicKey },
    { ...good, t: 4 },
    { ...good, n: 6 },
    { ...good, publicShares: publicShares.with(4, ed.base) },
  ])
    throws(() => make(bad), { code: 'E_KEY_SHARE' });
  make(good);
  const list = publicShares as Point[];
  list[4] = ed.base;
  throws(() => make(good), { code: 'E_KEY_SHARE' });
  list.pop();
  throws(() => make(good), { code: 'E_KEY_SHARE' });
});

test('row 52: a key made for one protocol does not sign in another', () => {
  const table = seatParties({ seed: 'cross', n: 5, curve: secp });
  const shares = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed: 'cross' });
  const ecdsa = shares[0] as KeyShare;
  const ctx = { ...table.context(1), parties: [1, 2, 3] };
  const edShare = keyShares({ curve: ed, protocol: 'FROST', t: 3, n: 5, seed: 'cross' })[0] as KeyShare;

  throws(() => createFrostBip340(ctx, { share: ecdsa, message }), { code: 'E_KEY_PROTOCOL' });
  throws(() => createFrostBip340(ctx, { share: { ...ecdsa, protocol: 'FROST' }, message }), { code: 'E_KEY_PROTOCOL' });
  throws(() => createFrostEd25519(ctx, { share: { ...ecdsa, protocol: 'FROST' }, message }), {
    code: 'E_KEY_PROTOCOL',
  });
  throws(() => createFrostEd25519({ ...ctx, curve: ed }, { share: { ...ecdsa, protocol: 'FROST' }, message }), {
    code: 'E_KEY_PROTOCOL',
  });
  throws(
    () => createFrostEd25519({ ...ctx, curve: ed }, { share: { ...edShare, protocol: 'FROST_BITCOIN' }, message }),
    { code: 'E_KEY_PROTOCOL' },
  );
  throws(() => createFrostEd25519({ ...ctx, curve: secp }, { share: edShare, message }), { code: 'E_KEY_PROTOCOL' });
});

test('refuses any number of signers but t, strangers, and the share of another party', () => {
  const { table, shares } = prepare({ seed: 'parties', curve: ed, make: ed25519Run });
  const share = shares[0] as KeyShare;
  const ctx = table.context(1);

  for (const parties of [
    [1, 2],
    [1, 2, 3, 4],
    [1, 2, 3, 4, 5],
    [1, 2, 6],
  ]) {
    throws(() => createFrostEd25519({ ...ctx, parties }, { share, message }), { code: 'E_PARTIES' }, `${parties}`);
  }
  throws(() => createFrostEd25519({ ...ctx, parties: [1, 2, 3] }, { share: shares[1] as KeyShare, message }), {
    code: 'E_PARTIES',
  });
});

test('row 53: an execution id of zeros is refused', () => {
  const { table, shares } = prepare({ seed: 'zero id', curve: ed, make: ed25519Run });
  const ctx = { ...table.context(1), parties: [1, 2, 3], execId: new Uint8Array(32) };

  throws(() => createFrostEd25519(ctx, { share: shares[0] as KeyShare, message }), { code: 'E_EXEC_ID' });
});

// ---- Helpers -------------------------------------------------------------------------------------------------

function threeOfFive(): Index[][] {
  const all: Index[][] = [];
  for (let a = 1; a <= 3; a += 1)
    for (let b = a + 1; b <= 4; b += 1) for (let c = b + 1; c <= 5; c += 1) all.push([a, b, c]);
  return all;
}

/** The output key and the parity that signing has to correct, computed apart from the code under test. */
function outputKeyOf(P: Point, root: Uint8Array | undefined): { outputKey: Uint8Array; oddQ: boolean } {
  const x = secp.affine(P).x;
  if (root === undefined) return { outputKey: x, oddQ: false };
  const tweak = schnorr.utils.taggedHash('TapTweak', x, root);
  const Q = schnorr.Point.fromBytes(Uint8Array.of(2, ...x)).add(
    schnorr.Point.BASE.multiply(secp.scalar.toBigInt(secp.scalar.decode(tweak))),
  );
  const bytes = Q.toBytes(true);
  return { outputKey: bytes.slice(1), oddQ: bytes[0] === 3 };
}

/** A curve that reports whether the last group commitment was odd: what signing asks about last is R. */
function watchingR(inner: Curve, report: (odd: boolean) => void): Curve {
  return {
    ...inner,
    sum(ps) {
      const R = inner.sum(ps);
      report(inner.affine(R).yOdd);
      return R;
    },
  };
}

function addOne(on: Curve, value: unknown): unknown {
  const { z } = value as { z: Scalar };
  return { ...(value as object), z: on.scalar.add(z, on.scalar.one) };
}

function incrementLast(body: Uint8Array): Uint8Array {
  const altered = body.slice();
  altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1;
  return altered;
}

/** The context of the first body with the commitments of the second. */
function spliced(body: Uint8Array, other: Uint8Array): Uint8Array {
  const commitments = 2 * 37;
  return Uint8Array.from([...body.slice(0, -commitments), ...other.slice(-commitments)]);
}

// The suite is imported so that a change of its name is a change of this file: it separates versions on the wire.
test('the context strings are what docs/specs/frost.md says', () => {
  equal(bip340Suite().id, 'HOLDFAST-FROST-BIP340-SHA512-v1');
});
