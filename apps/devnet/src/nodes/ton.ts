/**
 * TON's virtual machine (@ton/sandbox) behind the methods of ton-http-api that the product uses: messages are executed by
 * the contracts themselves, the wallet's own and those of a token.
 */
import { readFileSync } from 'node:fs';
import { NodeError, type Nodes } from '@holdfast/chains/rpc';
import { oracle } from '../oracles.ts';
import { jsonRpc, type Served, serve } from './serve.ts';

// biome-ignore lint/suspicious/noExplicitAny: a foreign library, used only to judge.
type Foreign = any;

export interface TonNode {
  readonly nodes: Nodes;
  readonly chain: Foreign;
  /** Time goes by on the chain. */
  wait(seconds: number): void;
  fund(address: string, amount: bigint): Promise<void>;
  balance(address: string): Promise<bigint>;
  /** How many messages an account took from outside. */
  taken(address: string): number;
  /** A token of which this account has so much; answers its master. */
  newToken(owner: string, amount: bigint): Promise<string>;
  tokens(master: string, owner: string): Promise<bigint>;
  serve(): Promise<Served>;
}

/** Zero states of the networks, by which a node says which it is of. */
const zeroStates = {
  Ton: 'F6OpKZKqvqeFp6CQmFomXNMfMj2EnaUSOXN+Mh+wVWk=',
  TonTestnet: 'gj+B8wb/AmlPk1z1AhVI484rhrUpgSr2oSFIh56VoSg=',
} as const;

export async function startTon(network: keyof typeof zeroStates = 'Ton'): Promise<TonNode> {
  const core = await oracle('@ton/core');
  const { Blockchain, createShardAccount } = await oracle('@ton/sandbox');
  const chain: Foreign = await Blockchain.create();
  chain.now = 1_800_000_000;
  const treasury = await chain.treasury('treasury');
  const transactions = new Map<string, Record<string, unknown>[]>();
  let height = 100;

  const parse = (address: string) => core.Address.parse(address);
  const contract = async (address: string) => chain.getContract(parse(address));
  const listOf = (address: string) => transactions.get(parse(address).toRawString()) ?? [];
  const get = (address: string, method: string, stack: Foreign[] = []) =>
    chain.runGetMethod(parse(address), method, stack);

  function entry(item: Foreign): unknown {
    if (item.type === 'int')
      return ['num', `${item.value < 0n ? '-' : ''}0x${(item.value < 0n ? -item.value : item.value).toString(16)}`];
    return ['cell', { bytes: item.cell.toBoc().toString('base64') }];
  }

  const methods: Record<string, (params: Foreign) => unknown> = {
    getMasterchainInfo: () => ({
      last: { workchain: -1, shard: '-9223372036854775808', seqno: height },
      init: { root_hash: zeroStates[network] },
    }),
    getBlockHeader: () => ({ gen_utime: chain.now }),
    async getAddressInformation({ address }) {
      const { balance, accountState } = await contract(address);
      return { balance: String(balance), state: accountState?.type ?? 'uninitialized' };
    },
    async runGetMethod({ address, method, stack }) {
      const given = stack.map(([, bytes]: [string, string]) => ({ type: 'slice', cell: core.Cell.fromBase64(bytes) }));
      const { exitCode, stack: out } = await get(address, method, given);
      return { exit_code: exitCode, stack: out.map(entry) };
    },
    getTransactions: ({ address, limit }) => listOf(address).slice(0, limit),
    async sendBoc({ boc }) {
      const message = core.Cell.fromBase64(boc);
      const { transactions: made } = await chain.sendMessage(message).catch((error: Error) => {
        throw new NodeError('E_NODE_REFUSED', `cannot apply external message: ${error.message}`);
      });
      const [first] = made;
      const to = first.inMessage.info.dest.toRawString();
      height += 1;
      transactions.set(to, [
        {
          fee: String(first.totalFees.coins),
          in_msg: { source: '', body_hash: Buffer.from(first.inMessage.body.hash()).toString('base64') },
          out_msgs: first.outMessages.values().map(() => ({ '@type': 'raw.message' })),
        },
        ...(transactions.get(to) ?? []),
      ]);
    },
  };
  const answer = async (method: string, params: Foreign) => (await methods[method]?.(params)) ?? null;
  const nodes: Nodes = {
    rpc: answer,
    get: () => Promise.reject(new Error('no REST')),
    post: () => Promise.reject(new Error('no REST')),
    one: (talk) => talk(nodes),
    agreed: (talk) => talk(nodes),
  };

  const compiled = () => {
    const text = readFileSync(new URL('../../../../vectors/chains/ton/jetton.json', import.meta.url), 'utf8');
    const { minter, wallet } = JSON.parse(text) as { minter: string; wallet: string };
    const [minterCode, walletCode] = [minter, wallet].map((hex) => core.Cell.fromBoc(Buffer.from(hex, 'hex'))[0]);
    return { minterCode, walletCode };
  };
  const put = (address: Foreign, code: Foreign, data: Foreign) =>
    chain.setShardAccount(address, createShardAccount({ address, code, data, balance: core.toNano('1') }));
  async function tokenWallet(master: string, owner: string): Promise<Foreign> {
    const slice = core.beginCell().storeAddress(parse(owner)).endCell();
    return (await get(master, 'get_wallet_address', [{ type: 'slice', cell: slice }])).stackReader.readAddress();
  }

  return {
    nodes,
    chain,
    wait(seconds) {
      chain.now += seconds;
      height += seconds;
    },
    async fund(address, amount) {
      await treasury.send({ to: parse(address), value: amount, bounce: false });
    },
    balance: async (address) => (await contract(address)).balance,
    taken: (address) => listOf(address).length,
    async newToken(owner, amount) {
      const { minterCode, walletCode } = compiled();
      const data = core
        .beginCell()
        .storeCoins(amount)
        .storeAddress(treasury.address)
        .storeAddress(null)
        .storeRef(walletCode)
        .storeRef(core.beginCell().endCell())
        .endCell();
      const address = core.contractAddress(0, { code: minterCode, data });
      const master = address.toString({ testOnly: network !== 'Ton' });
      await put(address, minterCode, data);
      const held = core
        .beginCell()
        .storeUint(0, 4)
        .storeCoins(amount)
        .storeAddress(parse(owner))
        .storeAddress(address)
        .endCell();
      await put(await tokenWallet(master, owner), walletCode, held);
      return master;
    },
    async tokens(master, owner) {
      const account = (await tokenWallet(master, owner)).toString();
      if ((await contract(account)).accountState?.type !== 'active') return 0n;
      return (await get(account, 'get_wallet_data')).stackReader.readBigNumber();
    },
    serve: () => serve(jsonRpc(answer)),
  };
}
