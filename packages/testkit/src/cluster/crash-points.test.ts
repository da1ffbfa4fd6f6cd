/**
 * Any one or two signers killed at every crash point of every protocol: what three can do goes on at once, what needs five is
 * refused clearly and succeeds after their return, and no key is stranded. Points are recorded, never listed.
 *
 * `HOLDFAST_CRASH_POINTS=full` takes each of the five and all ten pairs at every point; otherwise they take turns, and the
 * points do from day to day. `HOLDFAST_CRASH_SLICE=2` takes those of such a day again.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { Command, ReshareRecord } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import Database from 'libsql';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  everybody,
  type KeyResult,
  keyResult,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'crash points 1';
const isFull = process.env['HOLDFAST_CRASH_POINTS'] === 'full';
/** A quarter of the points at a time. */
const SLICES = 4;
const slice = Number(process.env['HOLDFAST_CRASH_SLICE'] ?? Math.floor(Date.now() / 86_400_000) % SLICES);
/** Again what failed: the kind as its test names it, the case as the error does. */
const oneKind = process.env['HOLDFAST_CRASH_KIND'];
const oneCase = process.env['HOLDFAST_CRASH_CASE'];
const isVerbose = process.env['HOLDFAST_CRASH_VERBOSE'] !== undefined;
console.log(`seed: ${seed}, ${isFull ? 'every point and pair' : `HOLDFAST_CRASH_SLICE=${slice}`}`);

interface World {
  readonly api: TestApi<TestCluster>;
  readonly org: TestOrganisation;
  readonly eddsa: KeyResult;
  readonly schnorr: KeyResult;
  readonly ecdsa: KeyResult;
  readonly master: KeyResult;
  readonly dh: KeyResult;
}

async function world(): Promise<World> {
  const api = createTestApi(await startTestCluster(seed, { auxiliary: true }));
  const org = await api.found('Acme');
  const user = org.admin;
  await api.govern({ org, user, method: 'PUT', path: `/orgs/${org.org}/settings`, body: { keyImport: true } });
  const make = (body: object) => api.createKey({ org, user, body });
  return {
    api,
    org,
    eddsa: await make({ scheme: 'EdDSA', curve: 'ed25519' }),
    schnorr: await make({ scheme: 'Schnorr', curve: 'secp256k1' }),
    ecdsa: await make({ scheme: 'ECDSA', curve: 'secp256k1' }),
    master: await make({ scheme: 'EdDSA', curve: 'ed25519', masterKey: true }),
    dh: await make({ scheme: 'DH', curve: 'secp256k1' }),
  };
}

const storeOf = ({ api }: World, index: number) => {
  const store = api.cluster.signers[index - 1]?.process?.store;
  if (store === undefined) throw new Error(`signer ${index} is dead`);
  return store;
};
const alive = ({ api }: World): number[] => everybody.filter((k) => api.cluster.signers[k - 1]?.process !== undefined);
/** These and others, three in order. */
const threeWith = (some: readonly number[]): number[] =>
  [...new Set([...some, ...everybody])].slice(0, 3).sort((a, b) => a - b);

const hash = '07'.repeat(32);
const signed = (w: World, key: KeyResult, o: { participants: readonly number[]; session?: string }): ActCommand =>
  w.api.makeAct({
    org: w.org,
    user: w.org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: isHash(w, key) ? { kind: 'Hash', hash: `0x${hash}` } : { kind: 'Message', message: `0x${hash}` },
    ...o,
  });
