/** TON against its own SDK, and executed by its virtual machine in @ton/sandbox. */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Constructed, conformance, construct, localKey, type Random, sign } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/ton';
import { addressOf, family, loadFamily } from '@holdfast/chains/families';
import { network as networkOf } from '@holdfast/chains/networks';
import { loadClient } from '@holdfast/chains/rpc';
import { startTon } from '../nodes/ton.ts';
import { oracle } from '../oracles.ts';

await loadFamily('ton');
const core = await oracle('@ton/core');
const { WalletContractV4 } = await oracle('@ton/ton');

const seed = process.env['HOLDFAST_SEED'] ?? 'ton 1';
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const unhex = (text: string | undefined) => Buffer.from((text ?? '').replace(/^0x/, ''), 'hex');
const key = localKey('EdDSA', 'ed25519', Buffer.alloc(32, 0x71));
const networks = ['Ton', 'TonTestnet', 'Ion', 'IonTestnet'];
const isTest = (network: string) => network.endsWith('Testnet');

const walletOf = (of: { publicKey: Uint8Array }) =>
  WalletContractV4.create({ workchain: 0, publicKey: Buffer.from(of.publicKey) });
const wallet = walletOf(key);
const friendly = (address: { toString(o: object): string }, network: string, bounceable = false) =>
  address.toString({ bounceable, testOnly: isTest(network) });
const accountOf = (bytes: Uint8Array) => new core.Address(0, Buffer.from(bytes));
const somebody = accountOf(Buffer.alloc(32, 0x72));

/** An unsigned message as a user's program makes it: the SDK's own wallet, whose signer answers zeros, or none at all. */
async function built(o: {
  seqno?: number;
  bare?: boolean;
  comment?: string;
  to?: object;
  from?: typeof wallet;
  signature?: Buffer;
}) {
  const from = o.from ?? wallet;
  const body = await from.createTransfer({
    seqno: o.seqno ?? 0,
    sendMode: 3,
    timeout: 1_900_000_000,
    messages: [core.internal({ to: somebody, value: 5_000n, bounce: false, body: o.comment })],
    signer: async () => o.signature ?? Buffer.alloc(64),
  });
  const unsigned = body.beginParse();
  if (o.bare) unsigned.loadBuffer(64);
  const message = core.external({
    to: o.to ?? from.address,
    init: (o.seqno ?? 0) === 0 ? from.init : undefined,
    body: o.bare ? unsigned.asCell() : body,
  });
  return {
    kind: 'Transaction',
    transaction: hex(core.beginCell().store(core.storeMessage(message)).endCell().toBoc()),
  };
}

const { ed25519Verify } = await import('node:crypto').then(({ createPublicKey, verify }) => ({
  ed25519Verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    verify(
      null,
      message,
      createPublicKey({
        key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]),
        format: 'der',
        type: 'spki',
      }),
      signature,
    ),
}));

/** The SDK reads the external message; its signature is over the hash of the rest of the body, as the SDK hashes it. */
function decoded(signedData: string | undefined, of: { publicKey: Uint8Array }) {
  const root = core.Cell.fromBoc(unhex(signedData))[0];
  const message = core.loadMessage(root.beginParse());
  const body = message.body.beginParse();
  const signature = body.loadBuffer(64);
  const payload = body.asCell();
  ok(ed25519Verify(of.publicKey, payload.hash(), signature));
  const slice = payload.beginParse();
  const head = {
    walletId: slice.loadUint(32),
    validUntil: slice.loadUint(32),
    seqno: slice.loadUint(32),
    op: slice.loadUint(8),
  };
  const sent = [];
  while (slice.remainingRefs > 0)
    sent.push({ mode: slice.loadUint(8), message: core.loadMessageRelaxed(slice.loadRef().beginParse()) });
  equal(slice.remainingBits, 0);
  return { message, head, sent };
}

