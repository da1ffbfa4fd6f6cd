/**
 * Chains other than EVM for the tests of orders: Litecoin Core on regtest, Solana and TON executed by their own virtual
 * machines, the others by fakes (nodes/fakes.ts) that verify what they are handed with the chain's own SDK.
 */
import { type Claims, localKey } from '@holdfast/chains/conformance';
import { addressOf, loadFor } from '@holdfast/chains/families';
import { scriptOfAddress } from '@holdfast/chains/families/bitcoin';
import { filled } from '../chains/published.ts';
import { fakes, Ledger, otherKey } from '../nodes/fakes.ts';
import { startLitecoind, withoutLitecoind } from '../nodes/litecoind.ts';
import { type Served, serve } from '../nodes/serve.ts';
import { type SolanaNode, startSolana } from '../nodes/solana.ts';
import { startTon, type TonNode } from '../nodes/ton.ts';
import { oracle } from '../oracles.ts';

export interface FamilyChain {
  readonly name: string;
  readonly network: string;
  /** Of the wallet's key, where it is not the network's usual one. */
  readonly signingKey?: { readonly scheme: 'Schnorr'; readonly curve: 'secp256k1' };
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
export const LITECOIN = 'LitecoinTestnet';
const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
const BEAT_MS = 100;

export async function startFamilies(): Promise<Families> {
  const [solana, ton, litecoin] = await Promise.all([
    startSolana({ hasSlots: true }),
    startTon(TON),
    withoutLitecoind === false ? startLitecoin() : undefined,
  ]);
  const ledgers = fakes.map((fake) => ({ fake, ledger: new Ledger() }));
  const served = await Promise.all([
    solana.serve(),
    ton.serve(),
    ...ledgers.map(({ fake, ledger }) => serve((question) => fake.node(ledger, question))),
  ]);
  const chains = [
    ...(await solanaChains(solana)),
    ...(await tonChains(ton)),
    ...(litecoin?.chains ?? []),
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
    settings: {
      ...Object.fromEntries(
        networks.map((network, at) => [
          network,
          { rpc: [(served[at] as Served).url], confirmations: network === SOLANA ? 31 : 0 },
        ]),
      ),
      ...(litecoin === undefined ? {} : { [LITECOIN]: { rpc: [litecoin.url], confirmations: 0 } }),
    },
    beat() {
      beat ??= setInterval(() => {
        solana.advance(8);
        for (const { ledger } of ledgers) if (ledger.waiting > 0) ledger.mine();
        void litecoin?.beat();
      }, BEAT_MS);
    },
    async stop() {
      clearInterval(beat);
      await Promise.all([...served, ...(litecoin === undefined ? [] : [litecoin])].map((each) => each.stop()));
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

/** Litecoin Core, for SegWit and for Taproot wallets; it watches them, as its operator has it do. */
async function startLitecoin() {
  await loadFor({ network: LITECOIN });
  const node = await startLitecoind();
  const nobody = 'raw(00142222222222222222222222222222222222222222)';
  const scriptOf = (address: string) => Buffer.from(scriptOfAddress(address, LITECOIN)).toString('hex');
  const sent = new Map<string, number>();
  await node.rpc('createwallet', ['watching', true, true]);

  type Spent = { readonly vin: readonly { readonly txid: string; readonly vout: number }[] };
  /** Whose coins a transaction spends is asked while they are there. */
  async function note(txid: string): Promise<void> {
    const { vin } = await node.rpc<Spent>('getrawtransaction', [txid, true]);
    const [{ txid: from = '', vout = 0 } = {}] = vin;
    const coin = await node.rpc<{ scriptPubKey: { hex: string } } | null>('gettxout', [from, vout, false]);
    const script = coin?.scriptPubKey.hex ?? '';
    sent.set(script, (sent.get(script) ?? 0) + 1);
  }
  let mining: Promise<void> | undefined;
  async function mine(): Promise<void> {
    const pool = await node.rpc<string[]>('getrawmempool', []);
    if (pool.length === 0) return;
    for (const txid of pool) await note(txid);
    await node.rpc('generatetodescriptor', [1, nobody]);
  }
  /** Its wallet lists coins at once; `scantxoutset` would do one wallet at a time. */
  async function watch(address: string): Promise<void> {
    await node.rpc('importaddress', [scriptOf(address), '', false]);
  }
  async function balance(address: string): Promise<bigint> {
    const decoded = await node.rpc<{ addresses?: string[] }>('decodescript', [scriptOf(address)]);
    const coins = await node.rpc<{ amount: number }[]>('listunspent', [1, 9_999_999, decoded.addresses ?? []]);
    return coins.reduce((sum, { amount }) => sum + BigInt(Math.round(amount * 1e8)), 0n);
  }
  const recipients = [0x5a, 0x5b].map(
    (byte) => addressOf(LITECOIN, localKey('ECDSA', 'secp256k1', filled(byte))) ?? '',
  );
  for (const each of recipients) await watch(each);
  return {
    url: node.url,
    stop: () => node.stop(),
    beat() {
      mining ??= mine()
        // Stopped in the middle: there is nobody to mine for.
        .catch(() => undefined)
        .finally(() => {
          mining = undefined;
        });
      return mining;
    },
    chains: [
      ['SegWit', undefined],
      ['Taproot', { scheme: 'Schnorr', curve: 'secp256k1' }],
    ].map(([name, signingKey], at): FamilyChain => {
      const to = recipients[at] ?? '';
      return {
        name: `litecoin, ${name}`,
        network: LITECOIN,
        ...(signingKey === undefined ? {} : { signingKey: signingKey as FamilyChain['signingKey'] & object }),
        shown: 'node',
        // More than one of its coins.
        amount: 7_000_000_000n,
        body: (amount) => ({ kind: 'Native', to, amount: String(amount) }),
        async fund(address) {
          await watch(address);
          await node.rpc('generatetodescriptor', [20, `raw(${scriptOf(address)})`]);
          await node.rpc('generatetodescriptor', [100, nobody]);
        },
        paid: () => balance(to),
        balance,
        sent: (address) => sent.get(scriptOf(address)) ?? 0,
      };
    }),
  };
}
