/**
 * New shares of a key at five signers: killed at every point of it, one and two at a time, the key can be used before,
 * during and after, and nobody is left with a share that fits no other (mpc-protocols §10 rows 46 and 48).
 */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { interpolate } from '@holdfast/crypto/sharing';
import type { KeyShare } from '@holdfast/mpc/runtime';
import {
  codesOf,
  createTestApi,
  everybody,
  type KeyResult,
  keyResult,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'refresh 1';
console.log(`seed: ${seed}`);

interface World {
  readonly api: TestApi<TestCluster>;
  readonly org: TestOrganisation;
  readonly key: KeyResult;
}

async function withKey(name = seed, body: object = { scheme: 'EdDSA', curve: 'ed25519' }): Promise<World> {
  const api = createTestApi(await startTestCluster(name));
  const org = await api.found('Acme');
  return { api, org, key: await api.createKey({ org, user: org.admin, body }) };
}

const storeOf = ({ api }: World, index: number) => {
  const store = api.cluster.signers[index - 1]?.process?.store;
  if (store === undefined) throw new Error(`signer ${index} is dead`);
  return store;
};
const alive = ({ api }: World): number[] => everybody.filter((k) => api.cluster.signers[k - 1]?.process !== undefined);

/** The epoch in use at a signer. */
const inUse = (world: World, index = 1): string =>
  toHex(storeOf(world, index).keys.key(world.key.keyId)?.activeEpoch ?? new Uint8Array());

/** Opens every share of the key that a signer holds; the test is the thief. */
function sharesOf(world: World, index: number): KeyShare[] {
  const { keys } = storeOf(world, index);
  return keys.epochsOf(world.key.keyId).map(({ epoch }) => keys.open(world.key.keyId, epoch).share);
}

const message = '616263';
/** Signs with three signers in an epoch that the api names, and verifies with Node's own Ed25519. */
async function signs(
  world: World,
  participants: readonly number[],
  keyEpoch: string,
  to = participants,
): Promise<string[]> {
  const { api, org, key } = world;
  const replies = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: { kind: 'Message', message: `0x${message}` },
    participants,
    to,
    keyEpoch,
  });
  for (const reply of replies.values()) {
    if (reply?.ok !== true || reply.result.t !== 'signatures') continue;
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key.publicKey, 'hex')]);
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const signature = Buffer.from(reply.result.signatures[0]?.signature ?? '', 'hex');
    ok(verify(null, Buffer.from(message, 'hex'), publicKey, signature), 'the signature verifies');
  }
  return codesOf(replies);
}

/** The newest epoch of which every one of these signers holds the certificate: what an api names. */
async function common(world: World, signers: readonly number[]): Promise<string | undefined> {
  const held = await world.api.epochsOf(world.key.keyId);
  const certified = signers.map((index) => (held.get(index) ?? []).filter((each) => each.confirmation !== undefined));
  const [first = [], ...rest] = certified;
  return first
    .filter(({ epoch }) => rest.every((each) => each.some((one) => one.epoch === epoch)))
    .sort((a, b) => b.generation - a.generation)[0]?.epoch;
}

/** As an api that asks all signers, and asks again. */
async function settle(world: World): Promise<void> {
  await world.api.settleEpochs(world.key.keyId);
  await world.api.settleEpochs(world.key.keyId);
}

/** A refresh that must succeed, with all that follows from it. */
async function refreshed(world: World): Promise<string> {
  await world.api.cluster.clock.advance(10_000);
  const result = keyResult(await world.api.refresh({ keyId: world.key.keyId, epoch: inUse(world) }));
  equal(result.publicKey, world.key.publicKey);
  await settle(world);
  return result.epoch;
}

function isSettled(world: World): void {
  const epochs = everybody.map((index) =>
    storeOf(world, index)
      .keys.epochsOf(world.key.keyId)
      .map(({ epoch, certified }) => `${toHex(epoch)} ${certified}`),
  );
  for (const one of epochs) deepEqual(one, epochs[0]);
  equal(epochs[0]?.length, 1);
}

