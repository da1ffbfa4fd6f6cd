/** Reading a chain as users do: nodes set on the command line, the public client unmodified, real processes. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DfnsApiClient, DfnsError } from '@dfns/sdk';
import { Cluster, sdk, until } from '../harness/index.ts';
import { oracle } from '../oracles.ts';
import { type Anvil, startAnvil } from './anvil.ts';
import { type Chain, chainOn } from './chain.ts';

const network = 'EthereumSepolia';
/** A network whose chain id is in no table; any number will do. */
const unlisted = { name: 'Adi', chainId: 36_900 };
const secret = 'k3yth4tm4ynotb3s33n';

let cluster: Cluster;
let dfns: DfnsApiClient;
let anvil: Anvil;
let chain: Chain;
const servers: Server[] = [];
/** One engine of signatures does, and the other takes a minute of work behind the scenes. */
const env = { HOLDFAST_ECDSA_ENGINES: 'H' };
const engine = process.env['HOLDFAST_TEST_POSTGRES'] === 'off' ? 'embedded' : 'postgres';

before(async () => {
  anvil = await startAnvil({ chainId: 11_155_111 });
  chain = await chainOn(anvil);
  cluster = await Cluster.start({ engine, env });
  dfns = sdk(cluster.createOrg('Reader'));
});
after(async () => {
  for (const server of servers) server.close();
  await cluster?.stop();
  await anvil?.stop();
  cluster?.remove();
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const set = (name: string, ...args: string[]) => {
  const { status, stderr, stdout } = cluster.cli('networks', 'set', name, ...args);
  equal(status, 0, stderr);
  return stdout;
};
const walletOn = (name: string) => dfns.wallets.createWallet({ body: { network: name as 'Ethereum' } });
const historyOf = async (walletId: string) => (await dfns.wallets.getWalletHistory({ walletId })).items;
const refusal = async (asked: Promise<unknown>): Promise<DfnsError> => {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  ok(error instanceof DfnsError, 'was not refused');
  return error;
};

test('without a node the answer names the command, and with one it needs no restart', async () => {
  const wallet = await walletOn(network);
  const before = await refusal(dfns.wallets.getWalletAssets({ walletId: wallet.id }));
  equal(before.httpStatus, 503);
  match(before.message, /no node of EthereumSepolia is configured: holdfast networks set EthereumSepolia --rpc URL/);

  const said = set(network, '--rpc', `${anvil.url}/?key=${secret}`, '--index-from', '0', '--confirmations', '2');

  equal(said.includes(secret), false);
  deepEqual((await dfns.wallets.getWalletAssets({ walletId: wallet.id })).assets, [
    { kind: 'Native', symbol: 'ETH', decimals: 18, balance: '0' },
  ]);
  const { stdout } = cluster.cli('networks', 'list');
  match(stdout, /EthereumSepolia: 1 node, 2 confirmations, indexed from block 0, at block [0-9]+\n {2}node 1 {2}up/);
});

test('a header that a node wants is sealed in the file, sent with every request, and shown nowhere', async () => {
  const project = 'pr0jectth4tm4ynotb3s33n';
  const asked: (string | undefined)[] = [];
  const url = await listening(
    createHttpServer((request, reply) => {
      asked.push(request.headers['project_id'] as string | undefined);
      reply.writeHead(403, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ message: `no: ${request.headers['project_id']}` }));
    }),
  );
  const said = set('CardanoPreprod', '--rpc', `${url}/api/v0`, '--header', `project_id: ${project}`);
  equal(said.trim(), 'CardanoPreprod: 1 node, with headers');
  const wallet = await walletOn('CardanoPreprod');

  const refused = await refusal(dfns.wallets.getWalletAssets({ walletId: wallet.id }));

  equal(refused.httpStatus, 503);
  deepEqual([...new Set(asked)], [project]);
  equal(readFileSync(join(cluster.dir, 'data', 'api', 'networks.json'), 'utf8').includes(project), false);
  set('CardanoPreprod', '--confirmations', '3');
  set('CardanoPreprod', '--rpc', `${url.replace('127.0.0.1', 'localhost')}/api/v0`);
  equal(cluster.cli('networks', 'set', 'CardanoPreprod', '--header', project).stderr.includes(project), false);
  const { stdout } = cluster.cli('networks', 'list');
  match(stdout, /CardanoPreprod: 1 node, 3 confirmations\n/);
  equal(JSON.stringify([stdout, refused.message]).includes(project), false);
  equal(cluster.cli('networks', 'unset', 'CardanoPreprod').status, 0);
});

