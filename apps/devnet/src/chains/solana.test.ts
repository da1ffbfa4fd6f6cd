/** Solana against @solana/kit, which builds and decodes, and LiteSVM, which executes. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { type Constructed, conformance, construct, localKey, type Random, sign } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/solana';
import { addressOf, family, loadFamily } from '@holdfast/chains/families';
import { network as networkOf } from '@holdfast/chains/networks';
import { loadClient } from '@holdfast/chains/rpc';
import { startSolana } from '../nodes/solana.ts';
import { oracle } from '../oracles.ts';

await loadFamily('solana');
const kit = await oracle('@solana/kit');
const token = await oracle('@solana-program/token');
const system = await oracle('@solana-program/system');

const seed = process.env['HOLDFAST_SEED'] ?? 'solana 1';
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const unhex = (text: string | undefined) => Uint8Array.from(Buffer.from((text ?? '').replace(/^0x/, ''), 'hex'));
const keyOf = (byte: number) => localKey('EdDSA', 'ed25519', Buffer.alloc(32, byte));
const key = keyOf(0x41);
const own = addressOf('Solana', key) ?? '';
const somebody = addressOf('Solana', keyOf(0x42)) ?? '';
const blockhash = 'EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N';
const programs = {
  Spl: 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  Spl2022: 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
};
const base58 = (bytes: Uint8Array): string => kit.getAddressDecoder().decode(Uint8Array.from(bytes));

const network = networkOf('SolanaDevnet');
const { nodes, svm, expire } = await startSolana();

type Foreign = Record<string, never>;

/** A transaction that the SDK compiles. */
function built(o: {
  version?: 'legacy' | 0;
  payer?: string;
  hash?: string;
  instructions: readonly object[];
  tables?: object;
}) {
  let message = kit.createTransactionMessage({ version: o.version ?? 0 });
  message = kit.setTransactionMessageFeePayer(o.payer ?? own, message);
  message = kit.setTransactionMessageLifetimeUsingBlockhash(
    { blockhash: o.hash ?? blockhash, lastValidBlockHeight: 1n },
    message,
  );
  message = kit.appendTransactionMessageInstructions(o.instructions, message);
  if (o.tables !== undefined) message = kit.compressTransactionMessageUsingAddressLookupTables(message, o.tables);
  return { kind: 'Transaction', transaction: hex(kit.getTransactionEncoder().encode(kit.compileTransaction(message))) };
}

const signerOf = (address: string) => ({ address, signTransactions: async () => [] });
const pay = (to: string, amount: bigint, from = own) =>
  system.getTransferSolInstruction({ source: signerOf(from), destination: to, amount });

async function verified(signedData: string | undefined, address: string) {
  const decoded = kit.getTransactionDecoder().decode(unhex(signedData));
  const publicKey = await kit.getPublicKeyFromAddress(address);
  equal(await kit.verifySignature(publicKey, decoded.signatures[address], decoded.messageBytes), true);
  const compiled = kit.getCompiledTransactionMessageDecoder().decode(decoded.messageBytes);
  equal(family('solana').transactionId?.(signedData ?? '', network), kit.getSignatureFromTransaction(decoded));
  return kit.decompileTransactionMessage(compiled);
}

const random = (bytes: Uint8Array) => base58(bytes);

function common(draw: Random) {
  const from = localKey('EdDSA', 'ed25519', draw.bytes(32));
  const durable = draw.chance(3);
  const memo = draw.pick([undefined, '', 'invoice 7', 'Grüße ✓', 'x'.repeat(200)]);
  return {
    from,
    asked: { ...(memo === undefined ? {} : { memo }), ...(durable ? { useDurableNonce: true } : {}) },
    completion: {
      blockhash: random(draw.bytes(32)),
      computeUnitLimit: String(1 + draw.int(1_400_000)),
      computeUnitPrice: String(draw.chance(3) ? 0 : draw.int(7_000_000)),
      ...(durable ? { nonceAccount: random(draw.bytes(32)) } : {}),
    },
  };
}