const isHash = (w: World, key: KeyResult): boolean => key === w.ecdsa || key === w.schnorr;
/** Every answer is a signature that verifies. */
function verify(w: World, key: KeyResult, replies: Replies): void {
  const publicKey = fromHex(key.publicKey);
  for (const [index, reply] of replies) {
    if (reply?.ok !== true || reply.result.t !== 'signatures')
      throw new Error(`signer ${index}: ${codesOf(replies).join(' ')}`);
    const signature = fromHex(reply.result.signatures[0]?.signature ?? '');
    const bytes = fromHex(hash);
    const holds =
      key === w.ecdsa
        ? verifyRaw(
            { algorithm: 'ecdsa', digest: bytes },
            { scheme: 'ECDSA', curve: 'secp256k1', publicKey },
            { signature },
          )
        : key === w.schnorr
          ? verifyRaw(
              { algorithm: 'bip340', message: bytes },
              { scheme: 'Schnorr', curve: 'secp256k1', publicKey },
              { signature },
            )
          : verifyRaw(
              { algorithm: 'eddsa', message: bytes },
              { scheme: 'EdDSA', curve: 'ed25519', publicKey },
              { signature },
            );
    ok(holds, `the signature of signer ${index} verifies`);
  }
}
const again = (w: World, command: ActCommand, participants: readonly number[]): Promise<Replies> => {
  const { session: _, ...rest } = command;
  return w.api.broadcast(
    { ...rest, runNonce: toHex(w.api.cluster.random(32)), participants: [...participants] },
    participants,
  );
};
/** Waits as long as whoever is alive may wait for the dead. */
async function within(w: World, answers: Promise<Replies>): Promise<Replies> {
  let isOver = false;
  void answers.finally(() => {
    isOver = true;
  });
  await w.api.cluster.clock.settle();
  if (!isOver) await w.api.cluster.clock.advance(RUN_MS_MAX);
  return answers;
}
/** A run has ended by then, whoever is missing. */
const RUN_MS_MAX = 11_000;
const session = (w: World): { session: string } => ({ session: w.api.session() ?? '' });

interface Kind {
  readonly name: string;
  /** Before anybody is armed. */
  prepare?(w: World): Promise<void>;
  /** The work as an api drives it, with these signers at the table; nobody dies in it where nobody is armed. */
  work(w: World, o: { readonly with: readonly number[]; readonly at: number }): Promise<unknown>;
  /** While they are dead: `left` are the others. */
  meanwhile?(w: World, left: readonly number[], o: { readonly made: unknown; readonly at: number }): Promise<void>;
  /** After their return: succeeds, and nothing of before is lost. */
  afterwards(
    w: World,
    o: { readonly victims: readonly number[]; readonly made: unknown; readonly at: number },
  ): Promise<void>;
  /** Signers that pass other points than the rest; the first of these stands for the rest. */
  readonly roles?: readonly number[];
}

/** A signature by any three: the same request goes to three others. */
function byThree(name: string, of: (w: World) => KeyResult): Kind {
  return {
    name,
    async work(w, o) {
      const participants = threeWith(o.with);
      const command = signed(w, of(w), { participants });
      const replies = await within(w, w.api.broadcast(command, participants));
      if (alive(w).length === 5) verify(w, of(w), replies);
      return command;
    },
    async meanwhile(w, left, { made }) {
      const before = w.api.cluster.clock.now();
      verify(w, of(w), await again(w, made as ActCommand, left.slice(0, 3)));
      equal(w.api.cluster.clock.now(), before, 'nobody waited for the dead');
    },
    async afterwards(w, { victims }) {
      const participants = threeWith(victims);
      verify(w, of(w), await w.api.broadcast(signed(w, of(w), { participants }), participants));
    },
  };
}

/** Something that five make and three may ask for again: whole for all, or not there. */
function made(
  name: string,
  o: { ask(w: World, at: number): Promise<ActCommand>; signs?: (w: World, key: KeyResult) => Promise<void> },
): Kind {
  const finish = async (w: World, command: ActCommand): Promise<KeyResult | undefined> => {
    const { request, assertion } = command;
    const found = await w.api.broadcast({ v: 1, id: 'made', kind: 'Made', act: { request, assertion } });
    if (!codesOf(found).every((code) => code === 'ok')) return undefined;
    const key = keyResult(found);
    deepEqual(codesOf(await w.api.certify(key)), Array(5).fill('ok'));
    return key;
  };
  return {
    name,
    async work(w, { at }) {
      const command = await o.ask(w, at);
      const replies = await within(w, w.api.broadcast(command));
      if (alive(w).length === 5) await w.api.certify(keyResult(replies));
      return { command, codes: codesOf(replies) };
    },
    async meanwhile(w, left, { at }) {
      const more = await o.ask(w, -1 - at).catch(() => undefined);
      // The client of an import already fails to get the keys of all five.
      if (more !== undefined) for (const code of codesOf(await w.api.broadcast(more, left))) equal(code, 'E_PEER_GONE');
    },
    async afterwards(w, { made: before, at, victims }) {
      const { command, codes } = before as { command: ActCommand; codes: string[] };
      let key = await finish(w, command);
      if (codes.includes('ok')) ok(key !== undefined, 'a key that one signer answered with is there for all');
      if (key === undefined) {
        const anew = await o.ask(w, at);
        deepEqual(codesOf(await w.api.broadcast(anew)), Array(5).fill('ok'));
        key = await finish(w, anew);
      }
      if (key === undefined) throw new Error('no key');
      const participants = threeWith(victims);
      verify(w, key, await w.api.broadcast(signed(w, key, { participants }), participants));
      for (const index of everybody) ok(storeOf(w, index).keys.key(key.keyId)?.activeEpoch !== undefined);
    },
  };
}

