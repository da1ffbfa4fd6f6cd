/**
 * LiteSVM behind the methods of Solana's JSON-RPC that the product uses: transactions are executed, signatures checked.
 * What LiteSVM has not (slots that others build on, lists of signatures, forks) is kept beside it.
 */
import { NodeError, type Nodes } from '@holdfast/chains/rpc';
import { base58 } from '@scure/base';
import { oracle } from '../oracles.ts';
import { jsonRpc, type Served, serve } from './serve.ts';

// biome-ignore lint/suspicious/noExplicitAny: a foreign library, used only to judge.
type Foreign = any;

export interface SolanaNode {
  readonly nodes: Nodes;
  readonly svm: Foreign;
  /** Every blockhash given out so far can no longer be used. */
  expire(): void;
  /** Slots go by, some of them without a block as on the real chain. */
  advance(slots: number): void;
  /** What no transaction of ours does: coins from nowhere, accounts of tokens. Survives a fork. */
  arrange(act: (svm: Foreign) => void): void;
  /** Everything above this slot never was; another fork goes on from there. */
  fork(slot: number): void;
  readonly slot: number;
  /** Transactions on the chain that this account paid for. */
  paidBy(address: string): number;
  /** A transaction that is listed and cannot be had; undefined: all can. */
  hide(id: string | undefined): void;
  /** Over HTTP, for processes. */
  serve(): Promise<Served>;
}

interface Executed {
  readonly id: string;
  readonly slot: number;
  readonly encoded: string;
  readonly keys: readonly string[];
  readonly meta: Foreign;
}

type Step = { readonly slot: number } & (
  | { readonly arrange: (svm: Foreign) => void }
  | { readonly encoded: string }
  | { readonly expires: true }
);

const tokenPrograms = ['TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'];
const FINAL = 32;
const FIRST_SLOT = 1_000;
/** Slots in which the leader was away. */
const isSkipped = (slot: number): boolean => slot % 7 === 3;

