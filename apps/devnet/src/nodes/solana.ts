/** LiteSVM behind the methods of Solana's JSON-RPC that the client uses: transactions are executed, signatures checked. */
import { NodeError, type Nodes } from '@holdfast/chains/rpc';
import { oracle } from '../oracles.ts';

// biome-ignore lint/suspicious/noExplicitAny: a foreign library, used only to judge.
type Foreign = any;

export interface SolanaNode {
  readonly nodes: Nodes;
  readonly svm: Foreign;
  /** Every blockhash given out so far can no longer be used. */
  expire(): void;
}

export async function startSolana(): Promise<SolanaNode> {
  const { LiteSVM } = await oracle('litesvm');
  const kit = await oracle('@solana/kit');
  const svm: Foreign = new LiteSVM();
  svm.warpToSlot(1_000n);
  const statuses = new Map<string, { err: unknown }>();
  let height = 1_000;

  function execute(encoded: string): string {
    const transaction = kit.getTransactionDecoder().decode(Buffer.from(encoded, 'base64'));
    const id: string = kit.getSignatureFromTransaction(transaction);
    const result = svm.sendTransaction(transaction);
    if (typeof result.err === 'function')
      throw new NodeError('E_NODE_REFUSED', `Transaction simulation failed: ${result.err()}`, { rpcCode: -32002 });
    statuses.set(id, { err: null });
    return id;
  }

  const methods: Record<string, (...params: Foreign[]) => unknown> = {
    getGenesisHash: () => 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
    getLatestBlockhash: () => ({ value: { blockhash: svm.latestBlockhash(), lastValidBlockHeight: height + 150 } }),
    getBlockHeight: () => height,
    getSlot: () => Number(svm.getClock().slot),
    getHealth: () => 'ok',
    isBlockhashValid: (hash) => ({ value: hash === svm.latestBlockhash() }),
    getBalance: (address) => ({ value: Number(svm.getBalance(address) ?? 0n) }),
    getMinimumBalanceForRentExemption: (bytes) => Number(svm.minimumBalanceForRentExemption(BigInt(bytes))),
    getRecentPrioritizationFees: () => [{ slot: 1, prioritizationFee: 5 }],
    getAccountInfo: (address) => {
      const account = svm.getAccount(address);
      if (!account.exists) return { value: null };
      return {
        value: { data: [Buffer.from(account.data).toString('base64'), 'base64'], owner: account.programAddress },
      };
    },
    getSignatureStatuses: ([id]) => {
      const found = statuses.get(id);
      if (found === undefined) return { value: [null] };
      return { value: [{ slot: 1_000, confirmations: null, err: found.err, confirmationStatus: 'finalized' }] };
    },
    // The runtime does not say what a transaction cost; the tests see it in the balance.
    getTransaction: () => null,
    sendTransaction: execute,
  };
  const nodes: Nodes = {
    rpc: async (method, params) => {
      const answer = methods[method];
      if (answer === undefined)
        throw new NodeError('E_NODE_REFUSED', `Method not found: ${method}`, { rpcCode: -32601 });
      return answer(...(params as Foreign[]));
    },
    get: () => Promise.reject(new Error('no REST')),
    post: () => Promise.reject(new Error('no REST')),
    one: (talk) => talk(nodes),
    agreed: (talk) => talk(nodes),
  };
  return {
    nodes,
    svm,
    expire() {
      svm.expireBlockhash();
      height += 200;
    },
  };
}