function around({ key: of, completion, construction, assembled, network }: Constructed) {
  const { message, head, sent } = decoded(assembled.signedData, of);
  const own = walletOf(of);
  ok(message.info.dest.equals(own.address));
  deepEqual(head, {
    walletId: 698_983_191,
    validUntil: Number(completion['validUntil']),
    seqno: Number(completion['seqno']),
    op: 0,
  });
  equal(message.init !== null && message.init !== undefined, completion['deployed'] === false);
  if (message.init) ok(core.contractAddress(0, message.init).equals(own.address));
  equal(sent.length, 1);
  equal(sent[0]?.mode, 3);
  deepEqual(construction.exclusion, {
    kind: 'sequence',
    account: friendly(own.address, network),
    lane: '',
    sequence: completion['seqno'],
  });
  return { own, ...sent[0] };
}

function readComment(body: { beginParse(): Record<string, () => unknown> }): unknown {
  const slice = body.beginParse() as unknown as { loadUint(bits: number): number; loadStringTail(): string };
  equal(slice.loadUint(32), 0);
  return slice.loadStringTail();
}

function common(random: Random) {
  const network = random.pick(networks);
  const memo = random.pick([undefined, '', 'invoice 7', 'Grüße ✓', 'y'.repeat(400)]);
  const bounceable = random.chance(2);
  const to = accountOf(random.bytes(32));
  return {
    network,
    from: localKey('EdDSA', 'ed25519', random.bytes(32)),
    to: random.chance(4) ? to.toRawString() : friendly(to, network, bounceable),
    asked: memo === undefined ? {} : { memo },
    completion: {
      seqno: String(random.int(2 ** 32)),
      validUntil: String(1 + random.int(2 ** 32 - 1)),
      deployed: random.chance(2),
    },
  };
}

const drawn = {
  key,
  network: 'Ton',
  body: { kind: 'Native', to: friendly(somebody, 'Ton'), amount: '5' },
  completion: { seqno: '0', validUntil: '1900000000', deployed: false },
};
const tokens = {
  ...drawn,
  body: { ...drawn.body, kind: 'Tep74', master: friendly(somebody, 'Ton', true) },
  completion: {
    ...drawn.completion,
    value: '100000000',
    walletCodeHash: 'ab'.repeat(32),
    walletCodeDepth: '5',
    walletLayout: 'Reference',
  },
};
const altered = (text: string) => `${text.slice(0, 20)}${text[20] === 'A' ? 'B' : 'A'}${text.slice(21)}`;
const boc = await built({});

