/** Wrong dealings in the hands of a stranger: key generation, import, refresh, resharing. It convicts the dealer and nobody else. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, type CurveName, curve as curveOf, type Scalar } from '@holdfast/crypto/curves';
import { encodeImportShare } from '@holdfast/crypto/envelope';
import { evaluate, randomPolynomial } from '@holdfast/crypto/sharing';
import { enc, execIdDocument, i, sha512_256 } from '@holdfast/crypto/transcript';
import { createDkg } from '../dkg/index.ts';
import { protocolOf, statement } from '../dkg/test/outcomes.ts';
import { createImport } from '../import/index.ts';
import { createRefresh, createResharing, type Role } from '../refresh/index.ts';
import { holders } from '../refresh/test/holders.ts';
import type { Abort, Index, KeyShare, Machine, Message, RunContext } from '../runtime/index.ts';
import {
  type Identities,
  lyingMachine,
  type Outcome,
  seededIdentities,
  seededRandom,
  signedAnew,
  simulate,
} from '../simulator/index.ts';
import { decodeEvidence, type Evidence, encodeEvidence, evidenceOf, verifyEvidence } from './index.ts';

const seed = process.env['HOLDFAST_SEED'] ?? 'dealings';
const five = [1, 2, 3, 4, 5];
const dealer = 2;
const receiver = 4;
/** Party 3 is new and takes the point of one that is gone; all others deal and stay. */
const roles = new Map<Index, Role>(five.map((p) => [p, p === 3 ? { to: 3 } : { from: p, to: p }]));

type Protocol = 'dkg' | 'import' | 'refresh' | 'reshare';
interface Run {
  readonly protocol: Protocol;
  readonly curve: Curve;
  readonly document: Uint8Array;
  readonly execId: Uint8Array;
  readonly identities: Identities;
  readonly machines: Map<Index, Machine<unknown>>;
  readonly lies: Machine<unknown>;
}
interface Options {
  readonly protocol: Protocol;
  readonly curve?: CurveName;
  readonly run?: string;
  readonly chainCode?: Uint8Array;
}

function seat({ protocol, curve: name = 'secp256k1', run = 'run', chainCode }: Options): Run {
  const curve = curveOf(name);
  const identities = seededIdentities({ seed, indices: five });
  const document = execIdDocument({
    protocol,
    version: 1,
    clusterId: 'test',
    clusterEpoch: 0,
    keyId: 'key-1',
    keyEpoch: new Uint8Array(),
    curve: name,
    n: 5,
    t: 3,
    // The index stands for the identity key: see `verify`.
    participants: five.map((index) => ({
      index,
      signerId: new Uint8Array(32).fill(index),
      identityKey: new Uint8Array(32).fill(index),
    })),
    publicKey: new Uint8Array(),
    requestHash: new Uint8Array(),
    runNonce: seededRandom(`${seed}/${run}/nonce`).bytes(32),
  });
  const execId = sha512_256(document);
  const old = holders({ seed, n: 5, t: 3, curve: name, ...(chainCode === undefined ? {} : { chainCode }) });
  const f = randomPolynomial(curve, { degree: 2 }, seededRandom(`${seed}/importer`).bytes);
  const publicShares = five.map((at) => curve.encodeUncompressed(curve.mulBase(evaluate(curve, f, at))));
  const make = (ctx: RunContext): Machine<unknown> => {
    const share = old[ctx.self - 1] as KeyShare;
    const o = { protocol: protocolOf[name], n: 5, t: 3, statement };
    if (protocol === 'dkg') return createDkg(ctx, o);
    if (protocol === 'refresh') return createRefresh(ctx, { share, statement });
    if (protocol === 'import') {
      const secretShare = evaluate(curve, f, ctx.self);
      return createImport(ctx, { ...o, plaintext: encodeImportShare({ curve: name, secretShare, publicShares }) });
    }
    const deals = roles.get(ctx.self)?.from === undefined ? {} : { share };
    return createResharing(ctx, { key: share, roles, n: 5, t: 3, statement, ...deals });
  };
  const machines = new Map(
    five.map((self) => [self, make({ execId, self, parties: five, curve, env: identities.env(self) })]),
  );
  return { protocol, curve, document, execId, identities, machines, lies: machines.get(dealer) as Machine<unknown> };
}