test('a refresh changes every share and leaves the key: it signs before, meanwhile with the old shares, and after', async () => {
  const world = await withKey();
  const before = inUse(world);
  deepEqual(await signs(world, [1, 2, 3], before), ['ok', 'ok', 'ok']);

  const result = keyResult(await world.api.refresh({ keyId: world.key.keyId, epoch: before }));

  equal(result.publicKey, world.key.publicKey);
  notEqual(result.epoch, before);
  // Not confirmed yet: both sharings can be named.
  deepEqual(await signs(world, [1, 2, 3], before), ['ok', 'ok', 'ok']);
  deepEqual(await signs(world, [3, 4, 5], result.epoch), ['ok', 'ok', 'ok']);
  await settle(world);
  isSettled(world);
  deepEqual(await signs(world, [2, 3, 4], result.epoch), ['ok', 'ok', 'ok']);
  deepEqual(await signs(world, [2, 3, 4], before), ['E_EPOCH', 'E_EPOCH', 'E_EPOCH']);
  world.api.cluster.stop();
});

test('an ECDSA key is refreshed the same way and signs with five new shares', async () => {
  const world = await withKey(`${seed} ecdsa`, { scheme: 'ECDSA', curve: 'secp256k1' });
  const epoch = await refreshed(world);
  const { api, org, key } = world;
  const session = api.session();

  const replies = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: { kind: 'Hash', hash: `0x${'07'.repeat(32)}` },
    participants: everybody,
    keyEpoch: epoch,
    ...(session === undefined ? {} : { session }),
  });

  deepEqual(codesOf(replies), ['ok', 'ok', 'ok', 'ok', 'ok']);
  isSettled(world);
  world.api.cluster.stop();
});

test('row 48: old and new shares never combine: no mix of three gives the key, and no run of mixed epochs a signature', async () => {
  const world = await withKey();
  const old = everybody.map((index) => sharesOf(world, index)[0] as KeyShare);
  const result = keyResult(await world.api.refresh({ keyId: world.key.keyId, epoch: inUse(world) }));
  const fresh = everybody.map((index) => sharesOf(world, index)[1] as KeyShare);
  const curve = curveOf('ed25519');
  const isKey = (shares: readonly KeyShare[]): boolean => {
    const x = interpolate(
      curve,
      shares.map(({ index, x: y }) => ({ x: index, y })),
    );
    return toHex(curve.encodePoint(curve.mulBase(x))) === world.key.publicKey;
  };

  let mixes = 0;
  for (const [a, b, c] of triples()) {
    for (let mix = 0; mix < 8; mix += 1) {
      const shares = [a, b, c].map((index, k) => (mix & (1 << k) ? fresh : old)[index - 1] as KeyShare);
      equal(isKey(shares), mix === 0 || mix === 7, `${[a, b, c]} mix ${mix}`);
      if (mix !== 0 && mix !== 7) mixes += 1;
    }
  }
  equal(mixes, 60);

  // Signers told of different epochs compute different execution ids, and never meet.
  const { api, org, key } = world;
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: { kind: 'Message', message: `0x${message}` },
    participants: [1, 2, 3],
  });
  const answers = Promise.all(
    [1, 2, 3].map((index) =>
      api.broadcast({ ...command, keyEpoch: index === 1 ? result.epoch : toHex((old[0] as KeyShare).epoch) }, [index]),
    ),
  );
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(5_000);
  deepEqual((await answers).flatMap(codesOf), ['E_PEER_GONE', 'E_PEER_GONE', 'E_PEER_GONE']);
  api.cluster.stop();
});

test('old shares are gone from the files of every signer once all five have confirmed the new ones, and not before', async () => {
  const world = await withKey();
  const files = (index: number): Buffer => {
    const file = join(world.api.cluster.signers[index - 1]?.dir ?? '', 'store.sqlite');
    return Buffer.concat([file, `${file}-wal`].filter((each) => existsSync(each)).map((each) => readFileSync(each)));
  };
  const sealedOf = (index: number): Buffer => {
    // What stands in the file for the old share: its epoch, and the public shares of its sharing.
    const [share] = sharesOf(world, index);
    return Buffer.from((share as KeyShare).epoch);
  };
  const marks = everybody.map(sealedOf);
  const publicShares = everybody.map((index) => {
    const { keys } = storeOf(world, index);
    const [first] = keys.epochsOf(world.key.keyId);
    const record = keys.record(world.key.keyId, first?.epoch ?? new Uint8Array());
    return Buffer.from(toHex(record?.publicShares[index - 1] ?? new Uint8Array()));
  });
  keyResult(await world.api.refresh({ keyId: world.key.keyId, epoch: inUse(world) }));
  for (const index of everybody) ok(files(index).includes(publicShares[index - 1] as Buffer), 'still there');

  await settle(world);
  await world.api.cluster.clock.advance(1_000);

  for (const index of everybody) {
    equal(files(index).includes(publicShares[index - 1] as Buffer), false, `public shares at signer ${index}`);
    // The journal keeps the names of epochs as hexadecimal text; the record itself, under its raw name, is gone.
    equal(files(index).includes(marks[index - 1] as Buffer), false, `record at signer ${index}`);
  }
  isSettled(world);
  world.api.cluster.stop();
});