/** Everything around the payment itself, as the SDK reads it; answers the instructions that are left. */
async function surroundings({ key: of, network: name, order, completion, construction, assembled }: Constructed) {
  const address = addressOf(name, of) ?? '';
  const message = await verified(assembled.signedData, address);
  const rest = [...message.instructions];
  equal(message.feePayer.address, address);
  if (order['useDurableNonce'] === true) {
    const read = system.parseAdvanceNonceAccountInstruction(rest.shift());
    equal(read.accounts.nonceAccount.address, completion['nonceAccount']);
    equal(read.accounts.nonceAuthority.address, address);
    equal(message.lifetimeConstraint.nonce, completion['blockhash']);
    deepEqual(construction.exclusion, {
      kind: 'sequence',
      account: completion['nonceAccount'],
      lane: '',
      sequence: completion['blockhash'],
    });
  } else {
    equal(message.lifetimeConstraint.blockhash, completion['blockhash']);
    deepEqual(construction.exclusion, { kind: 'digest' });
  }
  const limit = rest.shift();
  equal(limit.programAddress, 'ComputeBudget111111111111111111111111111111');
  deepEqual([limit.data[0], Buffer.from(limit.data).readUInt32LE(1)], [2, Number(completion['computeUnitLimit'])]);
  if (completion['computeUnitPrice'] !== '0') {
    const price = rest.shift();
    deepEqual(
      [price.data[0], Buffer.from(price.data).readBigUInt64LE(1)],
      [3, BigInt(String(completion['computeUnitPrice']))],
    );
  }
  if (order['memo'] !== undefined && order['memo'] !== '') {
    const memo = rest.pop();
    equal(memo.programAddress, 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
    equal(new TextDecoder().decode(memo.data), order['memo']);
  }
  return rest as Foreign[];
}

const tokenTransfers = (['Spl', 'Spl2022'] as const).map((kind) => ({
  kind,
  cases: 60,
  draw(draw: Random) {
    const { from, asked, completion } = common(draw);
    const creates = draw.chance(2);
    return {
      key: from,
      network: draw.pick(['Solana', 'SolanaDevnet']),
      body: {
        kind,
        mint: random(draw.bytes(32)),
        to: random(draw.bytes(32)),
        amount: String(draw.amount((1n << 64n) - 1n)),
        ...asked,
        ...(creates ? { createDestinationAccount: true } : {}),
      },
      completion: { ...completion, decimals: String(draw.int(19)) },
    };
  },
  async decoded(made: Constructed) {
    const rest = await surroundings(made);
    const { order, completion } = made;
    const of = (owner: unknown) =>
      token
        .findAssociatedTokenPda({ owner, mint: order['mint'], tokenProgram: programs[kind] })
        .then(([address]: readonly string[]) => address);
    const [from, to] = [addressOf(made.network, made.key), order['to']];
    if (order['createDestinationAccount'] === true) {
      const made = token.parseCreateAssociatedTokenIdempotentInstruction(rest.shift());
      equal(made.accounts.payer.address, from);
      equal(made.accounts.ata.address, await of(to));
      equal(made.accounts.owner.address, to);
      equal(made.accounts.mint.address, order['mint']);
      equal(made.accounts.tokenProgram.address, programs[kind]);
    }
    const [last, ...more] = rest;
    deepEqual(more, []);
    equal((last as unknown as { programAddress: string }).programAddress, programs[kind]);
    const read = token.parseTransferCheckedInstruction(last);
    equal(read.accounts.source.address, await of(from));
    equal(read.accounts.destination.address, await of(to));
    equal(read.accounts.mint.address, order['mint']);
    equal(read.accounts.authority.address, from);
    equal(read.data.amount, BigInt(String(order['amount'])));
    equal(read.data.decimals, Number(completion['decimals']));
  },
}));

const drawn = {
  key,
  network: 'Solana',
  body: { kind: 'Native', to: somebody, amount: '5' },
  completion: { blockhash, computeUnitLimit: '10000', computeUnitPrice: '0' },
};
const tokens = {
  ...drawn,
  body: { kind: 'Spl', mint: somebody, to: somebody, amount: '5' },
  completion: { ...drawn.completion, decimals: '6' },
};
const slot = (body: { kind: string; transaction: string }) => ({
  ...body,
  transaction: `0x01${'07'.repeat(64)}${body.transaction.slice(4 + 128)}`,
});

conformance({
  claims,
  seed,
  // RFC 8032 test 1, as solana-keygen shows it.
  addresses: [
    {
      network: 'Solana',
      scheme: 'EdDSA',
      curve: 'ed25519',
      publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      address: 'FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z',
    },
  ],
  sdkAddress: (of) => base58(of.publicKey),
  cases: [
    ...(['legacy', 0] as const).map((version) => ({
      name: `Transaction of version ${version}`,
      network: 'Solana',
      key,
      body: built({ version, instructions: [pay(somebody, 5n)] }),
      accepted: async ({ assembled, plan }: ReturnType<typeof sign>) => {
        await verified(assembled.signedData, own);
        ok(plan.facts.summary.some(({ label, value }) => label === 'Transfer' && value === `5 to ${somebody}`));
      },
      corrupt: 'transaction',
    })),
    {
      name: 'Message',
      network: 'Solana',
      key,
      body: { kind: 'Message', message: '0x68690a' },
      accepted: async ({ assembled }) => {
        const publicKey = await kit.getPublicKeyFromAddress(own);
        equal(await kit.verifySignature(publicKey, unhex(assembled.signature?.encoded), unhex('68690a')), true);
      },
    },
  ],
  refusals: [
    {
      name: 'a transaction that another pays for',
      network: 'Solana',
      key,
      body: built({ payer: somebody, instructions: [pay(somebody, 5n)] }),
      message: /fee payer|not to be signed/,
    },
    {
      name: 'a transaction that is signed already',
      network: 'Solana',
      key,
      body: slot(built({ instructions: [pay(somebody, 5n)] })),
      message: /signed by this wallet already/,
    },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 80,
      draw(draw) {
        const { from, asked, completion } = common(draw);
        const body = {
          kind: 'Native',
          to: random(draw.bytes(32)),
          amount: String(draw.amount((1n << 64n) - 1n)),
          ...asked,
        };
        return { key: from, network: draw.pick(['Solana', 'SolanaDevnet']), body, completion };
      },
      async decoded(made) {
        const [last, ...more] = await surroundings(made);
        deepEqual(more, []);
        const read = system.parseTransferSolInstruction(last);
        equal(read.accounts.source.address, addressOf(made.network, made.key));
        equal(read.accounts.destination.address, made.order['to']);
        equal(read.data.amount, BigInt(String(made.order['amount'])));
      },
    },
    ...tokenTransfers,
    {
      kind: 'CreateSolanaNonceAccounts',
      cases: 20,
      draw(draw) {
        const { from, completion } = common(draw);
        const { nonceAccount, ...rest } = completion as { nonceAccount?: string } & typeof completion;
        const count = 1 + draw.int(5);
        return {
          key: from,
          network: 'Solana',
          purpose: 'transaction' as const,
          body: {
            kind: 'CreateSolanaNonceAccounts',
            count,
            ...(draw.chance(2) ? { nonceAuthority: random(draw.bytes(32)) } : {}),
          },
          completion: { ...rest, first: String(draw.int(50)), rent: '1447680' },
        };
      },
      async decoded(made) {
        const rest = await surroundings(made);
        const from = addressOf(made.network, made.key);
        for (let n = 0; n < Number(made.order['count']); n += 1) {
          const seedText = `holdfast nonce ${Number(made.completion['first']) + n}`;
          const account = await kit.createAddressWithSeed({
            baseAddress: from,
            seed: seedText,
            programAddress: '11111111111111111111111111111111',
          });
          const created = system.parseCreateAccountWithSeedInstruction(rest.shift());
          deepEqual(
            [
              created.accounts.payer.address,
              created.accounts.newAccount.address,
              created.data.base,
              created.data.seed,
              created.data.amount,
              created.data.space,
              created.data.programAddress,
            ],
            [from, account, from, seedText, 1_447_680n, 80n, '11111111111111111111111111111111'],
          );
          const initialised = system.parseInitializeNonceAccountInstruction(rest.shift());
          equal(initialised.accounts.nonceAccount.address, account);
          equal(initialised.data.nonceAuthority, made.order['nonceAuthority'] ?? from);
        }
        deepEqual(rest, []);
      },
    },
  ],
  refusedOrders: [
    {
      ...drawn,
      name: '[bad-input 114] to an EVM address',
      body: { ...drawn.body, to: '0x3535353535353535353535353535353535353535' },
      code: 'E_BODY',
      message: /not a Solana address/,
    },
    {
      ...drawn,
      name: '[bad-input 113] to an address with a letter too many',
      body: { ...drawn.body, to: `${somebody}1` },
      code: 'E_BODY',
    },
    {
      ...drawn,
      name: '[bad-input 112] of more than 64 bits hold',
      body: { ...drawn.body, amount: '18446744073709551616' },
      code: 'E_BODY',
      message: /exceeds 18446744073709551615/,
    },
    {
      ...drawn,
      name: '[bad-input 116] with a memo that does not fit',
      body: { ...drawn.body, memo: 'x'.repeat(501) },
      code: 'E_BODY',
      message: /500 bytes/,
    },
    {
      ...drawn,
      name: '[bad-input 137] at a price above the cap',
      completion: { ...drawn.completion, computeUnitPrice: '1000000000000' },
      code: 'E_FEE',
      message: /above the cap/,
    },
    {
      ...drawn,
      name: 'with a nonce nobody asked for',
      completion: { ...drawn.completion, nonceAccount: somebody },
      code: 'E_COMPLETION',
    },
    {
      ...drawn,
      name: 'with a blockhash of 31 bytes',
      completion: { ...drawn.completion, blockhash: '2'.repeat(32) },
      code: 'E_COMPLETION',
    },
    {
      ...drawn,
      name: 'that creates an account for native coins',
      body: { ...drawn.body, createDestinationAccount: true },
      code: 'E_BODY',
    },
    { ...tokens, name: 'of tokens whose mint is no address', body: { ...tokens.body, mint: 'USDC' }, code: 'E_BODY' },
    { ...tokens, name: 'of tokens without their decimals', completion: drawn.completion, code: 'E_COMPLETION' },
    {
      ...drawn,
      purpose: 'transaction',
      name: 'for nonce accounts at a rent above what they cost',
      body: { kind: 'CreateSolanaNonceAccounts' },
      completion: { ...drawn.completion, first: '0', rent: '5000000' },
      code: 'E_COMPLETION',
    },
    {
      ...drawn,
      purpose: 'transaction',
      name: 'for more nonce accounts than fit',
      body: { kind: 'CreateSolanaNonceAccounts', count: 6 },
      completion: { ...drawn.completion, first: '0', rent: '1447680' },
      code: 'E_BODY',
    },
  ],
});

