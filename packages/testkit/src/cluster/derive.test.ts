/**
 * Child keys and deterministic derivation at five signers: what the api may choose and what not, what two dead signers
 * change, and what a signer finds when it comes back (docs/specs/hd.md, docs/specs/glow20.md).
 */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '@holdfast/contract/wire';
import {
  type ActCommand,
  type ActOptions,
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

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'derive 1';
console.log(`seed: ${seed}`);

interface World {
  readonly api: TestApi<TestCluster>;
  readonly org: TestOrganisation;
}

const ed = { scheme: 'EdDSA', curve: 'ed25519' };
const dh = { scheme: 'DH', curve: 'secp256k1' };
const message = { kind: 'Message', message: '0x616263' };
const input = { domain: '0x6578616d706c65', seed: '0x616c696365' };
const encryptionKey = 'AQJ5vmZ++dy7rFWgYpXOhwsHApv82y3OKNlZ8oFbFvgXmA==';
const schemes = [
  { protocol: 'FROST', curve: 'ed25519' },
  { protocol: 'GLOW20_DH', curve: 'secp256k1' },
];
const exporting = { encryptionKey, supportedSchemes: schemes };
const refusedBy = (n: number, code: string): string[] => Array(n).fill(code);

async function world(name = seed): Promise<World> {
  const api = createTestApi(await startTestCluster(name));
  const org = await api.found('Acme');
  const body = { keyImport: true, keyExport: true };
  await api.govern({ org, user: org.admin, method: 'PUT', path: `/orgs/${org.org}/settings`, body });
  return { api, org };
}

/** A properly signed command, with what the api adds to it. */
function command(
  { api, org }: World,
  o: Pick<ActOptions, 'path' | 'body'> & Partial<ActOptions>,
  hint?: string,
): ActCommand {
  const made = api.makeAct({ org, user: org.admin, method: 'POST', participants: everybody, ...o });
  return hint === undefined ? made : { ...made, path: hint };
}
const send = (w: World, c: ActCommand, to: readonly number[] = c.participants): Promise<Replies> =>
  w.api.broadcast(c, to.length === 0 ? everybody : to);
const make = ({ api, org }: World, body: object): Promise<KeyResult> => api.createKey({ org, user: org.admin, body });
const childBody = (master: KeyResult, path?: string) => ({
  ...ed,
  deriveFrom: { keyId: master.keyId, ...(path === undefined ? {} : { path }) },
});

const storeOf = ({ api }: World, index: number) => {
  const store = api.cluster.signers[index - 1]?.process?.store;
  if (store === undefined) throw new Error(`signer ${index} is dead`);
  return store;
};
/** Everything that signers hold of keys: by signer, ids with their public keys. */
const holdings = (w: World): string[][] =>
  everybody.map((index) => {
    const { keys } = storeOf(w, index);
    return keys.keyIds().map((id) => `${id} ${toHex(keys.key(id)?.publicKey ?? new Uint8Array())}`);
  });

const outputsOf = (replies: Replies): string[] =>
  [...replies.values()].flatMap((r) => (r?.ok === true && r.result.t === 'output' ? [r.result.output] : []));

/** Three signers sign with the key; the signature is verified by Node's own Ed25519. */
async function signs(w: World, key: KeyResult, o: Partial<ActOptions> = {}): Promise<string[]> {
  const replies = await send(
    w,
    command(w, { path: `/keys/${key.keyId}/signatures`, body: message, participants: [1, 3, 5], ...o }),
  );
  for (const reply of replies.values()) {
    if (reply?.ok !== true || reply.result.t !== 'signatures') continue;
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key.publicKey, 'hex')]);
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const signature = Buffer.from(reply.result.signatures[0]?.signature ?? '', 'hex');
    ok(verify(null, Buffer.from('616263', 'hex'), publicKey, signature), 'the signature verifies');
  }
  return codesOf(replies);
}