const create = (w: World, path: string, body: object): ActCommand =>
  w.api.makeAct({ org: w.org, user: w.org.admin, method: 'POST', path, body, participants: everybody });

/** New shares: until all have confirmed them, all five hold one sharing together. */
const newShares = {
  /** The newest epoch of which every one of these holds the certificate. */
  async common(w: World, keyId: string, signers: readonly number[]): Promise<string | undefined> {
    const held = await w.api.epochsOf(keyId);
    const certified = signers.map((index) => (held.get(index) ?? []).filter((each) => each.confirmation !== undefined));
    return (certified[0] ?? [])
      .filter(({ epoch }) => certified.every((each) => each.some((one) => one.epoch === epoch)))
      .sort((a, b) => b.generation - a.generation)[0]?.epoch;
  },
  async settle(w: World, keyId: string): Promise<void> {
    await w.api.settleEpochs(keyId);
    await w.api.settleEpochs(keyId);
  },
  async signs(w: World, key: KeyResult, participants: readonly number[], keyEpoch: string): Promise<void> {
    const command = { ...signed(w, key, { participants }), keyEpoch };
    verify(w, key, await w.api.broadcast(command, participants));
  },
  isSettled(w: World, keyId: string): void {
    const epochs = everybody.map((index) =>
      storeOf(w, index)
        .keys.epochsOf(keyId)
        .map(({ epoch, certified }) => `${toHex(epoch)} ${certified}`),
    );
    for (const one of epochs) deepEqual(one, epochs[0]);
    equal(epochs[0]?.length, 1);
  },
};

const refresh: Kind = {
  name: 'refresh',
  async work(w) {
    const { keyId } = w.eddsa;
    const epoch = await newShares.common(w, keyId, everybody);
    await within(w, w.api.refresh({ keyId, epoch: epoch ?? '' }));
    await newShares.settle(w, keyId);
  },
  async meanwhile(w, left) {
    const { keyId } = w.eddsa;
    const epoch = await newShares.common(w, keyId, left.slice(0, 3));
    ok(epoch !== undefined, 'the living hold one epoch together');
    await newShares.signs(w, w.eddsa, left.slice(0, 3), epoch);
    for (const code of codesOf(await w.api.refresh({ keyId, epoch, to: left })))
      ok(['E_PEER_GONE', 'E_EPOCH'].includes(code), code);
  },
  async afterwards(w, { victims }) {
    const { keyId } = w.eddsa;
    await newShares.settle(w, keyId);
    await w.api.cluster.clock.advance(120_000);
    const epoch = (await newShares.common(w, keyId, everybody)) ?? '';
    const { epoch: next } = keyResult(await w.api.refresh({ keyId, epoch }));
    await newShares.settle(w, keyId);
    newShares.isSettled(w, keyId);
    await newShares.signs(w, w.eddsa, threeWith(victims), next);
  },
};

// ---- Resharing to one that has lost its share ----------------------------------------------------------------------

const LOST = 5;
const dealers = everybody.filter((index) => index !== LOST);

