/** A signer is lost and replaced: another identity in its place, every key dealt anew, no coin moved. */
import { deepEqual, equal, notDeepEqual, ok, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { Command, KeyStatement, ReshareRecord } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { interpolate } from '@holdfast/crypto/sharing';
import Database from 'libsql';
import {
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

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'succession 1';
console.log(`seed: ${seed}`);

async function founded(): Promise<{ api: TestApi<TestCluster>; org: TestOrganisation }> {
  const api = createTestApi(await startTestCluster(seed));
  return { api, org: await api.found('Acme') };
}
/** The entries of an organisation for a newcomer, acknowledged again by the others. */
async function catchUp(api: TestApi<TestCluster>, org: TestOrganisation, newcomer: number): Promise<Replies> {
  const others = everybody.filter((index) => index !== newcomer);
  const again = await api.broadcast({ v: 1, id: 'a', kind: 'Acks', org: org.org, from: 0 }, others);
  const acks = [...again.values()].flatMap((reply) =>
    reply?.ok === true && reply.result.t === 'acks' ? reply.result.acks : [],
  );
  const entries = api
    .entries(org.org)
    .map(({ entry }) => ({ entry, acks: acks.filter(({ height }) => height === entry.height) }));
  return api.broadcast({ v: 1, id: 'up', kind: 'CatchUp', org: org.org, entries }, [newcomer]);
}
async function recordOf(api: TestApi<TestCluster>, keyId: string, from: readonly number[]): Promise<ReshareRecord> {
  const replies = await api.broadcast({ v: 1, id: 'kr', kind: 'KeyRecord', keyId }, from);
  const results = [...replies.values()].map((reply) => {
    if (reply?.ok !== true || reply.result.t !== 'keyRecord') throw new Error('no record');
    return reply.result;
  });
  return { ...(results[0] as (typeof results)[number]).record, statements: results.map(({ statement }) => statement) };
}
interface Reshare {
  readonly key: Pick<KeyResult, 'keyId' | 'epoch'>;
  readonly dealers: readonly number[];
  readonly record?: (honest: ReshareRecord) => ReshareRecord;
  readonly tell?: (index: number, command: Command) => Command;
}
async function reshare(api: TestApi<TestCluster>, o: Reshare): Promise<Replies> {
  const honest = await recordOf(api, o.key.keyId, o.dealers);
  const command: Command = {
    v: 1,
    id: 'rs',
    kind: 'Reshare',
    keyId: o.key.keyId,
    epoch: o.key.epoch,
    runNonce: toHex(api.cluster.random(32)),
    participants: [...o.dealers],
    record: o.record?.(honest) ?? honest,
  };
  const { tell } = o;
  const running = everybody.map(
    async (index) => [index, await api.cluster.send(index, tell?.(index, command) ?? command)] as const,
  );
  await api.cluster.clock.settle();
  return new Map(await Promise.all(running));
}
const confirm = (api: TestApi<TestCluster>, keyId: string, replies: Replies): Promise<Replies> => {
  const results = [...replies.values()].flatMap((reply) =>
    reply?.ok === true && reply.result.t === 'key' ? [reply.result] : [],
  );
  const confirmations = results.map(({ confirmation }) => confirmation as KeyStatement);
  return api.broadcast({
    v: 1,
    id: 'ec',
    kind: 'EpochConfirmed',
    keyId,
    epoch: results[0]?.epoch ?? '',
    confirmations,
  });
};
const sign = (
  api: TestApi<TestCluster>,
  org: TestOrganisation,
  o: { keyId: string; participants: readonly number[] },
) =>
  api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${o.keyId}/signatures`,
    body: { kind: 'Message', message: '0x616263' },
    participants: o.participants,
  });
const share = (api: TestApi<TestCluster>, index: number, keyId: string) => {
  const keys = api.cluster.signers[index - 1]?.process?.store.keys;
  const epoch = keys?.key(keyId)?.activeEpoch;
  if (keys === undefined || epoch === undefined) throw new Error(`signer ${index} has no ${keyId}`);
  return keys.open(keyId, epoch).share;
};

test('a replaced signer: the key stays, the newcomer signs, and the share of the one that left is worth nothing', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const curve = curveOf('ed25519');
  const before = everybody.map((index) => share(api, index, key.keyId));
  const fingerprint = api.cluster.roster.fingerprint;

  await api.cluster.replace(2);
  notDeepEqual(api.cluster.roster.fingerprint, fingerprint);
  deepEqual(api.cluster.roster.origin, fingerprint);
  deepEqual(codesOf(await catchUp(api, org, 2)), ['ok']);
  // Without the share there is nothing to sign with, and the others go on.
  deepEqual(codesOf(await sign(api, org, { keyId: key.keyId, participants: [1, 3, 4] })), ['ok', 'ok', 'ok']);

  const replies = await reshare(api, { key, dealers: [1, 3, 4] });
  const next = keyResult(replies);
  equal(next.publicKey, key.publicKey);
  ok(next.epoch !== key.epoch);
  deepEqual(codesOf(await confirm(api, key.keyId, replies)), Array(5).fill('ok'));

  const replied = await sign(api, org, { keyId: key.keyId, participants: [2, 3, 5] });
  deepEqual(codesOf(replied), ['ok', 'ok', 'ok']);
  for (const reply of replied.values()) {
    if (reply?.ok !== true || reply.result.t !== 'signatures') throw new Error('no signature');
    const signature = fromHex(reply.result.signatures[0]?.signature ?? '');
    const publicKey = fromHex(key.publicKey);
    ok(
      verifyRaw(
        { algorithm: 'eddsa', message: fromHex('616263') },
        { scheme: 'EdDSA', curve: 'ed25519', publicKey },
        { signature },
      ),
    );
  }

  const after = everybody.map((index) => share(api, index, key.keyId));
  // Nobody else moved, and nobody holds the old sharing any more.
  deepEqual(
    after.map(({ index }) => index),
    before.map(({ index }) => index),
  );
  for (const index of everybody)
    equal(api.cluster.signers[index - 1]?.process?.store.keys.epochsOf(key.keyId).length, 1);
  const gives = (shares: typeof after): boolean => {
    const points = shares.map(({ index, x }) => ({ x: index, y: x }));
    return curve.equals(curve.mulBase(interpolate(curve, points, 0)), curve.decodePoint(fromHex(key.publicKey)));
  };
  equal(gives([after[0], after[1], after[2]] as typeof after), true);
  equal(gives([before[1], after[0], after[2]] as typeof after), false);
  equal(gives([before[1], before[0], after[2]] as typeof after), false);
  api.cluster.stop();
});

test('two are replaced one after another, and every engine signs with both newcomers', async () => {
  const { api, org } = await founded();
  const made = [
    await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } }),
    await api.createKey({ org, user: org.admin, path: '/wallets', body: { network: 'Ethereum' } }),
    await api.createKey({ org, user: org.admin, body: { scheme: 'ECDSA', curve: 'stark' } }),
    await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519', masterKey: true } }),
  ];
  const deriveFrom = { keyId: made[3]?.keyId ?? '', path: 'm/7' };
  const child = await api.createKey({
    org,
    user: org.admin,
    body: { scheme: 'EdDSA', curve: 'ed25519', deriveFrom },
  });
  const origin = api.cluster.roster.fingerprint;
  let keys: { keyId: string; epoch: string; publicKey: string }[] = made;

  for (const left of [4, 1]) {
    await api.cluster.replace(left);
    deepEqual(codesOf(await catchUp(api, org, left)), ['ok']);
    const dealers = everybody.filter((index) => index !== left);
    const next: typeof keys = [];
    for (const key of keys) {
      const replies = await reshare(api, { key, dealers });
      next.push(keyResult(replies));
      deepEqual(codesOf(await confirm(api, key.keyId, replies)), Array(5).fill('ok'));
    }
    keys = next;
  }

  deepEqual(api.cluster.roster.past[0], origin);
  equal(api.cluster.roster.past.length, 2);
  deepEqual(
    keys.map(({ publicKey }) => publicKey),
    made.map(({ publicKey }) => publicKey),
  );
  deepEqual(codesOf(await sign(api, org, { keyId: made[0]?.keyId ?? '', participants: [1, 2, 4] })), [
    'ok',
    'ok',
    'ok',
  ]);
  deepEqual(codesOf(await sign(api, org, { keyId: child.keyId, participants: [1, 2, 4] })), ['ok', 'ok', 'ok']);
  // A master does nothing but have children, at a newcomer as at everybody else.
  equal(api.cluster.signers[3]?.process?.store.keys.key(deriveFrom.keyId)?.purpose, 'master');
  const session = api.session();
  ok(session !== undefined);
  const replies = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/wallets/${made[1]?.walletId}/signatures`,
    body: { kind: 'Hash', hash: `0x${'22'.repeat(32)}` },
    participants: everybody,
    session,
  });
  deepEqual(codesOf(replies), Array(5).fill('ok'));
  const created = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  deepEqual(codesOf(await sign(api, org, { keyId: created.keyId, participants: [1, 4, 5] })), ['ok', 'ok', 'ok']);
  api.cluster.stop();
});

