/** Keys of end users at real signers: whoever owns one is asked, and nobody else is heard, whatever the api says. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordMark } from '@holdfast/cluster/commands';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  everybody,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestUser,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'delegation 1';
console.log(`seed: ${seed}`);

const five = (code: string): string[] => Array(5).fill(code);
const three = (code: string): string[] => Array(3).fill(code);
const message = { kind: 'Message', message: '0x616263' };
const encryptionKey = 'AQJ5vmZ++dy7rFWgYpXOhwsHApv82y3OKNlZ8oFbFvgXmA==';
const exporting = { encryptionKey, supportedSchemes: [{ protocol: 'FROST', curve: 'ed25519' }] };
const ed25519 = { scheme: 'EdDSA', curve: 'ed25519' };

async function world() {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  const settings = { keyImport: true, keyExport: true };
  await api.govern({ org, user: org.admin, method: 'PUT', path: `/orgs/${org.org}/settings`, body: settings });
  const account = await api.serviceAccount({ org, permission: 'ManagedFullAdminAccess' });
  const erin = await api.endUser({ org, account });
  const act = (user: TestUser, path: string, body: unknown = {}, o: { method?: 'DELETE'; to?: number[] } = {}) =>
    api.act({ org, user, method: o.method ?? 'POST', path, body, ...(o.to === undefined ? {} : { to: o.to }) });
  const sign = (user: TestUser, path: string): Promise<Replies> =>
    api.act({ org, user, method: 'POST', path: `${path}/signatures`, body: message, participants: [1, 2, 3] });
  const make = (user: TestUser, path: '/keys' | '/wallets', body: object) =>
    api.act({ org, user, method: 'POST', path, body, participants: everybody });
  return { api, org, admin: org.admin, account, erin, act, sign, make };
}
const stop = (api: TestApi<TestCluster>): void => api.cluster.stop();
const markOf = (replies: Replies): RecordMark | undefined =>
  [...replies.values()].flatMap((r) => (r?.ok === true && r.result.t === 'mark' ? [r.result.mark] : []))[0];

test('a key made for an end user signs for it and for nobody else: not for an administrator with every permission', async () => {
  const { api, org, admin, account, erin, act, sign } = await world();
  const body = { network: 'Solana', delegateTo: erin.userId };
  const { keyId, walletId = '' } = await api.createKey({ org, user: account, path: '/wallets', body });

  deepEqual(codesOf(await sign(erin, `/wallets/${walletId}`)), three('ok'));
  deepEqual(codesOf(await sign(erin, `/keys/${keyId}`)), three('ok'));
  for (const staff of [admin, account]) {
    deepEqual(codesOf(await sign(staff, `/wallets/${walletId}`)), three('E_DELEGATED'));
    deepEqual(codesOf(await sign(staff, `/keys/${keyId}`)), three('E_DELEGATED'));
    deepEqual(codesOf(await act(staff, `/keys/${keyId}/export`, exporting)), five('E_DELEGATED'));
    deepEqual(codesOf(await act(staff, `/wallets/${walletId}/export`, exporting)), five('E_DELEGATED'));
    deepEqual(codesOf(await act(staff, `/keys/${keyId}`, {}, { method: 'DELETE' })), five('E_DELEGATED'));
    deepEqual(codesOf(await act(staff, `/wallets/${walletId}`, {}, { method: 'DELETE' })), five('E_DELEGATED'));
    const second = { network: 'SolanaDevnet', signingKey: { id: keyId } };
    deepEqual(codesOf(await act(staff, '/wallets', second)), five('E_DELEGATED'));
    const away = { delegateTo: erin.userId === staff.userId ? admin.userId : staff.userId };
    deepEqual(codesOf(await act(staff, `/keys/${keyId}/delegate`, away)), five('E_DELEGATED'));
  }
  deepEqual(codesOf(await sign(erin, `/wallets/${walletId}`)), three('ok'));
  stop(api);
});

test('a key of one end user is unknown to another, and so are the keys of the organisation', async () => {
  const { api, org, account, erin, sign } = await world();
  const frank = await api.endUser({ org, account });
  const own = await api.createKey({ org, user: account, body: { ...ed25519, delegateTo: erin.userId } });
  const custodial = await api.createKey({ org, user: account, body: ed25519 });

  deepEqual(codesOf(await sign(frank, `/keys/${own.keyId}`)), three('E_NOT_FOUND'));
  deepEqual(codesOf(await sign(frank, `/keys/${custodial.keyId}`)), three('E_NOT_FOUND'));
  deepEqual(codesOf(await sign(account, `/keys/${custodial.keyId}`)), three('ok'));
  stop(api);
});

test('a key made to be delegated later signs for the organisation until it is, and for its end user from then on', async () => {
  const { api, org, admin, account, erin, act, sign } = await world();
  const body = { ...ed25519, delayDelegation: true };
  const { keyId } = await api.createKey({ org, user: account, body });
  deepEqual(codesOf(await sign(account, `/keys/${keyId}`)), three('ok'));
  deepEqual(codesOf(await sign(erin, `/keys/${keyId}`)), three('E_NOT_FOUND'));

  const delegated = await act(account, `/keys/${keyId}/delegate`, { delegateTo: erin.userId });

  deepEqual(codesOf(delegated), five('ok'));
  deepEqual([markOf(delegated)?.mark, markOf(delegated)?.recordId], ['delegated', keyId]);
  deepEqual(codesOf(await sign(account, `/keys/${keyId}`)), three('E_DELEGATED'));
  deepEqual(codesOf(await sign(erin, `/keys/${keyId}`)), three('ok'));
  // Whoever did not hear the answer asks again; nobody gets the key a second time.
  deepEqual(codesOf(await act(admin, `/keys/${keyId}/delegate`, { delegateTo: erin.userId })), five('ok'));
  const frank = await api.endUser({ org, account });
  deepEqual(codesOf(await act(admin, `/keys/${keyId}/delegate`, { delegateTo: frank.userId })), five('E_DELEGATED'));
  stop(api);
});

test('the older call on a wallet delegates its key, with every wallet on it', async () => {
  const { api, org, account, erin, act, sign } = await world();
  const body = { network: 'Solana', delayDelegation: true };
  const { keyId, walletId } = await api.createKey({ org, user: account, path: '/wallets', body });

  const delegated = await act(account, `/wallets/${walletId}/delegate`, { userId: erin.userId });

  deepEqual([codesOf(delegated), markOf(delegated)?.recordId], [five('ok'), keyId]);
  deepEqual(codesOf(await sign(account, `/wallets/${walletId}`)), three('E_DELEGATED'));
  deepEqual(codesOf(await sign(erin, `/wallets/${walletId}`)), three('ok'));
  stop(api);
});

test('what cannot be delegated is not: to whom, which key, and in which words', async () => {
  const { api, org, admin, account, erin, act, make } = await world();
  const waiting = await api.endUser({ org, account, isConfirmed: false });
  const first = async (replies: Promise<Replies>): Promise<string | undefined> => codesOf(await replies)[0];
  const create = (body: object) => first(make(account, '/keys', { ...ed25519, ...body }));
  const custodial = await api.createKey({ org, user: account, body: ed25519 });
  const later = await api.createKey({ org, user: account, body: { ...ed25519, delayDelegation: true } });
  const delegate = (keyId: string, body: object) => first(act(account, `/keys/${keyId}/delegate`, body));

  equal(await create({ delegateTo: admin.userId }), 'E_DELEGATION');
  equal(await create({ delegateTo: waiting.userId }), 'E_DELEGATION');
  equal(await create({ delegateTo: 'us-00000-00000-0000000000000000' }), 'E_NOT_FOUND');
  equal(await create({ delegateTo: erin.userId, delayDelegation: true }), 'E_DELEGATION');
  equal(await create({ delayDelegation: true, masterKey: true }), 'E_DELEGATION');
  equal(await delegate(custodial.keyId, { delegateTo: erin.userId }), 'E_DELEGATION');
  equal(await delegate(later.keyId, { delegateTo: account.userId }), 'E_DELEGATION');
  equal(await delegate(later.keyId, { delegateTo: waiting.userId }), 'E_DELEGATION');
  equal(await delegate(later.keyId, {}), 'E_BODY');
  equal(await delegate(later.keyId, { delegateTo: erin.userId, userId: erin.userId }), 'E_BODY');
  equal(await first(act(erin, `/keys/${later.keyId}/delegate`, { delegateTo: erin.userId })), 'E_FORBIDDEN');
  equal(await first(make(erin, '/keys', ed25519)), 'E_FORBIDDEN');
  const further = { network: 'Solana', signingKey: { id: custodial.keyId }, delegateTo: erin.userId };
  equal(await first(act(account, '/wallets', further)), 'E_DELEGATION');
  const ended = await api.createKey({ org, user: account, body: { ...ed25519, delayDelegation: true } });
  equal(await first(act(account, `/keys/${ended.keyId}`, {}, { method: 'DELETE' })), 'ok');
  equal(await delegate(ended.keyId, { delegateTo: erin.userId }), 'E_KEY_INACTIVE');
  equal(await delegate(later.keyId, { delegateTo: erin.userId }), 'ok');
  stop(api);
});

test('a delegation that is altered, replayed for another key or signed without the permission changes nothing', async () => {
  const { api, org, account, erin, sign } = await world();
  const later = [];
  for (let k = 0; k < 2; k++)
    later.push(await api.createKey({ org, user: account, body: { ...ed25519, delayDelegation: true } }));
  const [one, two] = later.map(({ keyId }) => keyId);
  const path = `/keys/${one}/delegate`;
  const body = { delegateTo: erin.userId };
  const command = api.makeAct({ org, user: account, method: 'POST', path, body });
  const plain = await api.serviceAccount({ org, permission: 'ManagedKeyUser' });
  const forged = (request: Partial<ActCommand['request']>): ActCommand => ({
    ...command,
    request: { ...command.request, ...request },
  });

  deepEqual(codesOf(await api.broadcast(forged({ path: `/keys/${two}/delegate` }))), five('E_CHALLENGE_REQUEST'));
  const other = JSON.stringify({ delegateTo: account.userId });
  deepEqual(codesOf(await api.broadcast(forged({ payload: other }))), five('E_CHALLENGE_REQUEST'));
  deepEqual(codesOf(await api.act({ org, user: plain, method: 'POST', path, body })), five('E_FORBIDDEN'));
  deepEqual(codesOf(await sign(account, `/keys/${one}`)), three('ok'));
  deepEqual(codesOf(await api.broadcast(command)), five('ok'));
  deepEqual(codesOf(await sign(account, `/keys/${two}`)), three('ok'));
  stop(api);
});

test('a signer that was away is told by the act and three marks, and by no fewer', async () => {
  const { api, org, account, erin, act } = await world();
  const { keyId } = await api.createKey({ org, user: account, body: { ...ed25519, delayDelegation: true } });
  const path = `/keys/${keyId}/delegate`;
  const body = { delegateTo: erin.userId };
  const command = api.makeAct({ org, user: account, method: 'POST', path, body });
  const told = await api.broadcast(command, [1, 2, 3]);
  const marks = [...told.values()].flatMap((r) => (r?.ok === true && r.result.t === 'mark' ? [r.result.mark] : []));
  const { request, assertion } = command;
  const show = (shown: readonly RecordMark[]) =>
    api.broadcast({ v: 1, id: 'late', kind: 'RecordCatchUp', act: { request, assertion }, marks: [...shown] }, [4, 5]);

  deepEqual(codesOf(await show(marks.slice(0, 2))), ['E_ACKS', 'E_ACKS']);
  deepEqual(codesOf(await act(account, path, { delegateTo: account.userId }, { to: [4] })), ['E_DELEGATION']);
  deepEqual(codesOf(await show(marks)), ['ok', 'ok']);
  const late = api.act({
    org,
    user: account,
    method: 'POST',
    path: `/keys/${keyId}/signatures`,
    body: message,
    participants: [3, 4, 5],
  });
  deepEqual(codesOf(await late), three('E_DELEGATED'));
  stop(api);
});

test('new shares of a key leave it with its owner', async () => {
  const { api, org, account, erin, sign } = await world();
  const body = { ...ed25519, delegateTo: erin.userId };
  const { keyId, epoch } = await api.createKey({ org, user: account, body });
  await api.refresh({ keyId, epoch });
  await api.settleEpochs(keyId);

  deepEqual(codesOf(await sign(account, `/keys/${keyId}`)), three('E_DELEGATED'));
  deepEqual(codesOf(await sign(erin, `/keys/${keyId}`)), three('ok'));
  stop(api);
});

test('recovery of an end user is signed by its recovery key; the organisation has no other way to its keys', async () => {
  const { api, org, admin, account, erin, sign } = await world();
  const body = { ...ed25519, delegateTo: erin.userId };
  const { keyId } = await api.createKey({ org, user: account, body });
  const mine = { credentialId: 'bWluZQ', kind: 'Key', publicKey: account.publicKeyPem, name: 'mine' };
  const govern = (user: TestUser, path: string, wish: object) =>
    api.act({ org, user, method: 'POST', path, body: wish });
  const one = { userId: erin.userId, ...mine };

  deepEqual(codesOf(await govern(admin, '/holdfast/credentials/confirm', one)), five('E_FORBIDDEN'));
  deepEqual(codesOf(await govern(account, '/holdfast/credentials/confirm', one)), five('E_FORBIDDEN'));
  const registration = { userId: erin.userId, credentials: [mine] };
  deepEqual(codesOf(await govern(account, '/holdfast/registrations/confirm', registration)), five('E_FORBIDDEN'));
  deepEqual(codesOf(await sign({ ...account, userId: erin.userId }, `/keys/${keyId}`)), three('E_CHALLENGE_USER'));
  deepEqual(codesOf(await sign(erin, `/keys/${keyId}`)), three('ok'));
  stop(api);
});