async function lose(w: World, keyId: string): Promise<void> {
  w.api.cluster.kill(LOST);
  await w.api.cluster.clock.settle();
  const db = new Database(join(w.api.cluster.signers[LOST - 1]?.dir ?? '', 'store.sqlite'));
  for (const table of ['vault', 'wallets', 'children', 'keys'])
    db.prepare(`delete from ${table} where keyId = ?`).run([keyId]);
  db.close();
  await w.api.cluster.start(LOST);
  await w.api.cluster.clock.advance(1_000);
}
/** As the api does for `cluster repair`: the record as its holders give it, dealt anew from their newest epoch. */
async function reshare(w: World, keyId: string): Promise<Replies> {
  const held = await w.api.epochsOf(keyId);
  const holders = dealers.filter((index) =>
    (held.get(index) ?? []).some(({ confirmation }) => confirmation !== undefined),
  );
  const records = await w.api.broadcast({ v: 1, id: 'kr', kind: 'KeyRecord', keyId }, holders);
  const results = [...records.values()].flatMap((reply) =>
    reply?.ok === true && reply.result.t === 'keyRecord' ? [reply.result] : [],
  );
  const [first] = results;
  if (first === undefined) throw new Error('nobody holds it');
  const record: ReshareRecord = { ...first.record, statements: results.map(({ statement }) => statement) };
  const command: Command = {
    v: 1,
    id: 'rs',
    kind: 'Reshare',
    keyId,
    epoch: (await newShares.common(w, keyId, holders)) ?? '',
    runNonce: toHex(w.api.cluster.random(32)),
    participants: holders,
    record,
  };
  return within(w, w.api.broadcast(command, alive(w)));
}

const resharing: Kind = {
  name: 'resharing',
  roles: [2, LOST],
  async prepare(w) {
    await lose(w, w.eddsa.keyId);
    // The session that follows a restart has points of its own.
    await w.api.cluster.clock.advance(20_000);
  },
  async work(w) {
    const { keyId } = w.eddsa;
    const replies = await reshare(w, keyId);
    await newShares.settle(w, keyId);
    return codesOf(replies);
  },
  async meanwhile(w, left) {
    const { keyId } = w.eddsa;
    const holders = left.filter((index) => storeOf(w, index).keys.key(keyId)?.activeEpoch !== undefined);
    // Where the one that lost its share is among three that live, two holders are left, and nothing can sign.
    if (holders.length >= 3) {
      const epoch = await newShares.common(w, keyId, holders.slice(0, 3));
      ok(epoch !== undefined, 'the living hold one epoch together');
      await newShares.signs(w, w.eddsa, holders.slice(0, 3), epoch);
    }
    for (const code of codesOf(await reshare(w, keyId)))
      ok(['E_PEER_GONE', 'E_EPOCH', 'E_ACKS', 'E_COMMAND', 'E_REFRESH_PAUSE'].includes(code), code);
  },
  async afterwards(w, { victims }) {
    const { keyId } = w.eddsa;
    await newShares.settle(w, keyId);
    await w.api.cluster.clock.advance(120_000);
    // What `cluster repair` looks at is whether every signer proves its share of the newest epoch.
    const isWhole = (await newShares.common(w, keyId, everybody)) !== undefined;
    if (!isWhole)
      deepEqual(codesOf(await reshare(w, keyId)), Array(5).fill('ok'), 'the first repair after their return');
    await newShares.settle(w, keyId);
    await w.api.cluster.clock.advance(120_000);
    // Whatever was left over goes with the next refresh.
    const epoch = (await newShares.common(w, keyId, everybody)) ?? '';
    const { epoch: next } = keyResult(await w.api.refresh({ keyId, epoch }));
    await newShares.settle(w, keyId);
    newShares.isSettled(w, keyId);
    await newShares.signs(w, w.eddsa, threeWith([...victims, LOST]), next);
  },
};

