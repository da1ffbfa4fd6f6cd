/** The client of EVM nodes against a real one. */
import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Network, Order } from '@holdfast/chains/families';
import { type ChainClient, createHttp, createNodes, loadClient, type Nodes } from '@holdfast/chains/rpc';
import { oracle } from '../oracles.ts';
import { type Anvil, startAnvil } from './anvil.ts';

const network: Network = {
  name: 'EthereumSepolia',
  family: 'evm',
  kind: 'Evm',
  schemes: [{ scheme: 'ECDSA', curve: 'secp256k1' }],
  testnet: true,
  chainId: 11_155_111,
};
/** Anvil's first account, from its published mnemonic. */
const privateKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const from = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const to = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';

let anvil: Anvil;
let nodes: Nodes;
let client: Required<ChainClient>;
// biome-ignore lint/suspicious/noExplicitAny: a foreign library, used only to judge.
let account: any;

const setTimer = (ms: number, fn: () => void) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};

function clientOf(urls: readonly string[], of: Network = network) {
  return loadClient('evm').then((evm) => {
    if (evm?.identify === undefined) throw new Error('no client for EVM networks');
    const { identify } = evm;
    nodes = createNodes({
      network: of.name,
      urls,
      http: createHttp({ fetch, setTimer }),
      env: { now: Date.now },
      identify: (one) => identify(one, of),
    });
    return evm.create({ nodes, network: of }) as Required<ChainClient>;
  });
}

before(async () => {
  anvil = await startAnvil({ chainId: 11_155_111, autoMine: false });
  client = await clientOf([anvil.url]);
  account = (await oracle('viem/accounts')).privateKeyToAccount(privateKey);
});
after(() => anvil.stop());

const key = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: new Uint8Array(33) } as const;
const transfer = (body: Record<string, unknown>): Order => ({ key, network, purpose: 'transfer', body });
const pay = transfer({ kind: 'Native', to, amount: '1000' });
const at = { address: from, pending: [] };
const mine = (blocks = 1) => anvil.rpc('anvil_mine', [`0x${blocks.toString(16)}`]);

async function signed(completion: Readonly<Record<string, unknown>>, value = 1000n, recipient = to): Promise<string> {
  const big = (name: string) => BigInt(completion[name] as string);
  return account.signTransaction({
    type: 'eip1559',
    chainId: network.chainId,
    to: recipient,
    value,
    nonce: Number(completion['nonce']),
    gas: big('gasLimit'),
    maxFeePerGas: big('maxFeePerGas'),
    maxPriorityFeePerGas: big('maxPriorityFeePerGas'),
  });
}
const idOf = async (signedData: string): Promise<string> => (await oracle('viem')).keccak256(signedData);

test('a completed payment is taken by the node, and followed from the pool to its confirmations', async () => {
  const before = BigInt(await client.nativeBalance(from));
  const completion = await client.complete({ ...pay, ...at });
  const signedData = await signed(completion);
  const of = { id: await idOf(signedData), signedData, address: from };
  equal(completion['gasLimit'], '21000');

  deepEqual(await client.state(of), { state: 'unknown' });
  await client.broadcast(signedData);
  await client.broadcast(signedData);
  deepEqual(await client.state(of), { state: 'pending' });
  await mine(3);

  const state = await client.state(of);
  ok(state.state === 'included' && state.success);
  equal(state.confirmations, 2);
  equal((await client.head()).height, state.height + 2);
  equal(BigInt(await client.nativeBalance(from)), before - 1000n - BigInt(state.fee ?? 0));
  await client.broadcast(signedData);
});

test('nonces are the lowest that neither the pool nor an unfinished order holds', async () => {
  const next = BigInt((await client.complete({ ...pay, ...at }))['nonce'] as string);
  const held = (sequence: bigint) =>
    ({ kind: 'sequence', account: from, lane: '', sequence: String(sequence) }) as const;

  const with2 = await client.complete({
    ...pay,
    address: from,
    pending: [held(next), held(next + 1n), held(next + 3n)],
  });
  equal(with2['nonce'], String(next + 2n));

  await client.broadcast(await signed(await client.complete({ ...pay, ...at })));
  equal((await client.complete({ ...pay, ...at }))['nonce'], String(next + 1n));
  await mine();
});

