import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { curve, type Scalar } from '@holdfast/crypto/curves';
import { decode, enc, f, i, sha256 } from '@holdfast/crypto/transcript';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { createFrostBip340 } from '../frost/index.ts';
import { keyShares } from '../frost/test/keys.ts';
import { createEcdsaH } from '../honest-majority/index.ts';
import type { Index, KeyShare, Machine, Message, Status } from '../runtime/index.ts';
import { altering, type Cheat, type Outcome, seatParties, simulate, underSeed } from '../simulator/index.ts';
import { createGlow20, type DvrfInput, type DvrfOut } from './index.ts';
import { prove, verify } from './proof.ts';

const secp = curve('secp256k1');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const input: DvrfInput = { domain: text('example:derive'), seed: text('alice') };
const secret = secp.scalar.fromBigInt(0x1234567890abcdefn);
const all: readonly Index[] = [1, 2, 3, 4, 5];

const answerTag = 'mpc/dvrf/1/answer/v1';
const answerFields = [f.bytes(32), f.point(33), f.scalar(), f.scalar()] as const;

function run(o: {
  seed: string;
  parties?: readonly Index[];
  inputs?: Readonly<Record<Index, DvrfInput>>;
  cheats?: Readonly<Record<Index, (body: Uint8Array) => Uint8Array | undefined>>;
  shares?: readonly KeyShare[];
  silent?: readonly Index[];
}): Outcome<DvrfOut> {
  const { seed, parties = all, silent = [] } = o;
  const table = seatParties({ seed, n: 5, curve: secp });
  const shares = o.shares ?? keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive', secret });
  const machines = new Map<Index, Machine<DvrfOut>>(
    parties.map((p) => [
      p,
      createGlow20(
        { ...table.context(p), parties },
        { share: shares[p - 1] as KeyShare, input: o.inputs?.[p] ?? input },
      ),
    ]),
  );
  const cheats: Record<Index, Cheat> = Object.fromEntries([
    ...Object.entries(o.cheats ?? {}).map(([p, body]) => [
      p,
      altering({ execId: table.execId, env: table.context(Number(p)).env, alter: { round: 1, kind: 'bcast', body } }),
    ]),
    ...silent.map((p) => [p, () => undefined]),
  ]);
  return simulate({ seed, machines, cheats });
}

function outputOf(status: Status<DvrfOut> | undefined): DvrfOut {
  if (status?.s !== 'done') throw new Error(JSON.stringify(status));
  return status.out;
}

function abortOf(status: Status<unknown> | undefined): { code: string; culprits: readonly Index[] } {
  if (status?.s !== 'aborted') throw new Error(`expected an abort, got ${status?.s}`);
  return { code: status.abort.code, culprits: status.abort.culprits };
}

/** The function by its definition, in one place and on a library's points: SHA-256 over x·P_H. */
function byDefinition({ domain, seed }: DvrfInput): Uint8Array {
  const P_H = secp256k1_hasher.hashToCurve(seed, { DST: domain });
  const x = secp.scalar.toBigInt(secret);
  const D = P_H.multiply(x).toBytes(true);
  const X = secp256k1.Point.BASE.multiply(x).toBytes(true);
  return sha256(enc('mpc/dvrf/out/v1', i.point(X), i.bytes(domain), i.bytes(seed), i.point(D)));
}

// ---- Outputs -------------------------------------------------------------------------------------------------

test('every three, four and five holders derive what the definition says', () => {
  const sets = [[1, 2, 3], [1, 4, 5], [2, 3, 5], [1, 2, 4, 5], all];
  for (const parties of sets) {
    const outcome = run({ seed: `sets ${parties}`, parties });

    for (const p of parties) deepEqual(outputOf(outcome.status.get(p)), { output: byDefinition(input), culprits: [] });
  }
});

test('another domain, another seed or another key gives another output', () => {
  const of = (changed: DvrfInput, shares?: readonly KeyShare[]) =>
    outputOf(
      run({
        seed: 'other',
        inputs: Object.fromEntries(all.map((p) => [p, changed])),
        ...(shares === undefined ? {} : { shares }),
      }).status.get(1),
    ).output;
  const otherKey = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'another key' });

  notDeepEqual(of({ ...input, domain: text('example:other') }), byDefinition(input));
  notDeepEqual(of({ ...input, seed: text('bob') }), byDefinition(input));
  notDeepEqual(of(input, otherKey), byDefinition(input));
});

test('a new sharing of the same key gives the same output', () => {
  const shares = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'refreshed', secret });

  deepEqual(outputOf(run({ seed: 'refreshed', shares }).status.get(2)).output, byDefinition(input));
});

