/** Import: published keys keep their public key, and every check of mpc-protocols §1.4 with what it is there for. */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, type CurveName, curve as curveOf, type Scalar } from '@holdfast/crypto/curves';
import { decodeImportShare, ed25519ScalarOfSeed, encodeImportShare, type ImportShare } from '@holdfast/crypto/envelope';
import { evaluate, interpolate, type Polynomial, randomPolynomial, recombine } from '@holdfast/crypto/sharing';
import { enc, i } from '@holdfast/crypto/transcript';
import type { Dealing } from '../dkg/dealing.ts';
import { type CertifiedShare, epochOf, isCertificate, judgeComplaint } from '../dkg/index.ts';
import { abortOf, allAbort, curveNames, outputs, protocolOf, statement } from '../dkg/test/outcomes.ts';
import { AbortError, type Index, type Machine, type ProtocolName } from '../runtime/index.ts';
import {
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
import { announcedPublicKey, createImport, type ImportOptions } from './index.ts';

const masterSeed = process.env['HOLDFAST_SEED'] ?? 'import';
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

interface Run {
  readonly table: Table;
  readonly machines: Map<Index, Machine<CertifiedShare>>;
  machine(p: Index): Machine<CertifiedShare>;
}

interface Seats {
  readonly seed: string;
  readonly n: number;
  readonly t: number;
  readonly curve?: CurveName;
  /** What the importer shares; random where absent. */
  readonly f?: Polynomial;
  readonly document?: (honest: ImportShare, p: Index) => ImportShare | Uint8Array;
  readonly options?: (p: Index) => Partial<ImportOptions>;
}

function polynomialOf({ seed, t, curve: name = 'secp256k1', f }: Seats): Polynomial {
  return f ?? randomPolynomial(curveOf(name), { degree: t - 1 }, seededRandom(`${seed}/importer`).bytes);
}

function documentFor(curve: Curve, f: Polynomial, { p, n }: { p: Index; n: number }): ImportShare {
  const shares = Array.from({ length: n }, (_, at) => evaluate(curve, f, at + 1));
  const publicShares = shares.map((share) => curve.encodeUncompressed(curve.mulBase(share)));
  return { curve: curve.name, secretShare: shares[p - 1] as Scalar, publicShares };
}

function seat(o: Seats): Run {
  const { seed, n, t, document = (honest) => honest, options = () => ({}) } = o;
  const curve = curveOf(o.curve ?? 'secp256k1');
  const table = seatParties({ seed, n, curve });
  const f = polynomialOf(o);
  const machines = new Map(
    table.parties.map((p) => {
      const given = document(documentFor(curve, f, { p, n }), p);
      const plaintext = given instanceof Uint8Array ? given : encodeImportShare(given);
      return [
        p,
        createImport(table.context(p), { protocol: protocolOf[curve.name], n, t, statement, plaintext, ...options(p) }),
      ];
    }),
  );
  return { table, machines, machine: (p) => machines.get(p) as Machine<CertifiedShare> };
}

/** What one party's document is refused with; the others learn only that it is gone, and reveal nothing. */
function refused(o: Partial<Seats> & { readonly code: string; readonly at?: Index }): void {
  const seats = { seed: `${masterSeed}/${o.code}`, ...five, ...o };
  const at = o.at ?? 2;
  const { document = (honest: ImportShare) => honest, options = () => ({}) } = o;
  const run = seat({
    ...seats,
    document: (honest, p) => (p === at ? document(honest, p) : honest),
    options: (p) => (p === at ? options(p) : {}),
  });

  const outcome = simulate({ seed: seats.seed, machines: run.machines });

  const { code, culprits } = abortOf(outcome, at);
  deepEqual([code, culprits], [o.code, []]);
  deepEqual(outcome.sentBy(at), [], 'nothing was sent');
  for (const p of run.table.parties) {
    if (p !== at) deepEqual([abortOf(outcome, p).code, outcome.sentBy(p).map((m) => m.round)], ['E_PEER_GONE', [1]]);
  }
}

const five = { n: 5, t: 3 };
const honest = [1, 3, 4, 5];

// ---- What it is for ----------------------------------------------------------------------------------------------

for (const [t, n] of [
  [2, 2],
  [2, 3],
  [3, 5],
  [4, 7],
] as const) {
  for (const name of curveNames) {
    test(`${t} of ${n} on ${name}: the key stays, every share changes, and the old ones no longer fit`, () => {
      underSeed(`${masterSeed}/${t}/${n}/${name}`, (seed) => {
        const curve = curveOf(name);
        const o = { seed, n, t, curve: name };
        const f = polynomialOf(o);
        const { machines, table } = seat(o);

        const certified = outputs(simulate({ seed, machines, faults: { duplicate: 0.2, delay: 0.2 } }));

        const shares = certified.map(({ share }) => share);
        const [first] = shares as [CertifiedShare['share']];
        const [secret] = f as [Scalar];
        ok(curve.equals(first.publicKey, curve.mulBase(secret)));
        for (const { share, statements } of certified) {
          notDeepEqual(share.x, evaluate(curve, f, share.index));
          deepEqual(share.epoch, first.epoch);
          ok(isCertificate({ curve, share, statement, verify: table.identities.verify }, statements));
        }
        const given = first.publicShares.map((_, at) => curve.mulBase(evaluate(curve, f, at + 1)));
        notDeepEqual(first.epoch, epochOf(curve, given));
        const all = shares.map(({ index, x }) => ({ index, share: x }));
        deepEqual(recombine(curve, { shares: all.slice(n - t), t, publicKey: first.publicKey }), secret);
        // One of the importer's shares among the new ones gives another key.
        const mixed = shares
          .slice(0, t)
          .map(({ index, x }) => ({ x: index, y: index === 1 ? evaluate(curve, f, 1) : x }));
        notDeepEqual(interpolate(curve, mixed), secret);
      });
    });
  }
}

const published: readonly {
  readonly what: string;
  readonly curve: CurveName;
  readonly protocol: ProtocolName;
  readonly secret: Uint8Array;
  readonly publicKey: string;
}[] = [
  {
    what: 'the master key of BIP-32 test vector 1',
    curve: 'secp256k1',
    protocol: 'CGGMP21',
    secret: hex('e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35'),
    publicKey: '0339a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2',
  },
  {
    what: 'the key of BIP-340 test vector 1, which has an odd y',
    curve: 'secp256k1',
    protocol: 'FROST_BITCOIN',
    secret: hex('b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef'),
    publicKey: '02dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659',
  },
  {
    what: 'the seed of RFC 8032 test 1',
    curve: 'ed25519',
    protocol: 'FROST',
    secret: ed25519ScalarOfSeed(hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')),
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  },
  {
    what: 'a key of the StarkWare crypto test data',
    curve: 'stark',
    protocol: 'CGGMP21',
    secret: hex('03c1e9550e66958296d11b60f8e8e7a7ad990d07fa65d5f7652c4a6c87d4e3cc'),
    publicKey: '02077a3b314db07c45076d11f62b6f9e748a39790441823307743cf00d6597ea43',
  },
];

for (const { what, curve: name, protocol, secret, publicKey } of published) {
  test(`row 25: ${what} keeps its public key`, () => {
    const curve = curveOf(name);
    const seed = `${masterSeed}/published`;
    const f = randomPolynomial(curve, { degree: 2, constant: curve.scalar.decode(secret) }, seededRandom(seed).bytes);
    const expectedPublicKey = hex(publicKey);
    const document = encodeImportShare(documentFor(curve, f, { p: 1, n: 5 }));
    const { machines } = seat({ seed, ...five, curve: name, f, options: () => ({ protocol, expectedPublicKey }) });

    const certified = outputs(simulate({ seed, machines }));

    deepEqual(announcedPublicKey(curve, document), expectedPublicKey);
    for (const { share } of certified) {
      equal(Buffer.from(curve.encodePoint(share.publicKey)).toString('hex'), publicKey);
      equal(share.protocol, protocol);
    }
  });
}

test('compressed public shares are read too, and mean the same', () => {
  const seed = `${masterSeed}/compressed`;
  const curve = curveOf('secp256k1');
  const compressed = (share: ImportShare): ImportShare => ({
    ...share,
    publicShares: share.publicShares.map((point) => curve.encodePoint(curve.decodePointLenient(point))),
  });
  const { machines } = seat({ seed, ...five, document: (share, p) => (p % 2 === 0 ? compressed(share) : share) });

  equal(outputs(simulate({ seed, machines })).length, 5);
});

test('row 23: whatever is dropped or altered on the way, every party ends and none certifies alone', () => {
  for (let k = 0; k < 20; k += 1) {
    underSeed(`${masterSeed}/faults/${k}`, (seed) => {
      const { machines, table } = seat({ seed, n: 3, t: 2 });
      const faults: Faults = { drop: 0.02, corrupt: 0.02, duplicate: 0.1, delay: 0.1 };

      const outcome = simulate({ seed, machines, faults });

      for (const p of table.parties) {
        const status = outcome.status.get(p);
        ok(status?.s === 'done' || status?.s === 'aborted');
        if (status.s === 'aborted') ok(status.abort.code !== 'E_INTERNAL');
        if (status.s === 'done') for (const each of table.parties) equal(outcome.persistedBy(each).length, 1);
      }
    });
  }
});

test("the importer's shares are never handed over for storage", () => {
  const o = { seed: `${masterSeed}/stored`, n: 3, t: 2 };
  const curve = curveOf('secp256k1');
  const f = polynomialOf(o);
  const { machines, table } = seat(o);

  const outcome = simulate({ seed: o.seed, machines, cheats: { 2: (m) => (m.kind === 'ack' ? undefined : m) } });

  for (const p of table.parties) {
    const stored = outcome.persistedBy(p);
    equal(stored.length, 1);
    notDeepEqual(stored[0]?.x, evaluate(curve, f, p));
  }
});

// ---- Checks before the first message -----------------------------------------------------------------------------

test('check 1: refuses what is no canonical share document of this curve', () => {
  const text = (share: ImportShare): string => Buffer.from(encodeImportShare(share)).toString('utf8');
  const other = curveOf('stark');

  refused({ code: 'E_IMP_FORMAT', document: () => new Uint8Array(0) });
  refused({ code: 'E_IMP_FORMAT', document: () => Buffer.from('{}') });
  refused({ code: 'E_IMP_FORMAT', document: (share) => Buffer.from(` ${text(share)}`) });
  refused({
    code: 'E_IMP_FORMAT',
    document: (share) => Buffer.from(text(share).replace('"version":1', '"version":2')),
  });
  refused({
    code: 'E_IMP_FORMAT',
    document: (_, p) =>
      documentFor(other, randomPolynomial(other, { degree: 2 }, seededRandom('other').bytes), { p, n: 5 }),
  });
  refused({ code: 'E_IMP_FORMAT', options: () => ({ protocol: 'FROST' }) });
});

for (const name of curveNames) {
  const curve = curveOf(name);
  const order = hex(curve.order.toString(16).padStart(64, '0'));

  test(`check 2: refuses a share on ${name} that is zero or not below the order`, () => {
    for (const secretShare of [new Uint8Array(32), order, new Uint8Array(32).fill(0xff)]) {
      refused({ code: 'E_IMP_SCALAR', curve: name, document: (share) => ({ ...share, secretShare }) });
    }
  });

  test(`check 3: refuses public shares on ${name} that are too few, too many, invalid or repeated`, () => {
    const change = (alter: (points: readonly Uint8Array[]) => readonly Uint8Array[]) =>
      refused({
        code: 'E_IMP_POINTS',
        curve: name,
        document: (share) => ({ ...share, publicShares: alter(share.publicShares) }),
      });

    change((points) => points.slice(1));
    change((points) => [...points, curve.encodeUncompressed(curve.base)]);
    change((points) => [...points, points[4] as Uint8Array]);
    change((points) => points.map((point, at) => (at === 3 ? (points[0] as Uint8Array) : point)));
    change((points) => points.map((point, at) => (at === 4 ? new Uint8Array(point.length).fill(0xff) : point)));
    for (const bad of badPoints(curve)) change((points) => points.map((point, at) => (at === 4 ? bad : point)));
  });

  test(`row 24: refuses public shares on ${name} with a hybrid, torsioned or unreduced encoding`, () => {
    for (const bad of badPoints(curve)) {
      throws(
        () =>
          announcedPublicKey(
            curve,
            encodeImportShare({
              ...documentFor(curve, polynomialOf({ seed: 'x', ...five, curve: name }), { p: 1, n: 5 }),
              publicShares: [bad, bad],
            }),
          ),
        (e) => e instanceof AbortError && e.code === 'E_IMP_POINTS',
      );
    }
  });

  test(`row 25: refuses polynomials on ${name} of a higher or lower degree`, () => {
    for (const degree of [1, 3, 4]) {
      const seed = `${masterSeed}/degree/${degree}`;
      const f = randomPolynomial(curve, { degree }, seededRandom(seed).bytes);
      const { machines, table } = seat({ seed, ...five, curve: name, f });

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest: table.parties, code: 'E_IMP_DEGREE', culprits: [], lastRound: 0 });
    }
  });

  test(`row 25: refuses two keys on ${name} given to different signers, before anything is revealed`, () => {
    const seed = `${masterSeed}/mixed`;
    const f = randomPolynomial(curve, { degree: 2 }, seededRandom(`${seed}/other`).bytes);
    const { machines, table } = seat({
      seed,
      ...five,
      curve: name,
      document: (share, p) => (p > 3 ? documentFor(curve, f, { p, n: 5 }) : share),
    });

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: table.parties, code: 'E_IMP_MISMATCH', culprits: [], lastRound: 1 });
  });

  test(`row 25: refuses two sharings on ${name} of the same key given to different signers`, () => {
    const seed = `${masterSeed}/resplit`;
    const [constant] = polynomialOf({ seed, ...five, curve: name }) as [Scalar];
    const f = randomPolynomial(curve, { degree: 2, constant }, seededRandom(`${seed}/other`).bytes);
    const { machines, table } = seat({
      seed,
      ...five,
      curve: name,
      document: (share, p) => (p === 5 ? documentFor(curve, f, { p, n: 5 }) : share),
    });

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: table.parties, code: 'E_IMP_MISMATCH', culprits: [], lastRound: 1 });
  });

  test(`check 7: refuses a key on ${name} that is zero or not the announced one`, () => {
    const seed = `${masterSeed}/zero`;
    const f = randomPolynomial(curve, { degree: 2, constant: curve.scalar.zero }, seededRandom(seed).bytes);
    const { machines, table } = seat({ seed, ...five, curve: name, f });

    allAbort(simulate({ seed, machines }), { honest: table.parties, code: 'E_IMP_PUBKEY', culprits: [], lastRound: 0 });
    refused({
      code: 'E_IMP_PUBKEY',
      curve: name,
      options: () => ({ expectedPublicKey: curve.encodePoint(curve.base) }),
    });
    refused({ code: 'E_IMP_PUBKEY', curve: name, options: () => ({ expectedPublicKey: new Uint8Array(0) }) });
    throws(
      () => announcedPublicKey(curve, encodeImportShare(documentFor(curve, f, { p: 1, n: 5 }))),
      (e) => e instanceof AbortError && e.code === 'E_IMP_PUBKEY',
    );
  });
}