test('the public client reads fees, contracts, balances, tokens and history', async () => {
  const wallet = await walletOn(network);
  const address = wallet.address ?? '';
  const tx = await chain.send({ to: address, value: 5n });
  const coin = await chain.deployCoin(100n);
  await chain.coin.transfer({ contract: coin, to: address, value: 60n });
  const things = await chain.deployThings();
  await chain.things.mint({ contract: things, to: address, tokenId: 7n });

  await until('three movements are read', async () => (await historyOf(wallet.id)).length === 3, 60_000);

  const history = await historyOf(wallet.id);
  deepEqual(
    history.map(({ kind, direction }) => [kind, direction]),
    [
      ['Erc721Transfer', 'In'],
      ['Erc20Transfer', 'In'],
      ['NativeTransfer', 'In'],
    ],
  );
  equal(history[2]?.txHash, tx);
  const { assets } = await dfns.wallets.getWalletAssets({ walletId: wallet.id, query: { netWorth: 'true' } as never });
  deepEqual(assets, [
    { kind: 'Native', symbol: 'ETH', decimals: 18, balance: '5' },
    { kind: 'Erc20', contract: coin, symbol: 'TST', decimals: 6, balance: '60' },
  ]);
  const { nfts } = await dfns.wallets.getWalletNfts({ walletId: wallet.id });
  deepEqual(nfts, [{ kind: 'Erc721', contract: things, tokenId: '7', symbol: 'THING' }]);
  const all = await dfns.wallets.listOrgWalletHistory({
    query: { startTime: '2020-01-01', endTime: '2100-01-01' },
  });
  ok(typeof all !== 'string');
  equal(all.items.length, 3);
  const fees = await dfns.networks.getFees({ query: { network } });
  ok(fees.kind === 'Eip1559' && BigInt(fees.fast.maxFeePerGas) > 0n);
  const balance = await dfns.networks.callFunction({
    network: 'ethereum-sepolia',
    body: {
      contract: coin,
      abi: {
        type: 'function',
        name: 'balanceOf',
        stateMutability: 'view',
        inputs: [{ name: 'owner', type: 'address' }],
        outputs: [{ name: '', type: 'uint256' }],
      },
      calldata: { owner: address },
    },
  });
  equal(balance, '60');
});

test('nodes that are silent, gone or talk nonsense are 503 and never a hang', async () => {
  const silent = await listening(createServer((socket) => void socket.on('error', () => undefined)));
  const nonsense = await listening(createHttpServer((_request, reply) => void reply.end('<html>')));
  const redirect = await listening(
    createHttpServer((_request, reply) => void reply.writeHead(302, { location: anvil.url }).end()),
  );
  set('Polygon', '--rpc', `${silent}/?key=${secret}`);
  set('Base', '--rpc', `${nonsense}/?key=${secret}`);
  set('Optimism', '--rpc', `${redirect}/?key=${secret}`);
  set('Bsc', '--rpc', `http://127.0.0.1:1/?key=${secret}`);
  // A real node, of another chain.
  set('Ethereum', '--rpc', `${anvil.url}/?key=${secret}`);

  const answers = await Promise.all(
    ['Polygon', 'Base', 'Optimism', 'Bsc', 'Ethereum'].map(async (each) => {
      const { httpStatus, message } = await refusal(dfns.networks.getFees({ query: { network: each as 'Ethereum' } }));
      equal(message.includes(secret), false);
      return [each, httpStatus];
    }),
  );

  deepEqual(answers, [
    ['Polygon', 503],
    ['Base', 503],
    ['Optimism', 503],
    ['Bsc', 503],
    ['Ethereum', 503],
  ]);
  const { stdout } = cluster.cli('networks', 'list');
  match(stdout, /of the chain 11155111, not 1/);
});

test('an api that is killed while it reads misses nothing and tells nothing twice; signers take up chain ids', async () => {
  const wallet = await walletOn(network);
  const other = await walletOn(unlisted.name);
  const { serializeTransaction, recoverTransactionAddress } = await oracle('viem');
  const transaction = serializeTransaction({
    type: 'eip1559',
    chainId: unlisted.chainId,
    nonce: 0,
    gas: 21_000n,
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
    to: chain.stranger as `0x${string}`,
    value: 1n,
  });
  const sign = () =>
    dfns.wallets.generateSignature({ walletId: other.id, body: { kind: 'Transaction', transaction } as never });
  await rejects(sign(), /chain id of Adi is not configured/);
  match(set(unlisted.name, '--chain-id', String(unlisted.chainId)), /written for 5 signers of this machine/);

  const sent: string[] = [];
  for (let k = 0; k < 40; k += 1) sent.push(await chain.send({ to: wallet.address ?? '', value: 1n }));
  await cluster.kill('api');
  for (let k = 0; k < 10; k += 1) sent.push(await chain.send({ to: wallet.address ?? '', value: 1n }));
  await cluster.stop();
  await cluster.run(env);

  const read = async () => {
    const { items } = await dfns.wallets.getWalletHistory({ walletId: wallet.id, query: { limit: 100 } });
    return items.map(({ txHash }) => txHash);
  };
  await until('all payments are read', async () => (await read()).length >= sent.length, 60_000);
  deepEqual(await read(), sent.reverse());
  const { signedData } = await sign();
  equal((await recoverTransactionAddress({ serializedTransaction: signedData })).toLowerCase(), other.address);
  equal(cluster.output.includes(secret), false);
});