conformance({
  claims,
  seed,
  addresses: [],
  sdkAddress: (of, network) => friendly(walletOf(of).address, network),
  cases: [
    ...[
      { name: 'Transaction that deploys the wallet', body: await built({}) },
      { name: 'Transaction without room for the signature', body: await built({ bare: true, seqno: 7 }) },
      { name: 'Transaction with a comment', body: await built({ seqno: 8, comment: 'hello' }) },
    ].map(({ name, body }) => ({
      name,
      network: 'Ton',
      key,
      body,
      corrupt: 'transaction',
      accepted: ({ assembled, plan }: ReturnType<typeof sign>) => {
        const { sent } = decoded(assembled.signedData, key);
        equal(sent[0]?.message.info.value.coins, 5_000n);
        equal(plan.facts.interpreted, true);
        ok(
          plan.facts.summary.some(
            ({ label, value }) => label === 'Sends' && value === `5000 to ${friendly(somebody, 'Ton')}, mode 3`,
          ),
        );
      },
    })),
    {
      name: 'Message',
      network: 'Ton',
      key,
      body: { kind: 'Message', message: '0x68690a' },
      accepted: ({ assembled }) =>
        ok(ed25519Verify(key.publicKey, unhex('68690a'), unhex(assembled.signature?.encoded))),
    },
  ],
  refusals: [
    {
      name: '[bad-input 131] a message to another wallet',
      network: 'Ton',
      key,
      body: await built({ from: walletOf({ publicKey: Buffer.alloc(32, 3) }) }),
      message: /for another wallet/,
    },
    {
      name: 'a message that deploys something else',
      network: 'Ton',
      key,
      body: await built({ from: walletOf({ publicKey: Buffer.alloc(32, 3) }), to: wallet.address }),
      message: /deploys something other/,
    },
    {
      name: 'a message that is signed already',
      network: 'Ton',
      key,
      body: await built({ signature: Buffer.alloc(64, 1) }),
      message: /signed already/,
    },
    {
      name: 'a bag with a byte behind its end',
      network: 'Ton',
      key,
      body: { ...boc, transaction: `${boc.transaction}00` },
      message: /not as long as it says/,
    },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 120,
      draw(random) {
        const { from, network, to, asked, completion } = common(random);
        return {
          key: from,
          network,
          body: { kind: 'Native', to, amount: String(random.amount((1n << 120n) - 1n)), ...asked },
          completion,
        };
      },
      decoded(made) {
        const { message } = around(made);
        const to = core.Address.isFriendly(made.order['to']) ? core.Address.parseFriendly(made.order['to']) : undefined;
        ok(message.info.dest.equals(core.Address.parse(made.order['to'])));
        equal(message.info.value.coins, BigInt(String(made.order['amount'])));
        equal(message.info.bounce, to?.isBounceable ?? false);
        if (made.order['memo']) equal(readComment(message.body), made.order['memo']);
        else equal(message.body.bits.length, 0);
      },
    },
    {
      kind: 'Tep74',
      cases: 80,
      draw(random) {
        const { from, network, to, asked, completion } = common(random);
        const master = friendly(accountOf(random.bytes(32)), network, true);
        return {
          key: from,
          network,
          body: { kind: 'Tep74', to, master, amount: String(random.amount((1n << 120n) - 1n)), ...asked },
          completion: {
            ...completion,
            value: String(50_000_000 + random.int(100_000_000)),
            walletCodeHash: Buffer.from(core.beginCell().storeBuffer(Buffer.from('code')).endCell().hash()).toString(
              'hex',
            ),
            walletCodeDepth: '0',
            walletLayout: random.pick(['Reference', 'Governed']),
          },
        };
      },
      decoded(made) {
        const { own, message } = around(made);
        const code = core.beginCell().storeBuffer(Buffer.from('code')).endCell();
        const data = core.beginCell();
        if (made.completion['walletLayout'] === 'Governed') data.storeUint(0, 4);
        data.storeCoins(0).storeAddress(own.address).storeAddress(core.Address.parse(made.order['master']));
        if (made.completion['walletLayout'] === 'Reference') data.storeRef(code);
        ok(message.info.dest.equals(core.contractAddress(0, { code, data: data.endCell() })));
        equal(message.info.value.coins, BigInt(String(made.completion['value'])));
        equal(message.info.bounce, true);
        const slice = message.body.beginParse();
        equal(slice.loadUint(32), 0x0f8a7ea5);
        equal(slice.loadUint(64), Number(made.completion['seqno']));
        equal(slice.loadCoins(), BigInt(String(made.order['amount'])));
        ok(slice.loadAddress().equals(core.Address.parse(made.order['to'])));
        ok(slice.loadAddress().equals(own.address));
        equal(slice.loadMaybeRef(), null);
        equal(slice.loadCoins(), 1n);
        const note = slice.loadMaybeRef();
        if (made.order['memo']) equal(readComment(note), made.order['memo']);
        else equal(note, null);
        slice.endParse();
      },
    },
  ],
  refusedOrders: [
    {
      ...drawn,
      name: '[bad-input 113] to an address with a wrong letter',
      body: { ...drawn.body, to: altered(drawn.body.to) },
      code: 'E_BODY',
      message: /checksum/,
    },
    {
      ...drawn,
      name: '[bad-input 114] to a testnet address on the main network',
      body: { ...drawn.body, to: friendly(somebody, 'TonTestnet') },
      code: 'E_BODY',
      message: /for tests only/,
    },
    {
      ...drawn,
      name: 'to a workchain there is not',
      body: { ...drawn.body, to: new core.Address(7, Buffer.alloc(32)).toString() },
      code: 'E_BODY',
      message: /no workchain/,
    },
    {
      ...drawn,
      name: '[bad-input 114] to a Solana address',
      body: { ...drawn.body, to: 'FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z' },
      code: 'E_BODY',
    },
    {
      ...drawn,
      name: 'with a priority, which the chain does not have',
      body: { ...drawn.body, priority: 'Fast' },
      code: 'E_BODY',
    },
    {
      ...drawn,
      name: '[bad-input 116] with a memo of ten thousand bytes',
      body: { ...drawn.body, memo: 'z'.repeat(10_000) },
      code: 'E_BODY',
      message: /1000 bytes/,
    },
    {
      ...drawn,
      name: '[bad-input 131] with a number of 33 bits',
      completion: { ...drawn.completion, seqno: '4294967296' },
      code: 'E_COMPLETION',
    },
    {
      ...tokens,
      name: '[bad-input 137] of tokens with more value for gas than the cap',
      completion: { ...tokens.completion, value: '200000001' },
      code: 'E_FEE',
      message: /above the cap/,
    },
    {
      ...tokens,
      name: 'of tokens without their master',
      body: { kind: 'Tep74', to: drawn.body.to, amount: '5' },
      code: 'E_BODY',
    },
    {
      ...tokens,
      name: 'of tokens in an account of an unknown form',
      completion: { ...tokens.completion, walletLayout: 'Other' },
      code: 'E_COMPLETION',
    },
  ],
});

