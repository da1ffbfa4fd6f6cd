/** What chains say of wallets, as the wire has it (wallets.md §6): balances from nodes, movements from the index. */
import { network as findNetwork } from '@holdfast/chains/networks';
import { refuse } from '@holdfast/contract/errors';
import {
  findTokens,
  listNftsOfWallet,
  listTokensOfWallet,
  type MovementRow,
  type TokenRow,
  type WalletRow,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { csv } from './reports.ts';

type Chained = Pick<Context, 'chains' | 'db'>;

/** Tokens that a wallet ever had and whose balances are asked for; beyond this the oldest are left out. */
const TOKENS_MAX = 200;
const NFTS_MAX = 1_000;

/** From the kind of a movement to the kind of the asset that moved, and the member that names it. */
const assetKinds: Readonly<Record<string, { readonly kind: string; readonly member: 'contract' | 'mint' }>> = {
  Erc20Transfer: { kind: 'Erc20', member: 'contract' },
  SplTransfer: { kind: 'Spl', member: 'mint' },
  Spl2022Transfer: { kind: 'Spl2022', member: 'mint' },
};
const nftKinds: Readonly<Record<string, string>> = { Erc721Transfer: 'Erc721' };

/** As the node has them now; a token without a balance is left out, the native coin never. */
export async function assetsOf(ctx: Chained, wallet: WalletRow): Promise<readonly object[]> {
  const { address } = wallet;
  if (address === null) refuse('E_UNSUPPORTED', `a wallet on ${wallet.network} has no balance`);
  const { client, blocks, nodes, network } = await ctx.chains.connect(wallet.network);
  const held = await listTokensOfWallet(ctx.db.kysely, {
    walletId: wallet.id,
    kinds: Object.keys(assetKinds),
    limit: TOKENS_MAX,
  });
  const names = await tokensByAsset(
    ctx,
    wallet.network,
    held.map(({ asset }) => asset),
  );
  const [native, ...balances] = await Promise.all([
    client.nativeBalance(address),
    ...held.map(({ asset }) => blocks?.tokenBalance?.(nodes, asset, address) ?? '0'),
  ]);
  const coins = network.native ?? { decimals: 0 };
  return [
    { kind: 'Native', ...coins, balance: native },
    ...held.flatMap(({ kind, asset }, at) => {
      const of = assetKinds[kind];
      const balance = balances[at] ?? '0';
      if (of === undefined || balance === '0') return [];
      return [{ kind: of.kind, [of.member]: asset, decimals: 0, ...named(names.get(asset)), balance }];
    }),
  ];
}

export async function nftsOf(ctx: Chained, wallet: WalletRow): Promise<readonly object[]> {
  await requireIndexed(ctx, wallet.network);
  const held = await listNftsOfWallet(ctx.db.kysely, {
    walletId: wallet.id,
    kinds: Object.keys(nftKinds),
    limit: NFTS_MAX,
  });
  const names = await tokensByAsset(ctx, wallet.network, [...new Set(held.map(({ asset }) => asset))]);
  return held.map(({ kind, asset, tokenId }) => {
    const { symbol } = named(names.get(asset));
    return { kind: nftKinds[kind], contract: asset, tokenId, ...(symbol === undefined ? {} : { symbol }) };
  });
}

/** Without nodes, or for a family that is not indexed, an empty list would be a lie. */
export async function requireIndexed(ctx: Pick<Context, 'chains'>, networkName: string): Promise<void> {
  const { blocks } = await ctx.chains.connect(networkName);
  if (blocks === undefined) refuse('E_UNSUPPORTED', `there is no history of ${networkName}: its chain is not indexed`);
}

export async function historyReply(ctx: Chained, rows: readonly MovementRow[]): Promise<readonly object[]> {
  const names = await tokensOfRows(ctx, rows);
  return rows.map((row) => {
    const native = findNetwork(row.network).native;
    const asset = row.asset === '' ? native : named(names.get(keyOf(row)));
    const member = assetKinds[row.kind]?.member ?? 'contract';
    return {
      walletId: row.walletId,
      network: row.network,
      direction: row.direction,
      kind: row.kind,
      blockNumber: row.height,
      txHash: row.tx,
      index: row.place,
      timestamp: new Date(row.dateBlock).toISOString(),
      ...present('fee', row.fee),
      metadata: { asset: asset ?? {}, ...(row.fee === null ? {} : { fee: native ?? {} }) },
      ...present('from', row.fromAddress),
      ...present('to', row.toAddress),
      ...present('froms', row.froms),
      ...present('tos', row.tos),
      ...(row.asset === '' ? {} : { [member]: row.asset }),
      ...present('tokenId', row.tokenId),
      ...present('value', row.value),
      ...asset,
    };
  });
}

export interface OrgHistoryItem {
  readonly timestamp: string;
  readonly walletId: string;
  readonly network: string;
  readonly direction: string;
  readonly from?: string;
  readonly to?: string;
  readonly amount?: string;
  readonly tokenId?: string;
  readonly asset?: string;
  readonly symbol?: string;
  readonly decimals?: string;
  readonly fee?: string;
  readonly feeSymbol?: string;
  readonly feeDecimals?: string;
  readonly txHash: string;
}

export async function orgHistoryReply(ctx: Chained, rows: readonly MovementRow[]): Promise<OrgHistoryItem[]> {
  const names = await tokensOfRows(ctx, rows);
  return rows.map((row) => {
    const native = findNetwork(row.network).native;
    const { symbol, decimals } = (row.asset === '' ? native : named(names.get(keyOf(row)))) ?? {};
    const [from, to] = [row.fromAddress ?? row.froms?.[0], row.toAddress ?? row.tos?.[0]];
    return {
      timestamp: new Date(row.dateBlock).toISOString(),
      walletId: row.walletId,
      network: row.network,
      direction: row.direction,
      ...present('from', from),
      ...present('to', to),
      ...present('amount', row.value),
      ...present('tokenId', row.tokenId),
      ...present('asset', row.asset === '' ? undefined : row.asset),
      ...present('symbol', symbol),
      ...present('decimals', decimals?.toString()),
      ...present('fee', row.fee),
      ...(row.fee === null
        ? {}
        : { ...present('feeSymbol', native?.symbol), ...present('feeDecimals', native?.decimals.toString()) }),
      txHash: row.tx,
    };
  });
}

const columns = [
  'timestamp',
  'walletId',
  'network',
  'direction',
  'from',
  'to',
  'amount',
  'tokenId',
  'asset',
  'symbol',
  'decimals',
  'fee',
  'feeSymbol',
  'feeDecimals',
  'txHash',
] as const;

export const csvOf = (items: readonly OrgHistoryItem[]): string =>
  csv(
    columns,
    items.map((item) => columns.map((name) => item[name] ?? '')),
  );

const keyOf = ({ network, asset }: MovementRow): string => `${network} ${asset}`;

async function tokensOfRows(ctx: Chained, rows: readonly MovementRow[]): Promise<ReadonlyMap<string, TokenRow>> {
  const names = new Map<string, TokenRow>();
  for (const network of new Set(rows.map((row) => row.network))) {
    const assets = new Set(rows.flatMap((row) => (row.network === network && row.asset !== '' ? [row.asset] : [])));
    for (const [asset, token] of await tokensByAsset(ctx, network, [...assets]))
      names.set(`${network} ${asset}`, token);
  }
  return names;
}

async function tokensByAsset(
  ctx: Pick<Context, 'db'>,
  network: string,
  assets: readonly string[],
): Promise<ReadonlyMap<string, TokenRow>> {
  return new Map((await findTokens(ctx.db.kysely, network, assets)).map((token) => [token.asset, token]));
}

function named(token: TokenRow | undefined): { readonly symbol?: string; readonly decimals?: number } {
  return { ...present('symbol', token?.symbol), ...present('decimals', token?.decimals) };
}

function present<N extends string, V>(name: N, value: V | null | undefined): { readonly [K in N]?: V } {
  return (value === null || value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: V };
}