const groups = (
  name: string,
  o: { protocol: 'ecdsa-h/secp256k1' | 'frost/ed25519'; of(w: World): KeyResult },
): Kind => {
  const ask = (w: World, participants: readonly number[]): Promise<Replies> => {
    const elements = [0, 1].map(() => {
      const { request, assertion, tokens, runNonce } = signed(w, o.of(w), { participants: [] });
      return { request, assertion, tokens, runNonce, items: 1 };
    });
    return w.api.broadcast(
      {
        v: 1,
        id: 'g',
        kind: 'Group',
        protocol: o.protocol,
        elements,
        runNonce: toHex(w.api.cluster.random(32)),
        participants: [...participants],
        ...(participants.length === 5 ? session(w) : {}),
      } as Command,
      participants,
    );
  };
  const seats = (some: readonly number[]): readonly number[] =>
    o.protocol === 'frost/ed25519' ? threeWith(some) : everybody;
  const allSigned = (replies: Replies): void => {
    for (const reply of replies.values()) {
      if (reply?.ok !== true || reply.result.t !== 'group') throw new Error(codesOf(replies).join(' '));
      for (const outcome of reply.result.outcomes) ok(outcome.ok, outcome.ok ? '' : outcome.error.code);
    }
  };
  return {
    name,
    async work(w, { with: some }) {
      const replies = await within(w, ask(w, seats(some)));
      if (alive(w).length === 5) allSigned(replies);
    },
    ...(o.protocol === 'frost/ed25519'
      ? {
          async meanwhile(w: World, left: readonly number[]) {
            allSigned(await ask(w, left.slice(0, 3)));
          },
        }
      : {}),
    async afterwards(w, { victims }) {
      allSigned(await ask(w, seats(victims)));
    },
  };
};

const kinds: readonly Kind[] = [
  byThree('FROST on ed25519', (w) => w.eddsa),
  byThree('FROST for BIP-340', (w) => w.schnorr),
  groups('a group of FROST', { protocol: 'frost/ed25519', of: (w) => w.eddsa }),
  groups('a group of ECDSA by five', { protocol: 'ecdsa-h/secp256k1', of: (w) => w.ecdsa }),
  {
    name: 'ECDSA by five',
    async work(w) {
      const command = signed(w, w.ecdsa, { participants: everybody, ...session(w) });
      const replies = await within(w, w.api.broadcast(command));
      if (alive(w).length === 5) verify(w, w.ecdsa, replies);
      return command;
    },
    async meanwhile(w, left, { made: command, at }) {
      // A second of three processors: in turn.
      if (at % 8 !== 0) return;
      const before = w.api.cluster.clock.now();
      verify(w, w.ecdsa, await again(w, command as ActCommand, left.slice(0, 3)));
      ok(w.api.cluster.clock.now() - before <= 10_000);
    },
    async afterwards(w) {
      verify(w, w.ecdsa, await w.api.broadcast(signed(w, w.ecdsa, { participants: everybody, ...session(w) })));
    },
  },
  made('key generation', {
    ask: async (w) => create(w, '/wallets', { network: 'Solana' }),
  }),
  made('import', {
    async ask(w) {
      const secret = curveOf('ed25519').scalar.random(w.api.cluster.random);
      return create(w, '/keys/import', await w.api.importBody({ curve: 'ed25519', protocol: 'FROST', secret }));
    },
  }),
  made('a child key', {
    ask: async (w, at) =>
      create(w, '/keys', {
        scheme: 'EdDSA',
        curve: 'ed25519',
        deriveFrom: { keyId: w.master.keyId, path: `m/${at < 0 ? 1_000_000 - at : at}` },
      }),
  }),
  {
    name: 'derivation',
    async work(w) {
      await within(w, w.api.broadcast(derivation(w)));
    },
    async meanwhile(w, left) {
      outputs(await w.api.broadcast({ ...derivation(w), participants: [...left] }, left));
    },
    async afterwards(w) {
      outputs(await w.api.broadcast(derivation(w)));
    },
  },
  refresh,
  resharing,
];

const derivation = (w: World): ActCommand => create(w, `/keys/${w.dh.keyId}/derive`, { domain: '0x01', seed: '0x02' });
function outputs(replies: Replies): void {
  const all = new Set(
    [...replies.values()].map((reply) => JSON.stringify(reply?.ok === true ? reply.result : reply?.error)),
  );
  for (const reply of replies.values()) equal(reply?.ok, true, [...all].join(' '));
}

/** Engine C is a second of three processors for each signature: in full only. */
const byEngineC: Kind = {
  ...byThree('ECDSA by three', (w) => w.ecdsa),
  async afterwards(w) {
    verify(w, w.ecdsa, await w.api.broadcast(signed(w, w.ecdsa, { participants: everybody, ...session(w) })));
  },
};

