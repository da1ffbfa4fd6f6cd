/** Transfers and transactions at five signers: what they build is what the user signed, whatever the api adds. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeChallenge, nullifier as nullifierOf } from '@holdfast/authority/challenge';
import { claimedChallenge } from '@holdfast/authority/consent';
import { deriveId } from '@holdfast/authority/ids';
import {
  type Body,
  type Construction,
  constructOrder,
  family,
  loadFamily,
  type Order,
  type PublicKeyRef,
  planSignature,
} from '@holdfast/chains/families';
import { network as findNetwork } from '@holdfast/chains/networks';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { Command, Completion, Original } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
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

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'orders 1';
console.log(`seed: ${seed}`);

const NETWORK = 'EthereumSepolia';
const network = findNetwork(NETWORK);
const to = `0x${'5f'.repeat(20)}`;
const contract = `0x${'c0'.repeat(20)}`;

let api: TestApi<TestCluster>;
let acme: TestOrganisation;
let wallet: KeyResult;
let key: PublicKeyRef;

before(async () => {
  await loadFamily('evm');
  api = createTestApi(await startTestCluster(seed));
  acme = await api.found('Acme');
  wallet = await api.createKey({ org: acme, user: acme.admin, path: '/wallets', body: { network: NETWORK } });
  await api.certify(wallet);
  key = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: fromHex(wallet.publicKey) };
});
after(() => api.cluster.stop());

const gas = (nonce: number, over: Completion = {}): Completion => ({
  nonce: String(nonce),
  gasLimit: '60000',
  maxFeePerGas: '30000000000',
  maxPriorityFeePerGas: '1000000000',
  ...over,
});
let nonces = 0;
const freshNonce = (): number => ++nonces;

type Where = 'transfers' | 'transactions';
const pathOf = (where: string) => `/wallets/${wallet.walletId}/${where}`;

function ask(where: string, body: unknown, hints: { completion?: Completion; originals?: readonly Original[] } = {}) {
  const command = api.makeAct({
    org: acme,
    user: acme.admin,
    method: 'POST',
    path: pathOf(where),
    body,
    participants: everybody,
    session: api.session() ?? '',
  });
  return { ...command, ...hints } as ActCommand;
}

let tries = 0;
/** The same act shown again, with other hints of the api. */
const again = (command: ActCommand, change: Partial<ActCommand> = {}): ActCommand => ({
  ...command,
  id: `again-${++tries}`,
  runNonce: toHex(api.cluster.random(32)),
  ...change,
});

const begun = (): number =>
  api.cluster.signers.reduce(
    (sum, signer) =>
      sum + (signer.process?.store.journal.rows().filter(({ event }) => event === 'sign.started').length ?? 0),
    0,
  );

/** Every signer refuses with this code, and none has begun to contribute. */
async function refused(code: string, command: Command, what = ''): Promise<void> {
  const before = begun();
  deepEqual(codesOf(await api.broadcast(command)), Array(5).fill(code), what);
  equal(begun(), before, what);
}

const build = (where: Where, body: Body, completion: Completion): Construction =>
  constructOrder({ key, network, purpose: where.slice(0, -1) as Order['purpose'], body, completion });

function isSigned(replies: Replies, construction: Construction): boolean {
  const { items } = planSignature({ key, network: NETWORK, body: construction.body });
  return [...replies.values()].every((reply) => {
    if (reply?.ok !== true || reply.result.t !== 'signatures') return false;
    const [raw] = reply.result.signatures;
    const [item] = items;
    return (
      item !== undefined && raw !== undefined && verifyRaw(item, key, { ...raw, signature: fromHex(raw.signature) })
    );
  });
}

/** An order as it was signed, to be shown as the original of another. */
async function signed(where: Where, body: Body, completion: Completion) {
  const command = ask(where, body, { completion });
  const replies = await api.broadcast(command);
  const construction = build(where, body, completion);
  ok(isSigned(replies, construction));
  const [reply] = replies.values();
  const signatures = reply?.ok === true && reply.result.t === 'signatures' ? reply.result.signatures : [];
  const { request, assertion } = command;
  return {
    command,
    construction,
    id: idOf(command, where),
    original: { act: { request, assertion }, completion, signatures },
  };
}

function idOf({ assertion }: ActCommand, where: Where): string {
  const challenge = claimedChallenge(assertion);
  if (challenge === undefined) throw new Error('no challenge');
  return deriveId(where === 'transfers' ? 'xfr' : 'tx', nullifierOf(encodeChallenge(challenge)));
}