// ---- Robustness and blame ------------------------------------------------------------------------------------

test('derives while any two of five are silent', () => {
  for (const silent of [
    [1, 2],
    [3, 5],
    [4, 5],
  ] as const) {
    const outcome = run({ seed: `silent ${silent}`, silent });

    for (const p of all.filter((each) => !silent.some((s) => s === each)))
      deepEqual(outputOf(outcome.status.get(p)).output, byDefinition(input));
  }
});

test('ends with E_PEER_GONE and names nobody when three are silent', () => {
  const outcome = run({ seed: 'three silent', silent: [1, 2, 3] });

  for (const p of [4, 5]) deepEqual(abortOf(outcome.status.get(p)), { code: 'E_PEER_GONE', culprits: [] });
});

const wrongAnswers: Readonly<Record<string, (body: Uint8Array) => Uint8Array | undefined>> = {
  'a forged D_i': (body) => {
    const [context, , c, z] = decode(answerTag, body, answerFields);
    return enc(answerTag, i.bytes(context), i.point(secp.encodePoint(secp.base)), i.scalar(c), i.scalar(z));
  },
  'another challenge': (body) => {
    const [context, D, , z] = decode(answerTag, body, answerFields);
    return enc(answerTag, i.bytes(context), i.point(D), i.scalar(secp.scalar.one), i.scalar(z));
  },
  'another response': (body) => {
    const [context, D, c] = decode(answerTag, body, answerFields);
    return enc(answerTag, i.bytes(context), i.point(D), i.scalar(c), i.scalar(secp.scalar.one));
  },
  'a zero proof': (body) => {
    const [context, D] = decode(answerTag, body, answerFields);
    return enc(answerTag, i.bytes(context), i.point(D), i.scalar(secp.scalar.zero), i.scalar(secp.scalar.zero));
  },
  'a scalar over the order': (body) => {
    const [context, D, c] = decode(answerTag, body, answerFields);
    return enc(answerTag, i.bytes(context), i.point(D), i.scalar(c), i.scalar(new Uint8Array(32).fill(0xff)));
  },
  'a point off the curve': (body) => {
    const [context, , c, z] = decode(answerTag, body, answerFields);
    const off = new Uint8Array(33).fill(0xee);
    off[0] = 2;
    off.set([0, 0, 0, 0, 0, 0, 0, 5], 25);
    off.fill(0, 1, 25);
    return enc(answerTag, i.bytes(context), i.point(off), i.scalar(c), i.scalar(z));
  },
  'a point field more': (body) => {
    const [context, D, c, z] = decode(answerTag, body, answerFields);
    return enc(answerTag, i.bytes(context), i.point(D), i.scalar(c), i.scalar(z), i.point(D));
  },
  'an empty body': () => new Uint8Array(),
  'a megabyte': () => new Uint8Array(1_000_000),
};

for (const [what, forge] of Object.entries(wrongAnswers)) {
  test(`row 51: ${what} costs its sender its place and nobody the output`, () => {
    underSeed(`row 51 ${what}`, (seed) => {
      const outcome = run({ seed, parties: [1, 2, 3, 4], cheats: { 4: forge } });

      for (const p of [1, 2, 3]) deepEqual(outputOf(outcome.status.get(p)).output, byDefinition(input));
    });
  });

  test(`row 51: ${what} among exactly three ends with E_G_DLEQ and its sender named`, () => {
    underSeed(`row 51 alone ${what}`, (seed) => {
      const outcome = run({ seed, parties: [1, 3, 4], cheats: { 4: forge } });

      for (const p of [1, 3]) deepEqual(abortOf(outcome.status.get(p)), { code: 'E_G_DLEQ', culprits: [4] });
    });
  });
}

test('row 51: a wrong answer that came in time is named beside the output', () => {
  const table = seatParties({ seed: 'named', n: 5, curve: secp });
  const shares = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive', secret });
  const machines = all.map((p) => createGlow20(table.context(p), { share: shares[p - 1] as KeyShare, input }));
  const [answer1, answer2, answer3] = machines.map((machine) => sentBy(machine)) as [Message, Message, Message];
  const forged = (wrongAnswers['a forged D_i'] as (body: Uint8Array) => Uint8Array)(answer2.body);
  const reader = createGlow20(table.context(5), { share: shares[4] as KeyShare, input });

  reader.start();
  reader.receive({ ...answer2, body: forged });
  // The right one after it is too late: a party speaks once.
  reader.receive(answer2);
  reader.receive(answer1);
  equal(reader.status().s, 'running');
  reader.receive(answer3);

  deepEqual(outputOf(reader.status()), { output: byDefinition(input), culprits: [2] });
});

