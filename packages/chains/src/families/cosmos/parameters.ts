/** What tells the chains apart (github.com/cosmos/chain-registry). */
export interface Parameters {
  readonly chainId: string;
  /** Of addresses. */
  readonly prefix: string;
  /** Of the native coin, in its smallest unit. */
  readonly denom: string;
  /** Highest fee of a transfer, smallest unit: about twenty times what one usually costs. */
  readonly feeMax: bigint;
  /** Thousandths of the smallest unit for a unit of gas: what the registry calls high. */
  readonly gasPriceMilli: bigint;
}

const hub = { prefix: 'cosmos', denom: 'uatom', feeMax: 100_000n, gasPriceMilli: 30n };
const babylon = { prefix: 'bbn', denom: 'ubbn', feeMax: 100_000n, gasPriceMilli: 10n };
const sei = { prefix: 'sei', denom: 'usei', feeMax: 1_000_000n, gasPriceMilli: 100n };

export const parameters: Readonly<Record<string, Parameters>> = {
  BabylonGenesis: { ...babylon, chainId: 'bbn-1' },
  BabylonTestnet5: { ...babylon, chainId: 'bbn-test-5' },
  CosmosHub4: { ...hub, chainId: 'cosmoshub-4' },
  CosmosIcsTestnet: { ...hub, chainId: 'provider' },
  SeiAtlantic2: { ...sei, chainId: 'atlantic-2' },
  SeiPacific1: { ...sei, chainId: 'pacific-1' },
};