const kinds: readonly (readonly [Where, Body])[] = [
  ['transfers', { kind: 'Native', to, amount: '1000' }],
  ['transfers', { kind: 'Erc20', contract, to, amount: '255' }],
  ['transfers', { kind: 'Erc721', contract, to, tokenId: '7' }],
  ['transactions', { kind: 'Evm', to, value: '1000', data: '0xc0ffee' }],
  ['transactions', { kind: 'Eip1559', to, value: '1000', data: '0xc0ffee', gasLimit: '60000' }],
];

for (const [where, body] of kinds) {
  test(`${String(body['kind'])}: signers sign what they built from the signed body`, async () => {
    const completion = gas(freshNonce());
    ok(isSigned(await api.broadcast(ask(where, body, { completion })), build(where, body, completion)));
  });

  test(`${String(body['kind'])}: no member of the body can be changed, added or left out by the api`, async () => {
    const honest = ask(where, body, { completion: gas(freshNonce()) });
    const changes: Body[] = [];
    for (const [name, value] of Object.entries(body)) {
      const { [name]: _left, ...rest } = body;
      changes.push(rest, { ...body, [name]: other(String(value)) });
    }
    changes.push({ ...body, memo: 'x' }, { ...body, nonce: 1 }, { ...body, priority: 'Fast' });
    for (const change of changes) {
      const payload = JSON.stringify(change);
      await refused('E_CHALLENGE_REQUEST', again(honest, { request: { ...honest.request, payload } }), payload);
    }
    for (const path of [
      pathOf('transactions'),
      pathOf('transfers'),
      '/wallets/wa-00000-00000-0000000000000000/transfers',
    ])
      if (path !== honest.request.path)
        await refused('E_CHALLENGE_REQUEST', again(honest, { request: { ...honest.request, path } }), path);
  });

  test(`[bad-input 136] ${String(body['kind'])}: a completion decides about nothing but nonce and gas`, async () => {
    const nonce = freshNonce();
    const honest = ask(where, body);
    await refused('E_COMPLETION', again(honest));
    for (const extra of [
      { to: contract },
      { recipient: contract },
      { value: '5' },
      { amount: '5' },
      { data: '0x00' },
      { chainId: '1' },
      { contract },
      { outputs: [{ to: contract, amount: '1' }] },
      { accessList: [] },
      { gasPrice: '1' },
      { nonce: '0x7' },
      { nonce: '-1' },
      { maxPriorityFeePerGas: '30000000001' },
    ] as Completion[])
      await refused('E_COMPLETION', again(honest, { completion: gas(nonce, extra) }), JSON.stringify(extra));
  });

  test(`[bad-input 137] ${String(body['kind'])}: a fee above the cap is not signed`, async () => {
    const honest = ask(where, body);
    const high = gas(freshNonce(), { maxFeePerGas: '900000000000' });
    await refused('E_FEE', again(honest, { completion: high }));
  });

  test(`[bad-input 138] ${String(body['kind'])}: a second nonce is not signed for one request`, async () => {
    const nonce = freshNonce();
    const { command } = await signed(where, body, gas(nonce));

    const replies = await api.broadcast(again(command, { completion: gas(freshNonce()) }));

    for (const reply of replies.values())
      ok(
        reply?.ok === false && reply.error.code === 'E_INTENT_SIGNED' && reply.error.message.endsWith(`nonce ${nonce}`),
      );
    // The same nonce for another price excludes the first: at most one of them counts.
    const dearer = gas(nonce, { maxFeePerGas: '31000000000' });
    ok(isSigned(await api.broadcast(again(command, { completion: dearer })), build(where, body, dearer)));
  });
}

/** Another value that has the same form. */
function other(value: string): string {
  if (value.startsWith('0x')) return `${value.slice(0, -1)}${value.endsWith('1') ? '2' : '1'}`;
  return /^[0-9]+$/.test(value) ? `${value}0` : value === 'Native' ? 'Erc20' : 'Native';
}

test('a name that the user gave is good for one payment, however often he signs', async () => {
  const body = { kind: 'Native', to, amount: '1', externalId: 'rent' };
  const nonce = freshNonce();
  await signed('transfers', body, gas(nonce));

  await refused('E_INTENT_SIGNED', ask('transfers', body, { completion: gas(freshNonce()) }));
  await refused('E_INTENT_SIGNED', ask('transfers', { ...body, amount: '2' }, { completion: gas(freshNonce()) }));
  ok(
    isSigned(
      await api.broadcast(ask('transfers', body, { completion: gas(nonce) })),
      build('transfers', body, gas(nonce)),
    ),
  );
});

