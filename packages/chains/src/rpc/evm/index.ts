/** EVM networks over the Ethereum JSON-RPC (ethereum/execution-apis). */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { Transaction } from 'micro-eth-signer';
import { refuse } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../../families/bytes.ts';
import type { Completion, Exclusion, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';
import { estimateFees, type Gas, gasFor } from './fees.ts';
import { data, object, quantity, smallQuantity, toQuantity } from './quantities.ts';
import { type Wanted, wantedOf } from './wanted.ts';

export { decodeResult, encodeCall, parseFragment } from './abi.ts';

/**
 * Completion of an EVM order; decimal text. `gasPrice` on networks without a base fee, the other two elsewhere. What
 * the user wrote in the body is repeated, never changed.
 */
export interface EvmCompletion extends Completion {
  readonly nonce: string;
  readonly gasLimit: string;
  readonly gasPrice?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
}

/** Without code at the recipient a payment costs exactly this much gas. */
const PAYMENT_GAS = 21_000n;
/** State may change between the estimate and the block: a quarter on top of what a call needs now. */
const gasRoom = (estimate: bigint): bigint => (estimate === PAYMENT_GAS ? estimate : (estimate * 5n) / 4n);
/** A node that keeps no old state still has the last 128 blocks. */
const DROPPED_DEPTH_MAX = 64;

export function createEvmClient({ nodes, network }: { nodes: Nodes; network: Network }): Required<ChainClient> {
  const at = async (one: Nodes, address: string, block: string): Promise<bigint> =>
    quantity(await one.rpc('eth_getTransactionCount', [address, block]), 'eth_getTransactionCount');

  return {
    complete: ({ address, pending, ...order }) =>
      nodes.one(async (one) => {
        const wanted = wantedOf(order, address);
        const gas = await gasFor(one, wanted);
        const [nonce, balance] = await Promise.all([
          wanted.nonce ?? at(one, address, 'pending').then((next) => freeNonce(next, address, pending)),
          one.rpc('eth_getBalance', [address, 'latest']).then((value) => quantity(value, 'eth_getBalance')),
        ]);
        const gasLimit = wanted.gasLimit ?? gasRoom(await estimateGas(one, address, wanted, balance));
        checkFunds(balance, wanted.value, gasLimit * priceOf(gas));
        return {
          nonce: nonce.toString(),
          gasLimit: gasLimit.toString(),
          ...(gas.kind === 'legacy'
            ? { gasPrice: gas.gasPrice.toString() }
            : {
                maxFeePerGas: gas.maxFeePerGas.toString(),
                maxPriorityFeePerGas: gas.maxPriorityFeePerGas.toString(),
              }),
        } satisfies EvmCompletion;
      }),

    async broadcast(signedData) {
      try {
        await nodes.rpc('eth_sendRawTransaction', [signedData]);
      } catch (error) {
        if (!(error instanceof NodeError) || error.code !== 'E_NODE_REFUSED') throw error;
        // Nodes word it in many ways that they know the transaction already, or have it in a block; so they are asked.
        const known = await nodes.rpc('eth_getTransactionByHash', [hashOf(signedData)]).catch(() => null);
        if (known === null) throw error;
      }
    },

    state: ({ id, signedData, address }) =>
      // All of it from one node: two that are not equally far would contradict each other.
      nodes.agreed(async (one): Promise<TransactionState> => {
        const included = await readReceipt(one, id);
        if (included !== undefined) return included;
        if ((await one.rpc('eth_getTransactionByHash', [id])) !== null) {
          // It may have come into a block since the question before.
          return (await readReceipt(one, id)) ?? { state: 'pending' };
        }
        const height = await headOf(one);
        const depth = Math.min(network.confirmations ?? 0, DROPPED_DEPTH_MAX, height);
        const used = await at(one, address, toQuantity(height - depth));
        if (used <= nonceOf(signedData)) return { state: 'unknown' };
        const late = await readReceipt(one, id);
        return late ?? { state: 'dropped', reason: 'its nonce was used by another transaction' };
      }),

    nativeBalance: async (address) =>
      quantity(await nodes.rpc('eth_getBalance', [address, 'latest']), 'eth_getBalance').toString(),

    head: async () => ({ height: await headOf(nodes) }),

    fees: () => nodes.one(estimateFees),

    call: async (contract, input) =>
      data(await nodes.rpc('eth_call', [{ to: contract, data: input }, 'latest']), 'eth_call'),
  };
}

/** Refuses a node of another chain: what it said of balances and payments would be of no meaning. */
export async function identifyEvm(one: Nodes, network: Network): Promise<void> {
  const { chainId } = network;
  const said = quantity(await one.rpc('eth_chainId', []), 'eth_chainId');
  if (chainId !== undefined && said !== BigInt(chainId))
    throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of the chain ${said}, not ${chainId}`);
}

/** The lowest nonce that neither the chain, nor the node's pool, nor an unfinished order of ours holds. */
function freeNonce(next: bigint, address: string, pending: readonly Exclusion[]): bigint {
  const held = new Set(
    pending.flatMap((each) =>
      each.kind === 'sequence' && each.account.toLowerCase() === address.toLowerCase() ? [BigInt(each.sequence)] : [],
    ),
  );
  let nonce = next;
  while (held.has(nonce)) nonce += 1n;
  return nonce;
}

async function estimateGas(one: Nodes, from: string, wanted: Wanted, balance: bigint): Promise<bigint> {
  const { to, value, data: input } = wanted;
  if (value > balance) checkFunds(balance, value, 0n);
  const call = {
    from,
    ...(to === undefined ? {} : { to }),
    value: toQuantity(value),
    ...(input === '0x' ? {} : { data: input }),
  };
  return quantity(await one.rpc('eth_estimateGas', [call]), 'eth_estimateGas');
}

const priceOf = (gas: Gas): bigint => (gas.kind === 'legacy' ? gas.gasPrice : gas.maxFeePerGas);

function checkFunds(balance: bigint, amount: bigint, fee: bigint): void {
  if (balance < amount + fee) refuse('', `balance ${balance} is less than amount ${amount} plus fee ${fee}`, 'E_FUNDS');
}

/** Undefined while the node knows of no block with it. */
async function readReceipt(one: Nodes, id: string): Promise<TransactionState | undefined> {
  const answer = await one.rpc('eth_getTransactionReceipt', [id]);
  if (answer === null) return undefined;
  const receipt = object(answer, 'a receipt');
  if (data(receipt['transactionHash'], 'receipt.transactionHash', 32) !== id.toLowerCase())
    nonsense('the receipt is of another transaction');
  const height = smallQuantity(receipt['blockNumber'], 'receipt.blockNumber');
  const success = quantity(receipt['status'], 'receipt.status') === 1n;
  const head = await headOf(one);
  return {
    state: 'included',
    height,
    block: data(receipt['blockHash'], 'receipt.blockHash', 32),
    confirmations: Math.max(0, head - height),
    success,
    ...(success ? {} : { reason: 'the transaction was reverted' }),
    fee: feeOf(receipt).toString(),
  };
}

/** What the sender paid. Rollups on the OP stack charge for their parent chain besides (`l1Fee`, optimism's execution specification). */
export function feeOf(receipt: Readonly<Record<string, unknown>>): bigint {
  const price = receipt['effectiveGasPrice'];
  const l1 = receipt['l1Fee'];
  const gas = quantity(receipt['gasUsed'], 'receipt.gasUsed');
  return (
    gas * (price === undefined ? 0n : quantity(price, 'receipt.effectiveGasPrice')) +
    (l1 === undefined || l1 === null ? 0n : quantity(l1, 'receipt.l1Fee'))
  );
}

async function headOf(one: Nodes): Promise<number> {
  return smallQuantity(await one.rpc('eth_blockNumber', []), 'eth_blockNumber');
}

const signedBytes = (signedData: string): Uint8Array =>
  hexMember({ signedData }, 'signedData', { min: 1, max: 262_144 });

const hashOf = (signedData: string): string => toHex0x(keccak_256(signedBytes(signedData)));

const nonceOf = (signedData: string): bigint =>
  (Transaction.fromBytes(signedBytes(signedData)).raw as { readonly nonce: bigint }).nonce;