test("row 26: refuses a threshold that is not the cluster's, or not one at all", () => {
  refused({ code: 'E_IMP_THRESHOLD', options: () => ({ minSigners: 2 }) });
  refused({ code: 'E_IMP_THRESHOLD', options: () => ({ minSigners: 4 }) });
  refused({ code: 'E_IMP_THRESHOLD', options: () => ({ t: 1 }) });
  refused({ code: 'E_IMP_THRESHOLD', options: () => ({ t: 6 }) });
  refused({ code: 'E_IMP_THRESHOLD', options: () => ({ t: 2.5 }) });
});

test('row 26: refuses shares of degree 2 where two signers are to be enough', () => {
  refused({ code: 'E_IMP_DEGREE', options: () => ({ t: 2, minSigners: 2 }) });
});

test('check 5, row 16: refuses a share that belongs to another index', () => {
  const curve = curveOf('secp256k1');
  const swapped = (share: ImportShare): ImportShare => {
    const [a, b, ...rest] = share.publicShares as [Uint8Array, Uint8Array, ...Uint8Array[]];
    return { ...share, publicShares: [b, a, ...rest] };
  };

  refused({ code: 'E_IMP_SHARE', document: (share) => ({ ...share, secretShare: curve.scalar.one }) });
  refused({ code: 'E_IMP_SHARE', document: swapped });
  refused({
    code: 'E_IMP_SHARE',
    document: (share) => ({ ...share, publicShares: [...share.publicShares].reverse() }),
    at: 1,
  });
});

