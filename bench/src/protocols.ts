/**
 * Rows 1 to 5 and 7: protocol machines of all parties in one process, set up as a signer sets them up, no sockets. Row 2
 * includes the frames: every message is sealed for its receiver and opened there.
 */
import { randomBytes } from 'node:crypto';
import { createPeerSessions, type PeerSessions } from '@holdfast/cluster/frames';
import { createRoster, identityFromSeeds, rosterEntry } from '@holdfast/cluster/roster';
import { type Curve, curve, verifyEd25519 } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { createCggmp24 } from '@holdfast/mpc/cggmp24';
import { testAux, testAuxPublics } from '@holdfast/mpc/cggmp24/test';
import { runJob } from '@holdfast/mpc/compute';
import { createDkg, epochOf } from '@holdfast/mpc/dkg';
import { createFrostBip340, createFrostEd25519 } from '@holdfast/mpc/frost';
import { createColumnGroup } from '@holdfast/mpc/group';
import {
  createEcdsaBatch,
  createEcdsaH,
  createPrssSetup,
  ecdsaHColumns,
  type PrssSession,
} from '@holdfast/mpc/honest-majority';
import type { Index, KeyShare, Machine, Message, MpcEnv, ProtocolName, RunContext } from '@holdfast/mpc/runtime';
import { cpuOf, type Row, row } from './measure.ts';

const all: readonly Index[] = [1, 2, 3, 4, 5];
const random = (n: number): Uint8Array => randomBytes(n);
const seeds = all.map(() => identityFromSeeds({ identitySeed: random(32), transportSeed: random(32) }));
const roster = createRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/holdfast/relay', signers: seeds.map(rosterEntry) });
/** In the order of the roster, so that a party's index is its place. */
const identities = roster.signers.map(({ identityKey }) => {
  const found = seeds.find(({ publicKey }) => Buffer.compare(publicKey, identityKey) === 0);
  if (found === undefined) throw new Error('an identity is missing');
  return found;
});
const publicKeys = new Map(roster.signers.map(({ index, identityKey }) => [index, identityKey]));

/** As a signer's process injects it. */
function envOf(self: Index): MpcEnv {
  return {
    random,
    sign: (bytes) => identities[self - 1]?.sign(bytes) ?? new Uint8Array(64),
    verify: (party, message, signature) =>
      verifyEd25519({ publicKey: publicKeys.get(party) ?? new Uint8Array(32), message, signature }),
  };
}

type Deliver = (from: Index, to: Index, execId: Uint8Array, message: Message) => Message;

const handOver: Deliver = (from, _to, _execId, message) => ({ ...message, from });

/** Sessions between all five, as the relay's links carry them; a frame arrives at once. */
function throughFrames(): Deliver {
  const sessions = new Map<Index, PeerSessions>();
  const inFlight: { from: Index; to: Index; bytes: Uint8Array }[] = [];
  const arrived: Message[] = [];
  const env = { now: Date.now, random, setTimer: () => () => {}, log: () => {} };
  for (const self of all) {
    const identity = identities[self - 1];
    if (identity === undefined) throw new Error('an identity is missing');
    const send = (to: Index, bytes: Uint8Array) => inFlight.push({ from: self, to, bytes }) > 0;
    const own = createPeerSessions({ self, roster, identity, env, send });
    own.onMessage((from, { round, kind, to, body, sig }) =>
      arrived.push({ round, kind, from, to, body, ...(sig === undefined ? {} : { sig }) }),
    );
    sessions.set(self, own);
  }
  const carry = (): void => {
    for (let next = inFlight.shift(); next !== undefined; next = inFlight.shift())
      sessions.get(next.to)?.onBytes(next.from, next.bytes);
  };
  for (const own of sessions.values()) own.setOnline(all);
  carry();
  return (from, to, execId, { round, kind, to: addressed, body, sig }) => {
    const message = { execId, round, kind, to: addressed, body, ...(sig === undefined ? {} : { sig }) };
    sessions.get(from)?.send(to, message);
    carry();
    const opened = arrived.pop();
    if (opened === undefined) throw new Error('a frame was lost');
    return opened;
  };
}