/** These have tests of their own in which one and two signers take turns: derive.test.ts and refresh.test.ts. */
const elsewhere = ['a child key', 'derivation', 'refresh'];
for (const kind of isFull ? [...kinds, byEngineC] : kinds.filter(({ name }) => !elsewhere.includes(name))) {
  if (oneKind !== undefined && kind.name !== oneKind) continue;
  test(`one or two signers killed at every point of ${kind.name}`, async () => {
    const w = await world();
    const { cluster } = w.api;
    const points = new Map<number, readonly string[]>();
    const roles = kind.roles ?? [2];
    const roleOf = (index: number): number => (roles.includes(index) ? index : (roles[0] as number));
    for (const index of roles) points.set(index, await record(w, kind, index));
    const lists = [...points.values()];
    ok(
      lists.every((list) => list.length >= 3),
      JSON.stringify(lists),
    );
    const generated = roles.flatMap((role) => (points.get(role) ?? []).map((point) => ({ role, point })));
    const wanted = generated.filter((_, at) => isFull || oneCase !== undefined || at % SLICES === slice);
    const cases = wanted.flatMap(({ role, point }, at) => {
      const alike = everybody.filter((index) => roleOf(index) === role);
      const first = alike[at % alike.length] ?? 0;
      if (!isFull && oneCase === undefined)
        return [{ role, point, victims: at % 2 === 0 ? [first, (first % 5) + 1] : [first] }];
      // Where signers differ it matters which of two is at the point.
      const pairs = alike.flatMap((a) =>
        everybody.filter((b) => (roles.length > 1 ? b !== a : b > a)).map((b) => [a, b]),
      );
      return [...alike.map((a) => [a]), ...pairs].map((victims) => ({ role, point, victims }));
    });
    const reached = new Set<string>();
    for (const [at, { role, point, victims }] of cases.entries()) {
      if (oneCase !== undefined && `${victims.join(' and ')} at ${point}` !== oneCase) continue;
      const what = `HOLDFAST_CRASH_KIND='${kind.name}' HOLDFAST_CRASH_CASE='${victims.join(' and ')} at ${point}'`;
      if (isVerbose) console.log(what);
      try {
        // Deadlines, pauses and one-minute bounds of the case before are over.
        await cluster.clock.advance(60_000);
        await kind.prepare?.(w);
        const [first = 0, ...rest] = victims;
        cluster.signers[first - 1]?.crashAt(point, rest);
        const done = await kind.work(w, { with: victims, at });
        const left = alive(w);
        deepEqual(
          everybody.filter((index) => !left.includes(index)),
          [...victims].sort((a, b) => a - b),
          'each died where it should',
        );
        reached.add(`${role} ${point}`);
        await kind.meanwhile?.(w, left, { made: done, at });
        for (const index of victims) await cluster.start(index);
        await cluster.clock.advance(20_000);
        for (const index of everybody) equal(storeOf(w, index).journal.damagedAt(), undefined);
        await kind.afterwards(w, { victims, made: done, at });
      } catch (error) {
        throw new Error(what, { cause: error });
      }
    }
    // What a dead process still says is that it was killed, or that its store is closed.
    const bugs = cluster.signers.flatMap(({ logs }) =>
      logs.filter(
        ({ event, facts }) =>
          event === 'command.bug' && !/^at .*(Object\.point|prepare|transaction) \(/.test(String(facts['place'])),
      ),
    );
    deepEqual(bugs, []);
    console.log(
      `${kind.name}: ${generated.length} points, ${wanted.length} of them wanted, ${reached.size} reached, ${cases.length} cases`,
    );
    if (oneCase === undefined) equal(reached.size, wanted.length);
    cluster.stop();
  });
}

/** What this signer passes in this work when nobody dies. */
async function record(w: World, kind: Kind, index: number): Promise<readonly string[]> {
  await w.api.cluster.clock.advance(60_000);
  await kind.prepare?.(w);
  const witness = w.api.cluster.signers[index - 1];
  const from = witness?.points.length ?? 0;
  const done = await kind.work(w, { with: [index], at: 500_000 + index });
  const mine = (witness?.points.slice(from) ?? []).filter((point) => !/store:(start|session|claim)/.test(point));
  await kind.afterwards(w, { victims: [index], made: done, at: 600_000 + index });
  return [...new Set(mine)];
}