const verify =
  ({ identities }: Run) =>
  (identityKey: Uint8Array, bytes: Uint8Array, sig: Uint8Array): boolean =>
    identities.verify(identityKey[0] as Index, bytes, sig);
const proven = (run: Run, evidence: Evidence): readonly number[] => verifyEvidence(evidence, verify(run)).proven;
const abortOf = (outcome: Outcome<unknown>, p: Index): Abort => {
  const status = outcome.status.get(p);
  if (status?.s !== 'aborted') throw new Error(`party ${p} is ${status?.s}`);
  return status.abort;
};
/** What the receiver holds in the end. */
function held(run: Run, by: Index = receiver): Evidence {
  const { protocol, document, machines } = run;
  const abort = abortOf(simulate({ seed, machines }), by);
  const evidence = evidenceOf(abort, { document, protocol: `${protocol}/1` });
  if (evidence === undefined) throw new Error(`${abort.code}: no evidence`);
  return evidence;
}

/** Replaces the polynomial a party deals, with commitments that fit it: as many coefficients, this constant. */
function dealing(run: Run, change: (f: readonly Scalar[]) => readonly Scalar[]): void {
  const { curve, lies, protocol } = run;
  const inside = lies as unknown as { deal(...given: unknown[]): Record<string, unknown> };
  const honest = inside.deal.bind(lies);
  const name = protocol === 'reshare' ? 'g' : 'f';
  inside.deal = (...given) => {
    const d = honest(...given) as { opening: object } & Record<string, readonly Scalar[]>;
    const f = change(d[name] as readonly Scalar[]);
    const sent = protocol === 'dkg' || protocol === 'reshare' ? f : f.slice(1);
    return { ...d, [name]: f, opening: { ...d.opening, C: sent.map((a_k) => curve.encodePoint(curve.mulBase(a_k))) } };
  };
}
/** The same with one commitment replaced by bytes. */
function opening(run: Run, change: (C: readonly Uint8Array[]) => readonly Uint8Array[]): void {
  const inside = run.lies as unknown as { deal(...given: unknown[]): { opening: { C: readonly Uint8Array[] } } };
  const honest = inside.deal.bind(run.lies);
  inside.deal = (...given) => {
    const d = honest(...given);
    return { ...d, opening: { ...d.opening, C: change(d.opening.C) } };
  };
}
const identityBytes = (curve: Curve): Uint8Array => {
  const bytes = new Uint8Array(curve.pointBytes);
  if (curve.name === 'ed25519') bytes[0] = 1;
  return bytes;
};

const codes = { dkg: 'E_DKG', import: 'E_IMP', refresh: 'E_RF', reshare: 'E_RS' } as const;
/** Tried on every curve and byte by byte; the others differ in nothing that either could show. */
const everywhere = 'a wrong share for one receiver';
const anotherConstant = 'another constant than its part of the key';
interface Wrong {
  readonly code: string;
  readonly lie: (run: Run) => void;
}
const wrongs: Readonly<Record<string, Wrong>> = {
  [everywhere]: {
    code: 'FELDMAN',
    lie: ({ lies, curve, protocol }) =>
      lyingMachine(lies, ({ kind, to }, value) => {
        if (kind !== 'p2p' || to !== receiver) return value;
        const plusOne = (k: Scalar): Scalar => curve.scalar.add(k, curve.scalar.one);
        if (protocol !== 'reshare') return plusOne(value as Scalar);
        const deal = value as { sigma: Scalar };
        return { ...deal, sigma: plusOne(deal.sigma) };
      }),
  },
  'a share at or over the order': {
    code: 'FELDMAN',
    lie: ({ lies, protocol }) =>
      lyingMachine(lies, ({ kind, to }, value) => {
        if (kind !== 'p2p' || to !== receiver) return value;
        const tooLarge = new Uint8Array(32).fill(0xff);
        return protocol === 'reshare' ? { ...(value as object), sigma: tooLarge } : tooLarge;
      }),
  },
  'a polynomial of another degree': {
    code: 'SIZE',
    lie: (run) => dealing(run, (f) => [...f, run.curve.scalar.one.slice() as Scalar]),
  },
  'a commitment that is no point of the group': {
    code: 'POINT',
    lie: (run) => opening(run, (C) => [...C.slice(0, -1), identityBytes(run.curve)]),
  },
};
const ofResharing: Readonly<Record<string, Wrong>> = {
  [anotherConstant]: {
    code: 'CONST',
    lie: (run) => dealing(run, (g) => [run.curve.scalar.add(g[0] as Scalar, run.curve.scalar.one), ...g.slice(1)]),
  },
  'no commitment from a dealer': {
    code: 'ROLE',
    lie: ({ lies }) =>
      lyingMachine(lies, ({ round }, value) => (round === 1 ? { ...(value as object), V: undefined } : value)),
  },
  'no share from a dealer': {
    code: 'ROLE',
    lie: ({ lies }) =>
      lyingMachine(lies, ({ kind }, value) => (kind === 'p2p' ? { ...(value as object), sigma: undefined } : value)),
  },
  'a chain code where the key has none': {
    code: 'CHAINCODE',
    lie: ({ lies }) =>
      lyingMachine(lies, ({ kind }, value) =>
        kind === 'p2p' ? { ...(value as object), chainCode: new Uint8Array(32).fill(8) } : value,
      ),
  },
};
const cases = (['dkg', 'import', 'refresh', 'reshare'] as const).flatMap((protocol) =>
  Object.entries({ ...wrongs, ...(protocol === 'reshare' ? ofResharing : {}) }).map(([what, { code, lie }]) => ({
    protocol,
    what,
    code: `${codes[protocol]}_${code}`,
    lie,
  })),
);