const client = await loadClient('solana').then((loaded) => loaded?.create({ nodes, network }));
if (client === undefined) throw new Error('no client for Solana');

/** What the api and the signers do together, with a local key; `accepted` by the runtime. */
async function made(
  body: Record<string, unknown>,
  purpose: 'transfer' | 'transaction' = 'transfer',
  pending: readonly never[] = [],
) {
  const completion = await client?.complete({ key, network, purpose, body, address: own, pending });
  const construction = construct({ key, network: network.name, purpose, body, completion: completion ?? {} });
  const signedData = sign(key, network.name, construction.body).assembled.signedData ?? '';
  const id = family('solana').transactionId?.(signedData, network) ?? '';
  return { construction, signedData, id, address: own };
}

const balance = (address: string): bigint => svm.getBalance(address) ?? 0n;
const included = { state: 'included', height: 1_000, confirmations: 32, success: true };

test('solana: LiteSVM executes a native transfer with memo and priority, and the client follows it', async () => {
  svm.airdrop(own, 10_000_000_000n);
  const before = balance(own);
  const sent = await made({ kind: 'Native', to: somebody, amount: '1000000000', memo: 'hello', priority: 'Fast' });
  deepEqual(await client.state(sent), { state: 'unknown' });

  await client.broadcast(sent.signedData);
  await client.broadcast(sent.signedData);

  equal(balance(somebody), 1_000_000_000n);
  equal(before - balance(own), 1_000_000_000n + (sent.construction.feeMax ?? 0n));
  deepEqual(await client.state(sent), { ...included, fee: String(sent.construction.feeMax) });
  equal(await client.nativeBalance(own), String(balance(own)));
});

