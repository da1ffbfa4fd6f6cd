/**
 * One honest run of every protocol, from a seed. What must hold for all of them is tested over this list: malformed
 * messages, frozen transcripts. A new protocol is one more line.
 */
import { type Curve, curve } from '@holdfast/crypto/curves';
import { encodeImportShare } from '@holdfast/crypto/envelope';
import { evaluate, randomPolynomial } from '@holdfast/crypto/sharing';
import { createCggmp24 } from '../cggmp24/index.ts';
import { testAux, testAuxPublics } from '../cggmp24/test/index.ts';
import { runJobOnce } from '../cggmp24/test/signing.ts';
import { type CertifiedShare, createDkg } from '../dkg/index.ts';
import { protocolOf, statement } from '../dkg/test/outcomes.ts';
import { createFrostBip340, createFrostEd25519, type FrostOut } from '../frost/index.ts';
import { keyShares } from '../frost/test/keys.ts';
import { createGlow20, type DvrfOut } from '../glow20/index.ts';
import { createColumnGroup, createGroup, type Settled } from '../group/index.ts';
import { createEcdsaBatch, createEcdsaH, type EcdsaSignature, ecdsaHColumns } from '../honest-majority/index.ts';
import type { PrssSession } from '../honest-majority/prss.ts';
import { createPrssSetup } from '../honest-majority/prss-setup.ts';
import { subsets } from '../honest-majority/subsets.ts';
import { seededSessions, version1Sessions } from '../honest-majority/test/sessions.ts';
import { createImport } from '../import/index.ts';
import { createRefresh, createResharing, type Reshared } from '../refresh/index.ts';
import { holders } from '../refresh/test/holders.ts';
import type { Effect, Index, KeyShare, Machine, Message, ProtocolName, RunContext } from '../runtime/index.ts';
import { seatParties, seededRandom, signedAnew } from '../simulator/index.ts';

export type Facts = Readonly<Record<string, unknown>>;