/** Each measures one row or two; the caller prints in between. */
export const protocols: readonly (() => Row[])[] = [
  () => groupRows('1', inColumns),
  () => groupRows('1 by §5.3', createEcdsaBatch),
  ecdsaRows,
  () => [row('3 FROST ed25519, three signers together', 'ms', frost('FROST', 'ed25519'))],
  () => [row('4 FROST BIP-340, three signers together', 'ms', frost('FROST_BITCOIN', 'secp256k1'))],
  () => (['secp256k1', 'stark'] as const).map(cggmp24Row),
  () => [row('7 key generation secp256k1, five signers together', 'ms', keyGeneration('CGGMP21', 'secp256k1'))],
  () => [row('7 key generation ed25519, five signers together', 'ms', keyGeneration('FROST', 'ed25519'))],
];

/** Elements of one group: as many as there are connections in row 9. */
const GROUP = 64;

type Grouped = typeof createEcdsaBatch;

/** Each request with a nonce of its own (§5.2), and the same requests with nonces made together (§5.3). */
const inColumns: Grouped = (ctx, { size, elements }) =>
  createColumnGroup(ctx, { size, protocol: ecdsaHColumns, elements });

function groupRows(name: string, make: Grouped): Row[] {
  const group = curve('secp256k1');
  const shares = makeShares(group, 'CGGMP21');
  const prss = sessions(group);
  const deliver = throughFrames();
  const points = new Map(all.map((index) => [index, index]));
  const digests = Array.from({ length: GROUP }, () => randomBytes(32));
  const sign = () => {
    const ids = digests.map(() => randomBytes(32));
    const seat = (ctx: RunContext) => {
      const share = shareOf(shares, ctx.self);
      const session = sessionOf(prss, ctx.self);
      const elements = digests.map((digest, place) => {
        const run = { ...ctx, execId: ids[place] as Uint8Array };
        return [place, { machine: createEcdsaH(run, { share, prss: session, digest }), points }] as const;
      });
      return make(ctx, { size: GROUP, prss: session, elements: new Map(elements) });
    };
    for (const settled of run(all, seat, group, deliver).values())
      for (const one of settled.values()) if (one.s !== 'done') throw new Error(JSON.stringify(one));
  };
  const samples = cpuOf(20, sign).map((ms) => ms / 5 / GROUP);
  return [row(`${name} ECDSA engine H in groups of ${GROUP} with frames, per signer and signature`, 'ms', samples)];
}

function ecdsaRows(): Row[] {
  return (['secp256k1', 'stark'] as const).map((name) => {
    const group = curve(name);
    const shares = makeShares(group, 'CGGMP21');
    const prss = sessions(group);
    const deliver = throughFrames();
    // A digest that suits both curves: below 2^251.
    const digest = Uint8Array.of(1, ...randomBytes(31));
    const sign = () =>
      run(
        all,
        (ctx) => createEcdsaH(ctx, { share: shareOf(shares, ctx.self), prss: sessionOf(prss, ctx.self), digest }),
        group,
        deliver,
      );
    const samples = name === 'stark' ? cpuOf(20, sign) : cpuOf(100, sign, 3);
    return row(
      `2 ECDSA engine H on ${name}, one signature with frames, per signer`,
      'ms',
      samples.map((ms) => ms / 5),
    );
  });
}

function frost(protocol: ProtocolName, name: 'ed25519' | 'secp256k1'): number[] {
  const group = curve(name);
  const shares = makeShares(group, protocol);
  const message = randomBytes(32);
  const make = protocol === 'FROST' ? createFrostEd25519 : createFrostBip340;
  return cpuOf(150, () => run([1, 2, 3], (ctx) => make(ctx, { share: shareOf(shares, ctx.self), message }), group), 5);
}