test('solana: a transaction with one bit changed is not executed, and one whose blockhash is over is dropped', async () => {
  const sent = await made({ kind: 'Native', to: somebody, amount: '1000' });
  const bytes = unhex(sent.signedData);
  bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 1;
  await rejects(client.broadcast(hex(bytes)), { code: 'E_NODE_REFUSED' });

  expire();

  deepEqual(await client.state(sent), { state: 'dropped', reason: 'its blockhash has expired' });
  await rejects(client.broadcast(sent.signedData), { code: 'E_NODE_REFUSED' });
});

for (const kind of ['Spl', 'Spl2022'] as const)
  test(`solana: LiteSVM executes ${kind} transfers, and makes the recipient's account where asked`, async () => {
    const mint = base58(Buffer.alloc(32, kind === 'Spl' ? 0x51 : 0x52));
    const account = async (owner: string): Promise<string> =>
      (await token.findAssociatedTokenPda({ owner, mint, tokenProgram: programs[kind] }))[0];
    const put = (address: string, data: Uint8Array) =>
      svm.setAccount({
        address,
        data,
        executable: false,
        lamports: 10_000_000n,
        programAddress: programs[kind],
        space: BigInt(data.length),
      });
    put(
      mint,
      token
        .getMintEncoder()
        .encode({ mintAuthority: null, supply: 1_000_000n, decimals: 6, isInitialized: true, freezeAuthority: null }),
    );
    put(
      await account(own),
      token.getTokenEncoder().encode({
        mint,
        owner: own,
        amount: 1_000_000n,
        delegate: null,
        state: 1,
        isNative: null,
        delegatedAmount: 0n,
        closeAuthority: null,
      }),
    );
    const body = { kind, mint, to: somebody, amount: '250000' };
    await rejects(made(body), { code: 'E_BODY', message: /createDestinationAccount/ });
    await rejects(made({ ...body, amount: '1000001' }), {
      code: 'E_FUNDS',
      message: /balance 1000000 is less than amount 1000001/,
    });

    const sent = await made({ ...body, createDestinationAccount: true });
    await client.broadcast(sent.signedData);
    expire();
    await client.broadcast((await made({ ...body, memo: 'second' })).signedData);

    const held = svm.getAccount(await account(somebody));
    equal(token.getTokenDecoder().decode(held.data.subarray(0, 165)).amount, 500_000n);
    equal((await client.state(sent)).state, 'included');
  });

