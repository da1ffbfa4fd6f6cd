/** What tests do on a chain without us: accounts of the node, tokens, blocks. */
import { equal } from 'node:assert/strict';
import { until } from '../harness/index.ts';
import type { Anvil } from './anvil.ts';
import { coinBytecode, thingsBytecode } from './contracts/index.ts';

export interface Chain {
  /** A funded account that the node signs for. */
  readonly stranger: string;
  /**
   * From an account of the node or one it plays. Answers the transaction's hash once it is in a block; with `waits: false`
   * once the node has it.
   */
  send(transaction: { from?: string; to?: string; value?: bigint; data?: string; gas?: number }): Promise<string>;
  /** Lets the node play an account, with coins to pay for gas. */
  play(address: string, balance?: bigint): Promise<void>;
  deployCoin(supply: bigint): Promise<string>;
  deployThings(): Promise<string>;
  coin: {
    transfer(o: { contract: string; from?: string; to: string; value: bigint }): Promise<string>;
  };
  things: {
    mint(o: { contract: string; to: string; tokenId: bigint }): Promise<string>;
    transfer(o: { contract: string; from: string; to: string; tokenId: bigint }): Promise<string>;
  };
  balance(address: string): Promise<bigint>;
}

export const word = (value: bigint | string): string => BigInt(value).toString(16).padStart(64, '0');

export async function chainOn(anvil: Anvil, o: { readonly waits?: boolean } = {}): Promise<Chain> {
  const [stranger = ''] = await anvil.rpc<string[]>('eth_accounts');

  const send: Chain['send'] = async ({ from = stranger, to, value = 0n, data, gas }) => {
    const hash = await anvil.rpc<string>('eth_sendTransaction', [
      {
        from,
        ...(to === undefined ? {} : { to }),
        value: `0x${value.toString(16)}`,
        ...(data === undefined ? {} : { data }),
        ...(gas === undefined ? {} : { gas: `0x${gas.toString(16)}` }),
      },
    ]);
    if (o.waits !== false)
      await until(
        `${hash} is in a block`,
        async () => (await anvil.rpc('eth_getTransactionReceipt', [hash])) !== null,
        30_000,
      );
    return hash;
  };
  const deploy = async (data: string): Promise<string> => {
    const hash = await send({ data });
    const { contractAddress, status } = await anvil.rpc<{ contractAddress: string; status: string }>(
      'eth_getTransactionReceipt',
      [hash],
    );
    equal(status, '0x1');
    return contractAddress;
  };
  return {
    stranger,
    send,
    async play(address, balance = 10n ** 18n) {
      await anvil.rpc('anvil_impersonateAccount', [address]);
      await anvil.rpc('anvil_setBalance', [address, `0x${balance.toString(16)}`]);
    },
    deployCoin: (supply) => deploy(`${coinBytecode}${word(supply)}`),
    deployThings: () => deploy(thingsBytecode),
    coin: {
      transfer: ({ contract, from = stranger, to, value }) =>
        send({ from, to: contract, data: `0xa9059cbb${word(to)}${word(value)}` }),
    },
    things: {
      mint: ({ contract, to, tokenId }) => send({ to: contract, data: `0x40c10f19${word(to)}${word(tokenId)}` }),
      transfer: ({ contract, from, to, tokenId }) =>
        send({ from, to: contract, data: `0x42842e0e${word(from)}${word(to)}${word(tokenId)}` }),
    },
    balance: async (address) => BigInt(await anvil.rpc<string>('eth_getBalance', [address, 'latest'])),
  };
}
