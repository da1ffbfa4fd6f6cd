/** Wallets, archiving, export marks, catching up on them, and two organisations that see nothing of each other. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, RecordMark } from '@holdfast/cluster/commands';
import { p2tr, p2wpkh, Transaction } from '@scure/btc-signer';
import {
  type ActCommand,
  type ActOptions,
  codesOf,
  createTestApi,
  keyResult,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'records 1';
console.log(`seed: ${seed}`);

const five = (code: string): string[] => Array(5).fill(code);
const body = { kind: 'Message', message: '0x616263' };
const encryptionKey = 'AQJ5vmZ++dy7rFWgYpXOhwsHApv82y3OKNlZ8oFbFvgXmA==';
const exporting = { encryptionKey, supportedSchemes: [{ protocol: 'FROST', curve: 'ed25519' }] };

async function withWallet() {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyImport: true, keyExport: true },
  });
  const { keyId, walletId = '' } = await api.createKey({
    org,
    user: org.admin,
    path: '/wallets',
    body: { network: 'Solana' },
  });
  const act = (o: Pick<ActOptions, 'method' | 'path' | 'body'> & Partial<ActOptions>): Promise<Replies> =>
    api.act({ org, user: org.admin, ...o });
  const sign = (path: string): Promise<Replies> =>
    act({ method: 'POST', path: `${path}/signatures`, body, participants: [1, 2, 3] });
  return { api, org, keyId, walletId, act, sign };
}
const marksOf = (replies: Replies): RecordMark[] =>
  [...replies.values()].flatMap((r) =>
    r?.ok === true && (r.result.t === 'mark' || r.result.t === 'share') ? [r.result.mark] : [],
  );
const stop = (api: TestApi<TestCluster>): void => api.cluster.stop();

test('a wallet on a key that is there signs, and its archive ends it alone', async () => {
  const { api, keyId, walletId, act, sign } = await withWallet();
  const made = await act({
    method: 'POST',
    path: '/wallets',
    body: { network: 'SolanaDevnet', signingKey: { id: keyId } },
  });
  deepEqual(codesOf(made), five('ok'));
  const second = marksOf(made)[0]?.recordId ?? '';
  deepEqual(codesOf(await sign(`/wallets/${second}`)), ['ok', 'ok', 'ok']);

  deepEqual(codesOf(await act({ method: 'DELETE', path: `/wallets/${second}`, body: {} })), five('ok'));

  deepEqual(codesOf(await sign(`/wallets/${second}`)), Array(3).fill('E_WALLET_INACTIVE'));
  deepEqual(codesOf(await sign(`/wallets/${walletId}`)), ['ok', 'ok', 'ok']);
  stop(api);
});

test('an archived key never signs again, nor do its wallets, nor gets it a new one', async () => {
  const { api, keyId, walletId, act, sign } = await withWallet();
  deepEqual(codesOf(await act({ method: 'DELETE', path: `/keys/${keyId}`, body: {} })), five('ok'));

  deepEqual(codesOf(await sign(`/keys/${keyId}`)), Array(3).fill('E_KEY_INACTIVE'));
  deepEqual(codesOf(await sign(`/wallets/${walletId}`)), Array(3).fill('E_KEY_INACTIVE'));
  deepEqual(
    codesOf(
      await act({ method: 'POST', path: '/wallets', body: { network: 'SolanaDevnet', signingKey: { id: keyId } } }),
    ),
    five('E_KEY_INACTIVE'),
  );
  stop(api);
});

test('an export is repeatable by a fresh assertion, and a replay of the first runs out', async () => {
  const { api, keyId, walletId, act, sign } = await withWallet();
  deepEqual(codesOf(await act({ method: 'POST', path: `/wallets/${walletId}/export`, body: exporting })), five('ok'));
  deepEqual(codesOf(await act({ method: 'POST', path: `/keys/${keyId}/export`, body: exporting })), five('ok'));

  deepEqual(codesOf(await sign(`/wallets/${walletId}`)), Array(3).fill('E_KEY_EXPORTED'));
  stop(api);
});

for (const [what, o, code] of [
  [
    'a scheme the client does not list',
    { ...exporting, supportedSchemes: [{ protocol: 'FROST', curve: 'secp256k1' }] },
    'E_EXPORT_SCHEME',
  ],
  ['no schemes', { ...exporting, supportedSchemes: [] }, 'E_EXPORT_SCHEME'],
  [
    'a key of 33 bytes',
    { ...exporting, encryptionKey: 'AQJ5vmZ++dy7rFWgYpXOhwsHApv82y3OKNlZ8oFbFvgX' },
    'E_ENCRYPTION_KEY',
  ],
] as const) {
  test(`an export to ${what} is refused and marks nothing`, async () => {
    const { api, keyId, act, sign } = await withWallet();

    deepEqual(codesOf(await act({ method: 'POST', path: `/keys/${keyId}/export`, body: o })), five(code));
    deepEqual(codesOf(await sign(`/keys/${keyId}`)), ['ok', 'ok', 'ok']);
    stop(api);
  });
}

test('an export is refused where the operator of the signer forbids it', async () => {
  const { api, keyId, act } = await withWallet();
  const [first] = api.cluster.signers;
  if (first !== undefined) first.settings.allowExport = false;

  deepEqual(codesOf(await act({ method: 'POST', path: `/keys/${keyId}/export`, body: exporting })), [
    'E_EXPORT_DISABLED',
    'ok',
    'ok',
    'ok',
    'ok',
  ]);
  stop(api);
});

test('marks that a signer missed are brought to it by three others, and by no fewer', async () => {
  const { api, org, keyId, act, sign } = await withWallet();
  api.cluster.kill(5);
  const command: ActCommand = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${keyId}/export`,
    body: exporting,
  });
  const marks = marksOf(await api.broadcast(command, [1, 2, 3, 4]));
  await api.cluster.start(5);
  await api.cluster.clock.advance(600_000);
  const catchUp = (o: Partial<Extract<Command, { kind: 'RecordCatchUp' }>>): Promise<Replies> =>
    api.broadcast(
      {
        v: 1,
        id: 'r',
        kind: 'RecordCatchUp',
        act: { request: command.request, assertion: command.assertion },
        marks,
        ...o,
      },
      [5],
    );
  const [one] = marks;
  if (one === undefined) throw new Error('four marks');

  deepEqual(codesOf(await catchUp({ marks: marks.slice(0, 2) })), ['E_ACKS']);
  deepEqual(codesOf(await catchUp({ marks: [one, one, one] })), ['E_ACKS']);
  deepEqual(codesOf(await catchUp({ marks: marks.map((m) => ({ ...m, signature: one.signature })) })), ['E_ACKS']);
  const other = api.makeAct({ org, user: org.admin, method: 'DELETE', path: `/keys/${keyId}`, body: {} });
  deepEqual(codesOf(await catchUp({ act: { request: other.request, assertion: other.assertion } })), ['E_ACKS']);
  equal(api.cluster.signers[4]?.process?.store.keys.key(keyId)?.exported, false);
  deepEqual(codesOf(await catchUp({})), ['ok']);

  equal(api.cluster.signers[4]?.process?.store.keys.key(keyId)?.exported, true);
  deepEqual(codesOf(await catchUp({})), ['ok']);
  deepEqual(
    codesOf(await act({ method: 'POST', path: `/keys/${keyId}/signatures`, body, participants: [3, 4, 5] })),
    Array(3).fill('E_KEY_EXPORTED'),
  );
  deepEqual(codesOf(await sign(`/keys/${keyId}`)), Array(3).fill('E_KEY_EXPORTED'));
  stop(api);
});

test('the keys and wallets of another organisation do not exist', async () => {
  const { api, keyId, walletId } = await withWallet();
  const other: TestOrganisation = await api.found('Other');
  await api.govern({
    org: other,
    user: other.admin,
    method: 'PUT',
    path: `/orgs/${other.org}/settings`,
    body: { keyImport: true, keyExport: true },
  });
  const foreign = (
    method: 'POST' | 'DELETE',
    path: string,
    o: unknown,
    participants: number[] = [],
  ): Promise<Replies> => api.act({ org: other, user: other.admin, method, path, body: o, participants, to: [1, 2, 3] });

  for (const [method, path, o, participants] of [
    ['POST', `/keys/${keyId}/signatures`, body, [1, 2, 3]],
    ['POST', `/wallets/${walletId}/signatures`, body, [1, 2, 3]],
    ['POST', `/keys/${keyId}/export`, exporting],
    ['POST', `/wallets/${walletId}/export`, exporting],
    ['DELETE', `/keys/${keyId}`, {}],
    ['DELETE', `/wallets/${walletId}`, {}],
    ['POST', '/wallets', { network: 'Solana', signingKey: { id: keyId } }],
  ] as const) {
    deepEqual(
      codesOf(await foreign(method, path, o, participants === undefined ? [] : [...participants])),
      Array(3).fill('E_NOT_FOUND'),
      path,
    );
  }
  stop(api);
});

test('creations that this release does not know are refused by name', async () => {
  const { api, act } = await withWallet();
  const create = async (path: string, o: unknown): Promise<string | undefined> =>
    codesOf(await act({ method: 'POST', path, body: o, participants: [1, 2, 3, 4, 5] }))[0];

  equal(await create('/keys', { scheme: 'EdDSA', curve: 'ed25519', storeId: 'x' }), 'E_KEY_STORE');
  equal(await create('/keys', { scheme: 'DH', curve: 'ed25519' }), 'E_KEY_KIND');
  equal(await create('/keys', { scheme: 'EdDSA', curve: 'secp256k1' }), 'E_KEY_KIND');
  equal(await create('/wallets', { network: 'Solana', signingKey: { scheme: 'ECDSA' } }), 'E_KEY_NETWORK');
  stop(api);
});

test('wallets of several kinds get keys that fit their networks', async () => {
  const { api, org, act } = await withWallet();
  for (const [o, bytes] of [
    [{ network: 'Ethereum' }, 33],
    [{ network: 'Bitcoin', signingKey: { scheme: 'Schnorr' } }, 33],
    [{ network: 'Starknet' }, 33],
  ] as const) {
    const made = keyResult(await act({ method: 'POST', path: '/wallets', body: o, participants: [1, 2, 3, 4, 5] }));
    equal(made.publicKey.length, 2 * bytes);
    equal(made.marks.length, 5);
    await api.certify(made);
    equal(api.cluster.signers[2]?.process?.store.keys.wallet(made.walletId ?? '')?.org, org.org);
  }
  stop(api);
});

test('a wallet made while a signer was away reaches it, even if who made it may nothing any more', async () => {
  const { api, org, keyId } = await withWallet();
  const robot = await api.serviceAccount({ org, permission: 'ManagedKeyUser' });
  api.cluster.kill(5);
  const command = api.makeAct({
    org,
    user: robot,
    method: 'POST',
    path: '/wallets',
    body: { network: 'SolanaDevnet', signingKey: { id: keyId } },
  });
  const marks = marksOf(await api.broadcast(command, [1, 2, 3, 4]));
  await api.cluster.start(5);
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/auth/service-accounts/${robot.userId}/deactivate`,
    body: {},
  });
  const catchUp = (act: ActCommand): Promise<Replies> =>
    api.broadcast(
      { v: 1, id: 'r', kind: 'RecordCatchUp', act: { request: act.request, assertion: act.assertion }, marks },
      [5],
    );

  const forged = { ...command, request: { ...command.request, payload: `${command.request.payload} ` } };
  deepEqual(codesOf(await catchUp(forged)), ['E_CHALLENGE_REQUEST']);
  deepEqual(codesOf(await catchUp(command)), ['ok']);

  equal(api.cluster.signers[4]?.process?.store.keys.wallet(marks[0]?.recordId ?? '')?.status, 'Active');
  stop(api);
});

test('a transaction with several inputs is signed by as many runs, each input by its own', async () => {
  const { api, org, act } = await withWallet();
  for (const { scheme, participants } of [
    { scheme: 'ECDSA', participants: [1, 2, 3, 4, 5] },
    { scheme: 'Schnorr', participants: [1, 2, 5] },
  ] as const) {
    const made = await api.createKey({
      org,
      user: org.admin,
      path: '/wallets',
      body: { network: 'Bitcoin', signingKey: { scheme } },
    });
    const publicKey = Buffer.from(made.publicKey, 'hex');
    const payment = scheme === 'ECDSA' ? p2wpkh(publicKey) : p2tr(publicKey.subarray(1));
    const transaction = new Transaction();
    for (const [index, txid] of ['11', '22', '33'].entries()) {
      transaction.addInput({
        txid: txid.repeat(32),
        index,
        witnessUtxo: { script: payment.script, amount: 50_000n },
        ...(scheme === 'ECDSA' ? {} : { tapInternalKey: publicKey.subarray(1) }),
      });
    }
    transaction.addOutput({ script: payment.script, amount: 149_000n });
    const session = scheme === 'ECDSA' ? { session: api.session() ?? '' } : {};

    const replies = await act({
      method: 'POST',
      path: `/wallets/${made.walletId}/signatures`,
      body: { kind: 'Psbt', psbt: `0x${Buffer.from(transaction.toPSBT()).toString('hex')}` },
      participants,
      ...session,
    });

    deepEqual(
      codesOf(replies),
      participants.map(() => 'ok'),
    );
    const [first] = [...replies.values()];
    if (first?.ok !== true || first.result.t !== 'signatures') throw new Error('no signatures');
    equal(new Set(first.result.signatures.map((s) => s.signature)).size, 3);
  }
  stop(api);
});
