/**
 * Chains other than EVM for the tests of orders, in one process: Solana and TON executed by their own virtual machines,
 * the others by fakes (nodes/fakes.ts) that verify what they are handed with the chain's own SDK.
 */
import { type Claims, localKey } from '@holdfast/chains/conformance';
import { addressOf, loadFor } from '@holdfast/chains/families';
import { filled } from '../chains/published.ts';
import { fakes, Ledger, otherKey } from '../nodes/fakes.ts';
import { type Served, serve } from '../nodes/serve.ts';
import { type SolanaNode, startSolana } from '../nodes/solana.ts';
import { startTon, type TonNode } from '../nodes/ton.ts';
import { oracle } from '../oracles.ts';

export interface FamilyChain {
  readonly name: string;
  readonly network: string;
  /** What judges the transactions. */
  readonly shown: Claims['orders'];
  /** Of a transfer; `amount` in the smallest unit. */
  body(amount: bigint): Record<string, unknown> & { readonly kind: string };
  /** Gives a wallet what it needs to pay. */
  fund(address: string): Promise<void>;
  /** Of a fake: coins alone, for an account that is not there yet. */
  endow?(address: string): void;
  /** What the recipient has by now. */
  paid(): Promise<bigint>;
  /** What is left of the native coin. */
  balance(address: string): Promise<bigint>;
  /** Transactions of this wallet on the chain. */
  sent(address: string): number;
  readonly amount: bigint;
}

export interface Families {
  readonly chains: readonly FamilyChain[];
  readonly solana: SolanaNode;
  readonly ton: TonNode;
  /** As `holdfast networks set` writes it. */
  readonly settings: Readonly<Record<string, { readonly rpc: readonly string[]; readonly confirmations: number }>>;
  /** Blocks come from now on. */
  beat(): void;
  stop(): Promise<void>;
}

export const SOLANA = 'SolanaDevnet';
export const TON = 'TonTestnet';
const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
const BEAT_MS = 100;

export async function startFamilies(): Promise<Families> {
  const [solana, ton] = await Promise.all([startSolana({ hasSlots: true }), startTon(TON)]);
  const ledgers = fakes.map((fake) => ({ fake, ledger: new Ledger() }));
  const served = await Promise.all([
    solana.serve(),
    ton.serve(),
    ...ledgers.map(({ fake, ledger }) => serve((question) => fake.node(ledger, question))),
  ]);
  const chains = [
    ...(await solanaChains(solana)),
    ...(await tonChains(ton)),
    ...(await Promise.all(
      ledgers.map(async ({ fake, ledger }): Promise<FamilyChain> => {
        await loadFor({ network: fake.network });
        const to = addressOf(fake.network, otherKey(fake, 0x5a)) ?? '';
        return {
          name: `${fake.name} (a fake)`,
          network: fake.network,
          shown: 'fake',
          amount: fake.amount,
          body: (amount) => ({ kind: 'Native', to, amount: String(amount) }),
          async fund(address) {
            ledger.balances.set(address, fake.rich);
            ledger.sequences.set(address, fake.first);
          },
          endow: (address) => ledger.balances.set(address, fake.rich),
          paid: async () => ledger.balance(to),
          balance: async (address) => ledger.balance(address),
          sent: (address) => [...ledger.included.values()].filter(({ from }) => from === address).length,
        };
      }),
    )),
  ];
  const networks = [SOLANA, TON, ...fakes.map(({ network }) => network)];
  let beat: NodeJS.Timeout | undefined;
  return {
    chains,
    solana,
    ton,
    settings: Object.fromEntries(
      networks.map((network, at) => [
        network,
        { rpc: [(served[at] as Served).url], confirmations: network === SOLANA ? 31 : 0 },
      ]),
    ),
    beat() {
      beat ??= setInterval(() => {
        solana.advance(8);
        for (const { ledger } of ledgers) if (ledger.waiting > 0) ledger.mine();
      }, BEAT_MS);
    },
    async stop() {
      clearInterval(beat);
      await Promise.all(served.map((each) => each.stop()));
    },
  };
}