test('entries that only the one that left and two others acknowledged are acknowledged again by those who hold them', async () => {
  const { api, org } = await founded();
  const settings = { org, user: org.admin, method: 'PUT', path: `/orgs/${org.org}/settings` } as const;
  equal((await api.govern({ ...settings, body: { keyImport: true }, to: [1, 2, 3] })).length, 3);
  const entries = () => [...api.entries(org.org)];
  deepEqual(
    codesOf(await api.broadcast({ v: 1, id: 'u', kind: 'CatchUp', org: org.org, entries: entries() }, [4, 5])),
    ['ok', 'ok'],
  );

  await api.cluster.replace(2);
  const old = await api.broadcast({ v: 1, id: 'u', kind: 'CatchUp', org: org.org, entries: entries() }, [2]);
  deepEqual(codesOf(old), ['E_ACKS']);

  deepEqual(codesOf(await catchUp(api, org, 2)), ['ok']);
  deepEqual(codesOf(await api.act({ ...settings, body: { keyExport: true } })), Array(5).fill('ok'));
  api.cluster.stop();
});

test('a signer restored from a backup of before a refresh gets the new shares by resharing', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const backup = api.cluster.backup(5);
  const later = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const first = await reshare(api, { key, dealers: [1, 2, 3] });
  deepEqual(codesOf(await confirm(api, key.keyId, first)), Array(5).fill('ok'));
  const refreshed = keyResult(first);

  await api.cluster.restore(5, backup);
  await api.cluster.clock.advance(20_000);
  const stale = sign(api, org, { keyId: key.keyId, participants: [1, 2, 5] });
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  equal(codesOf(await stale).includes('ok'), false);

  for (const each of [refreshed, later]) {
    const replies = await reshare(api, { key: each, dealers: [1, 2, 3, 4] });
    deepEqual(codesOf(replies), Array(5).fill('ok'));
    deepEqual(codesOf(await confirm(api, each.keyId, replies)), Array(5).fill('ok'));
    deepEqual(codesOf(await sign(api, org, { keyId: each.keyId, participants: [3, 4, 5] })), ['ok', 'ok', 'ok']);
  }
  // The share out of the backup is gone from the restored one too.
  equal(api.cluster.signers[4]?.process?.store.keys.epochsOf(key.keyId).length, 1);
  api.cluster.stop();
});