export async function startSolana(
  o: {
    /** False: whatever is executed is final at once, and no slot goes by on its own account. */
    readonly hasSlots?: boolean;
  } = {},
): Promise<SolanaNode> {
  const { hasSlots = false } = o;
  const { LiteSVM } = await oracle('litesvm');
  const kit = await oracle('@solana/kit');
  let svm: Foreign;
  let executed = new Map<string, Executed>();
  let steps: Step[] = [];
  let slot = FIRST_SLOT;
  let height = FIRST_SLOT;
  /** Hashes of slots differ from fork to fork. */
  let forks = new Map<number, number>();
  let fork = 0;
  let hidden: string | undefined;

  function begin(): void {
    svm = new LiteSVM();
    svm.warpToSlot(BigInt(FIRST_SLOT));
    executed = new Map();
  }
  begin();

  const refuse = (message: string, rpcCode: number): never => {
    throw new NodeError('E_NODE_REFUSED', message, { rpcCode });
  };

  function keysOf(transaction: Foreign) {
    const { staticAccounts, addressTableLookups = [] } = kit
      .getCompiledTransactionMessageDecoder()
      .decode(transaction.messageBytes);
    const looked = (which: 'writableIndexes' | 'readonlyIndexes'): string[] =>
      addressTableLookups.flatMap((lookup: Foreign) =>
        lookup[which].map((index: number) => {
          const { data } = svm.getAccount(lookup.lookupTableAddress);
          return base58.encode(data.subarray(56 + 32 * index, 88 + 32 * index));
        }),
      );
    const loadedAddresses = { writable: looked('writableIndexes'), readonly: looked('readonlyIndexes') };
    return { staticAccounts, loadedAddresses };
  }

  const lamports = (keys: readonly string[]) => keys.map((key) => Number(svm.getBalance(key) ?? 0n));

  function tokens(keys: readonly string[]): Foreign[] {
    return keys.flatMap((key, accountIndex) => {
      const held = tokenAccount(key);
      return held === undefined ? [] : [{ accountIndex, ...held }];
    });
  }

  function tokenAccount(address: string): Foreign | undefined {
    const { exists, data, programAddress } = svm.getAccount(address);
    if (!exists || !tokenPrograms.includes(programAddress) || data.length < 165) return undefined;
    const mint = base58.encode(data.subarray(0, 32));
    const amount = String(Buffer.from(data).readBigUInt64LE(64));
    const { decimals } = { decimals: svm.getAccount(mint).data?.[44] ?? 0 };
    return {
      mint,
      owner: base58.encode(data.subarray(32, 64)),
      programId: programAddress,
      uiTokenAmount: { amount, decimals },
    };
  }

  function execute(encoded: string): string {
    const transaction = kit.getTransactionDecoder().decode(Buffer.from(encoded, 'base64'));
    const id: string = kit.getSignatureFromTransaction(transaction);
    const { staticAccounts, loadedAddresses } = keysOf(transaction);
    const keys = [...staticAccounts, ...loadedAddresses.writable, ...loadedAddresses.readonly];
    const before = { preBalances: lamports(keys), preTokenBalances: tokens(keys) };
    const result = svm.sendTransaction(transaction);
    if (typeof result.err === 'function') return refuse(`Transaction simulation failed: ${result.err()}`, -32002);
    const after = { postBalances: lamports(keys), postTokenBalances: tokens(keys) };
    const sum = (of: readonly number[]) => of.reduce((all, each) => all + each, 0);
    // Nobody here earns what a transaction costs: it is what is missing.
    const fee = sum(before.preBalances) - sum(after.postBalances);
    const meta = { err: null, fee, ...before, ...after, loadedAddresses };
    executed.set(id, { id, slot, encoded, keys, meta });
    return id;
  }

  function advance(slots: number): void {
    for (let left = slots; left > 0; left -= 1) {
      do slot += 1;
      while (isSkipped(slot));
      height += 1;
      forks.set(slot, fork);
    }
    svm.warpToSlot(BigInt(slot));
  }

  const hashOf = (at: number) =>
    base58.encode(Buffer.from(`${at} of fork ${forks.get(at) ?? 0}`.padEnd(32).slice(0, 32)));
  const timeOf = (at: number) => 1_800_000_000 + at;
  /** What two thirds have voted for. */
  const confirmed = () => (hasSlots ? before(slot) : slot);
  const before = (at: number): number => (isSkipped(at - 1) ? at - 2 : at - 1);

  const statusOf = ({ slot: at, meta }: Executed) => {
    const depth = hasSlots ? slot - at : FINAL;
    const confirmationStatus = depth >= FINAL ? 'finalized' : depth > 0 ? 'confirmed' : 'processed';
    return { slot: at, confirmations: depth >= FINAL ? null : depth, err: meta.err, confirmationStatus };
  };

  const accountOf = (data: Uint8Array, owner: string) => ({
    data: [Buffer.from(data).toString('base64'), 'base64'],
    owner,
  });

  const methods: Record<string, (...params: Foreign[]) => unknown> = {
    getGenesisHash: () => 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
    getLatestBlockhash: () => ({ value: { blockhash: svm.latestBlockhash(), lastValidBlockHeight: height + 150 } }),
    getBlockHeight: () => height,
    getSlot: () => confirmed(),
    getHealth: () => 'ok',
    getBlock(at) {
      if (at > confirmed()) return refuse(`Block not available for slot ${at}`, -32004);
      if (isSkipped(at)) return refuse(`Slot ${at} was skipped, or missing due to ledger jump`, -32007);
      const parentSlot = before(at);
      return { blockhash: hashOf(at), previousBlockhash: hashOf(parentSlot), parentSlot, blockTime: timeOf(at) };
    },
    isBlockhashValid: (hash) => ({ value: hash === svm.latestBlockhash() }),
    getBalance: (address) => ({ value: Number(svm.getBalance(address) ?? 0n) }),
    getMinimumBalanceForRentExemption: (bytes) => Number(svm.minimumBalanceForRentExemption(BigInt(bytes))),
    getRecentPrioritizationFees: () => [{ slot: 1, prioritizationFee: 5 }],
    getAccountInfo: (address) => {
      const account = svm.getAccount(address);
      return { value: account.exists ? accountOf(account.data, account.programAddress) : null };
    },
    getTokenAccountsByOwner: (owner, { programId, mint }) => ({
      value: tokenPrograms
        .filter((each) => programId === undefined || each === programId)
        .flatMap((program) => svm.getProgramAccounts(program))
        .flatMap(({ address, data, programAddress }: Foreign) => {
          const held = tokenAccount(address);
          if (held?.owner !== owner || (mint !== undefined && held.mint !== mint)) return [];
          return [{ pubkey: address, account: accountOf(data, programAddress) }];
        }),
    }),
    getSignatureStatuses: ([id]) => {
      const found = executed.get(id);
      return { value: [found === undefined ? null : statusOf(found)] };
    },
    getSignaturesForAddress(address, { limit = 1_000, before: older, until } = {}) {
      const all = [...executed.values()]
        .filter((each) => each.slot <= confirmed() && each.keys.includes(address))
        .reverse();
      const after = older === undefined ? all : all.slice(all.findIndex(({ id }) => id === older) + 1);
      const end = after.findIndex(({ id }) => id === until);
      return (end < 0 ? after : after.slice(0, end)).slice(0, limit).map((each) => {
        const { slot: at, err, confirmationStatus } = statusOf(each);
        return { signature: each.id, slot: at, err, blockTime: timeOf(at), memo: null, confirmationStatus };
      });
    },
    getTransaction(id, { encoding }) {
      const found = executed.get(id);
      if (found === undefined || found.slot > confirmed() || id === hidden) return null;
      const { slot: at, meta, encoded, keys } = found;
      const loaded = meta.loadedAddresses.writable.length + meta.loadedAddresses.readonly.length;
      const message = { accountKeys: keys.slice(0, keys.length - loaded) };
      return {
        slot: at,
        blockTime: timeOf(at),
        meta,
        transaction: encoding === 'base64' ? [encoded, 'base64'] : { message, signatures: [id] },
      };
    },
    sendTransaction(encoded) {
      const id = execute(encoded);
      steps.push({ slot, encoded });
      return id;
    },
  };
  const answer = (method: string, params: Foreign): unknown =>
    (methods[method] ?? (() => refuse(`Method not found: ${method}`, -32601)))(...params);
  const nodes: Nodes = {
    rpc: async (method, params) => answer(method, params),
    get: () => Promise.reject(new Error('no REST')),
    post: () => Promise.reject(new Error('no REST')),
    one: (talk) => talk(nodes),
    agreed: (talk) => talk(nodes),
  };
  return {
    nodes,
    get svm() {
      return svm;
    },
    get slot() {
      return slot;
    },
    expire() {
      svm.expireBlockhash();
      height += 200;
      steps.push({ slot, expires: true });
    },
    advance,
    arrange(act) {
      act(svm);
      steps.push({ slot, arrange: act });
    },
    fork(to) {
      const kept = steps.filter((step) => step.slot <= to || 'arrange' in step || 'expires' in step);
      begin();
      for (const step of kept) {
        if ('arrange' in step) step.arrange(svm);
        else if ('expires' in step) svm.expireBlockhash();
        else {
          slot = step.slot;
          execute(step.encoded);
        }
      }
      steps = kept;
      fork += 1;
      forks = new Map([...forks].filter(([at]) => at <= to));
      slot = isSkipped(to) ? to - 1 : to;
      advance(1);
    },
    paidBy: (address) => [...executed.values()].filter(({ keys }) => keys[0] === address).length,
    hide(id) {
      hidden = id;
    },
    serve: () => serve(jsonRpc(answer)),
  };
}