// ---- Child keys ----------------------------------------------------------------------------------------------

test('a child is stated by all five, signs, and has no share of its own anywhere', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });

  const child = await make(w, childBody(master, 'm/44/7'));

  equal(child.path, 'm/44/7');
  notEqual(child.publicKey, master.publicKey);
  deepEqual(await signs(w, child), ['ok', 'ok', 'ok']);
  deepEqual(await signs(w, master), ['ok', 'ok', 'ok']);
  for (const index of everybody) {
    const { keys } = storeOf(w, index);
    deepEqual(keys.epochsOf(child.keyId), []);
    deepEqual(
      keys.shares().map(({ keyId }) => keyId),
      [master.keyId],
    );
    deepEqual(storeOf(w, index).audit(), []);
  }
  w.api.cluster.stop();
});

test('row 49: the api chooses a place only where the user named none, one step, and the same at all five', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });
  const before = holdings(w);
  const open = childBody(master);
  const cases: [string, object, string | undefined, string][] = [
    ['another place than the signed one', childBody(master, 'm/1'), 'm/2', 'E_COMMAND'],
    ['the signed place once more', childBody(master, 'm/1'), 'm/1', 'E_COMMAND'],
    ['no place at all', open, undefined, 'E_HD_PATH'],
    ['a deeper place', open, 'm/0/1', 'E_COMMAND'],
    ['a place over the bound', open, 'm/2147483648', 'E_HD_PATH'],
    ['a place for a key that is not derived', ed, 'm/0', 'E_COMMAND'],
  ];
  for (const [what, body, hint, code] of cases)
    deepEqual(codesOf(await send(w, command(w, { path: '/keys', body }, hint))), refusedBy(5, code), what);
  deepEqual(holdings(w), before);

  // Two places for one request: two execution ids, in which nobody meets all others.
  const two = command(w, { path: '/keys', body: open });
  const answers = Promise.all([
    w.api.broadcast({ ...two, path: 'm/0' }, [1, 2, 3]),
    w.api.broadcast({ ...two, path: 'm/1' }, [4, 5]),
  ]);
  await w.api.cluster.clock.settle();
  await w.api.cluster.clock.advance(10_000);
  deepEqual((await answers).flatMap(codesOf), refusedBy(5, 'E_PEER_GONE'));
  deepEqual(holdings(w), before);

  const child = keyResult(await send(w, command(w, { path: '/keys', body: open }, 'm/0')));
  equal(child.path, 'm/0');
  w.api.cluster.stop();
});

test('row 49: a place altered on its way to the signers is not what the user signed', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });
  const signed = command(w, { path: '/keys', body: childBody(master, 'm/1') });
  const payload = JSON.stringify(childBody(master, 'm/2'));

  const replies = await send(w, { ...signed, request: { ...signed.request, payload } });

  deepEqual(codesOf(replies), refusedBy(5, 'E_CHALLENGE_REQUEST'));
  w.api.cluster.stop();
});