async function solanaChains(node: SolanaNode): Promise<FamilyChain[]> {
  const kit = await oracle('@solana/kit');
  const token = await oracle('@solana-program/token');
  await loadFor({ network: SOLANA });
  const base58 = (byte: number): string => kit.getAddressDecoder().decode(filled(byte));
  const to = addressOf(SOLANA, localKey('EdDSA', 'ed25519', filled(0x5a))) ?? '';
  const mint = base58(0x51);
  const accountOf = async (owner: string): Promise<string> =>
    (await token.findAssociatedTokenPda({ owner, mint, tokenProgram: TOKEN_PROGRAM }))[0];
  const put = (address: string, data: Uint8Array) =>
    node.arrange((svm) =>
      svm.setAccount({
        address,
        data,
        executable: false,
        lamports: 10_000_000n,
        programAddress: TOKEN_PROGRAM,
        space: BigInt(data.length),
      }),
    );
  put(
    mint,
    token
      .getMintEncoder()
      .encode({ mintAuthority: null, supply: 1_000_000n, decimals: 6, isInitialized: true, freezeAuthority: null }),
  );
  const toAccount = await accountOf(to);
  const common = {
    network: SOLANA,
    shown: 'machine' as const,
    balance: async (address: string): Promise<bigint> => node.svm.getBalance(address) ?? 0n,
    sent: (address: string) => node.paidBy(address),
  };
  const airdrop = (address: string) => node.arrange((svm) => svm.airdrop(address, 10_000_000_000n));
  return [
    {
      ...common,
      name: 'solana',
      // An account that is new has to be given its rent.
      amount: 5_000_000n,
      body: (amount) => ({ kind: 'Native', to, amount: String(amount), memo: 'invoice', priority: 'Standard' }),
      fund: async (address) => airdrop(address),
      paid: async () => node.svm.getBalance(to) ?? 0n,
    },
    {
      ...common,
      name: 'solana, a token',
      amount: 2_500n,
      body: (amount) => ({ kind: 'Spl', mint, to, amount: String(amount), createDestinationAccount: true }),
      async fund(address) {
        airdrop(address);
        const account = { mint, owner: address, amount: 1_000_000n, delegate: null, state: 1 };
        const data = token
          .getTokenEncoder()
          .encode({ ...account, isNative: null, delegatedAmount: 0n, closeAuthority: null });
        put(await accountOf(address), data);
      },
      async paid() {
        const { exists, data } = node.svm.getAccount(toAccount);
        return exists ? token.getTokenDecoder().decode(data.subarray(0, 165)).amount : 0n;
      },
    },
  ];
}

async function tonChains(node: TonNode): Promise<FamilyChain[]> {
  await loadFor({ network: TON });
  const to = addressOf(TON, localKey('EdDSA', 'ed25519', filled(0x5a))) ?? '';
  const owner = addressOf(TON, localKey('EdDSA', 'ed25519', filled(0x5b))) ?? '';
  let master = '';
  const common = {
    network: TON,
    shown: 'machine' as const,
    balance: (address: string) => node.balance(address),
    sent: (address: string) => node.taken(address),
  };
  return [
    {
      ...common,
      name: 'ton',
      amount: 500_000_000n,
      body: (amount) => ({ kind: 'Native', to, amount: String(amount), memo: 'invoice' }),
      fund: (address) => node.fund(address, 10_000_000_000n),
      paid: () => node.balance(to),
    },
    {
      ...common,
      name: 'ton, a token',
      amount: 2_500n,
      body: (amount) => ({ kind: 'Tep74', master, to: owner, amount: String(amount) }),
      async fund(address) {
        await node.fund(address, 10_000_000_000n);
        master = await node.newToken(address, 1_000_000n);
      },
      paid: () => node.tokens(master, owner),
    },
  ];
}