test('what a signer checks for itself before it takes part in a refresh', async () => {
  const world = await withKey();
  const { api, org, key } = world;
  const { keyId } = key;
  const epoch = inUse(world);
  const one = async (change: object = {}): Promise<string | undefined> => {
    const command = {
      v: 1,
      id: 'r',
      kind: 'Refresh',
      keyId,
      epoch,
      runNonce: toHex(api.cluster.random(32)),
      participants: [...everybody],
      ...change,
    } as const;
    return codesOf(await api.broadcast(command, [1]))[0];
  };

  equal(await one({ keyId: 'key-none' }), 'E_NOT_FOUND');
  equal(await one({ epoch: '00'.repeat(32) }), 'E_EPOCH');
  equal(await one({ participants: [1, 2, 3] }), 'E_COMMAND');
  api.cluster.signers[0]?.crashAt(undefined);
  api.cluster.kill(4);
  await api.cluster.clock.settle();
  equal(await one(), 'E_PEER_GONE');
  await api.cluster.start(4);
  await api.cluster.clock.advance(10_000);

  await refreshed(world);
  equal(await one(), 'E_EPOCH');
  deepEqual(codesOf(await api.refresh({ keyId, epoch: inUse(world) })), Array(5).fill('E_REFRESH_PAUSE'));

  const frozen = api.cluster.signers[0];
  if (frozen !== undefined) frozen.frozen = true;
  equal(await one({ epoch: inUse(world) }), 'E_SEALED');
  if (frozen !== undefined) frozen.frozen = false;

  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyExport: true },
  });
  const secret = await api.exportKey({
    org,
    user: org.admin,
    keyId,
    curve: 'ed25519',
    protocol: 'FROST',
    publicKey: fromHex(key.publicKey),
  });
  ok(secret.length === 32);
  await api.cluster.clock.advance(10_000);
  deepEqual(codesOf(await api.refresh({ keyId, epoch: inUse(world) })), Array(5).fill('E_KEY_EXPORTED'));
  api.cluster.stop();
});

test('one refresh of a key at a time, and eight of all keys', async () => {
  const world = await withKey();
  const { api, org } = world;
  const keys = [world.key];
  for (let k = 1; k < 9; k += 1)
    keys.push(await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } }));
  // Only signer 1 is asked: its runs wait for the others.
  const ask = ({ keyId, epoch }: KeyResult) => api.refresh({ keyId, epoch, to: [1] });
  const waiting = keys.slice(0, 8).map(ask);
  await api.cluster.clock.settle();

  deepEqual(codesOf(await ask(keys[0] as KeyResult)), ['E_CLUSTER_BUSY']);
  deepEqual(codesOf(await ask(keys[8] as KeyResult)), ['E_BUSY']);

  await api.cluster.clock.advance(11_000);
  for (const one of waiting) deepEqual(codesOf(await one), ['E_PEER_GONE']);
  await api.cluster.clock.advance(10_000);
  keyResult(await api.refresh({ keyId: world.key.keyId, epoch: world.key.epoch }));
  api.cluster.stop();
});