test('[bad-input 134] a child is refused of what is no master, of another kind, and at a place that is taken', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });
  const plain = await make(w, ed);
  const child = await make(w, childBody(master, 'm/0'));
  const archived = await make(w, { ...ed, masterKey: true });
  await send(w, command(w, { method: 'DELETE', path: `/keys/${archived.keyId}`, body: {}, participants: [] }));
  const exported = await make(w, { ...ed, masterKey: true });
  await send(w, command(w, { path: `/keys/${exported.keyId}/export`, body: exporting, participants: [] }));
  const other = await w.api.found('Other');
  const foreign = await w.api.createKey({ org: other, user: other.admin, body: { ...ed, masterKey: true } });
  const before = holdings(w);

  const cases: [string, string, object, string][] = [
    ['a key that is no master', '/keys', childBody(plain, 'm/0'), 'E_HD_MASTER'],
    ['a child', '/keys', childBody(child, 'm/0'), 'E_HD_MASTER'],
    ['an archived master', '/keys', childBody(archived, 'm/0'), 'E_HD_MASTER'],
    ['an exported master', '/keys', childBody(exported, 'm/0'), 'E_HD_MASTER'],
    ['a master of another organisation', '/keys', childBody(foreign, 'm/0'), 'E_NOT_FOUND'],
    ['a place that is taken', '/keys', childBody(master, 'm/0'), 'E_KEY_EXISTS'],
    ['a child that is to be a master', '/keys', { ...childBody(master, 'm/1'), masterKey: true }, 'E_HD'],
    ['a DH key that is to be a master', '/keys', { ...dh, masterKey: true }, 'E_HD'],
    ['another scheme', '/keys', { ...childBody(master, 'm/1'), scheme: 'ECDSA', curve: 'secp256k1' }, 'E_KEY_KIND'],
    ['a step over the bound', '/keys', childBody(master, 'm/2147483648'), 'E_HD_PATH'],
    ['a hardened step', '/keys', childBody(master, "m/0'"), 'E_BODY'],
    [
      'a network that takes other keys',
      '/wallets',
      { network: 'Ethereum', signingKey: { deriveFrom: { keyId: master.keyId, path: 'm/1' } } },
      'E_KEY_NETWORK',
    ],
    [
      'a key that is there and a child at once',
      '/wallets',
      { network: 'Solana', signingKey: { id: plain.keyId, deriveFrom: { keyId: master.keyId } } },
      'E_HD',
    ],
  ];
  for (const [what, path, body, code] of cases)
    deepEqual(codesOf(await send(w, command(w, { path, body }))), refusedBy(5, code), what);

  // Before any share is opened: the arithmetic would refuse it as well, in other words.
  for (const reply of (await send(w, command(w, { path: '/keys', body: childBody(plain, 'm/0') }))).values())
    match(reply?.ok === false ? reply.error.message : '', /does not name a master key/);
  deepEqual(holdings(w), before);
  const four = await send(w, command(w, { path: '/keys', body: childBody(master, 'm/1'), participants: [1, 2, 3, 4] }));
  deepEqual(codesOf(four), refusedBy(4, 'E_COMMAND'));
  w.api.cluster.stop();
});

test('row 50: signers give out no share of a child, nor of a master with an active child', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });
  const child = await make(w, childBody(master, 'm/0'));
  const out = async (key: KeyResult) =>
    codesOf(await send(w, command(w, { path: `/keys/${key.keyId}/export`, body: exporting, participants: [] })));

  deepEqual(await out(child), refusedBy(5, 'E_HD_EXPORT'));
  deepEqual(await out(master), refusedBy(5, 'E_HD_EXPORT'));
  for (const index of everybody) equal(storeOf(w, index).keys.key(master.keyId)?.exported, false);

  await send(w, command(w, { method: 'DELETE', path: `/keys/${child.keyId}`, body: {}, participants: [] }));
  deepEqual(await out(master), refusedBy(5, 'ok'));
  deepEqual(await out(child), refusedBy(5, 'E_HD_EXPORT'));
  w.api.cluster.stop();
});

