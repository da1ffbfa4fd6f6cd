/** Solana over the JSON-RPC of its nodes (solana.com/docs/rpc). */
import { base58, base64 } from '@scure/base';
import { refuse } from '../../errors/index.ts';
import { hexMember } from '../../families/bytes.ts';
import { addressBytes, associatedAccount, token2022Program, tokenProgram } from '../../families/solana/programs.ts';
import { nonceAddress, priorityOf, TRANSACTION_BYTES_MAX } from '../../families/solana/transfer.ts';
import { parseWireTransaction } from '../../families/solana/wire.ts';
import type { Body, Completion, Exclusion, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import type { ChainClient, Nodes, SolanaLevel, TransactionState } from '../types.ts';

type Answer = Readonly<Record<string, unknown>>;

/** What the programs of a transfer need at most, with room; unused units cost nothing but their price. */
const UNITS = { Native: 10_000n, memo: 120_000n, token: 120_000n, nonces: 60_000n } as const;
const SIGNATURE_FEE = 5_000n;
/** Micro-lamports for a unit, where nobody has paid any lately. */
const PRICES = { Slow: 0n, Standard: 1_000n, Fast: 50_000n } as const;
/** Keeps the fee of the largest transfer far below the signers' cap. */
const PRICE_MAX = 20_000_000n;
/** A block that two thirds of the stake have built 31 others on is final. */
const FINAL = 32;
const NONCE_ACCOUNTS_MAX = 100;
/** Bytes of a nonce account (version, state, authority, nonce, fee). */
const nonceAt = { state: 4, authority: 8, nonce: 40, bytes: 80 } as const;

export function createSolanaClient({ nodes }: { nodes: Nodes }): ChainClient & Required<Pick<ChainClient, 'fees'>> {
  /** Until which height each blockhash given out can be used. */
  const lastHeights = new Map<string, number>();

  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const kind = body['kind'];
        const isToken = kind === 'Spl' || kind === 'Spl2022';
        const limit =
          kind === 'CreateSolanaNonceAccounts'
            ? UNITS.nonces
            : (isToken ? UNITS.token : UNITS.Native) + (body['memo'] === undefined ? 0n : UNITS.memo);
        const price = priorityOf(body) === undefined ? 0n : await priceOf(one, priorityOf(body) ?? 'Standard');
        const fee = SIGNATURE_FEE + (limit * price + 999_999n) / 1_000_000n;
        const durable = body['useDurableNonce'] === true;
        const lifetime = durable ? await freeNonce(one, address, pending) : await recentBlockhash(one, lastHeights);
        const common = { ...lifetime, computeUnitLimit: String(limit), computeUnitPrice: String(price) };
        const balance = await balanceOf(one, address);
        if (kind === 'CreateSolanaNonceAccounts') {
          const rent = whole(await one.rpc('getMinimumBalanceForRentExemption', [nonceAt.bytes]), 'rent');
          const count = Number(body['count'] ?? 1);
          checkFunds(balance, BigInt(rent * count), fee);
          return { ...common, rent: String(rent), first: String(await firstFree(one, address)) } satisfies Completion;
        }
        const amount = amountOf(body);
        if (!isToken) {
          checkFunds(balance, amount, fee);
          return common;
        }
        checkFunds(balance, 0n, fee);
        const decimals = await tokenFunds(one, body, address, amount);
        return { ...common, decimals: String(decimals) };
      }),

    async broadcast(signedData) {
      const bytes = bytesOf(signedData);
      try {
        await nodes.rpc('sendTransaction', [
          base64.encode(bytes),
          { encoding: 'base64', preflightCommitment: 'confirmed' },
        ]);
      } catch (error) {
        if (!(error instanceof NodeError) || error.code !== 'E_NODE_REFUSED') throw error;
        // "already been processed": a node that has it in a block is content.
        const { state } = await nodes.one((one) => statusOf(one, idOf(bytes))).catch(() => ({ state: 'unknown' }));
        if (state === 'unknown') throw error;
      }
    },

    state: ({ id, signedData }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const found = await statusOf(one, id);
        if (found.state !== 'unknown') return found;
        const reason = await whyDropped(one, bytesOf(signedData), lastHeights);
        if (reason === undefined) return found;
        // It may have come into a block since the question before.
        const late = await statusOf(one, id);
        return late.state === 'unknown' ? { state: 'dropped', reason } : late;
      }),

    nativeBalance: async (address) => String(await nodes.one((one) => balanceOf(one, address))),

    head: async () => ({ height: whole(await nodes.rpc('getSlot', [{ commitment: 'confirmed' }]), 'getSlot') }),

    fees: () =>
      nodes.one(async (one) => {
        const level = async (name: keyof typeof PRICES): Promise<SolanaLevel> => ({
          computeUnitPrice: String(await priceOf(one, name)),
        });
        return {
          kind: 'Solana',
          blockNumber: whole(await one.rpc('getSlot', [{ commitment: 'confirmed' }]), 'getSlot'),
          slow: await level('Slow'),
          standard: await level('Standard'),
          fast: await level('Fast'),
        };
      }),
  };

  async function balanceOf(one: Nodes, address: string): Promise<bigint> {
    addressBytes(address, 'address');
    return quantity(
      value(await one.rpc('getBalance', [address, { commitment: 'confirmed' }]), 'getBalance'),
      'balance',
    );
  }

  async function statusOf(one: Nodes, id: string): Promise<TransactionState> {
    const answer = value(await one.rpc('getSignatureStatuses', [[id], { searchTransactionHistory: true }]), 'statuses');
    if (!Array.isArray(answer) || answer.length !== 1)
      return nonsense('getSignatureStatuses answers about something else');
    if (answer[0] === null) return { state: 'unknown' };
    const status = object(answer[0], 'a status');
    // Processed is in a block of one node, which may lose.
    if (status['confirmationStatus'] === 'processed') return { state: 'pending' };
    const failed = status['err'] !== null && status['err'] !== undefined;
    const confirmations = status['confirmations'] === null ? FINAL : whole(status['confirmations'], 'confirmations');
    const paid = await one.rpc('getTransaction', [
      id,
      { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 },
    ]);
    const meta = paid === null ? undefined : object(object(paid, 'getTransaction')['meta'], 'meta');
    return {
      state: 'included',
      height: whole(status['slot'], 'slot'),
      confirmations: Math.max(confirmations, status['confirmationStatus'] === 'finalized' ? FINAL : 0),
      success: !failed,
      ...(failed ? { reason: `the transaction failed: ${JSON.stringify(status['err']).slice(0, 100)}` } : {}),
      ...(meta === undefined ? {} : { fee: String(quantity(meta['fee'], 'fee')) }),
    };
  }
}