test('a key that is exported while its refresh runs gets no new share', async () => {
  const world = await withKey();
  const { api, org, key } = world;
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyExport: true },
  });
  const body = {
    encryptionKey: 'AQJ5vmZ++dy7rFWgYpXOhwsHApv82y3OKNlZ8oFbFvgXmA==',
    supportedSchemes: [{ protocol: 'FROST', curve: 'ed25519' }],
  };
  let exported: Promise<unknown> | undefined;
  // In the moment in which the last proof is on its way, the owner takes the key out.
  api.cluster.net.tap(({ message }) => {
    if (message.round === 3 && exported === undefined)
      exported = api.act({ org, user: org.admin, method: 'POST', path: `/keys/${key.keyId}/export`, body });
    return [message];
  });

  const answers = api.refresh({ keyId: key.keyId, epoch: inUse(world) });
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  await exported;
  api.cluster.net.tap(undefined);

  ok(codesOf(await answers).includes('E_KEY_EXPORTED'));
  for (const index of everybody) equal(storeOf(world, index).keys.key(key.keyId)?.exported, true);
  for (const index of everybody) deepEqual(storeOf(world, index).keys.epochsOf(key.keyId).length, 1);
  api.cluster.stop();
});

test('an execution id of a refresh starts once; the same command again is refused', async () => {
  const world = await withKey();
  const { api, key } = world;
  const command = {
    v: 1,
    id: 'r',
    kind: 'Refresh',
    keyId: key.keyId,
    epoch: inUse(world),
    runNonce: '07'.repeat(32),
    participants: [...everybody],
  } as const;
  // Signer 5 is not asked: the others give up and have started this id.
  const answers = api.broadcast(command, [1, 2, 3, 4]);
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  deepEqual(codesOf(await answers), Array(4).fill('E_PEER_GONE'));

  deepEqual(codesOf(await api.broadcast(command, [1, 2, 3, 4])), Array(4).fill('E_EXEC_USED'));
  await refreshed(world);
  isSettled(world);
  api.cluster.stop();
});

test('an archived key is refreshed too: its shares would still give the key', async () => {
  const world = await withKey();
  const { api, org, key } = world;
  await api.act({ org, user: org.admin, method: 'DELETE', path: `/keys/${key.keyId}`, body: {} });

  const epoch = await refreshed(world);

  isSettled(world);
  deepEqual(await signs(world, [1, 2, 3], epoch), ['E_KEY_INACTIVE', 'E_KEY_INACTIVE', 'E_KEY_INACTIVE']);
  api.cluster.stop();
});

test('nothing is erased on four confirmations, on one given twice, or on those of another epoch or key', async () => {
  const world = await withKey();
  const { api, key } = world;
  const before = inUse(world);
  const { epoch } = keyResult(await api.refresh({ keyId: key.keyId, epoch: before }));
  const held = await api.epochsOf(key.keyId);
  const confirmationsOf = (of: string) =>
    everybody.flatMap((index) => {
      const one = held.get(index)?.find((each) => each.epoch === of)?.confirmation;
      return one === undefined ? [] : [one];
    });
  const five = confirmationsOf(epoch);
  equal(five.length, 5);
  const show = async (confirmations: typeof five, change: object = {}) =>
    codesOf(
      await api.broadcast({ v: 1, id: 'e', kind: 'EpochConfirmed', keyId: key.keyId, epoch, confirmations, ...change }),
    );

  deepEqual(await show(five.slice(1)), Array(5).fill('E_ACKS'));
  deepEqual(await show([...five.slice(1), ...five.slice(4)]), Array(5).fill('E_ACKS'));
  deepEqual(await show(confirmationsOf(before)), Array(5).fill('E_ACKS'));
  deepEqual(await show(five, { keyId: 'key-none' }), Array(5).fill('E_NOT_FOUND'));
  for (const index of everybody) equal(storeOf(world, index).keys.epochsOf(key.keyId).length, 2);
  // Five promises of the old sharing erase nothing either: nothing is older.
  deepEqual(await show(confirmationsOf(before), { epoch: before }), Array(5).fill('ok'));
  for (const index of everybody) equal(storeOf(world, index).keys.epochsOf(key.keyId).length, 2);
  deepEqual(await show(five), Array(5).fill('ok'));
  deepEqual(await show(five), Array(5).fill('ok'));
  isSettled(world);
  api.cluster.stop();
});

