/**
 * What the api asks of a chain's nodes. The only part of this room that reaches the network, through a port the process
 * gives it; signers never import it. Every answer of a node is hostile: parsed strictly, bounded in size and time.
 */
import type { Completion, Exclusion, Order } from '../families/types.ts';

/** One HTTP exchange; rejects when the node cannot be reached, is late, or answers more than `bytesMax`. */
export type Http = (request: {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly bytesMax: number;
}) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/**
 * The nodes of one network, in the operator's order of preference: skips those that fail, tries the next, remembers
 * health. Throws NodeError: E_NODE_UNREACHABLE when none answers, E_NODE_ANSWER for an answer that makes no sense, and
 * E_NODE_REFUSED with the node's own words (bounded) where it understood and said no.
 */
export interface Nodes {
  /** JSON-RPC 2.0 (or 1.0 as Bitcoin's nodes speak it). */
  rpc(method: string, params: unknown): Promise<unknown>;
  /** REST: a path below the node's URL; JSON out unless bytes are asked for. */
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown, contentType?: string): Promise<unknown>;
  /** A conversation with one node; begins again with the next where it ends in a failure of the node. */
  one<T>(talk: (one: Nodes) => Promise<T>): Promise<T>;
  /**
   * The same conversation with `quorum` nodes (or all there are, if fewer); what it results in must agree, else
   * E_NODE_DISAGREE; of a TransactionState the weakest counts where one is only behind. For what a false node could cheat with: that a payment is confirmed, or has failed.
   */
  agreed<T>(talk: (one: Nodes) => Promise<T>): Promise<T>;
}

/** What a transaction costs at the moment, in the reply shapes of wallets.md §7; amounts are decimal text. */
export type FeeEstimate =
  | {
      readonly kind: 'Eip1559';
      readonly blockNumber: number;
      readonly baseFeePerGas: string;
      readonly slow: Eip1559Level;
      readonly standard: Eip1559Level;
      readonly fast: Eip1559Level;
    }
  | {
      readonly kind: 'Bitcoin';
      readonly blockNumber: number;
      readonly slow: BitcoinLevel;
      readonly standard: BitcoinLevel;
      readonly fast: BitcoinLevel;
    }
  | {
      readonly kind: 'Solana';
      readonly blockNumber: number;
      readonly slow: SolanaLevel;
      readonly standard: SolanaLevel;
      readonly fast: SolanaLevel;
    };
/** Wei per gas. */
export interface Eip1559Level {
  readonly maxPriorityFeePerGas: string;
  readonly maxFeePerGas: string;
}
/** Smallest unit per virtual byte; blocks until it is included, as expected. */
export interface BitcoinLevel {
  readonly feeRate: string;
  readonly blockHorizon: number;
}
/** Micro-lamports per compute unit. */
export interface SolanaLevel {
  readonly computeUnitPrice: string;
}

export type TransactionState =
  | { readonly state: 'unknown' }
  /** In the pool. */
  | { readonly state: 'pending' }
  | {
      readonly state: 'included';
      readonly height: number;
      /** Hash of the block it is in, where the chain has reorganisations. */
      readonly block?: string;
      /** Blocks on top; the finality of instant chains is a large number. */
      readonly confirmations: number;
      readonly success: boolean;
      readonly reason?: string;
      /** What it cost, smallest native unit, decimal. */
      readonly fee?: string;
    }
  /** Can never be included any more: its nonce or an input is used up by another, or its window has passed. */
  | { readonly state: 'dropped'; readonly reason: string };