test('a transaction whose nonce another has used is dropped', async () => {
  const completion = await client.complete({ ...pay, ...at });
  const [lost, kept] = [await signed(completion, 1n), await signed(completion, 2n)];
  await client.broadcast(kept);
  await mine();

  const state = await client.state({ id: await idOf(lost), signedData: lost, address: from });

  deepEqual(state, { state: 'dropped', reason: 'its nonce was used by another transaction' });
  await rejects(client.broadcast(lost), { code: 'E_NODE_REFUSED', message: /nonce too low/ });
});

test('priorities pay more, the faster the more, and the estimate says the same', async () => {
  const fees = await client.fees();
  ok(fees.kind === 'Eip1559');
  const price = async (priority: string) =>
    BigInt((await client.complete({ ...transfer({ ...pay.body, priority }), ...at }))['maxFeePerGas'] as string);

  const [slow, standard, fast] = [await price('Slow'), await price('Standard'), await price('Fast')];

  ok(slow <= standard && standard <= fast && slow < fast);
  equal(fees.fast.maxFeePerGas, fast.toString());
  match(fees.baseFeePerGas, /^[1-9][0-9]*$/);
});

test('what the user wrote is repeated and never changed', async () => {
  const body = {
    kind: 'Eip1559',
    to,
    value: '5',
    nonce: 7,
    gasLimit: '90000',
    maxFeePerGas: '0x77359400',
    maxPriorityFeePerGas: '3',
  };

  deepEqual(await client.complete({ ...pay, purpose: 'transaction', body, ...at }), {
    nonce: '7',
    gasLimit: '90000',
    maxFeePerGas: '2000000000',
    maxPriorityFeePerGas: '3',
  });
});

test('[bad-input 117] who cannot pay is told the figures', async () => {
  const poor = '0x00000000000000000000000000000000000000aa';
  await anvil.rpc('anvil_setBalance', [poor, '0x5']);

  await rejects(client.complete({ ...transfer({ kind: 'Native', to, amount: '7' }), address: poor, pending: [] }), {
    code: 'E_FUNDS',
    message: /balance 5 is less than amount 7 plus fee/,
  });
  await rejects(client.complete({ ...transfer({ kind: 'Native', to, amount: '4' }), address: poor, pending: [] }), {
    code: 'E_FUNDS',
    message: /balance 5 is less than amount 4 plus fee [1-9]/,
  });
});

test('a call that the contract reverts is refused before anything is signed', async () => {
  // PUSH0 PUSH0 REVERT
  await anvil.rpc('anvil_setCode', ['0x00000000000000000000000000000000000000bb', '0x5f5ffd']);
  const body = { kind: 'Erc20', contract: '0x00000000000000000000000000000000000000bb', to, amount: '1' };

  await rejects(client.complete({ ...transfer(body), ...at }), { code: 'E_NODE_REFUSED' });
});

test('a transaction that reverted in its block is included without success, and its fee was paid', async () => {
  const completion = { ...(await client.complete({ ...pay, ...at })), gasLimit: '50000' };
  const signedData = await signed(completion, 0n, '0x00000000000000000000000000000000000000bb');
  await client.broadcast(signedData);
  await mine();

  const state = await client.state({ id: await idOf(signedData), signedData, address: from });

  ok(state.state === 'included');
  equal(state.success, false);
  notEqual(state.fee, '0');
});

test('after a reorganisation a transaction is no longer in a block', async () => {
  const snapshot = await anvil.rpc('evm_snapshot');
  const signedData = await signed(await client.complete({ ...pay, ...at }));
  const of = { id: await idOf(signedData), signedData, address: from };
  await client.broadcast(signedData);
  await mine();
  equal((await client.state(of)).state, 'included');

  await anvil.rpc('evm_revert', [snapshot]);

  notEqual((await client.state(of)).state, 'included');
});

test('a node of another chain answers nothing', async () => {
  const other = await clientOf([anvil.url], { ...network, name: 'Ethereum', chainId: 1 });

  await rejects(other.head(), { code: 'E_NODE_ANSWER', message: /of the chain 11155111, not 1/ });
});

test('a node that has ended is unreachable', async () => {
  const gone = await startAnvil();
  const left = await clientOf([gone.url], { ...network, chainId: 31_337 });
  equal((await left.head()).height, 0);
  await gone.stop();

  await rejects(left.head(), { code: 'E_NODE_UNREACHABLE' });
});