test('a share without a certificate signs nothing, and goes when a later refresh is confirmed', async () => {
  const world = await withKey();
  const { api, key } = world;
  const before = inUse(world);
  // Everybody writes its new share; nobody's acknowledgement arrives.
  api.cluster.net.tap(({ message }) => (message.kind === 'ack' ? [] : [message]));
  const answers = api.refresh({ keyId: key.keyId, epoch: before });
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  deepEqual(codesOf(await answers), Array(5).fill('E_PEER_GONE'));
  api.cluster.net.tap(undefined);
  const pending = (await api.epochsOf(key.keyId)).get(1)?.find(({ generation }) => generation === 1)?.epoch ?? '';

  deepEqual(await signs(world, [1, 2, 3], pending), ['E_EPOCH', 'E_EPOCH', 'E_EPOCH']);
  deepEqual(await signs(world, [1, 2, 3], before), ['ok', 'ok', 'ok']);
  // The next one starts from the old sharing again and is confirmed: both others go.
  await api.cluster.clock.advance(30_000);
  keyResult(await api.refresh({ keyId: key.keyId, epoch: before }));
  await settle(world);
  await settle(world);
  const left = new Set(
    everybody.flatMap((index) =>
      storeOf(world, index)
        .keys.epochsOf(key.keyId)
        .map(({ epoch }) => toHex(epoch)),
    ),
  );
  ok(!left.has(before));
  for (const epoch of left) deepEqual(await signs(world, [1, 2, 3], epoch), ['ok', 'ok', 'ok']);
  await refreshed(world);
  isSettled(world);
  api.cluster.stop();
});

test('two sharings of one age that all five acknowledged, certified at different signers: all can sign, and a third replaces both', async () => {
  const world = await withKey();
  const { api, key } = world;
  const before = inUse(world);
  const silentRun = async () => {
    api.cluster.net.tap(({ message }) => (message.kind === 'ack' ? [] : [message]));
    const answers = api.refresh({ keyId: key.keyId, epoch: before });
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(60_000);
    deepEqual(codesOf(await answers), Array(5).fill('E_PEER_GONE'));
    api.cluster.net.tap(undefined);
  };
  await silentRun();
  await silentRun();
  const held = await api.epochsOf(key.keyId);
  const [a, b] = (held.get(1) ?? []).filter(({ generation }) => generation === 1).map(({ epoch }) => epoch) as [
    string,
    string,
  ];
  const certificate = (epoch: string) =>
    everybody.flatMap((index) => {
      const one = held.get(index)?.find((each) => each.epoch === epoch);
      return one === undefined ? [] : [one.statement];
    });
  const certify = async (epoch: string, to: readonly number[]) =>
    codesOf(
      await api.broadcast(
        { v: 1, id: 'k', kind: 'KeyCertificate', keyId: key.keyId, statements: certificate(epoch) },
        to,
      ),
    );
  deepEqual(await certify(a, [1, 2]), ['ok', 'ok']);
  deepEqual(await certify(b, [3, 4, 5]), ['ok', 'ok', 'ok']);

  // An api that splits the signers takes nothing away: the old sharing is everybody's.
  deepEqual(await signs(world, [1, 2, 3], before), ['ok', 'ok', 'ok']);
  deepEqual(await signs(world, [3, 4, 5], b), ['ok', 'ok', 'ok']);
  deepEqual(await signs(world, [1, 2, 3], a, [3]), ['E_EPOCH']);
  await settle(world);
  // Each holds what all five promised; nobody erased what it had promised itself.
  for (const index of everybody)
    ok(
      storeOf(world, index)
        .keys.epochsOf(key.keyId)
        .every(({ certified }) => certified),
    );
  const newest = (await common(world, everybody)) as string;
  deepEqual(await signs(world, [2, 3, 4], newest), ['ok', 'ok', 'ok']);
  await api.cluster.clock.advance(3_600_000);
  keyResult(await api.refresh({ keyId: key.keyId, epoch: newest }));
  await settle(world);
  isSettled(world);
  api.cluster.stop();
});

// ---- Killed at every point ---------------------------------------------------------------------------------------