export interface Subject {
  readonly name: string;
  readonly parties: readonly Index[];
  readonly curve: string;
  /** What the machines are given beside their context, for whoever repeats the run; bytes as hex. */
  inputs(seed: string): Facts;
  /** What a machine ends with, as far as a stranger can compare it; bytes as hex. */
  result(out: unknown): Facts;
  /** Ends well without a party, or without one of its parts; what it ends with is still nothing but the honest result. */
  readonly isRobust?: true;
  /** Fresh machines of one honest run; the same seed gives the same run. */
  machines(seed: string): ReadonlyMap<Index, Machine<unknown>>;
  /** The message with the identity signature the sender would put on it; as it is where it carries none. */
  signed(seed: string, message: Message): Message;
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const secp = curve('secp256k1');
const stark = curve('stark');
const ed = curve('ed25519');
const five = [1, 2, 3, 4, 5];
const three = [1, 3, 4];
const digest = new Uint8Array(32).fill(5);
const chainCode = new Uint8Array(32).fill(6);
const message = new TextEncoder().encode('message to sign');

interface Seat {
  readonly on: Curve;
  readonly parties: readonly Index[];
  make(ctx: RunContext, seed: string): Machine<unknown>;
  inputs?(seed: string): Facts;
  result(out: unknown): Facts;
  readonly isRobust?: true;
}

function subject(name: string, { on, parties, make, inputs, result, isRobust }: Seat): Subject {
  const table = (seed: string) => seatParties({ seed, n: 5, curve: on });
  return {
    name,
    parties,
    curve: on.name,
    inputs: (seed) => inputs?.(seed) ?? {},
    result,
    ...(isRobust === undefined ? {} : { isRobust }),
    machines(seed) {
      const seats = table(seed);
      return new Map(parties.map((p) => [p, make({ ...seats.context(p), parties }, seed)]));
    },
    signed(seed, m) {
      const { execId, identities } = table(seed);
      return signedAnew({ execId, env: identities.env(m.from), message: m });
    },
  };
}

/** The sharing every signing run of a seed starts from. */
function sharing(on: Curve, protocol: ProtocolName, seed: string): Facts {
  const shares = keyShares({ curve: on, protocol, t: 3, n: 5, seed });
  return {
    shares: shares.map(({ x }) => toHex(x)),
    publicShares: (shares[0] as KeyShare).publicShares.map((X_j) => toHex(on.encodePoint(X_j))),
    publicKey: toHex(on.encodePoint((shares[0] as KeyShare).publicKey)),
  };
}

function certified(on: Curve): Seat['result'] {
  return (out) => {
    const { share, statements } = out as CertifiedShare;
    return {
      x: toHex(share.x),
      publicKey: toHex(on.encodePoint(share.publicKey)),
      epoch: toHex(share.epoch),
      statements: statements.map(({ signature }) => toHex(signature)),
    };
  };
}

function signed(out: unknown): Facts {
  const { signature, recid } = out as { signature: Uint8Array; recid?: number };
  return { signature: toHex(signature), ...(recid === undefined ? {} : { recid }) };
}

function shareOf(ctx: RunContext, seed: string, protocol: ProtocolName): KeyShare {
  return keyShares({ curve: ctx.curve, protocol, t: 3, n: 5, seed })[ctx.self - 1] as KeyShare;
}

function dkg(on: Curve, protocol: ProtocolName): Seat {
  return {
    on,
    parties: five,
    make: (ctx) => createDkg(ctx, { protocol, n: 5, t: 3, statement }),
    result: certified(on),
  };
}

function importing(on: Curve, protocol: ProtocolName): Seat {
  return {
    on,
    parties: five,
    inputs(seed) {
      const f = randomPolynomial(on, { degree: 2 }, seededRandom(`${seed}/importer`).bytes);
      return { shares: five.map((at) => toHex(evaluate(on, f, at))) };
    },
    result: certified(on),
    make(ctx, seed) {
      const f = randomPolynomial(on, { degree: 2 }, seededRandom(`${seed}/importer`).bytes);
      const shares = five.map((at) => evaluate(on, f, at));
      const publicShares = shares.map((share) => on.encodeUncompressed(on.mulBase(share)));
      const secretShare = shares[ctx.self - 1];
      if (secretShare === undefined) throw new Error('no share');
      const plaintext = encodeImportShare({ curve: on.name, secretShare, publicShares });
      return createImport(ctx, { protocol, n: 5, t: 3, statement, plaintext });
    },
  };
}

function sessionFacts(seed: string): Facts {
  return {
    session: toHex((seededSessions(seed).get(1) as PrssSession).id),
    sessionKeys: Object.fromEntries(
      subsets(five, 3).map((A) => [A.join(''), toHex(seededRandom(`${seed}/key ${A}`).bytes(32))]),
    ),
  };
}

/** Version 1 differs in what is drawn from a session, and in nothing that is said. */
function ecdsaH(on: Curve, version: 1 | 2): Seat {
  const sessionsOf = version === 1 ? version1Sessions : seededSessions;
  return {
    on,
    parties: five,
    inputs: (seed) => ({ ...sharing(on, 'CGGMP21', seed), digest: toHex(digest), ...sessionFacts(seed) }),
    result: signed,
    make: (ctx, seed) =>
      createEcdsaH(ctx, {
        share: shareOf(ctx, seed, 'CGGMP21'),
        prss: sessionsOf(seed).get(ctx.self) as PrssSession,
        digest,
      }),
  };
}

/** Two requests of ECDSA side by side: place 1 is empty at every party. */
const inColumns: Seat = ecdsaGroup((ctx, { size, elements }) =>
  createColumnGroup(ctx, { size, protocol: ecdsaHColumns, elements }),
);

function ecdsaGroup(together: typeof createEcdsaBatch): Seat {
  return {
    on: secp,
    parties: five,
    isRobust: true,
    inputs: (seed) => ({
      ...sharing(secp, 'CGGMP21', seed),
      ...sessionFacts(seed),
      size: 3,
      elements: Object.fromEntries(
        [0, 2].map((place) => [place, { execId: toHex(elementId(seed, place)), digest: toHex(digestAt(place)) }]),
      ),
    }),
    result: (out) =>
      Object.fromEntries(
        [...(out as ReadonlyMap<number, Settled<EcdsaSignature>>)].map(([place, how]) => [
          place,
          how.s === 'done' ? `${toHex(how.out.signature)} ${how.out.recid}` : how.abort.code,
        ]),
      ),
    make: (ctx, seed) => {
      const prss = seededSessions(seed).get(ctx.self) as PrssSession;
      const points = new Map(five.map((p) => [p, p]));
      const elements = [0, 2].map((place) => {
        const run = { ...ctx, execId: elementId(seed, place) };
        const share = shareOf(ctx, seed, 'CGGMP21');
        return [place, { machine: createEcdsaH(run, { share, prss, digest: digestAt(place) }), points }] as const;
      });
      return together(ctx, { size: 3, prss, elements: new Map(elements) });
    },
  };
}

function digestAt(place: number): Uint8Array {
  return new Uint8Array(32).fill(place + 1);
}

/** Any three, with the published auxiliary values; the machines carry out their own jobs. */
function cggmp24(on: Curve): Seat {
  return {
    on,
    parties: three,
    inputs: (seed) => ({ ...sharing(on, 'CGGMP21', seed), digest: toHex(digest), auxiliary: 'vectors/aux' }),
    result: signed,
    make: (ctx, seed) => {
      const aux = { own: testAux(ctx.self).own, publics: testAuxPublics() };
      return withJobs(createCggmp24(ctx, { share: shareOf(ctx, seed, 'CGGMP21'), digest, aux }));
    },
  };
}

/** For drivers that know nothing of jobs: what a machine hands out is done before it answers. */
function withJobs<Out>(machine: Machine<Out>): Machine<Out> {
  const settled = (effects: Effect[]): Effect[] =>
    effects.flatMap((effect) =>
      effect.t === 'compute' ? settled(machine.computed(effect.id, runJobOnce(effect.job))) : [effect],
    );
  const start = machine.start.bind(machine);
  const receive = machine.receive.bind(machine);
  machine.start = () => settled(start());
  machine.receive = (m) => settled(receive(m));
  return machine;
}

const dvrfInput = { domain: new TextEncoder().encode('example:derive'), seed: new TextEncoder().encode('alice') };

/** Of five, any three of whom would do. */
const deriving: Seat = {
  on: secp,
  parties: five,
  isRobust: true,
  inputs: (seed) => ({
    ...sharing(secp, 'GLOW20_DH', seed),
    domain: toHex(dvrfInput.domain),
    seed: toHex(dvrfInput.seed),
  }),
  result: (out) => ({ output: toHex((out as DvrfOut).output) }),
  make: (ctx, seed) => createGlow20(ctx, { share: shareOf(ctx, seed, 'GLOW20_DH'), input: dvrfInput }),
};

/** Two requests side by side: place 1 is empty at every party. */
const grouped: Seat = {
  on: ed,
  parties: three,
  isRobust: true,
  inputs: (seed) => ({
    ...sharing(ed, 'FROST', seed),
    size: 3,
    elements: Object.fromEntries(
      [0, 2].map((place) => [place, { execId: toHex(elementId(seed, place)), message: toHex(Uint8Array.of(place)) }]),
    ),
  }),
  result: (out) =>
    Object.fromEntries(
      [...(out as ReadonlyMap<number, Settled<FrostOut>>)].map(([place, how]) => [
        place,
        how.s === 'done' ? toHex(how.out.signature) : how.abort.code,
      ]),
    ),
  make: (ctx, seed) =>
    createGroup(ctx, {
      size: 3,
      rounds: 2,
      elements: new Map(
        [0, 2].map((place) => [
          place,
          {
            machine: createFrostEd25519(
              { ...ctx, execId: elementId(seed, place) },
              { share: shareOf(ctx, seed, 'FROST'), message: Uint8Array.of(place) },
            ),
            points: new Map(three.map((p) => [p, p])),
          },
        ]),
      ),
    }),
};

function elementId(seed: string, place: number): Uint8Array {
  return seededRandom(`${seed}/element ${place}`).bytes(32);
}

/** Five holders renew their shares, with a chain code that must come through. */
function refreshing(on: Curve): Seat {
  return {
    on,
    parties: five,
    inputs: (seed) => ({ ...sharing(on, protocolOf[on.name], seed), chainCode: toHex(chainCode) }),
    result: certified(on),
    make: (ctx, seed) => createRefresh(ctx, { share: oldShares(on, seed)[ctx.self - 1] as KeyShare, statement }),
  };
}

/** Holders 1, 2, 4 and 5 deal the key to themselves and to a newcomer, who takes the point of the lost third. */
function replacing(on: Curve): Seat {
  const roles = new Map(five.map((p) => [p, p === 3 ? { to: p } : { from: p, to: p }]));
  return {
    on,
    parties: five,
    inputs: (seed) => ({ ...sharing(on, protocolOf[on.name], seed), newcomer: 3, chainCode: toHex(chainCode) }),
    result: (out) => certified(on)({ share: (out as Reshared).share, statements: (out as Reshared).statements }),
    make(ctx, seed) {
      const old = oldShares(on, seed);
      const [key] = old as [KeyShare];
      const share = ctx.self === 3 ? {} : { share: old[ctx.self - 1] as KeyShare };
      return createResharing(ctx, { key, roles, n: 5, t: 3, statement, ...share });
    },
  };
}

function oldShares(on: Curve, seed: string): KeyShare[] {
  return holders({ seed, n: 5, t: 3, curve: on.name }).map((share) => ({ ...share, chainCode: chainCode.slice() }));
}

export const SUBJECTS: readonly Subject[] = [
  subject('key generation on secp256k1', dkg(secp, 'CGGMP21')),
  subject('key generation on ed25519', dkg(ed, 'FROST')),
  subject('key generation on stark', dkg(stark, 'CGGMP21')),
  subject('import on secp256k1', importing(secp, 'CGGMP21')),
  subject('import on ed25519', importing(ed, 'FROST')),
  subject('set-up of shared randomness', {
    on: secp,
    parties: five,
    make: (ctx) => createPrssSetup(ctx),
    result: (out) => ({ session: toHex((out as PrssSession).id) }),
  }),
  subject('honest-majority ECDSA on secp256k1', ecdsaH(secp, 1)),
  subject('honest-majority ECDSA on stark', ecdsaH(stark, 1)),
  subject('honest-majority ECDSA on secp256k1, version 2', ecdsaH(secp, 2)),
  subject('honest-majority ECDSA on stark, version 2', ecdsaH(stark, 2)),
  subject('a group of ECDSA runs, version 2', inColumns),
  subject('a batch of ECDSA nonces', ecdsaGroup(createEcdsaBatch)),
  subject('CGGMP24 on secp256k1', cggmp24(secp)),
  subject('deterministic derivation', deriving),
  subject('a group of FROST runs', grouped),
  subject('refresh on secp256k1', refreshing(secp)),
  subject('refresh on ed25519', refreshing(ed)),
  subject('resharing to a newcomer on secp256k1', replacing(secp)),
  subject('resharing to a newcomer on stark', replacing(stark)),
  subject('FROST on ed25519', {
    on: ed,
    parties: three,
    inputs: (seed) => ({ ...sharing(ed, 'FROST', seed), message: toHex(message) }),
    result: signed,
    make: (ctx, seed) => createFrostEd25519(ctx, { share: shareOf(ctx, seed, 'FROST'), message }),
  }),
  subject('FROST for BIP-340', {
    on: secp,
    parties: three,
    inputs: (seed) => ({ ...sharing(secp, 'FROST_BITCOIN', seed), message: toHex(digest) }),
    result: signed,
    make: (ctx, seed) => createFrostBip340(ctx, { share: shareOf(ctx, seed, 'FROST_BITCOIN'), message: digest }),
  }),
];