test('row 50: a child that a signer learns of after its master was exported there never signs there', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });
  const body = childBody(master, 'm/0');
  // Signer 5 dies with the child written down and acknowledged; the others have all five statements.
  w.api.cluster.signers[4]?.crashAt('store:activate:before-flush');
  const answers = send(w, command(w, { path: '/keys', body }));
  await w.api.cluster.clock.settle();
  await w.api.cluster.clock.advance(10_000);
  deepEqual(codesOf(await answers).slice(0, 4), refusedBy(4, 'ok'));
  await w.api.cluster.start(5);
  await w.api.cluster.clock.advance(1_000);
  const [pending] = storeOf(w, 5).keys.pendingEpochs();
  ok(pending !== undefined, 'the child is pending at signer 5');

  const exported = await send(
    w,
    command(w, { path: `/keys/${master.keyId}/export`, body: exporting, participants: [] }),
  );
  deepEqual(codesOf(exported), [...refusedBy(4, 'E_HD_EXPORT'), 'ok']);
  // The api brings signer 5 up: with the five statements that it has from the answers and from signer 5.
  const statements = [...(await answers).values()].flatMap((r) =>
    r?.ok === true && r.result.t === 'key' ? [r.result.statement] : [],
  );
  const asked = await w.api.broadcast({ v: 1, id: 'pending', kind: 'Pending' }, [5]);
  for (const reply of asked.values())
    if (reply?.ok === true && reply.result.t === 'pending')
      statements.push(...reply.result.keys.map((k) => k.statement));
  await w.api.broadcast({ v: 1, id: 'certify', kind: 'KeyCertificate', keyId: pending.keyId, statements }, [5]);
  equal(storeOf(w, 5).keys.pendingEpochs().length, 0);

  const replies = send(
    w,
    command(w, { path: `/keys/${pending.keyId}/signatures`, body: message, participants: [1, 2, 5] }),
  );
  await w.api.cluster.clock.settle();
  await w.api.cluster.clock.advance(10_000);
  equal(codesOf(await replies)[2], 'E_KEY_EXPORTED');
  w.api.cluster.stop();
});

/** The crash points that a signer passes during `work`: recorded, never listed. */
async function pointsOf(w: World, work: () => Promise<unknown>): Promise<string[]> {
  const witness = w.api.cluster.signers[1];
  if (witness === undefined) throw new Error('five signers');
  const from = witness.points.length;
  await work();
  return [...new Set(witness.points.slice(from))];
}

const alive = (w: World): number[] => everybody.filter((k) => w.api.cluster.signers[k - 1]?.process !== undefined);

test('a signer killed at any point of making a child strands none: it is there for all, or its place is free', async (t) => {
  const w = await world(`${seed} points of a child`);
  const master = await make(w, { ...ed, masterKey: true });
  const points = await pointsOf(w, () => make(w, childBody(master, 'm/0')));
  ok(points.length >= 7, `points: ${points.join(', ')}`);
  let reached = 0;
  for (const [at, point] of points.entries()) {
    await t.test(point, async () => {
      const victim = (at % 5) + 1;
      const asked = command(w, { path: '/keys', body: childBody(master, `m/${at + 1}`) });
      w.api.cluster.signers[victim - 1]?.crashAt(point);

      const answers = send(w, asked);
      await w.api.cluster.clock.settle();
      await w.api.cluster.clock.advance(10_000);
      const codes = codesOf(await answers);
      deepEqual(
        everybody.filter((k) => !alive(w).includes(k)),
        [victim],
        'the point was reached',
      );
      reached += 1;
      await w.api.cluster.start(victim);
      await w.api.cluster.clock.advance(1_000);

      // What the api does with an answer that did not come: it asks what was made.
      const { request, assertion } = asked;
      const found = await w.api.broadcast({ v: 1, id: `made-${at}`, kind: 'Made', act: { request, assertion } });
      const isMade = codesOf(found).every((code) => code === 'ok');
      if (codes.includes('ok')) ok(isMade, 'a key that one signer answered with is there for all');
      const child = isMade ? keyResult(found) : await make(w, childBody(master, `m/${at + 1}`));
      if (isMade) await w.api.certify(child);
      equal(child.path, `m/${at + 1}`);
      deepEqual(await signs(w, child, { participants: [...new Set([victim, 1, 2, 3])].slice(0, 3).sort() }), [
        'ok',
        'ok',
        'ok',
      ]);
    });
  }
  equal(reached, points.length);
  w.api.cluster.stop();
});

