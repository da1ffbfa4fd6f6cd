/** Transfers from the request to the node's pool and into a block, and wallets made, over HTTP before a real EVM node. */
import { Cluster, sdk, until } from '@holdfast/devnet/harness';
import { CHAIN_ID, configure, NETWORK, newWallet, startAnvil } from '@holdfast/devnet/orders';
import { type Row, row, wallOf } from './measure.ts';

/** A busy machine gets fewer samples, not more time. */
const ROW_MS_MAX = 15_000;
const WALLETS_AT_ONCE = 16;

export async function orders(engine: 'embedded' | 'postgres'): Promise<Row[]> {
  // No rate limit: the benchmark is one address.
  const cluster = await Cluster.start({ engine, env: { HOLDFAST_RATE_LIMIT: '0' } });
  const anvil = await startAnvil({ chainId: CHAIN_ID });
  try {
    configure(cluster, anvil, 0);
    const dfns = sdk(cluster.createOrg('Bench'));
    const wallet = await newWallet(dfns, anvil);
    const to = `0x${'5f'.repeat(20)}`;
    const transfer = () =>
      dfns.wallets.transferAsset({ walletId: wallet.id, body: { kind: 'Native', to, amount: '1' } });
    const confirmed = async () => {
      const { id } = await transfer();
      const read = () => dfns.wallets.getTransfer({ walletId: wallet.id, transferId: id });
      await until('it is confirmed', async () => (await read()).status === 'Confirmed', 30_000);
    };
    const broadcast = await wallOf(60, transfer, { msMax: ROW_MS_MAX, warmUp: 10 });
    const whole = await wallOf(15, confirmed, { msMax: ROW_MS_MAX, warmUp: 1 });
    const rates: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const start = performance.now();
      const create = () => dfns.wallets.createWallet({ body: { network: NETWORK } });
      await Promise.all(Array.from({ length: WALLETS_AT_ONCE }, create));
      rates.push(WALLETS_AT_ONCE / ((performance.now() - start) / 1000));
    }
    return [
      row(`transfer over HTTP, three calls by the public client, until it is in the pool, ${engine}`, 'ms', broadcast),
      row(`… until it is confirmed, a block for each, ${engine}`, 'ms', whole),
      row(`wallets created with ${WALLETS_AT_ONCE} at once, ${engine}`, '/s', rates),
    ];
  } finally {
    await Promise.all([cluster.stop(), anvil.stop()]);
    cluster.remove();
  }
}