test('a resharing that stopped when the others had ended it is finished by looking at who holds what', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  await api.cluster.replace(2);
  await catchUp(api, org, 2);
  api.cluster.signers[1]?.crashAt('store:activate:before-flush');
  const stopped = reshare(api, { key, dealers: [1, 3, 4] });
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  equal(codesOf(await stopped)[1], 'none');
  await api.cluster.start(2);
  await api.cluster.clock.advance(11_000);

  // The newcomer has acknowledged the sharing that the others use already: without its word nobody could certify it.
  for (let look = 0; look < 2; look += 1) await api.settleEpochs(key.keyId);

  const held = everybody.map((index) =>
    api.cluster.signers[index - 1]?.process?.store.keys
      .epochsOf(key.keyId)
      .map(({ epoch, certified }) => [toHex(epoch), certified]),
  );
  for (const one of held) deepEqual(one, held[0]);
  equal(held[0]?.length, 1);
  ok(held[0]?.[0]?.[0] !== key.epoch);
  deepEqual(codesOf(await sign(api, org, { keyId: key.keyId, participants: [1, 2, 5] })), ['ok', 'ok', 'ok']);
  api.cluster.stop();
});

/** Changes the store of a signer while it is down. */
async function meddle(api: TestApi<TestCluster>, index: number, sql: string, ...cells: unknown[]): Promise<void> {
  api.cluster.kill(index);
  await api.cluster.clock.settle();
  const db = new Database(join(api.cluster.signers[index - 1]?.dir ?? '', 'store.sqlite'));
  equal(db.prepare(sql).run(cells).changes, 1);
  db.close();
  await api.cluster.start(index);
  await api.cluster.clock.advance(10_000);
}