test('names the public key of a document, and refuses one that names none', () => {
  const curve = curveOf('secp256k1');
  const f = polynomialOf({ seed: 'announced', ...five });
  const document = documentFor(curve, f, { p: 4, n: 5 });

  deepEqual(announcedPublicKey(curve, encodeImportShare(document)), curve.encodePoint(curve.mulBase(f[0] as Scalar)));
  throws(
    () => announcedPublicKey(curve, Buffer.from('{')),
    (e) => e instanceof AbortError && e.code === 'E_IMP_FORMAT',
  );
  throws(
    () => announcedPublicKey(curveOf('stark'), encodeImportShare(document)),
    (e) => e instanceof AbortError && e.code === 'E_IMP_FORMAT',
  );
  equal(decodeImportShare(encodeImportShare(document)).publicShares.length, 5);
});

// ---- Cheating in the re-randomisation ----------------------------------------------------------------------------

/** Replaces what a party deals; its commitment is over the replacement. */
function dealing(machine: Machine<CertifiedShare>, change: (honestly: Dealing) => Dealing): void {
  const inside = machine as unknown as { deal(): Dealing };
  const honestly = inside.deal.bind(machine);
  inside.deal = () => change(honestly());
}

const encodedCommitments = (curve: Curve, f: Polynomial): Uint8Array[] =>
  f.map((a_k) => curve.encodePoint(curve.mulBase(a_k)));

