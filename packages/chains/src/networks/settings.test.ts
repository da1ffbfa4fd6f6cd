import { deepEqual, equal, throws } from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { configureChainIds, network, parseNetworksFile, parseSettings } from './index.ts';

afterEach(() => configureChainIds({}));

test('reads nodes, depth, chain id and quorum of each network', () => {
  const file = parseNetworksFile(
    '{"Ethereum":{"rpc":["https://u:p@a.example/k","http://127.0.0.1:8545"],"confirmations":3,"quorum":1},"Adi":{"chainId":36900}}',
  );

  deepEqual(file['Ethereum'], {
    rpc: ['https://u:p@a.example/k', 'http://127.0.0.1:8545'],
    confirmations: 3,
    quorum: 1,
  });
  deepEqual(file['Adi'], { chainId: 36900 });
});

for (const [what, text] of [
  ['no JSON', '{'],
  ['a list', '[]'],
  ['an unknown network', '{"Etherium":{}}'],
  ['an unknown member', '{"Ethereum":{"rpcs":[]}}'],
  ['a network twice', '{"Ethereum":{},"Ethereum":{}}'],
  ['an address that is none', '{"Ethereum":{"rpc":["localhost:8545"]}}'],
  ['an address of another protocol', '{"Ethereum":{"rpc":["ws://localhost:8545"]}}'],
  ['an address with a fragment', '{"Ethereum":{"rpc":["http://localhost/#x"]}}'],
  ['seventeen nodes', JSON.stringify({ Ethereum: { rpc: Array(17).fill('http://a') } })],
  ['a negative depth', '{"Ethereum":{"confirmations":-1}}'],
  ['a depth that is no number', '{"Ethereum":{"confirmations":"3"}}'],
  ['a quorum of none', '{"Ethereum":{"quorum":0}}'],
  ['another chain id than the table has', '{"Ethereum":{"chainId":5}}'],
  ['a chain id of a chain that has none', '{"Bitcoin":{"chainId":5}}'],
] as const)
  test(`refuses ${what}`, () => {
    throws(() => parseNetworksFile(text));
  });

test('no refusal repeats an address', () => {
  throws(
    () => parseSettings('Ethereum', { rpc: ['ftp://u:s3cret@a.example/k3y'] }),
    (error: Error) => !/s3cret|k3y|a\.example/.test(error.message),
  );
});

test('a chain id that no table has is configured, and taken back', () => {
  equal(network('Adi').chainId, undefined);

  configureChainIds({ Adi: 36_900, Ethereum: 1 });
  equal(network('Adi').chainId, 36_900);
  equal(network('Ethereum').chainId, 1);

  configureChainIds({});
  equal(network('Adi').chainId, undefined);
});

test('a chain id that the table has is not changed', () => {
  throws(() => configureChainIds({ Ethereum: 5 }), { code: 'E_SETTINGS' });
  throws(() => configureChainIds({ Solana: 5 }), { code: 'E_SETTINGS' });
  equal(network('Ethereum').chainId, 1);
});