test('solana: LiteSVM executes with durable nonces, which outlive blockhashes and are used once', async () => {
  const accounts = await made({ kind: 'CreateSolanaNonceAccounts', count: 2 }, 'transaction');
  const paid = balance(own);
  await client.broadcast(accounts.signedData);
  equal(paid - balance(own), accounts.construction.feeMax);
  const body = { kind: 'Native', to: somebody, amount: '5000', useDurableNonce: true };
  const first = await made(body);
  const second = await made({ ...body, amount: '6000' });
  deepEqual(first.construction.exclusion, second.construction.exclusion);
  const other = await made(body, 'transfer', [first.construction.exclusion as never]);
  ok(JSON.stringify(other.construction.exclusion) !== JSON.stringify(first.construction.exclusion));
  expire();

  await client.broadcast(first.signedData);

  equal((await client.state(first)).state, 'included');
  deepEqual(await client.state(second), { state: 'dropped', reason: 'its nonce was used by another transaction' });
  await rejects(client.broadcast(second.signedData), { code: 'E_NODE_REFUSED' });
  deepEqual(await client.state(other), { state: 'unknown' });
});

test('solana: LiteSVM executes a version 0 transaction that looks its recipient up in a table', async () => {
  const table = base58(Buffer.alloc(32, 0x61));
  const recipient = base58(Buffer.alloc(32, 0x62));
  const head = Buffer.alloc(56);
  head.writeUInt32LE(1, 0);
  head.writeBigUInt64LE((1n << 64n) - 1n, 4);
  svm.setAccount({
    address: table,
    data: Uint8Array.from(Buffer.concat([head, Buffer.from(kit.getAddressEncoder().encode(recipient))])),
    executable: false,
    lamports: 10_000_000n,
    programAddress: 'AddressLookupTab1e1111111111111111111111111',
    space: 88n,
  });
  const body = built({
    hash: svm.latestBlockhash(),
    instructions: [pay(recipient, 2_000_000n)],
    tables: { [table]: [recipient] },
  });
  const signed = sign(key, network.name, body);
  ok(signed.plan.facts.summary.some(({ label, value }) => label === 'Lookup table' && value.includes(table)));

  await client.broadcast(signed.assembled.signedData ?? '');

  equal(balance(recipient), 2_000_000n);
});

test('solana: the client refuses a node of another cluster and gives fees in the shape of the public API', async () => {
  const loaded = await loadClient('solana');
  await loaded?.identify?.(nodes, network);
  await rejects(async () => loaded?.identify?.(nodes, networkOf('Solana')), {
    code: 'E_NODE_ANSWER',
    message: /another cluster/,
  });
  deepEqual(await client.fees?.(), {
    kind: 'Solana',
    blockNumber: 1_000,
    slow: { computeUnitPrice: '5' },
    standard: { computeUnitPrice: '1000' },
    fast: { computeUnitPrice: '50000' },
  });
});