for (const name of curveNames) {
  const curve = curveOf(name);

  for (const count of [0, 1, 3]) {
    test(`row 15: ${count} commitments on ${name} instead of two are refused`, () => {
      const seed = `${masterSeed}/size/${count}`;
      const { machines, machine } = seat({ seed, ...five, curve: name });
      dealing(machine(2), (d) => {
        const f = [
          d.f[0] as Scalar,
          ...Array.from({ length: count }, (_, k) => d.f[k + 1] ?? curve.scalar.fromBigInt(7n)),
        ];
        return { ...d, f, opening: { ...d.opening, C: encodedCommitments(curve, f.slice(1)) } };
      });

      const outcome = simulate({ seed, machines });

      allAbort(outcome, { honest, code: 'E_IMP_SIZE', culprits: [2], lastRound: 2 });
    });
  }

  test(`a party on ${name} that would change the key with a constant of its own is refused`, () => {
    const seed = `${masterSeed}/constant`;
    const { machines, machine, table } = seat({ seed, ...five, curve: name });
    dealing(machine(2), (d) => ({ ...d, f: [curve.scalar.fromBigInt(1n), ...d.f.slice(1)] }));

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest, code: 'E_IMP_FELDMAN', culprits: [2], lastRound: 2 });
    const frame = { run: 'import', curve, execId: table.execId, ...five, constant: 'zero' } as const;
    for (const complainer of honest) {
      const { evidence = [] } = abortOf(outcome, complainer);
      equal(judgeComplaint(frame, { complainer, accused: 2, evidence }, table.identities.verify), 2);
    }
  });

  test(`row 24: commitments on ${name} that are no group elements, or the identity, are refused`, () => {
    for (const [k, bad] of badCommitments(curve).entries()) {
      for (const place of [0, 1, 'A'] as const) {
        const seed = `${masterSeed}/point/${k}/${place}`;
        const { machines, machine } = seat({ seed, n: 3, t: 3, curve: name });
        dealing(machine(2), (d) => {
          const C = d.opening.C.map((C_k, at) => (at === place ? bad : C_k));
          return { ...d, opening: { ...d.opening, C, A: place === 'A' ? bad : d.opening.A } };
        });

        underSeed(seed, () =>
          allAbort(simulate({ seed, machines }), { honest: [1, 3], code: 'E_IMP_POINT', culprits: [2], lastRound: 2 }),
        );
      }
    }
  });

  test(`a proof on ${name} that does not verify is refused, and no share is kept`, () => {
    const seed = `${masterSeed}/schnorr`;
    const { machines, machine } = seat({ seed, n: 3, t: 2, curve: name });
    lyingMachine(machine(2), ({ round }, value) =>
      round === 3 ? curve.scalar.add(value as Scalar, curve.scalar.one) : value,
    );

    const outcome = simulate({ seed, machines });

    allAbort(outcome, { honest: [1, 3], code: 'E_IMP_SCHNORR', culprits: [2], lastRound: 3 });
    for (const p of [1, 3]) deepEqual(outcome.persistedBy(p), []);
  });

  test(`sharings of zero on ${name} that would leave a share or a degree at zero end the run without blame`, () => {
    const o = { seed: `${masterSeed}/degenerate`, n: 3, t: 2, curve: name };
    const { machines: twins } = seat(o);
    const linear = [1, 3].map((p) => {
      const twin = twins.get(p) as Machine<CertifiedShare>;
      let dealt: Scalar | undefined;
      dealing(twin, (d) => {
        dealt = (d.f[1] as Scalar).slice() as Scalar;
        return d;
      });
      twin.start();
      return dealt as Scalar;
    });
    const f = polynomialOf(o);
    const { scalar } = curve;
    const sum = scalar.add(linear[0] as Scalar, linear[1] as Scalar);
    // Slope that makes the whole polynomial constant, or its value at 1 zero.
    const rigged = [scalar.neg(scalar.add(sum, f[1] as Scalar)), scalar.neg(scalar.add(sum, evaluate(curve, f, 1)))];
    for (const slope of rigged) {
      const { machines, machine } = seat(o);
      dealing(machine(2), (d) => {
        const g = [d.f[0] as Scalar, slope.slice() as Scalar];
        return { ...d, f: g, opening: { ...d.opening, C: encodedCommitments(curve, g.slice(1)) } };
      });

      const outcome = simulate({ seed: o.seed, machines });

      allAbort(outcome, { honest: [1, 3], code: 'E_IMP_DEGENERATE', culprits: [], lastRound: 2 });
    }
  });
}