test('row 11: an answer of one run is worth nothing in another, nor in the mouth of another party', () => {
  const shares = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive', secret });
  const here = seatParties({ seed: 'replay', n: 5, curve: secp });
  const elsewhere = seatParties({ seed: 'replay', n: 5, curve: secp, run: 'another' });
  const of = (table: typeof here, p: Index) =>
    sentBy(createGlow20({ ...table.context(p), parties: [1, 2, 3] }, { share: shares[p - 1] as KeyShare, input }));
  const reader = (messages: readonly Message[]) => {
    const machine = createGlow20({ ...here.context(1), parties: [1, 2, 3] }, { share: shares[0] as KeyShare, input });
    machine.start();
    for (const message of messages) machine.receive(message);
    return machine.status();
  };

  deepEqual(abortOf(reader([of(elsewhere, 2)])), { code: 'E_G_CONTEXT', culprits: [] });
  deepEqual(abortOf(reader([{ ...of(here, 2), from: 3 }])), { code: 'E_G_DLEQ', culprits: [3] });
  equal(reader([of(here, 2), of(here, 3)]).s, 'done');
});

test('names nobody where a party was asked for something else', () => {
  const outcome = run({
    seed: 'context',
    parties: [1, 2, 3],
    inputs: { 3: { ...input, seed: text('mallory') } },
  });

  for (const p of [1, 2, 3]) deepEqual(abortOf(outcome.status.get(p)), { code: 'E_G_CONTEXT', culprits: [] });
});

test('drops what is not an answer of this round, and answers of strangers', () => {
  const table = seatParties({ seed: 'drop', n: 5, curve: secp });
  const shares = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive', secret });
  const at = (p: Index) =>
    createGlow20({ ...table.context(p), parties: [1, 2, 3] }, { share: shares[p - 1] as KeyShare, input });
  const reader = at(1);
  const answer = sentBy(at(2));

  reader.start();
  for (const stray of [{ round: 2 }, { kind: 'echo' }, { to: 1 }, { from: 4 }, { from: 1 }] as const)
    reader.receive({ ...answer, ...stray });

  deepEqual(reader.status(), { s: 'running', waitingFor: [2, 3] });
});

test('answers that come before its own start count, and its own answer leaves all the same', () => {
  const table = seatParties({ seed: 'early', n: 5, curve: secp });
  const shares = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive', secret });
  const at = (p: Index) => createGlow20(table.context(p), { share: shares[p - 1] as KeyShare, input });
  const late = at(1);
  for (const p of [2, 3, 4]) late.receive(sentBy(at(p)));
  equal(late.status().s, 'running');

  const effects = late.start();

  equal(effects.length, 1);
  deepEqual(outputOf(late.status()).output, byDefinition(input));
});

// ---- The proof -----------------------------------------------------------------------------------------------

test('row 12: the proof fails when any one thing it is about is changed', () => {
  const x = secp.scalar.fromBigInt(77n);
  const P_H = secp.mulBase(secp.scalar.fromBigInt(1234567n));
  const execId = new Uint8Array(32).fill(7);
  const statement = { execId, index: 3, P_H, X_i: secp.mulBase(x), D_i: secp.mulSecret(P_H, x) };
  const proof = prove(secp, statement, { x, r: secp.scalar.fromBigInt(99n) });
  const other = secp.mulBase(secp.scalar.fromBigInt(5n));

  equal(verify(secp, statement, proof), true);
  const changes = {
    execId: { execId: new Uint8Array(32).fill(8) },
    index: { index: 4 },
    P_H: { P_H: other },
    X_i: { X_i: other },
    D_i: { D_i: other },
  };
  for (const [field, change] of Object.entries(changes))
    equal(verify(secp, { ...statement, ...change }, proof), false, field);
  const one = secp.scalar.one;
  equal(verify(secp, statement, { ...proof, c: secp.scalar.add(proof.c, one) }), false);
  equal(verify(secp, statement, { ...proof, z: secp.scalar.add(proof.z, one) }), false);
});

test('a proof whose first move would be the identity does not verify', () => {
  const x = secp.scalar.fromBigInt(77n);
  const P_H = secp.mulBase(secp.scalar.fromBigInt(3n));
  const statement = { execId: new Uint8Array(32), index: 1, P_H, X_i: secp.mulBase(x), D_i: secp.mulSecret(P_H, x) };

  equal(verify(secp, statement, { c: secp.scalar.zero, z: secp.scalar.zero }), false);
  const c = secp.scalar.fromBigInt(9n);
  equal(verify(secp, statement, { c, z: secp.scalar.mul(c, x) }), false);
});

