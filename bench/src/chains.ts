/**
 * Reading chains: blocks per second of the indexer against a real EVM node on the same machine, and what a process has in
 * memory with the code of ten families loaded. The node is busy with the same cores; on a machine of its own more is possible.
 */
import { spawnSync } from 'node:child_process';
import { createIndexer } from '@holdfast/api/indexer';
import { handlers } from '@holdfast/api/operations';
import { ORG, testApi } from '@holdfast/api/testing';
import { createHttp } from '@holdfast/chains/rpc';
import { chainOn, startAnvil } from '@holdfast/devnet/nodes';
import { engineNames, scratchEngine } from '@holdfast/storage/conformance';
import { countMovements, insertOrganisation } from '@holdfast/storage/records';
import { type Row, row } from './measure.ts';

const network = 'Ethereum';
const EMPTY_BLOCKS = 3_200;
const BUSY_BLOCKS = 64;
const PAYMENTS_PER_BLOCK = 100;
const FAMILIES = [
  'algorand',
  'aptos',
  'bitcoin',
  'bitcoin-cash',
  'cosmos',
  'evm',
  'near',
  'solana',
  'stellar',
  'xrpl',
] as const;

export async function chains(): Promise<Row[]> {
  return [...(await indexer()), ...memory()];
}

async function indexer(): Promise<Row[]> {
  const engine = await scratchEngine(engineNames.at(-1) ?? 'pglite');
  const db = await engine.open();
  const anvil = await startAnvil({ chainId: 1, autoMine: false, args: ['--block-base-fee-per-gas', '1'] });
  try {
    const org = { name: 'Bench', genesis: '{}', head: 'A', height: 0, dateCreated: '2026-11-20T08:00:00.000Z' };
    await insertOrganisation(db.kysely, { id: ORG, ...org, state: {} });
    const setTimer = (ms: number, fn: () => void) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    };
    const settings = { [network]: { rpc: [anvil.url], indexFrom: 0 } };
    const http = createHttp({ fetch, setTimer });
    const api = testApi({ handlers, db, chains: { http, settings: () => settings } });
    const reader = createIndexer({ env: api.env, db, chains: api.ctx.chains });
    const wallet = (await api.call('POST', '/wallets', { network })).body;
    const chain = await chainOn(anvil, { waits: false });

    const empty = await rates(EMPTY_BLOCKS, () => anvil.rpc('anvil_mine', [`0x${EMPTY_BLOCKS.toString(16)}`]), reader);
    // One payment of each block is ours.
    const busy = await rates(
      BUSY_BLOCKS,
      async () => {
        for (let block = 0; block < BUSY_BLOCKS; block += 1) {
          for (let k = 0; k < PAYMENTS_PER_BLOCK; k += 1)
            await chain.send({
              to: k === 0 ? wallet.address : '0x00000000000000000000000000000000000000cc',
              value: 1n,
            });
          await anvil.rpc('anvil_mine', ['0x1']);
        }
      },
      reader,
    );
    const found = await countMovements(db.kysely, network);
    if (found !== BUSY_BLOCKS) throw new Error(`${found} of ${BUSY_BLOCKS} payments were found`);
    return [
      row('indexer: empty blocks, EVM, one wallet', '1/s', empty),
      row(`indexer: blocks of ${PAYMENTS_PER_BLOCK} payments, one of them ours`, '1/s', busy),
    ];
  } finally {
    await anvil.stop();
    await db.close();
    await engine.remove();
  }
}

/** One sample for each step that read a whole batch. */
async function rates(
  blocks: number,
  mine: () => Promise<unknown>,
  reader: { step(name: string): Promise<boolean> },
): Promise<number[]> {
  while (await reader.step(network));
  await mine();
  const samples: number[] = [];
  for (let left = blocks; left > 0; left -= BATCH) {
    const start = performance.now();
    await reader.step(network);
    samples.push((Math.min(BATCH, left) * 1000) / (performance.now() - start));
  }
  return samples;
}

/** `blocksAtOnce` of EVM. */
const BATCH = 32;

/** In a process of its own, as the api and each signer would have it. */
function memory(): Row[] {
  const script = `
    const { loadFamily } = await import('@holdfast/chains/families');
    const rss = () => { globalThis.gc?.(); return process.memoryUsage().rss / 1048576; };
    const before = rss();
    for (const name of ${JSON.stringify(FAMILIES)}) await loadFamily(name);
    console.log(JSON.stringify([rss(), rss() - before]));`;
  const runs = Array.from({ length: 5 }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: new URL('../../apps/api', import.meta.url).pathname,
    });
    if (stdout === '') throw new Error(stderr.slice(-400));
    return JSON.parse(stdout) as [number, number];
  });
  return [
    row(
      `memory of a process with ${FAMILIES.length} families loaded`,
      'MiB',
      runs.map(([all]) => all),
    ),
    row(
      `of that, the ${FAMILIES.length} families`,
      'MiB',
      runs.map(([, more]) => more),
    ),
  ];
}