test('row 46: one or two signers killed at every point of a refresh: signable throughout, refused meanwhile, done afterwards', async (t) => {
  const world = await withKey();
  const { api, key } = world;
  const points = await pointsOfARefresh(world);
  ok(points.length >= 13, `points: ${points.join(', ')}`);
  let reached = 0;
  for (const [at, point] of points.entries()) {
    for (const victims of [[(at % 5) + 1], pairs()[at % 10] as number[]]) {
      await t.test(`${victims.join(' and ')} at ${point}`, async () => {
        await api.cluster.clock.advance(60_000);
        const [first, second] = victims as [number, number | undefined];
        api.cluster.signers[first - 1]?.crashAt(point);
        const both = second === undefined ? undefined : killWith(world, first, second);

        const answers = api.refresh({ keyId: key.keyId, epoch: inUse(world, alive(world)[0]) });
        await api.cluster.clock.settle();
        await answers;
        await settle(world);
        await both;

        const dead = everybody.filter((index) => !alive(world).includes(index));
        deepEqual(dead, victims, 'each died where it should');
        reached += 1;
        // During: three of the others sign, in one epoch that all of them hold.
        const three = alive(world).slice(0, 3);
        const epoch = await common(world, three);
        ok(epoch !== undefined, 'the living hold one epoch together');
        deepEqual(await signs(world, three, epoch), ['ok', 'ok', 'ok']);
        // Nobody of the living starts another one without the dead.
        for (const code of codesOf(await api.refresh({ keyId: key.keyId, epoch, to: three })))
          ok(['E_PEER_GONE', 'E_EPOCH'].includes(code), code);
        // All shares that exist anywhere, on the disks of the dead as well, are of sharings that all five hold in part or whole.
        for (const index of victims) await api.cluster.start(index);
        await api.cluster.clock.settle();
        holdsOneTogether(world);

        await settle(world);
        await api.cluster.clock.advance(60_000);
        const after = await refreshed(world);
        isSettled(world);
        const withThem = [...victims, ...others(victims, 3 - victims.length)].sort((x, y) => x - y);
        deepEqual(await signs(world, withThem, after), ['ok', 'ok', 'ok']);
      });
    }
  }
  equal(reached, points.length * 2);
  api.cluster.stop();
});

/** Kills the second in the turn in which the first dies, wherever it is by then. */
async function killWith(world: World, first: number, second: number): Promise<void> {
  for (let turn = 0; turn < 10_000 && alive(world).includes(first); turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
  world.api.cluster.kill(second);
}

/** At every moment there is a sharing of which all five hold the share, and may use it. */
function holdsOneTogether(world: World): void {
  const certified = everybody.map((index) =>
    storeOf(world, index)
      .keys.epochsOf(world.key.keyId)
      .filter((each) => each.certified)
      .map(({ epoch }) => toHex(epoch)),
  );
  const held = everybody.map((index) =>
    storeOf(world, index)
      .keys.epochsOf(world.key.keyId)
      .map(({ epoch }) => toHex(epoch)),
  );
  ok(
    (certified[0] ?? []).concat(...certified).some((epoch) => held.every((each) => each.includes(epoch))),
    'all five hold one sharing that somebody may use',
  );
}

/** Recorded from a refresh and what follows from it, never listed. */
async function pointsOfARefresh(world: World): Promise<string[]> {
  const witness = world.api.cluster.signers[1];
  if (witness === undefined) throw new Error('five signers');
  await world.api.cluster.clock.advance(10_000);
  const from = witness.points.length;
  keyResult(await world.api.refresh({ keyId: world.key.keyId, epoch: inUse(world) }));
  await settle(world);
  const mine = witness.points.slice(from).filter((point) => !point.startsWith('store:start'));
  return [...new Set(mine)];
}

const others = (not: readonly number[], count: number): number[] =>
  everybody.filter((index) => !not.includes(index)).slice(0, count);
const triples = (): [number, number, number][] =>
  everybody.flatMap((a) =>
    everybody.flatMap((b) => everybody.flatMap((c): [number, number, number][] => (a < b && b < c ? [[a, b, c]] : []))),
  );
const pairs = (): number[][] => everybody.flatMap((a) => everybody.flatMap((b) => (a < b ? [[a, b]] : [])));

test('a clock that is set back by a year stops the refresh of a key for its pause, not for a year', async () => {
  const world = await withKey();
  const { api, key } = world;
  await refreshed(world);
  const again = async (): Promise<string[]> => codesOf(await api.refresh({ keyId: key.keyId, epoch: inUse(world) }));

  await api.cluster.clock.advance(-365 * 86_400_000);
  deepEqual(await again(), Array(5).fill('E_REFRESH_PAUSE'));
  await api.cluster.clock.advance(10_001);

  deepEqual(await again(), Array(5).fill('ok'));
  api.cluster.stop();
});
