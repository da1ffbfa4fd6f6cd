import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { network } from '../../networks/index.ts';
import { createNodes, type NodeError } from '../index.ts';
import { createTronClient } from './index.ts';

/** Nodes that answer a transaction with these codes, one each, and which of them were asked. */
function answering(...codes: readonly string[]) {
  const asked: string[] = [];
  const nodes = createNodes({
    network: 'Tron',
    urls: codes.map((code) => `http://${code.toLowerCase().replaceAll('_', '-')}.test`),
    env: { now: () => 0 },
    http: async ({ url }) => {
      const place = codes.findIndex((code) => url.includes(code.toLowerCase().replaceAll('_', '-')));
      asked.push(codes[place] ?? '');
      const result = codes[place] === 'SUCCESS' ? { result: true } : { code: codes[place], message: '6e6f0a7965' };
      return { status: 200, body: Buffer.from(JSON.stringify(result)) };
    },
  });
  return { asked, client: createTronClient({ nodes, network: network('Tron') }) };
}

for (const code of ['SERVER_BUSY', 'NO_CONNECTION', 'NOT_ENOUGH_EFFECTIVE_CONNECTION', 'BLOCK_UNSOLIDIFIED']) {
  test(`${code} of a TRON node is no refusal: the transaction may yet be in a block`, async () => {
    await rejects(
      answering(code).client.broadcast('0x0a00'),
      (error: NodeError) => error.code === 'E_NODE_UNREACHABLE',
    );
  });

  test(`after ${code} the next TRON node is asked`, async () => {
    const { asked, client } = answering(code, 'SUCCESS');
    await client.broadcast('0x0a00');
    deepEqual(asked, [code, 'SUCCESS']);
  });
}

test('a transaction that a TRON node finds wrong is refused, in one line', async () => {
  const { asked, client } = answering('CONTRACT_VALIDATE_ERROR', 'SUCCESS');
  await rejects(client.broadcast('0x0a00'), { code: 'E_NODE_REFUSED', message: 'CONTRACT_VALIDATE_ERROR: no ye' });
  deepEqual(asked, ['CONTRACT_VALIDATE_ERROR']);
});