for (const [what, body] of [
  ['a signing key', { scheme: 'EdDSA', curve: 'ed25519' }],
  ['a master key', { scheme: 'EdDSA', curve: 'ed25519', masterKey: true }],
] as const) {
  test(`a signer whose share is damaged on its disk is dealt another: ${what}`, async () => {
    const { api, org } = await founded();
    const key = await api.createKey({ org, user: org.admin, body });
    const deriveFrom = { keyId: key.keyId, path: 'm/3' };
    const child =
      'masterKey' in body
        ? await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519', deriveFrom } })
        : key;
    await meddle(api, 5, 'update vault set sealed = zeroblob(length(sealed)) where keyId = ?', key.keyId);
    const participants = [3, 4, 5];
    const broken = sign(api, org, { keyId: child.keyId, participants });
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(11_000);
    equal(codesOf(await broken).includes('ok'), false);
    const asked = await api.broadcast({ v: 1, id: 'kr', kind: 'KeyRecord', keyId: key.keyId }, [5]);
    deepEqual(codesOf(asked), ['E_KEY_QUARANTINED']);

    const replies = await reshare(api, { key, dealers: [1, 2, 3, 4] });
    equal(keyResult(replies).publicKey, key.publicKey);
    deepEqual(codesOf(await confirm(api, key.keyId, replies)), Array(5).fill('ok'));

    deepEqual(codesOf(await sign(api, org, { keyId: child.keyId, participants })), ['ok', 'ok', 'ok']);
    const store = api.cluster.signers[4]?.process?.store;
    equal(store?.keys.epochsOf(key.keyId).length, 1);
    equal(store?.journal.rows().filter(({ event }) => event === 'share.dropped').length, 1);
    deepEqual(store?.audit(), []);
    api.cluster.stop();
  });
}

test('damage of a share gives nobody a say: too few statements, an exported key or a damaged key are refused, and nothing goes', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  await meddle(api, 5, 'update vault set sealed = zeroblob(length(sealed)) where keyId = ?', key.keyId);
  const refused = async (change: (r: ReshareRecord) => ReshareRecord = (r) => r): Promise<string | undefined> => {
    const running = reshare(api, {
      key,
      dealers: [1, 2, 3, 4],
      tell: (index, command) =>
        index === 5 && command.kind === 'Reshare' ? { ...command, record: change(command.record) } : command,
    });
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(11_000);
    const codes = codesOf(await running);
    equal(codes.includes('ok'), false);
    await api.cluster.clock.advance(60_000);
    return codes[4];
  };

  equal(await refused((r) => ({ ...r, statements: r.statements.slice(0, 2) })), 'E_ACKS');
  equal(await refused((r) => ({ ...r, publicShares: [...r.publicShares].reverse() })), 'E_RESHARE_RECORD');
  equal(await refused((r) => ({ ...r, org: 'or-zzzzz-zzzzz-zzzzzzzzzzzzzzzz' })), 'E_ACKS');
  const store = () => api.cluster.signers[4]?.process?.store;
  equal(store()?.keys.damagedEpochs(key.keyId).length, 1);

  // Whether the key was exported stands in this row: as long as it cannot be read, this signer believes nothing about it.
  await meddle(api, 5, 'update keys set archived = 1 - archived where keyId = ?', key.keyId);
  equal(await refused(), 'E_KEY_QUARANTINED');
  await meddle(api, 5, 'update keys set archived = 1 - archived where keyId = ?', key.keyId);
  store()?.transaction('test', () => store()?.keys.dropDamaged(key.keyId));
  // Without a share it still knows the key, and that no other may take its place.
  deepEqual(store()?.keys.holdersOf(fromHex(key.publicKey)), [key.keyId]);
  equal(store()?.keys.key(key.keyId)?.activeEpoch, undefined);
  deepEqual(codesOf(await reshare(api, { key, dealers: [1, 2, 3, 4] })), Array(5).fill('ok'));
  api.cluster.stop();
});