test('a child signs before, while and after the shares of its master change', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });
  const child = await make(w, childBody(master, 'm/0'));
  const old = master.epoch;
  deepEqual(codesOf(await w.api.refresh({ keyId: master.keyId, epoch: old })), refusedBy(5, 'ok'));

  const next = toHex(storeOf(w, 1).keys.key(master.keyId)?.activeEpoch ?? new Uint8Array());
  notEqual(next, old);
  // The api names the sharing of the master; or the epoch it knows of the child, which names none.
  for (const keyEpoch of [old, next, child.epoch])
    deepEqual(await signs(w, child, { keyEpoch }), ['ok', 'ok', 'ok'], keyEpoch);
  await w.api.settleEpochs(master.keyId);
  deepEqual(await signs(w, child), ['ok', 'ok', 'ok']);
  deepEqual(await signs(w, child, { keyEpoch: old }), refusedBy(3, 'E_EPOCH'));
  deepEqual(
    codesOf(await w.api.refresh({ keyId: child.keyId, epoch: child.epoch })),
    refusedBy(5, 'E_KEY_KIND'),
    'a child has no shares to change',
  );
  const again = await make(w, childBody(master, 'm/1'));
  deepEqual(await signs(w, again), ['ok', 'ok', 'ok']);
  w.api.cluster.stop();
});

test('master and child come back out of a backup', async () => {
  const w = await world();
  const master = await make(w, { ...ed, masterKey: true });
  const child = await make(w, childBody(master, 'm/9'));

  const file = w.api.cluster.backup(3);
  w.api.cluster.kill(3);
  await w.api.cluster.clock.settle();
  await w.api.cluster.restore(3, file, { others: 0 });
  await w.api.cluster.clock.advance(1_000);

  deepEqual(storeOf(w, 3).audit(), []);
  deepEqual(await signs(w, child, { participants: [2, 3, 4] }), ['ok', 'ok', 'ok']);
  equal((await make(w, childBody(master, 'm/10'))).path, 'm/10');
  w.api.cluster.stop();
});

// ---- Deterministic derivation --------------------------------------------------------------------------------

const derivation = (w: World, key: KeyResult, o: Partial<ActOptions> = {}): ActCommand =>
  command(w, { path: `/keys/${key.keyId}/derive`, body: input, ...o });

test('any three, four or five signers give the same output, again and after a refresh', async () => {
  const w = await world();
  const key = await make(w, dh);
  const [output = ''] = outputsOf(await send(w, derivation(w, key)));
  match(output, /^[0-9a-f]{64}$/);

  for (const participants of [
    [1, 2, 3],
    [2, 4, 5],
    [1, 3, 4, 5],
  ])
    deepEqual(
      outputsOf(await send(w, derivation(w, key, { participants }))),
      participants.map(() => output),
    );
  await w.api.refresh({ keyId: key.keyId, epoch: key.epoch });
  await w.api.settleEpochs(key.keyId);
  deepEqual(outputsOf(await send(w, derivation(w, key))), refusedBy(5, output));
  const [otherSeed] = outputsOf(await send(w, derivation(w, key, { body: { ...input, seed: '00' } })));
  const [otherDomain] = outputsOf(await send(w, derivation(w, key, { body: { ...input, domain: '00' } })));
  equal(new Set([output, otherSeed, otherDomain]).size, 3);
  // What a journal row or a log line holds is not the output.
  for (const { logs, index } of w.api.cluster.signers) {
    ok(!JSON.stringify([logs, storeOf(w, index).journal.rows()]).includes(output), `signer ${index} keeps no output`);
  }
  w.api.cluster.stop();
});