test('row 17: whoever opens something else than it committed to is refused', () => {
  const seed = `${masterSeed}/opening`;
  const { machines, machine } = seat({ seed, ...five });
  lyingMachine(machine(2), ({ round, kind }, value) =>
    round === 2 && kind === 'bcast' ? { ...(value as Dealing['opening']), rid: new Uint8Array(32) } : value,
  );

  allAbort(simulate({ seed, machines }), { honest, code: 'E_IMP_OPENING', culprits: [2], lastRound: 2 });
});

test('a chain code is refused: imported keys carry none', () => {
  const seed = `${masterSeed}/chain-code`;
  const { machines, machine } = seat({ seed, ...five });
  dealing(machine(2), (d) => ({ ...d, opening: { ...d.opening, chainCode: new Uint8Array(32).fill(9) } }));

  allAbort(simulate({ seed, machines }), { honest, code: 'E_IMP_CHAINCODE', culprits: [2], lastRound: 2 });
});

test('an acknowledgement that signs something else is refused; the new share stays pending', () => {
  const seed = `${masterSeed}/ack`;
  const other = (x: Uint8Array): Uint8Array => statement(x, new Uint8Array(32));
  const { machines } = seat({ seed, ...five, options: (p) => (p === 2 ? { statement: other } : {}) });

  const outcome = simulate({ seed, machines });

  allAbort(outcome, { honest, code: 'E_IMP_ACK', culprits: [2], lastRound: 4 });
  for (const p of honest) equal(outcome.persistedBy(p).length, 1);
});

