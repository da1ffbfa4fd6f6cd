/** NEAR over the JSON-RPC of its nodes (docs.near.org, "RPC API"). */
import { base58, base64 } from '@scure/base';
import { refuse } from '../../errors/index.ts';
import { Reader } from '../../families/binary.ts';
import { hexMember } from '../../families/bytes.ts';
import { readTransaction } from '../../families/near/transaction.ts';
import type { Network } from '../../families/types.ts';
import { NodeError } from '../errors.ts';
import {
  type Answer,
  amountOf,
  checkFunds,
  FINAL,
  height,
  list,
  nextSequence,
  object,
  orUndefined,
  quantity,
  text,
} from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

/** yoctoNEAR that a transfer may cost at most at the usual price of gas, the recipient's account included. */
const COST = 12n * 10n ** 20n;

export function createNearClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body, key }) =>
      nodes.one(async (one) => {
        const lane = `ed25519:${base58.encode(key.publicKey)}`;
        const access = await accessOf(one, address, lane);
        const account = await accountOf(one, address);
        if (access === undefined || account === undefined)
          return refuse('', 'the account is not on the chain yet; send it NEAR first', 'E_FUNDS');
        checkFunds(quantity(account['amount'], 'amount'), amountOf(body), COST);
        const block = object(await one.rpc('block', { finality: 'final' }), 'a block');
        return {
          nonce: nextSequence(quantity(access['nonce'], 'nonce') + 1n, pending, lane).toString(),
          blockHash: text(object(block['header'], 'header')['hash'], 'hash'),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        await one.rpc('send_tx', { signed_tx_base64: base64.encode(bytesOf(signedData)), wait_until: 'NONE' });
      }),

    state: ({ id, signedData, address }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id, address);
        if (first.state !== 'unknown') return first;
        const { nonce, publicKey } = readTransaction(new Reader(bytesOf(signedData), 'signedData'));
        const access = await accessOf(one, address, `ed25519:${base58.encode(publicKey.subarray(1))}`);
        if (access === undefined || quantity(access['nonce'], 'nonce') < nonce) return first;
        // It may have come into a block since the question before.
        const late = await stateOf(one, id, address);
        return late.state === 'unknown'
          ? { state: 'dropped', reason: 'its nonce was used by another transaction' }
          : late;
      }),

    nativeBalance: async (address) => {
      const account = await accountOf(nodes, address);
      return account === undefined ? '0' : quantity(account['amount'], 'amount').toString();
    },

    head: async () => ({ height: height(syncInfo(await nodes.rpc('status', []))['latest_block_height'], 'a height') }),
  };
}

/** Refuses a node of another network. */
export async function identifyNear(one: Nodes, network: Network): Promise<void> {
  const said = object(await one.rpc('status', []), 'status')['chain_id'];
  if (said !== (network.name === 'Near' ? 'mainnet' : 'testnet'))
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another network: ${String(said).slice(0, 16)}`,
    );
}

/** Nodes name what is missing in their words and in the error's data, by release. */
const isMissing = ({ message, answer }: NodeError): boolean =>
  /UNKNOWN_(ACCOUNT|ACCESS_KEY|TRANSACTION)|does not exist|doesn't exist/.test(
    `${message} ${JSON.stringify(answer) ?? ''}`,
  );

async function query(one: Nodes, params: Answer): Promise<Answer | undefined> {
  const found = await orUndefined(one.rpc('query', { finality: 'final', ...params }), isMissing);
  if (found === undefined) return undefined;
  const answer = object(found, 'an answer');
  // Some releases put the refusal into the result.
  return typeof answer['error'] === 'string' && /does not exist|doesn't exist/.test(answer['error'])
    ? undefined
    : answer;
}

const accountOf = (one: Nodes, account: string) => query(one, { request_type: 'view_account', account_id: account });

const accessOf = (one: Nodes, account: string, publicKey: string) =>
  query(one, { request_type: 'view_access_key', account_id: account, public_key: publicKey });

async function stateOf(one: Nodes, id: string, sender: string): Promise<TransactionState> {
  const answer = await orUndefined(
    one.rpc('tx', { tx_hash: id, sender_account_id: sender, wait_until: 'NONE' }),
    isMissing,
  );
  if (answer === undefined) return { state: 'unknown' };
  const found = object(answer, 'a transaction');
  if (found['final_execution_status'] !== 'FINAL') return { state: 'pending' };
  const outcome = object(found['transaction_outcome'], 'transaction_outcome');
  const block = object(await one.rpc('block', { block_id: text(outcome['block_hash'], 'block_hash') }), 'a block');
  const burnt = [outcome, ...list(found['receipts_outcome'], 'receipts_outcome')].reduce<bigint>(
    (sum, each) =>
      sum + quantity(object(object(each, 'an outcome')['outcome'], 'outcome')['tokens_burnt'], 'tokens_burnt'),
    0n,
  );
  const failure = object(found['status'], 'status')['Failure'];
  return {
    state: 'included',
    height: height(object(block['header'], 'header')['height'], 'height'),
    confirmations: FINAL,
    success: failure === undefined,
    ...(failure === undefined ? {} : { reason: `the transaction failed: ${JSON.stringify(failure).slice(0, 100)}` }),
    fee: burnt.toString(),
  };
}

const syncInfo = (status: unknown): Answer => object(object(status, 'status')['sync_info'], 'sync_info');

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 1, max: 131_138 });