for (const { protocol, what, code, lie } of cases) {
  test(`row 19: ${protocol}, ${what}: a file convicts the dealer, by nothing but itself`, () => {
    for (const curve of what === everywhere ? (['secp256k1', 'ed25519', 'stark'] as const) : (['secp256k1'] as const)) {
      const run = seat({ protocol, curve });
      lie(run);
      const evidence = held(run);
      equal(evidence.code, code);

      const read = decodeEvidence(encodeEvidence(evidence));

      deepEqual(proven(run, read), [dealer], curve);
      // Not somebody else, and not for something else.
      for (const culprits of [[1], [receiver], [1, 3, 4, 5], []]) deepEqual(proven(run, { ...read, culprits }), []);
      for (const other of ['E_DKG_FELDMAN', 'E_IMP_SIZE', 'E_RF_POINT', 'E_RS_CONST', 'E_MALFORMED', 'E_EQUIVOCATION'])
        if (other !== code) deepEqual(proven(run, { ...read, code: other }), [], other);
      for (const label of ['dkg/1', 'import/1', 'refresh/1', 'reshare/1', 'cggmp24/1', `${protocol}/2`])
        if (label !== `${protocol}/1`) deepEqual(proven(run, { ...read, protocol: label }), [], label);
      // Without one of its messages, or what binds them, it shows nothing.
      for (const at of read.messages.keys())
        deepEqual(proven(run, { ...read, messages: read.messages.filter((_, k) => k !== at) }), [], `${at}`);
      deepEqual(proven(run, { ...read, publics: new Uint8Array() }), []);
    }
  });
}

for (const { protocol, what, lie } of cases.filter((each) => [everywhere, anotherConstant].includes(each.what)))
  test(`row 19: ${protocol}, ${what}: no altered byte of the opening or of what was agreed convicts anybody`, () => {
    const run = seat({ protocol });
    lie(run);
    const evidence = held(run);
    for (const at of evidence.publics.keys()) {
      const publics = evidence.publics.slice();
      publics[at] = (publics[at] as number) ^ 1;
      deepEqual(proven(run, { ...evidence, publics }), [], `byte ${at}`);
    }
  });