export interface ChainClient {
  /**
   * What the signers need to build this order: nonce, fees, inputs, blockhash. `pending`: what this wallet's unfinished
   * transactions already hold. Throws NodeError, or ChainError E_FUNDS where the wallet cannot pay.
   */
  complete(order: Order & { readonly address: string; readonly pending: readonly Exclusion[] }): Promise<Completion>;
  /** Hands in `signedData`. A node that knows the transaction already is content. */
  broadcast(signedData: string): Promise<void>;
  state(transaction: {
    readonly id: string;
    readonly signedData: string;
    readonly address: string;
  }): Promise<TransactionState>;
  /** Smallest native unit, decimal; '0' for an account that does not exist yet. */
  nativeBalance(address: string): Promise<string>;
  /** Height of the chain's newest block, where the family has such a number. */
  head(): Promise<{ readonly height: number }>;
  /** Absent where the family has no market for fees. */
  fees?(): Promise<FeeEstimate>;
  /** Contract code on a chain, asked without a transaction: EVM. Answers the returned bytes as 0x hex. */
  call?(contract: string, data: string): Promise<string>;
}

/** What one block did to an address that is watched. */
export interface Movement {
  readonly tx: string;
  /** Where in the transaction, for as long as it is in this block: `value`, `log 7`, `account 2`. */
  readonly place: string;
  /** Of a history item (wallets.md §6): `NativeTransfer`, `Erc20Transfer` … */
  readonly kind: string;
  /** The watched address; the other side is in `from` or `to`, or in the lists where there are several. */
  readonly address: string;
  readonly direction: 'In' | 'Out';
  readonly from?: string;
  readonly to?: string;
  readonly froms?: readonly string[];
  readonly tos?: readonly string[];
  /** Contract, mint …; empty for the native coin. */
  readonly asset: string;
  readonly tokenId?: string;
  /** Smallest unit, decimal; absent where each token is one of its kind. */
  readonly value?: string;
  /** Where this address paid it: with the first of a transaction's movements only. */
  readonly fee?: string;
}

/** `txid:index` of an output of a transaction that a watched address can spend. */
export interface OwnOutput {
  readonly outpoint: string;
  readonly address: string;
  readonly value: string;
}

export interface ReadBlock {
  readonly height: number;
  readonly hash: string;
  readonly parent: string;
  readonly timeMs: number;
  readonly movements: readonly Movement[];
  /** Families with outputs only: those that came, and those that are spent, with the transaction that did it. */
  readonly outputs?: readonly OwnOutput[];
  readonly spent?: readonly { readonly outpoint: string; readonly by: string }[];
}

export interface Watched {
  readonly addresses: ReadonlySet<string>;
  /** An output that is not spent as far as blocks were read. */
  output(outpoint: string): OwnOutput | undefined;
}

/** What the indexer needs of a family whose chain is a chain of blocks; all of it from one node at a time. */
export interface BlockReader {
  /** Blocks that one `read` may ask for, and how often it is worth asking for new ones. */
  readonly blocksAtOnce: number;
  readonly pollMs: number;
  /** Whether coins of this family are outputs of transactions. */
  readonly hasOutputs?: boolean;
  /**
   * For chains that are read by account: `read` may begin a little before `from` and end before `to`; it answers what happened,
   * in order, and last the block it has read up to, which alone has a hash. Of what comes twice the first counts.
   */
  readonly isSparse?: boolean;
  /** Blocks on top of one that is never replaced: if it is missing, the node has forgotten it. */
  readonly finalAfter?: number;
  height(one: Nodes): Promise<number>;
  /** Undefined where the node has no block of this height. */
  hashAt(one: Nodes, height: number): Promise<string | undefined>;
  /** In order, complete unless sparse. Throws NodeError where the node's answers are not of one chain. */
  read(
    one: Nodes,
    o: { readonly from: number; readonly to: number; readonly watched: Watched },
  ): Promise<readonly ReadBlock[]>;
  /** What a token calls itself; foreign text, bounded. */
  token?(one: Nodes, asset: string): Promise<{ readonly symbol?: string; readonly decimals?: number }>;
  /** How much of a token an address has, smallest unit, decimal. */
  tokenBalance?(one: Nodes, asset: string, address: string): Promise<string>;
}
