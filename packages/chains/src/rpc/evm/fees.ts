/** What gas costs: EIP-1559 where blocks have a base fee, one price where they do not. */
import type { FeeEstimate, Nodes } from '../types.ts';
import { list, object, quantity, toQuantity } from './quantities.ts';
import type { Wanted } from './wanted.ts';

export type Gas =
  | { readonly kind: 'legacy'; readonly gasPrice: bigint }
  | { readonly kind: 'eip1559'; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

interface Market {
  readonly blockNumber: number;
  readonly baseFee: bigint;
  readonly tips: { readonly slow: bigint; readonly standard: bigint; readonly fast: bigint };
}

/** Blocks whose tips are looked at, and the places in each block's distribution that stand for the three levels. */
const HISTORY_BLOCKS = 10;
const PERCENTILES = [10, 50, 90] as const;
/** How many times the base fee a transaction can wait for: the base fee grows by an eighth per full block at most. */
const baseFeeRoom = { slow: [5n, 4n], standard: [3n, 2n], fast: [2n, 1n] } as const;

export async function estimateFees(nodes: Nodes): Promise<FeeEstimate> {
  const market = await readMarket(nodes);
  if (market === undefined) {
    const price = (await gasPrice(nodes)).toString();
    const level = { maxPriorityFeePerGas: price, maxFeePerGas: price };
    const { height } = await latest(nodes);
    return {
      kind: 'Eip1559',
      blockNumber: height,
      baseFeePerGas: '0',
      slow: level,
      standard: level,
      fast: level,
    };
  }
  const level = (name: 'slow' | 'standard' | 'fast') => {
    const { maxFeePerGas, maxPriorityFeePerGas } = levelOf(market, name);
    return { maxPriorityFeePerGas: maxPriorityFeePerGas.toString(), maxFeePerGas: maxFeePerGas.toString() };
  };
  return {
    kind: 'Eip1559',
    blockNumber: market.blockNumber,
    baseFeePerGas: market.baseFee.toString(),
    slow: level('slow'),
    standard: level('standard'),
    fast: level('fast'),
  };
}

/** What one transaction offers: the estimate of its level, or what its node would take, or what the user wrote. */
export async function gasFor(nodes: Nodes, wanted: Wanted): Promise<Gas> {
  if (wanted.maxFeePerGas !== undefined && wanted.maxPriorityFeePerGas !== undefined)
    return {
      kind: 'eip1559',
      maxFeePerGas: wanted.maxFeePerGas,
      maxPriorityFeePerGas: wanted.maxPriorityFeePerGas,
    };
  const { priority } = wanted;
  if (priority === undefined) {
    const { baseFee } = await latest(nodes);
    if (baseFee === undefined) return { kind: 'legacy', gasPrice: await gasPrice(nodes) };
    const tip =
      wanted.maxPriorityFeePerGas ??
      quantity(await nodes.rpc('eth_maxPriorityFeePerGas', []), 'eth_maxPriorityFeePerGas');
    return bounded({ maxFeePerGas: wanted.maxFeePerGas ?? 2n * baseFee + tip, maxPriorityFeePerGas: tip });
  }
  const market = await readMarket(nodes);
  if (market === undefined) return { kind: 'legacy', gasPrice: await gasPrice(nodes) };
  return bounded(levelOf(market, ({ Slow: 'slow', Standard: 'standard', Fast: 'fast' } as const)[priority]));
}

/** A tip above the whole price is refused by every node. */
function bounded({ maxFeePerGas, maxPriorityFeePerGas }: { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }): Gas {
  const tip = maxPriorityFeePerGas > maxFeePerGas ? maxFeePerGas : maxPriorityFeePerGas;
  return { kind: 'eip1559', maxFeePerGas, maxPriorityFeePerGas: tip };
}

function levelOf({ baseFee, tips }: Market, name: 'slow' | 'standard' | 'fast') {
  const [times, by] = baseFeeRoom[name];
  return { maxFeePerGas: (baseFee * times) / by + tips[name], maxPriorityFeePerGas: tips[name] };
}

async function readMarket(nodes: Nodes): Promise<Market | undefined> {
  const { height, baseFee } = await latest(nodes);
  if (baseFee === undefined) return undefined;
  const history = object(
    await nodes.rpc('eth_feeHistory', [toQuantity(HISTORY_BLOCKS), 'latest', PERCENTILES]),
    'eth_feeHistory',
  );
  const rewards = list(history['reward'] ?? [], 'eth_feeHistory.reward').map((row) =>
    list(row, 'eth_feeHistory.reward').map((each) => quantity(each, 'a reward')),
  );
  const tip = (place: number) => median(rewards.flatMap((row) => (row[place] === undefined ? [] : [row[place]])));
  return { blockNumber: height, baseFee, tips: { slow: tip(0), standard: tip(1), fast: tip(2) } };
}

const median = (values: readonly bigint[]): bigint =>
  [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))[values.length >> 1] ?? 0n;

async function latest(nodes: Nodes): Promise<{ height: number; baseFee: bigint | undefined }> {
  const block = object(await nodes.rpc('eth_getBlockByNumber', ['latest', false]), 'a block');
  const baseFee = block['baseFeePerGas'];
  return {
    height: Number(quantity(block['number'], 'block.number')),
    baseFee: baseFee === undefined || baseFee === null ? undefined : quantity(baseFee, 'block.baseFeePerGas'),
  };
}

async function gasPrice(nodes: Nodes): Promise<bigint> {
  return quantity(await nodes.rpc('eth_gasPrice', []), 'eth_gasPrice');
}
