/** Engine C at five signers, which engine a signer takes part in, and whom it signs no more with. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { Reply } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { verifyEd25519 } from '@holdfast/crypto/curves';
import { decodeEvidence, verifyEvidence } from '@holdfast/mpc/evidence';
import { type Message, signedBytes } from '@holdfast/mpc/runtime';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  everybody,
  type KeyResult,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'engines 1';
console.log(`seed: ${seed}`);

let api: TestApi<TestCluster>;
let org: TestOrganisation;
let key: KeyResult;
let eddsa: KeyResult;

before(async () => {
  api = createTestApi(await startTestCluster(seed, { auxiliary: true }));
  org = await api.found('Acme');
  key = await api.createKey({ org, user: org.admin, body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  eddsa = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
});
after(() => api.cluster.stop());

const hash = new Uint8Array(32).fill(7);

function ask(participants: readonly number[], o: { session?: string; of?: KeyResult } = {}): ActCommand {
  return api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${(o.of ?? key).keyId}/signatures`,
    body: o.of === eddsa ? { kind: 'Message', message: '0x01' } : { kind: 'Hash', hash: `0x${toHex(hash)}` },
    participants,
    ...(o.session === undefined ? {} : { session: o.session }),
  });
}

const isSigned = (reply: Reply | undefined): boolean => {
  const signature =
    reply?.ok === true && reply.result.t === 'signatures' ? reply.result.signatures[0]?.signature : undefined;
  if (signature === undefined) return false;
  const publicKey = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: fromHex(key.publicKey) } as const;
  return verifyRaw({ algorithm: 'ecdsa', digest: hash }, publicKey, { signature: fromHex(signature) });
};
const allSigned = (replies: Replies): boolean => [...replies.values()].every(isSigned);
const storeOf = (index: number) => {
  const store = api.cluster.signers[index - 1]?.process?.store;
  if (store === undefined) throw new Error(`signer ${index} is dead`);
  return store;
};

test('three signers without a session sign ECDSA by engine C, and five with one by engine H, under one key', async () => {
  ok(allSigned(await api.broadcast(ask([1, 3, 4]), [1, 3, 4])));
  ok(allSigned(await api.broadcast(ask(everybody, { session: api.session() ?? '' }))));
});

test('with two signers dead the other three sign', async () => {
  api.cluster.kill(1);
  api.cluster.kill(4);
  await api.cluster.clock.settle();

  ok(allSigned(await api.broadcast(ask([2, 3, 5]), [2, 3, 5])));

  await api.cluster.start(1);
  await api.cluster.start(4);
  await api.cluster.clock.advance(11_000);
});

test('a signer that dies in the middle of a run of C ends it, and the next three sign under another nonce', async () => {
  const command = ask([1, 2, 3]);
  api.cluster.signers[1]?.crashAt('run:send:p2p2');

  const answers = api.broadcast(command, [1, 2, 3]);
  await api.cluster.clock.advance(20_000);
  const codes = codesOf(await answers);
  const again = await api.broadcast(
    { ...command, runNonce: toHex(api.cluster.random(32)), participants: [1, 3, 5] },
    [1, 3, 5],
  );

  deepEqual(codes, ['E_PEER_GONE', 'none', 'E_PEER_GONE']);
  ok(allSigned(again));
  await api.cluster.start(2);
  await api.cluster.clock.advance(11_000);
});

for (const [what, participants, session, code] of [
  ['three participants and a session', [1, 2, 3], 'live', 'E_COMMAND'],
  ['four participants and no session', [1, 2, 3, 4], undefined, 'E_COMMAND'],
  ['two participants and no session', [1, 2], undefined, 'E_COMMAND'],
  ['five participants and no session', everybody, undefined, 'E_SESSION'],
] as const) {
  test(`an act of ECDSA with ${what} is of neither engine`, async () => {
    const replies = await api.broadcast(
      ask(participants, session === undefined ? {} : { session: api.session() ?? '' }),
      participants,
    );

    deepEqual(
      codesOf(replies),
      participants.map(() => code),
    );
  });
}

test('a signer takes part only in the engines its operator allows', async () => {
  const settings = api.cluster.signers[0]?.settings;
  if (settings === undefined) throw new Error('bug: five signers');
  settings.ecdsaEngines = ['H'];
  const withoutC = codesOf(await api.broadcast(ask([1, 2, 3]), [1]));
  settings.ecdsaEngines = ['C'];
  const withoutH = codesOf(await api.broadcast(ask(everybody, { session: api.session() ?? '' }), [1]));
  delete settings.ecdsaEngines;

  deepEqual([withoutC, withoutH], [['E_ENGINE'], ['E_ENGINE']]);
});

test('without an auxiliary set-up a signer refuses engine C and burns nothing', async () => {
  const other = createTestApi(await startTestCluster('without set-up'));
  const founded = await other.found('Acme');
  const made = await other.createKey({
    org: founded,
    user: founded.admin,
    body: { scheme: 'ECDSA', curve: 'secp256k1' },
  });
  const command = other.makeAct({
    org: founded,
    user: founded.admin,
    method: 'POST',
    path: `/keys/${made.keyId}/signatures`,
    body: { kind: 'Hash', hash: `0x${toHex(hash)}` },
    participants: [1, 2, 3],
  });

  deepEqual(codesOf(await other.broadcast(command, [1, 2, 3])), ['E_ENGINE', 'E_ENGINE', 'E_ENGINE']);
  const rows = other.cluster.signers[0]?.process?.store.journal.rows() ?? [];
  equal(rows.filter(({ event }) => event === 'sign.started').length, 0);
  other.cluster.stop();
});

test('row 39: a peer that deviates in five runs gets no more of them, until the operator forgives it', async () => {
  // Signer 3 sends a wrong share in every run of FROST.
  api.cluster.net.tap(({ from, message }) => {
    if (from !== 3 || message.round !== 2) return [message];
    const body = message.body.slice();
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    return [{ ...message, body }];
  });
  const frost = async () => codesOf(await api.broadcast(ask([1, 2, 3], { of: eddsa }), [1, 2, 3]));
  for (let k = 0; k < 5; k += 1) deepEqual((await frost()).slice(0, 2), ['E_F_SHARE', 'E_F_SHARE']);
  api.cluster.net.tap(undefined);

  const replies = await api.broadcast(ask([1, 2, 3], { of: eddsa }), [1, 2]);
  deepEqual(codesOf(replies), ['E_PEER_NAMED', 'E_PEER_NAMED']);
  const [first] = replies.values();
  deepEqual(first?.ok === false && first.error.culprits, [3]);
  equal(codesOf(await api.broadcast(ask([1, 2, 3]), [1]))[0], 'E_PEER_NAMED');
  equal(codesOf(await api.broadcast(ask([1, 2, 4], { of: eddsa }), [1, 2, 4]))[0], 'ok');

  // Another process of signer 1 remembers; its operator lets go.
  api.cluster.kill(1);
  await api.cluster.start(1);
  await api.cluster.clock.advance(11_000);
  equal(codesOf(await api.broadcast(ask([1, 2, 3], { of: eddsa }), [1]))[0], 'E_PEER_NAMED');
  const signerId = api.cluster.roster.signers[2]?.signerId ?? new Uint8Array();
  for (const index of [1, 2]) storeOf(index).transaction('forgive', () => storeOf(index).named.forgive(signerId));
  deepEqual(codesOf(await api.broadcast(ask([1, 2, 3], { of: eddsa }), [1, 2, 3])), ['ok', 'ok', 'ok']);
});

test('what showed a peer to deviate is journalled and kept', () => {
  const [newest, ...older] = storeOf(2).named.evidence();
  const record = JSON.parse(newest?.record ?? '{}') as Record<string, unknown>;

  equal(older.length, 4);
  deepEqual(newest?.signerId, api.cluster.roster.signers[2]?.signerId);
  deepEqual([record['code'], record['round'], record['culprits']], ['E_F_SHARE', 2, [3]]);
  equal(record['execId'], toHex(newest?.execId ?? new Uint8Array()));
  equal(
    storeOf(2)
      .journal.rows()
      .filter(({ event }) => event === 'peer.named').length,
    5,
  );
  deepEqual(storeOf(3).named.all(), []);
});

test('what a signer keeps of a run of C convicts the one that cheated in the hands of a stranger', async () => {
  const { roster, signers } = api.cluster;
  // Signer 3 sends a wrong share of the signature, properly signed, as only it can.
  api.cluster.net.tap(({ from, message }) => {
    if (from !== 3 || message.round !== 4) return [message];
    const body = message.body.slice();
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    const altered: Message = { round: 4, kind: message.kind, from: 3, to: 0, body };
    return [{ ...message, body, sig: signers[2]?.identity.sign(signedBytes(message.execId, altered)) ?? message.body }];
  });
  const codes = codesOf(await api.broadcast(ask([1, 2, 3]), [1, 2, 3]));
  api.cluster.net.tap(undefined);
  deepEqual(codes.slice(0, 2), ['E_C_PARTIAL', 'E_C_PARTIAL']);

  const [kept] = storeOf(1).named.evidence();
  const record = JSON.parse(kept?.record ?? '{}') as { evidence: string };
  const verdict = verifyEvidence(decodeEvidence(fromHex(record.evidence)), (publicKey, message, signature) =>
    verifyEd25519({ publicKey, message, signature }),
  );

  deepEqual(verdict.proven, [3]);
  deepEqual([verdict.run.clusterId, verdict.run.keyId], [roster.clusterId, key.keyId]);
  deepEqual(
    verdict.run.participants.map(({ signerId }) => toHex(signerId)),
    roster.signers.slice(0, 3).map(({ signerId }) => toHex(signerId)),
  );
  const { signerId } = roster.signers[2] as { signerId: Uint8Array };
  for (const index of [1, 2]) storeOf(index).transaction('forgive', () => storeOf(index).named.forgive(signerId));
});

for (const place of ['named', 'evidence'] as const)
  for (const moment of ['before-flush', 'after-flush'] as const)
    test(`a signer that dies at store:${place}:${moment} comes back with all of the record or nothing of it, and works`, async () => {
      const { signers, net, clock } = api.cluster;
      const before = storeOf(1).named.evidence().length;
      // Signer 5 sends a wrong share, properly signed where the protocol signs: of a signature, or of a key in the making.
      const [round, kind] = place === 'named' ? [2, 'bcast'] : [2, 'p2p'];
      net.tap(({ from, message }) => {
        if (from !== 5 || message.round !== round || message.kind !== kind) return [message];
        const body = message.body.slice();
        body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
        if (message.sig === undefined) return [{ ...message, body }];
        const altered: Message = { round, kind: message.kind, from: 5, to: message.to, body };
        return [{ ...message, body, sig: signers[4]?.identity.sign(signedBytes(message.execId, altered)) ?? body }];
      });
      signers[0]?.crashAt(`store:${place}:${moment}`);

      if (place === 'named') await api.broadcast(ask([1, 2, 5], { of: eddsa }), [1, 2, 5]);
      else await api.broadcast(newKey(), everybody);

      net.tap(undefined);
      equal(signers[0]?.process, undefined, 'signer 1 died there');
      await api.cluster.start(1);
      await clock.advance(11_000);
      equal(storeOf(1).named.evidence().length, before + (moment === 'after-flush' ? 1 : 0));
      deepEqual(codesOf(await api.broadcast(ask([1, 2, 4], { of: eddsa }), [1, 2, 4])), ['ok', 'ok', 'ok']);
    });

function newKey(): ActCommand {
  return api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: '/keys',
    body: { scheme: 'EdDSA', curve: 'ed25519' },
    participants: everybody,
  });
}
