/** A cluster of real processes beside a real EVM node. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DfnsApiClient } from '@dfns/sdk';
import { until } from '../harness/index.ts';
import type { Anvil } from '../nodes/anvil.ts';

export { type Anvil, startAnvil } from '../nodes/anvil.ts';

export const NETWORK = 'EthereumSepolia';
export const CHAIN_ID = 11_155_111;

/** As `holdfast networks set` writes it; the api reads it again when it has changed. */
export function configure(cluster: { readonly dir: string }, anvil: Anvil | undefined, confirmations = 1): void {
  const file = join(cluster.dir, 'data', 'api', 'networks.json');
  const settings = anvil === undefined ? {} : { [NETWORK]: { rpc: [anvil.url], confirmations } };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
}

export const mine = (anvil: Anvil, blocks = 1) => anvil.rpc('anvil_mine', [`0x${blocks.toString(16)}`]);

export async function newWallet(dfns: DfnsApiClient, anvil?: Anvil): Promise<{ id: string; address: string }> {
  const { id, address = '' } = await dfns.wallets.createWallet({ body: { network: NETWORK } });
  await anvil?.rpc('anvil_setBalance', [address, `0x${(10n ** 20n).toString(16)}`]);
  return { id, address };
}

export const nonceOf = async (anvil: Anvil, address: string, block = 'latest'): Promise<number> =>
  Number(await anvil.rpc<string>('eth_getTransactionCount', [address, block]));

interface Listed {
  readonly id: string;
  readonly status: string;
}

/** Asks until an order has this status. */
export async function untilStatus<T extends Listed>(read: () => Promise<T>, status: string, ms = 20_000): Promise<T> {
  let last: T | undefined;
  await until(
    `${last?.id} is ${status}`,
    async () => {
      last = await read();
      if (last.status === 'Failed' && status !== 'Failed') throw new Error(`failed: ${JSON.stringify(last)}`);
      return last.status === status;
    },
    ms,
  );
  return last as T;
}