const lies: readonly [string, (r: ReshareRecord, left: number) => ReshareRecord, string][] = [
  ['another organisation', (r) => ({ ...r, org: 'or-zzzzz-zzzzz-zzzzzzzzzzzzzzzz' }), 'E_RESHARE_RECORD'],
  ['another purpose', (r) => ({ ...r, purpose: 'derive' }), 'E_RESHARE_RECORD'],
  ['another scheme', (r) => ({ ...r, scheme: 'Schnorr' }), 'E_RESHARE_RECORD'],
  [
    'points exchanged',
    (r) => ({ ...r, points: r.points.map(([id, at]) => [id, at === 1 ? 3 : at === 3 ? 1 : at] as const) }),
    'E_RESHARE_RECORD',
  ],
  [
    'a wallet that nobody made',
    (r) => ({
      ...r,
      wallets: [
        { walletId: 'wa-zzzzz-zzzzz-zzzzzzzzzzzzzzzz', network: 'Bitcoin', status: 'Active', origin: '00'.repeat(32) },
      ],
    }),
    'E_RESHARE_RECORD',
  ],
  ['an older generation', (r) => ({ ...r, generation: r.generation + 7 }), 'E_RESHARE_RECORD'],
];
test('whoever holds the key refuses to deal it under a record that is not its own', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  await api.cluster.replace(2);

  for (const [what, lie, code] of lies) {
    const running = reshare(api, { key, dealers: [1, 3, 4], record: (r) => lie(r, 2) });
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(11_000);
    const codes = codesOf(await running);
    deepEqual([codes[0], codes[2], codes[3], codes[4]], Array(4).fill(code), what);
    equal(codes.includes('ok'), false);
  }
  equal(api.cluster.signers[1]?.process?.store.keys.key(key.keyId), undefined);
  api.cluster.stop();
});

test('a newcomer believes in no key that three signers do not state, and in no other than the holders deal', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  await api.cluster.replace(2);
  const told = async (change: (r: ReshareRecord) => ReshareRecord): Promise<string> => {
    const running = reshare(api, {
      key,
      dealers: [1, 3, 4],
      tell: (index, command) =>
        index === 2 && command.kind === 'Reshare' ? { ...command, record: change(command.record) } : command,
    });
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(11_000);
    const codes = codesOf(await running);
    equal(codes.includes('ok'), false);
    return codes[1] ?? '';
  };

  equal(await told((r) => ({ ...r, statements: r.statements.slice(1) })), 'E_ACKS');
  equal(await told((r) => ({ ...r, statements: r.statements.map((s) => ({ ...s, index: 2 })) })), 'E_ACKS');
  equal(await told((r) => ({ ...r, org: 'or-zzzzz-zzzzz-zzzzzzzzzzzzzzzz' })), 'E_ACKS');
  equal(await told((r) => ({ ...r, publicShares: [...r.publicShares].reverse() })), 'E_RESHARE_RECORD');
  // What no statement covers keeps it out of the run of the others.
  equal(await told((r) => ({ ...r, scheme: 'Schnorr' })), 'E_PEER_GONE');
  api.cluster.stop();
});

test('resharing takes three dealers that hold the key, and all five at the table', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  await api.cluster.replace(2);
  const record = await recordOf(api, key.keyId, [1, 3, 4]);
  const command = (participants: number[]): Command => ({
    v: 1,
    id: 'rs',
    kind: 'Reshare',
    keyId: key.keyId,
    epoch: key.epoch,
    runNonce: toHex(api.cluster.random(32)),
    participants,
    record,
  });

  for (const participants of [
    [1, 3],
    [1, 2, 3],
  ])
    deepEqual(codesOf(await api.broadcast(command(participants))), Array(5).fill('E_COMMAND'));
  api.cluster.kill(5);
  deepEqual(codesOf(await api.broadcast(command([1, 3, 4]), [1, 2, 3, 4])), Array(4).fill('E_PEER_GONE'));
  api.cluster.stop();
});

test('a succession that too few accepted leads nowhere', async () => {
  const { api } = await founded();

  await rejects(api.cluster.replace(2, { acceptedBy: [1, 3] }), /2 of the signers that stay have accepted/);
  api.cluster.stop();
});