test('two requests of one name in one group: the second is refused', async () => {
  const body = { kind: 'Native', to, amount: '1', externalId: 'twice' };
  const elements = [gas(freshNonce()), gas(freshNonce())].map((completion) => {
    const { request, assertion, tokens, runNonce } = ask('transfers', body);
    return { request, assertion, tokens, runNonce, items: 1, completion };
  });
  const replies = await api.broadcast({
    v: 1,
    id: 'group-1',
    kind: 'Group',
    protocol: 'ecdsa-h/secp256k1',
    elements,
    runNonce: toHex(api.cluster.random(32)),
    participants: [...everybody],
    session: api.session() ?? '',
  });
  for (const reply of replies.values()) {
    const outcomes = reply?.ok === true && reply.result.t === 'group' ? reply.result.outcomes : [];
    deepEqual(
      outcomes.map((each) => (each.ok ? 'ok' : each.error.code)),
      ['ok', 'E_REPLAY'],
    );
  }
});

test('a transaction the user wrote whole is signed as it is, and takes no completion', async () => {
  const raw = build('transfers', { kind: 'Native', to, amount: '3' }, gas(freshNonce())).body['transaction'];
  const body = { kind: 'Transaction', transaction: raw };
  const command = ask('transactions', body);

  await refused('E_COMPLETION', again(command, { completion: gas(freshNonce()) }));
  ok(isSigned(await api.broadcast(again(command, { completion: {} })), build('transactions', body, {})));
});

test('only transfers and transactions are completed, and only a replacement shows an original', async () => {
  const first = await signed('transfers', { kind: 'Native', to, amount: '4' }, gas(freshNonce()));
  const hash = { kind: 'Hash', hash: `0x${'11'.repeat(32)}` };
  await refused('E_COMMAND', ask('signatures', hash, { completion: gas(freshNonce()) }));
  const plain = ask('transfers', { kind: 'Native', to, amount: '5' }, { completion: gas(freshNonce()) });
  await refused('E_ORIGINAL', { ...plain, originals: [first.original] });
});

const more = { maxFeePerGas: '33000000001', maxPriorityFeePerGas: '1100000001' };
const evmReplace = (original: Construction, how: 'cancel' | 'speedUp', completion: Completion): Construction => {
  const { replace } = family('evm');
  if (replace === undefined) throw new Error('no replacement');
  return replace({ order: { key, network }, original, how, completion });
};

for (const how of ['cancel', 'speedUp'] as const) {
  const name = how === 'cancel' ? 'cancel' : 'speed-up';

  test(`${name}: the original is rebuilt, and the replacement keeps its nonce`, async () => {
    const first = await signed('transfers', { kind: 'Erc20', contract, to, amount: '9' }, gas(freshNonce()));
    const command = ask(`transfers/${first.id}/${name}`, {}, { completion: more, originals: [first.original] });
    const replacement = evmReplace(first.construction, how, more);
    const replies = await api.broadcast(command);
    ok(isSigned(replies, replacement));
    deepEqual(replacement.exclusion, first.construction.exclusion);

    // And once more, by what replaced it.
    const [reply] = replies.values();
    const signatures = reply?.ok === true && reply.result.t === 'signatures' ? reply.result.signatures : [];
    const { request, assertion } = command;
    const second = { act: { request, assertion }, completion: more, signatures };
    const most = { maxFeePerGas: '40000000000', maxPriorityFeePerGas: '1300000000' };
    const next = ask(
      `transactions/${idOf(command, 'transactions')}/speed-up`,
      {},
      {
        completion: most,
        originals: [second, first.original],
      },
    );
    ok(isSigned(await api.broadcast(next), evmReplace(replacement, 'speedUp', most)));
  });

  test(`${name}: an original that was not signed, or is another one, is refused`, async () => {
    const first = await signed('transfers', { kind: 'Native', to, amount: '10' }, gas(freshNonce()));
    const second = await signed('transfers', { kind: 'Native', to, amount: '10' }, gas(freshNonce()));
    const honest = ask(`transfers/${first.id}/${name}`, {}, { completion: more, originals: [first.original] });

    // With another nonce the same payment would be made twice.
    for (const originals of [
      [{ ...first.original, completion: gas(freshNonce()) }],
      [{ ...first.original, completion: second.original.completion, signatures: second.original.signatures }],
      [second.original],
      [{ ...second.original, act: first.original.act }],
      [],
      undefined,
    ] as (readonly Original[] | undefined)[]) {
      const { originals: _own, ...rest } = again(honest);
      await refused('E_ORIGINAL', { ...rest, ...(originals === undefined ? {} : { originals }) });
    }
    await refused('E_COMPLETION', again(honest, { completion: { ...more, maxFeePerGas: '30000000000' } }));
    await refused('E_COMPLETION', again(honest, { completion: { ...more, nonce: '99' } }));
    await refused('E_FEE', again(honest, { completion: { ...more, maxFeePerGas: '9000000000000' } }));
    await refused(
      'E_CHALLENGE_REQUEST',
      again(honest, { request: { ...honest.request, path: pathOf(`transfers/${second.id}/${name}`) } }),
    );
  });
}