test('row 20: two versions of the hash of public shares are named as equivocation', () => {
  const seed = `${masterSeed}/equivocation`;
  const { machines, table } = seat({ seed, ...five });
  const { execId, identities } = table;
  const body = enc('mpc/import/1/commitment/v1', i.bytes(new Uint8Array(64)), i.bytes(new Uint8Array(64)));
  const cheat: Cheat = (m, to) =>
    m.round === 1 && m.kind === 'bcast' && to === 5
      ? signedAnew({ execId, env: identities.env(2), message: { ...m, body } })
      : m;

  allAbort(simulate({ seed, machines, cheats: { 2: cheat } }), {
    honest,
    code: 'E_EQUIVOCATION',
    culprits: [2],
    lastRound: 1,
  });
});

test('the share that came from outside is erased when it is replaced, when the run fails and when it is refused', () => {
  const silent: Cheat = (m) => (m.round === 2 ? undefined : m);
  const wrongKey = { expectedPublicKey: new Uint8Array(33) };
  for (const { cheats = {}, options = {} } of [{}, { cheats: { 2: silent } }, { options: wrongKey }]) {
    const o = { seed: `${masterSeed}/erase`, n: 3, t: 2 };
    const { machines, table } = seat(o);
    const { curve } = table;
    // A curve that remembers every scalar it decodes: the first one is the share.
    const decoded: Scalar[] = [];
    const decode = (bytes: Uint8Array): Scalar => {
      const scalar = curve.scalar.decode(bytes);
      decoded.push(scalar);
      return scalar;
    };
    const watched: Curve = Object.create(curve, { scalar: { value: { ...curve.scalar, decode } } });
    const plaintext = encodeImportShare(documentFor(curve, polynomialOf(o), { p: 1, n: 3 }));
    const all = { protocol: 'CGGMP21', n: 3, t: 2, statement, plaintext, ...options } as const;
    machines.set(1, createImport({ ...table.context(1), curve: watched }, all));

    simulate({ seed: o.seed, machines, cheats });

    deepEqual(decoded[0], new Uint8Array(32));
  }
});