test("ton: our token account follows from owner and master, so a completion cannot name another token's", () => {
  const other = { ...tokens, body: { ...tokens.body, master: friendly(accountOf(Buffer.alloc(32, 9)), 'Ton', true) } };
  const accounts = [tokens, other].map((each) => {
    const { body } = construct(each);
    return decoded(sign(key, 'Ton', body).assembled.signedData, key).sent[0]?.message.info.dest.toRawString();
  });
  ok(accounts[0] !== accounts[1]);
  throws(() => construct({ ...tokens, completion: { ...tokens.completion, jettonWallet: accounts[1] ?? '' } }), {
    code: 'E_COMPLETION',
  });
});

test('ton: the sandbox deploys the wallet with its first transfer, and the client follows it', async () => {
  const { nodes, chain, fund, wait } = await startTon();
  const network = networkOf('Ton');
  await fund(wallet.address.toString(), core.toNano('10'));
  const loaded = await loadClient('ton');
  const client = loaded?.create({ nodes, network });
  if (client === undefined) throw new Error('no client for TON');
  const address = addressOf('Ton', key) ?? '';
  const transfer = async (amount: string, memo: string) => {
    const body = { kind: 'Native', to: friendly(somebody, 'Ton'), amount, memo };
    const completion = await client.complete({ key, network, purpose: 'transfer', body, address, pending: [] });
    const { body: signable } = construct({ key, network: 'Ton', body, completion });
    const signedData = sign(key, 'Ton', signable).assembled.signedData ?? '';
    return { signedData, completion, address, id: family('ton').transactionId?.(signedData, network) ?? '' };
  };

  await loaded?.identify?.(nodes, network);
  await rejects(async () => loaded?.identify?.(nodes, networkOf('Ion')), { code: 'E_NODE_ANSWER' });
  const first = await transfer('1000000000', 'first');
  const rival = await transfer('2000000000', 'rival');
  deepEqual(await client.state(first), { state: 'unknown' });
  await client.broadcast(first.signedData);
  const second = await transfer('500000000', 'second');
  await client.broadcast(second.signedData);

  equal((await chain.getContract(somebody)).balance > 1_490_000_000n, true);
  deepEqual(
    [
      first.completion['seqno'],
      first.completion['deployed'],
      second.completion['seqno'],
      second.completion['deployed'],
    ],
    ['0', false, '1', true],
  );
  const state = await client.state(first);
  equal(state.state === 'included' && state.success, true);
  deepEqual(await client.state(rival), { state: 'dropped', reason: 'its sequence number was used by another message' });
  await rejects(client.broadcast(rival.signedData), { code: 'E_NODE_REFUSED' });
  const late = await transfer('1', 'late');
  wait(700);
  deepEqual(await client.state(late), { state: 'dropped', reason: 'its time has passed' });
  await rejects(
    client.complete({
      key,
      network,
      purpose: 'transfer',
      body: { kind: 'Native', to: address, amount: '99000000000' },
      address,
      pending: [],
    }),
    { code: 'E_FUNDS' },
  );
});