test('row 19: whoever dealt well is not convicted by what it sent, whatever is put beside it', () => {
  for (const protocol of ['dkg', 'import', 'refresh', 'reshare'] as const) {
    const run = seat({ protocol });
    (wrongs[everywhere] as Wrong).lie(run);
    const { machines, execId, identities } = run;
    const outcome = simulate({ seed, machines });
    const evidence = evidenceOf(abortOf(outcome, receiver), { document: run.document, protocol: `${protocol}/1` });
    if (evidence === undefined) throw new Error('no evidence');
    const said = (from: Index, round: number, kind: Message['kind'], to: Index | 0): Message => {
      const found = outcome.sentBy(from).find((m) => m.round === round && m.kind === kind && m.to === to);
      if (found === undefined) throw new Error('not sent');
      return found;
    };
    const another = seat({ protocol, run: 'another' });
    (wrongs[everywhere] as Wrong).lie(another);
    const elsewhere = held(another);
    // Party 1 is honest; party 4 accuses it, with the opening of the dealer, of another run, or its own.
    const messages = [said(1, 1, 'bcast', 0), said(1, 2, 'p2p', receiver)];
    for (const publics of [evidence.publics, elsewhere.publics])
      for (const what of ['FELDMAN', 'SIZE', 'POINT', 'CONST', 'ROLE', 'CHAINCODE']) {
        const code = `${codes[protocol]}_${what}`;
        deepEqual(proven(run, { ...evidence, code, culprits: [1], messages, publics }), [], `${protocol} ${what}`);
      }
    // Its own opening shows that all is well.
    const whole = ownPublics(run, evidence, said(1, 2, 'bcast', 0).body);
    for (const what of ['FELDMAN', 'SIZE', 'POINT', 'CONST', 'ROLE', 'CHAINCODE'])
      deepEqual(
        proven(run, { ...evidence, code: `${codes[protocol]}_${what}`, culprits: [1], messages, publics: whole }),
        [],
      );
    // And a share of the accuser's own making carries no signature of the accused.
    const forged = signedAnew({ execId, env: identities.env(receiver), message: { ...said(1, 2, 'p2p', receiver) } });
    let refused = false;
    try {
      verifyEvidence({ ...evidence, culprits: [1], messages: [messages[0] as Message, forged] }, verify(run));
    } catch {
      refused = true;
    }
    ok(refused);
  }
});

/** The public inputs of this run with another opening. */
function ownPublics({ protocol }: Run, evidence: Evidence, body: Uint8Array): Uint8Array {
  if (protocol !== 'reshare') return enc('mpc/dealing/publics/v1', i.bytes(body));
  // The opening is the last field: its length is that of the dealer's, which had as many commitments.
  const publics = evidence.publics.slice();
  publics.set(body, publics.length - body.length);
  return publics;
}

test('a message that does not decode convicts in the protocol that the run names, and in no other', () => {
  for (const protocol of ['dkg', 'import', 'refresh', 'reshare'] as const) {
    const run = seat({ protocol });
    const { execId, identities, document } = run;
    const bare: Message = {
      round: 1,
      kind: 'bcast',
      from: dealer,
      to: 0,
      body: new Uint8Array(7),
      sig: new Uint8Array(64),
    };
    const messages = [signedAnew({ execId, env: identities.env(dealer), message: bare })];
    const told = { document, code: 'E_MALFORMED', round: 1, culprits: [dealer], publics: new Uint8Array() };

    deepEqual(proven(run, { ...told, protocol: `${protocol}/1`, messages }), [dealer]);
    // An honest commitment, which no other protocol could read.
    const honest = simulate({ seed, machines: run.machines }).sentBy(dealer)[0] as Message;
    for (const label of ['dkg/1', 'import/1', 'refresh/1', 'reshare/1', 'cggmp24/1'])
      deepEqual(proven(run, { ...told, protocol: label, messages: [honest] }), [], `${protocol} as ${label}`);
  }
});

test('the chain code of a master key is never part of evidence; another one passed on is', () => {
  const chainCode = new Uint8Array(32).fill(7);
  const lying = (change: (deal: { sigma: Scalar; chainCode: Uint8Array }, curve: Curve) => object) => {
    const run = seat({ protocol: 'reshare', chainCode });
    lyingMachine(run.lies, ({ kind, to }, value) =>
      kind === 'p2p' && to === 3 ? change(value as { sigma: Scalar; chainCode: Uint8Array }, run.curve) : value,
    );
    return run;
  };
  const wrongShare = lying((deal, { scalar }) => ({ ...deal, sigma: scalar.add(deal.sigma, scalar.one) }));
  const abort = abortOf(simulate({ seed, machines: wrongShare.machines }), 3);
  equal(abort.code, 'E_RS_FELDMAN');
  deepEqual(abort.culprits, [dealer]);
  equal(abort.evidence, undefined);

  const another = lying((deal) => ({ ...deal, chainCode: new Uint8Array(32).fill(8) }));
  const evidence = held(another, 3);
  equal(evidence.code, 'E_RS_CHAINCODE');
  deepEqual(proven(another, evidence), [dealer]);
  ok(!Buffer.from(encodeEvidence(evidence)).includes(Buffer.from(chainCode)));
});