/** All jobs inline: what a signer's two threads do beside each other counts once for each. */
function cggmp24Row(name: 'secp256k1' | 'stark'): Row {
  const group = curve(name);
  const shares = makeShares(group, 'CGGMP21');
  const digest = Uint8Array.of(1, ...randomBytes(31));
  const sign = () =>
    run(
      [1, 2, 3],
      (ctx) => {
        const aux = { own: testAux(ctx.self).own, publics: testAuxPublics() };
        return createCggmp24(ctx, { share: shareOf(shares, ctx.self), digest, aux });
      },
      group,
    );
  const samples = cpuOf(name === 'stark' ? 3 : 5, sign).map((ms) => ms / 3);
  return row(`5 ECDSA CGGMP24 on ${name}, one signature, per signer`, 'ms', samples);
}

function keyGeneration(protocol: ProtocolName, name: 'ed25519' | 'secp256k1'): number[] {
  const group = curve(name);
  return cpuOf(80, () =>
    run(
      all,
      (ctx) => createDkg(ctx, { protocol, n: 5, t: 3, statement: (x, epoch) => Buffer.concat([x, epoch]) }),
      group,
    ),
  );
}

function sessions(group: Curve): ReadonlyMap<Index, PrssSession> {
  return run(all, (ctx) => createPrssSetup(ctx), group);
}

function makeShares(group: Curve, protocol: ProtocolName): ReadonlyMap<Index, KeyShare> {
  const { shares, publicShares, publicKey } = split(group, { secret: group.scalar.random(random), t: 3, n: 5 }, random);
  const epoch = epochOf(group, publicShares);
  return new Map(
    shares.map((x, at) => [
      at + 1,
      { protocol, curve: group.name, index: at + 1, t: 3, n: 5, x, publicShares, publicKey, epoch },
    ]),
  );
}

/** Delivers in order until everybody is done; the work measured is the machines', the queue costs nothing beside it. */
function run<Out>(
  parties: readonly Index[],
  make: (ctx: RunContext) => Machine<Out>,
  group: Curve,
  deliver: Deliver = handOver,
): ReadonlyMap<Index, Out> {
  const execId = randomBytes(32);
  const machines = new Map(
    parties.map((self) => [self, make({ execId, self, parties, curve: group, env: envOf(self) })]),
  );
  const queue = [...machines].flatMap(([from, machine]) => machine.start().map((effect) => ({ from, effect })));
  for (let at = 0; at < queue.length; at += 1) {
    const next = queue[at];
    if (next?.effect.t === 'compute') {
      const { id, job } = next.effect;
      for (const effect of machines.get(next.from)?.computed(id, runJob(job)) ?? [])
        queue.push({ from: next.from, effect });
    }
    if (next === undefined || next.effect.t !== 'send') continue;
    const { message } = next.effect;
    for (const [to, machine] of machines)
      if (to !== next.from && (message.to === 0 || message.to === to))
        for (const effect of machine.receive(deliver(next.from, to, execId, message))) queue.push({ from: to, effect });
  }
  const outs = [...machines].map(([self, machine]) => {
    const status = machine.status();
    if (status.s !== 'done') throw new Error(`party ${self}: ${JSON.stringify(status)}`);
    return [self, status.out] as const;
  });
  return new Map(outs);
}

function shareOf(shares: ReadonlyMap<Index, KeyShare>, self: Index): KeyShare {
  const share = shares.get(self);
  if (share === undefined) throw new Error(`no share for ${self}`);
  // A machine may wipe what it is given.
  return { ...share, x: Uint8Array.from(share.x) as KeyShare['x'] };
}

function sessionOf(prss: ReadonlyMap<Index, PrssSession>, self: Index): PrssSession {
  const session = prss.get(self);
  if (session === undefined) throw new Error(`no session for ${self}`);
  return session;
}
