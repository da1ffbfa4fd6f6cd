import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { sealHeaders } from '@holdfast/chains/headers';
import type { NetworksFile } from '@holdfast/chains/networks';
import type { Http } from '@holdfast/chains/rpc';
import { createChains } from './index.ts';

/** Nodes by address: what each answers to a method. */
function world(nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>) {
  const asked: string[] = [];
  const http: Http = async ({ url, body }) => {
    const { id, method } = JSON.parse(String(body)) as { id: number; method: string };
    asked.push(`${url} ${method}`);
    const result = nodes[url.replace(/\/$/, '')]?.[method];
    if (result === undefined) throw new Error('refused');
    return { status: 200, body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result })) };
  };
  let file: NetworksFile = {};
  const chains = createChains({ env: { now: () => 1 }, ports: { http, settings: () => file } });
  return {
    chains,
    asked,
    set: (next: NetworksFile) => {
      file = next;
    },
  };
}

const good = { eth_chainId: '0x1', eth_blockNumber: '0x10' };

test('a network without nodes is refused with the setting that is missing', async () => {
  const { chains } = world({});

  await rejects(chains.connect('Ethereum'), {
    code: 'E_NODE_UNSET',
    message: 'no node of Ethereum is configured: holdfast networks set Ethereum --rpc URL',
  });
  await rejects(createChains({ env: { now: () => 1 } }).connect('Ethereum'), { code: 'E_NODE_UNSET' });
  await rejects(chains.connect('Etherium'), { code: 'E_NETWORK' });
});

test('nodes that are set, changed or taken away count from the next question on', async () => {
  const { chains, set, asked } = world({ 'http://a': good, 'http://b': { ...good, eth_blockNumber: '0x20' } });

  set({ Ethereum: { rpc: ['http://a'] } });
  equal((await (await chains.connect('Ethereum')).client.head()).height, 16);
  set({ Ethereum: { rpc: ['http://b'], confirmations: 3 } });
  const { client, confirmations } = await chains.connect('Ethereum');
  equal((await client.head()).height, 32);
  equal(confirmations, 3);
  set({});
  await rejects(chains.connect('Ethereum'), { code: 'E_NODE_UNSET' });

  deepEqual(
    asked.filter((each) => each.endsWith('eth_chainId')),
    ['http://a/ eth_chainId', 'http://b/ eth_chainId'],
  );
});

test('a family whose nodes this release cannot ask is refused by name', async () => {
  const { chains, set } = world({});
  set({ HederaTestnet: { rpc: ['http://a'] } });

  await rejects(chains.connect('HederaTestnet'), { code: 'E_UNSUPPORTED', message: /HederaTestnet/ });
});

test('the state of networks shows who is up, who is down and how far the chain is, and no address', async () => {
  const { chains, set } = world({ 'http://b': good });
  set({
    Ethereum: { rpc: ['http://k3y.example', 'http://b'], quorum: 1 },
    Base: { rpc: ['http://k3y.example'] },
    Polygon: { confirmations: 7 },
  });

  const states = await chains.states();

  deepEqual(
    states.map(({ network, height, confirmations, nodes }) => [
      network,
      height,
      confirmations,
      nodes.map((n) => n.state),
    ]),
    [
      ['Ethereum', 16, 12, ['Down', 'Up']],
      ['Base', undefined, 50, ['Down']],
    ],
  );
  match(JSON.stringify(states), /node 1 of Base/);
  equal(JSON.stringify(states).includes('k3y'), false);
});

test('a chain id that the operator set is what the nodes must be of', async () => {
  const { chains, set } = world({ 'http://a': { ...good, eth_chainId: '0x9024' } });
  set({ Adi: { rpc: ['http://a'], chainId: 36_900 } });

  const { client, network } = await chains.connect('Adi');
  equal(network.chainId, 36_900);
  equal((await client.head()).height, 16);

  set({ Adi: { rpc: ['http://a'], chainId: 36_901 } });
  await rejects((await chains.connect('Adi')).client.head(), { code: 'E_NODE_ANSWER' });
  set({});
});

test('headers that were sealed elsewhere are a setting to be made anew, and the other networks go on', async () => {
  const http: Http = async () => ({ status: 200, body: Buffer.from('{}') });
  const place = { network: 'Ethereum', origin: 'http://a' };
  const sealed = sealHeaders({ token: 'x' }, { ...place, secret: new Uint8Array(32), iv: new Uint8Array(12) });
  const file: NetworksFile = { Ethereum: { rpc: ['http://a'], headers: { 'http://a': sealed } } };
  const chains = createChains({
    env: { now: () => 1 },
    ports: { http, settings: () => file, secret: new Uint8Array(32).fill(1) },
  });

  await rejects(chains.connect('Ethereum'), { code: 'E_NODE_UNSET', message: /networks set Ethereum --header/ });
  deepEqual(await chains.states(), [{ network: 'Ethereum', nodes: [], confirmations: 0 }]);
});