test('one or two signers killed at any point of a derivation: the others derive all the same', async (t) => {
  const w = await world(`${seed} points of a derivation`);
  const key = await make(w, dh);
  let output = '';
  const points = await pointsOf(w, async () => {
    [output = ''] = outputsOf(await send(w, derivation(w, key)));
  });
  ok(points.length >= 3, `points: ${points.join(', ')}`);
  let reached = 0;
  for (const [at, point] of points.entries()) {
    for (const victims of [[(at % 5) + 1], [((at + 1) % 5) + 1, ((at + 3) % 5) + 1]]) {
      await t.test(`${victims.join(' and ')} at ${point}`, async () => {
        for (const victim of victims) w.api.cluster.signers[victim - 1]?.crashAt(point);

        const answers = send(w, derivation(w, key));
        await w.api.cluster.clock.settle();
        await w.api.cluster.clock.advance(3_000);

        deepEqual(outputsOf(await answers), Array(5 - victims.length).fill(output));
        deepEqual(
          everybody.filter((k) => !alive(w).includes(k)),
          [...victims].sort(),
          'each died where it should',
        );
        reached += 1;
        for (const victim of victims) await w.api.cluster.start(victim);
        await w.api.cluster.clock.advance(1_000);
        deepEqual(outputsOf(await send(w, derivation(w, key))), Array(5).fill(output));
      });
    }
  }
  equal(reached, points.length * 2);
  w.api.cluster.stop();
});

test('row 51: two signers that give wrong answers are named, and three others give the right output', async () => {
  const w = await world();
  const key = await make(w, dh);
  const [output = ''] = outputsOf(await send(w, derivation(w, key)));
  w.api.cluster.net.tap(({ from, message: m }) => {
    if (from > 2 || m.kind !== 'bcast') return [m];
    const body = m.body.slice();
    body[body.length - 1] = (body[body.length - 1] as number) ^ 1;
    return [{ ...m, body }];
  });

  const replies = await send(w, derivation(w, key));

  for (const index of [3, 4, 5]) {
    const reply = replies.get(index);
    if (reply?.ok !== true || reply.result.t !== 'output') throw new Error(JSON.stringify(reply));
    equal(reply.result.output, output);
    ok(reply.result.culprits.every((culprit) => culprit <= 2));
  }
  // With three alone, one of them wrong, there is no output, and the wrong one is named.
  const alone = send(w, derivation(w, key, { participants: [1, 3, 4] }));
  await w.api.cluster.clock.settle();
  await w.api.cluster.clock.advance(5_000);
  for (const index of [3, 4]) {
    const reply = (await alone).get(index);
    deepEqual(reply?.ok === false && [reply.error.code, reply.error.culprits], ['E_G_DLEQ', [1]]);
  }
  w.api.cluster.stop();
});

test('an assertion for one derivation gives that output and no other, ten times, while it is fresh', async () => {
  const w = await world();
  const key = await make(w, dh);
  const signed = derivation(w, key);
  const again = (change: Partial<ActCommand> = {}) =>
    send(w, { ...signed, runNonce: toHex(w.api.cluster.random(32)), ...change });
  const [output] = outputsOf(await send(w, signed));

  deepEqual(codesOf(await send(w, signed)), refusedBy(5, 'E_EXEC_USED'), 'the same run');
  const body = JSON.stringify({ ...input, seed: '0x00' });
  deepEqual(
    codesOf(await again({ request: { ...signed.request, payload: body } })),
    refusedBy(5, 'E_CHALLENGE_REQUEST'),
  );
  for (let attempt = 2; attempt <= 10; attempt += 1) deepEqual(outputsOf(await again()), refusedBy(5, output ?? ''));
  deepEqual(codesOf(await again()), refusedBy(5, 'E_REPLAY'));
  await w.api.cluster.clock.advance(310_000);
  const late = codesOf(await again());
  ok(
    late.every((code) => code === 'E_CHALLENGE_EXPIRED'),
    `later it gives nothing: ${late}`,
  );
  w.api.cluster.stop();
});