test('2,000 hostile documents: none throws anything but an abort', () => {
  underSeed(`${masterSeed}/documents`, (seed) => {
    const random = seededRandom(seed);
    const curve = curveOf('secp256k1');
    const honestBytes = encodeImportShare(documentFor(curve, polynomialOf({ seed, ...five }), { p: 1, n: 5 }));
    const table = seatParties({ seed, n: 5, curve });
    const context = table.context(1);
    for (let k = 0; k < 2_000; k += 1) {
      const plaintext = honestBytes.slice(
        0,
        random.chance(0.1) ? random.below(honestBytes.length) : honestBytes.length,
      );
      for (let flips = 1 + random.below(2); flips > 0; flips -= 1) {
        const at = random.below(plaintext.length);
        // Mostly another hex digit, so that the document still parses.
        plaintext[at] = random.chance(0.8)
          ? ('0123456789abcdef'.charCodeAt(random.below(16)) as number)
          : random.below(256);
      }
      const machine = createImport(context, { protocol: 'CGGMP21', ...five, statement, plaintext });

      machine.start();

      const status = machine.status();
      if (status.s === 'aborted')
        ok(/^E_IMP_(FORMAT|SCALAR|POINTS|SHARE|DEGREE)$/.test(status.abort.code), status.abort.code);
      else deepEqual(plaintext, honestBytes);
      machine.wipe();
    }
  });
});

/** Import encodings of a right length that must be refused: the long form on Weierstrass curves. */
function badPoints(curve: Curve): Uint8Array[] {
  if (curve.name === 'ed25519') return badCommitments(curve);
  const uncompressed = curve.encodeUncompressed(curve.base);
  const hybrid = Uint8Array.from([6 + ((uncompressed[64] ?? 0) & 1), ...uncompressed.subarray(1)]);
  const offCurve = uncompressed.slice();
  offCurve[64] = (offCurve[64] ?? 0) ^ 1;
  return [
    new Uint8Array(65),
    hybrid,
    offCurve,
    new Uint8Array(33),
    Uint8Array.from([2, ...new Uint8Array(32).fill(0xff)]),
  ];
}

function badCommitments(curve: Curve): Uint8Array[] {
  if (curve.name !== 'ed25519') return [new Uint8Array(33), Uint8Array.from([2, ...new Uint8Array(32).fill(0xff)])];
  return [
    hex('0100000000000000000000000000000000000000000000000000000000000000'), // identity
    hex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'), // order 8
    hex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'), // order 2
    hex('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'), // y ≥ p
  ];
}