test('row 58: two runs from one state of the random source make different proofs', () => {
  const shares = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive', secret });
  const answers = ['one', 'two'].map((name) => {
    const table = seatParties({ seed: 'snapshot', n: 5, curve: secp, run: name });
    return decode(
      answerTag,
      sentBy(createGlow20(table.context(1), { share: shares[0] as KeyShare, input })).body,
      answerFields,
    );
  });
  const [one, two] = answers.map(([, , c, z]) =>
    // r = z − c·x_1: the nonce as its owner can compute it.
    secp.scalar.sub(z as Scalar, secp.scalar.mul(c as Scalar, (shares[0] as KeyShare).x)),
  );

  notDeepEqual(one, two);
});

// ---- Refusals before anything is sent ------------------------------------------------------------------------

test('row 52: a key that signs does not derive, and a key that derives does not sign', () => {
  const table = seatParties({ seed: 'row 52', n: 5, curve: secp });
  const signing = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed: 'signing' })[0] as KeyShare;
  const deriving = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive' })[0] as KeyShare;
  const three = { ...table.context(1), parties: [1, 2, 3] };

  throws(() => createGlow20(table.context(1), { share: signing, input }), { code: 'E_KEY_PROTOCOL' });
  throws(() => createFrostBip340(three, { share: deriving, message: new Uint8Array(32) }), { code: 'E_KEY_PROTOCOL' });
  const prss = undefined as never;
  throws(() => createEcdsaH(table.context(1), { share: deriving, prss, digest: new Uint8Array(32) }), {
    code: 'E_KEY_PROTOCOL',
  });
});

test('refuses fewer than t holders, a share of somebody else, another curve, and an execution id of zeros', () => {
  const table = seatParties({ seed: 'refusals', n: 5, curve: secp });
  const shares = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive' });
  const share = shares[0] as KeyShare;
  const ctx = table.context(1);

  throws(() => createGlow20({ ...ctx, parties: [1, 2] }, { share, input }), { code: 'E_PARTIES' });
  throws(() => createGlow20(ctx, { share: shares[1] as KeyShare, input }), { code: 'E_PARTIES' });
  throws(() => createGlow20({ ...ctx, curve: curve('ed25519') }, { share, input }), { code: 'E_KEY_PROTOCOL' });
  throws(() => createGlow20(ctx, { share: { ...share, curve: 'stark' }, input }), { code: 'E_KEY_PROTOCOL' });
  const stark = curve('stark');
  const onStark = keyShares({ curve: stark, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive' })[0] as KeyShare;
  throws(() => createGlow20({ ...ctx, curve: stark }, { share: onStark, input }), { code: 'E_KEY_PROTOCOL' });
  throws(() => createGlow20({ ...ctx, execId: new Uint8Array(32) }, { share, input }), { code: 'E_EXEC_ID' });
});

test('refuses an input outside its limits, and takes one at them', () => {
  const table = seatParties({ seed: 'limits', n: 5, curve: secp });
  const share = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive' })[0] as KeyShare;
  const at = (changed: Partial<DvrfInput>) =>
    createGlow20(table.context(1), { share, input: { ...input, ...changed } });

  for (const length of [0, 256]) throws(() => at({ domain: new Uint8Array(length) }), { code: 'E_G_INPUT' });
  for (const length of [0, 4097]) throws(() => at({ seed: new Uint8Array(length) }), { code: 'E_G_INPUT' });
  at({ domain: new Uint8Array(255), seed: new Uint8Array(4096) });
});

test('is started once, and a run wiped before its end gives nothing', () => {
  const table = seatParties({ seed: 'once', n: 5, curve: secp });
  const share = keyShares({ curve: secp, protocol: 'GLOW20_DH', t: 3, n: 5, seed: 'derive' })[0] as KeyShare;
  const machine = createGlow20(table.context(1), { share, input });
  machine.start();

  throws(() => machine.start(), { code: 'E_STARTED' });
  machine.wipe();
  machine.wipe();

  deepEqual(abortOf(machine.status()), { code: 'E_WIPED', culprits: [] });
});

test('the values are those that were committed when version 1 was frozen', () => {
  // SHA-256(enc("mpc/dvrf/out/v1", X, domain, seed, x·P_H)) for x = 0x1234567890abcdef: docs/specs/glow20.md §5.
  equal(
    Buffer.from(byDefinition(input)).toString('hex'),
    '47e15724fd5a3dd8bd0882babe543e6d3a0d57b1c2163dd91a42b585dd62d2de',
  );
});

function sentBy(machine: Machine<DvrfOut>): Message {
  const [effect] = machine.start();
  if (effect?.t !== 'send') throw new Error('an answer leaves at the start');
  return effect.message;
}