test('row 52: keys that sign derive nothing, DH keys sign nothing, leave with nobody and come from nowhere else', async () => {
  const w = await world();
  const key = await make(w, dh);
  const signing = await make(w, ed);
  const master = await make(w, { ...ed, masterKey: true });
  const wallet = { network: 'Ethereum', signingKey: { id: key.keyId } };

  deepEqual(codesOf(await send(w, derivation(w, signing))), refusedBy(5, 'E_KEY_KIND'));
  deepEqual(codesOf(await send(w, derivation(w, master))), refusedBy(5, 'E_KEY_KIND'));
  const hash = { kind: 'Hash', hash: '07'.repeat(32) };
  const sign = command(w, { path: `/keys/${key.keyId}/signatures`, body: hash, participants: [1, 2, 3] });
  deepEqual(codesOf(await send(w, sign)), refusedBy(3, 'E_KEY_KIND'));
  const out = command(w, { path: `/keys/${key.keyId}/export`, body: exporting, participants: [] });
  deepEqual(codesOf(await send(w, out)), refusedBy(5, 'E_KEY_KIND'));
  for (const index of everybody) equal(storeOf(w, index).keys.key(key.keyId)?.exported, false);
  deepEqual(
    codesOf(await send(w, command(w, { path: '/wallets', body: wallet, participants: [] }))),
    refusedBy(5, 'E_KEY_KIND'),
  );
  const child = command(w, { path: '/keys', body: { ...dh, deriveFrom: { keyId: key.keyId, path: 'm/0' } } });
  deepEqual(codesOf(await send(w, child)), refusedBy(5, 'E_HD_MASTER'));
  const shares = w.api.cluster.roster.signers.map(({ signerId }) => ({
    signerId: Buffer.from(signerId).toString('base64'),
    encryptedKeyShare: 'AAAA',
  }));
  const imported = { curve: 'secp256k1', protocol: 'GLOW20_DH', minSigners: 3, encryptedKeyShares: shares };
  deepEqual(codesOf(await send(w, command(w, { path: '/keys/import', body: imported }))), refusedBy(5, 'E_KEY_KIND'));
  w.api.cluster.stop();
});

test('derivation is refused with too few, of an archived key, and to whom it is not permitted', async () => {
  const w = await world();
  const key = await make(w, dh);
  const cases: [string, ActCommand, readonly number[], string][] = [
    ['two participants', derivation(w, key, { participants: [1, 2] }), [1, 2], 'E_COMMAND'],
    ['a signer that is not among them', derivation(w, key, { participants: [1, 2, 3] }), [4], 'E_COMMAND'],
    ['a point beside the input', derivation(w, key, { body: { ...input, point: '02' } }), [1], 'E_BODY'],
    ['no domain', derivation(w, key, { body: { domain: '0x', seed: '0x00' } }), [1], 'E_BODY'],
    ['a key that nobody has', command(w, { path: `/keys/${deadKey}/derive`, body: input }), [1, 2, 3], 'E_NOT_FOUND'],
  ];
  for (const [what, c, to, code] of cases) deepEqual(codesOf(await send(w, c, to)), refusedBy(to.length, code), what);
  const robot = await w.api.serviceAccount({ org: w.org, permission: 'ManagedKeyUser' });
  deepEqual(codesOf(await send(w, derivation(w, key, { user: robot }))), refusedBy(5, 'E_FORBIDDEN'));
  const child = command(w, { path: '/keys', body: childBody(key, 'm/0'), user: robot });
  deepEqual(codesOf(await send(w, child)), refusedBy(5, 'E_FORBIDDEN'));

  for (const index of [2, 3, 4]) w.api.cluster.kill(index);
  await w.api.cluster.clock.settle();
  deepEqual(codesOf(await send(w, derivation(w, key), [1, 5])), refusedBy(2, 'E_PEER_GONE'), 'at once, no waiting');
  for (const index of [2, 3, 4]) await w.api.cluster.start(index);
  await w.api.cluster.clock.advance(1_000);
  await send(w, command(w, { method: 'DELETE', path: `/keys/${key.keyId}`, body: {}, participants: [] }));
  deepEqual(codesOf(await send(w, derivation(w, key))), refusedBy(5, 'E_KEY_INACTIVE'));
  w.api.cluster.stop();
});

const deadKey = `key-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`;