/** First blocks, from the genesis hashes that solana.com/docs/rpc/http/getgenesishash and the clusters publish. */
const genesis: Readonly<Record<string, string>> = {
  Solana: '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d',
  SolanaDevnet: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
};

/** Refuses a node of another cluster. */
export async function identifySolana(one: Nodes, network: Network): Promise<void> {
  const said = await one.rpc('getGenesisHash', []);
  if (said !== genesis[network.name])
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another cluster: ${String(said).slice(0, 44)}`,
    );
}

async function recentBlockhash(one: Nodes, lastHeights: Map<string, number>) {
  const latest = object(
    value(await one.rpc('getLatestBlockhash', [{ commitment: 'confirmed' }]), 'getLatestBlockhash'),
    'blockhash',
  );
  const blockhash = text(latest['blockhash'], 'blockhash');
  lastHeights.set(blockhash, whole(latest['lastValidBlockHeight'], 'lastValidBlockHeight'));
  const [oldest] = lastHeights.keys();
  if (lastHeights.size > 1_000 && oldest !== undefined) lastHeights.delete(oldest);
  return { blockhash };
}

/**
 * A blockhash is good for 150 blocks. Whether it is over is known for certain by the height the node gave with it;
 * after a restart, by a node that says of itself that it is not behind.
 */
async function whyDropped(
  one: Nodes,
  bytes: Uint8Array,
  lastHeights: ReadonlyMap<string, number>,
): Promise<string | undefined> {
  const parsed = parseWireTransaction(bytes);
  const blockhash = base58.encode(parsed.blockhash);
  const nonceAccount = nonceAccountOf(parsed);
  if (nonceAccount !== undefined) {
    const current = await nonceValue(one, nonceAccount);
    return current !== undefined && current.nonce !== blockhash
      ? 'its nonce was used by another transaction'
      : undefined;
  }
  const last = lastHeights.get(blockhash);
  const reason = 'its blockhash has expired';
  if (last !== undefined) {
    const height = whole(await one.rpc('getBlockHeight', [{ commitment: 'finalized' }]), 'getBlockHeight');
    return height > last ? reason : undefined;
  }
  if ((await one.rpc('getHealth', [])) !== 'ok') return undefined;
  for (const commitment of ['processed', 'finalized'])
    if (value(await one.rpc('isBlockhashValid', [blockhash, { commitment }]), 'isBlockhashValid') !== false)
      return undefined;
  return reason;
}

/** Of a transaction whose first instruction uses up a nonce. */
function nonceAccountOf({ accounts, instructions }: ReturnType<typeof parseWireTransaction>): string | undefined {
  const [first] = instructions;
  const program = first === undefined ? undefined : accounts[first.program];
  if (program === undefined || first === undefined || program.some((byte) => byte !== 0)) return undefined;
  const account = accounts[first.accounts[0] ?? -1];
  return first.data.length === 4 && first.data[0] === 4 && account !== undefined ? base58.encode(account) : undefined;
}

/** The first nonce account of this wallet that is there and that no unfinished order holds. */
async function freeNonce(one: Nodes, own: string, pending: readonly Exclusion[]) {
  const held = new Set(
    pending.flatMap((each) => (each.kind === 'sequence' ? [`${each.account} ${each.sequence}`] : [])),
  );
  for (let n = 0; n < NONCE_ACCOUNTS_MAX; n += 1) {
    const nonceAccount = nonceAddress(own, n);
    const state = await nonceValue(one, nonceAccount);
    if (state === undefined) break;
    if (state.authority === own && !held.has(`${nonceAccount} ${state.nonce}`))
      return { blockhash: state.nonce, nonceAccount };
  }
  return refuse('useDurableNonce', 'needs a free nonce account; make some with CreateSolanaNonceAccounts', 'E_FUNDS');
}

async function firstFree(one: Nodes, own: string): Promise<number> {
  for (let n = 0; n < NONCE_ACCOUNTS_MAX; n += 1) if ((await dataOf(one, nonceAddress(own, n))) === undefined) return n;
  return refuse('kind', `the wallet has ${NONCE_ACCOUNTS_MAX} nonce accounts already`, 'E_FUNDS');
}

async function nonceValue(one: Nodes, address: string): Promise<{ authority: string; nonce: string } | undefined> {
  const data = await dataOf(one, address);
  if (data === undefined || data.length !== nonceAt.bytes || data[nonceAt.state] !== 1) return undefined;
  return {
    authority: base58.encode(data.subarray(nonceAt.authority, nonceAt.nonce)),
    nonce: base58.encode(data.subarray(nonceAt.nonce, nonceAt.nonce + 32)),
  };
}

/** Decimals of the mint, once the sender is known to have the tokens and the recipient an account for them. */
async function tokenFunds(one: Nodes, body: Body, own: string, amount: bigint): Promise<number> {
  const program = body['kind'] === 'Spl2022' ? token2022Program : tokenProgram;
  const [mint, to] = [String(body['mint']), String(body['to'])];
  addressBytes(mint, 'mint');
  addressBytes(to, 'to');
  // Mint: authority (36), supply (8), decimals. Token account: mint (32), owner (32), amount.
  const minted = await dataOf(one, mint, program);
  if (minted === undefined || minted.length < 82) return refuse('mint', `is not a mint of ${program}`);
  const held = await dataOf(one, associatedAccount(own, mint, program), program);
  const balance = held === undefined ? 0n : littleEndian(held.subarray(64, 72));
  if (balance < amount) refuse('', `balance ${balance} is less than amount ${amount}`, 'E_FUNDS');
  if (
    body['createDestinationAccount'] !== true &&
    (await dataOf(one, associatedAccount(to, mint, program), program)) === undefined
  )
    refuse('to', 'has no account for this token; ask for createDestinationAccount');
  return minted[44] ?? 0;
}

async function dataOf(one: Nodes, address: string, owner?: string): Promise<Uint8Array | undefined> {
  const account = value(
    await one.rpc('getAccountInfo', [address, { encoding: 'base64', commitment: 'confirmed' }]),
    'getAccountInfo',
  );
  if (account === null) return undefined;
  const { data, owner: said } = object(account, 'an account') as Answer;
  if (owner !== undefined && said !== owner) return undefined;
  if (!Array.isArray(data) || typeof data[0] !== 'string') return nonsense('an account has no data');
  try {
    return base64.decode(data[0]);
  } catch {
    return nonsense('the data of an account are not base64');
  }
}

/** By what others paid in the last blocks: the middle of those, or the ninth of ten. */
async function priceOf(one: Nodes, priority: keyof typeof PRICES): Promise<bigint> {
  const answer = await one.rpc('getRecentPrioritizationFees', [[]]);
  if (!Array.isArray(answer)) return nonsense('getRecentPrioritizationFees is no list');
  const paid = answer
    .map((each) => quantity(object(each, 'a fee')['prioritizationFee'], 'prioritizationFee'))
    .sort((a, b) => (a < b ? -1 : 1));
  const part = { Slow: 0.1, Standard: 0.5, Fast: 0.9 }[priority];
  const usual = paid[Math.floor(part * paid.length)] ?? 0n;
  const price = usual > PRICES[priority] ? usual : PRICES[priority];
  return price < PRICE_MAX ? price : PRICE_MAX;
}

function checkFunds(balance: bigint, amount: bigint, fee: bigint): void {
  if (balance < amount + fee) refuse('', `balance ${balance} is less than amount ${amount} plus fee ${fee}`, 'E_FUNDS');
}

function amountOf(body: Body): bigint {
  const said = body['amount'];
  return typeof said === 'string' && /^[0-9]{1,20}$/.test(said)
    ? BigInt(said)
    : refuse('amount', 'must be a decimal integer string');
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 1, max: TRANSACTION_BYTES_MAX });

const idOf = (bytes: Uint8Array) => base58.encode(bytes.subarray(1, 65));

function value(answer: unknown, what: string): unknown {
  return object(answer, what)['value'];
}

function object(answer: unknown, what: string): Answer {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
    ? (answer as Answer)
    : nonsense(`${what} is no object`);
}

function whole(answer: unknown, what: string): number {
  return typeof answer === 'number' && Number.isSafeInteger(answer) && answer >= 0
    ? answer
    : nonsense(`${what} is no whole number`);
}

/** u64, which arrives as text where a double could not hold it. */
function quantity(answer: unknown, what: string): bigint {
  if (typeof answer === 'number' && Number.isSafeInteger(answer) && answer >= 0) return BigInt(answer);
  return typeof answer === 'string' && /^[0-9]{1,20}$/.test(answer)
    ? BigInt(answer)
    : nonsense(`${what} is no quantity`);
}

function text(answer: unknown, what: string): string {
  return typeof answer === 'string' && answer.length <= 64 ? answer : nonsense(`${what} is no text`);
}
