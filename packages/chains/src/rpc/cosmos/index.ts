/** Cosmos chains over the REST gateway of their nodes (docs.cosmos.network, "gRPC, REST"). */
import { base64 } from '@scure/base';
import { refuse } from '../../errors/index.ts';
import { hexMember } from '../../families/bytes.ts';
import { sequenceOf } from '../../families/cosmos/index.ts';
import { type Parameters, parameters } from '../../families/cosmos/parameters.ts';
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

/** A payment uses 70,000 to 120,000. */
const GAS = 160_000n;
/** "tx already exists in cache" (cosmossdk.io/errors, codespace sdk). */
const KNOWN_ALREADY = 19n;

export function createCosmosClient({ nodes, network }: { nodes: Nodes; network: Network }): ChainClient {
  const chain: Parameters = parameters[network.name] ?? refuse('network', 'has no parameters', 'E_NETWORK');

  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const account = await accountOf(one, address);
        if (account === undefined)
          return refuse('', 'the account is not on the chain yet; send it coins first', 'E_FUNDS');
        const fee = (GAS * chain.gasPriceMilli + 999n) / 1000n;
        checkFunds(await balanceOf(one, address), amountOf(body), fee);
        return {
          accountNumber: quantity(account['account_number'], 'account_number').toString(),
          sequence: nextSequence(quantity(account['sequence'], 'sequence'), pending).toString(),
          fee: fee.toString(),
          gasLimit: GAS.toString(),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        const answer = await one.post('/cosmos/tx/v1beta1/txs', {
          tx_bytes: base64.encode(bytesOf(signedData)),
          mode: 'BROADCAST_MODE_SYNC',
        });
        const reply = object(object(answer, 'a reply')['tx_response'], 'tx_response');
        const code = quantity(reply['code'] ?? 0, 'code');
        if (code === 0n || (code === KNOWN_ALREADY && (reply['codespace'] ?? 'sdk') === 'sdk')) return;
        const why = typeof reply['raw_log'] === 'string' ? `: ${reply['raw_log'].slice(0, 150)}` : '';
        throw new NodeError('E_NODE_REFUSED', `a node refused the transaction, code ${code}${why}`, { answer: code });
      }),

    state: ({ id, signedData, address }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const account = await accountOf(one, address);
        if (account === undefined || quantity(account['sequence'], 'sequence') <= sequenceOf(bytesOf(signedData)))
          return first;
        // It may have come into a block since the question before.
        const late = await stateOf(one, id);
        return late.state === 'unknown'
          ? { state: 'dropped', reason: 'its sequence was used by another transaction' }
          : late;
      }),

    nativeBalance: async (address) => (await balanceOf(nodes, address)).toString(),

    head: async () => {
      const { header } = await latestBlock(nodes);
      return { height: height(header['height'], 'height') };
    },
  };

  async function balanceOf(one: Nodes, address: string): Promise<bigint> {
    const path = `/cosmos/bank/v1beta1/balances/${encodeURIComponent(address)}/by_denom?denom=${chain.denom}`;
    const { amount, denom } = object(object(await one.get(path), 'a balance')['balance'], 'balance');
    if (denom !== chain.denom) throw new NodeError('E_NODE_ANSWER', 'a balance of another coin than was asked for');
    return quantity(amount, 'amount');
  }
}

/** Refuses a node of another chain. */
export async function identifyCosmos(one: Nodes, network: Network): Promise<void> {
  const { header } = await latestBlock(one);
  if (header['chain_id'] !== parameters[network.name]?.chainId)
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another chain: ${String(header['chain_id']).slice(0, 32)}`,
    );
}

async function latestBlock(one: Nodes): Promise<{ readonly header: Answer }> {
  const block = object(
    object(await one.get('/cosmos/base/tendermint/v1beta1/blocks/latest'), 'a block')['block'],
    'block',
  );
  return { header: object(block['header'], 'header') };
}

/** Its number and sequence; accounts that vest carry them deeper inside. */
async function accountOf(one: Nodes, address: string): Promise<Answer | undefined> {
  const found = await orUndefined(one.get(`/cosmos/auth/v1beta1/accounts/${encodeURIComponent(address)}`));
  if (found === undefined) return undefined;
  let account = object(object(found, 'an account')['account'], 'account');
  for (let depth = 0; depth < 3 && account['account_number'] === undefined; depth += 1)
    account = object(account['base_vesting_account'] ?? account['base_account'], 'base_account');
  return account;
}

async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
  // Nodes of several releases say "tx not found" with status 404 or 400.
  const found = await orUndefined(
    one.get(`/cosmos/tx/v1beta1/txs/${id}`),
    ({ status, message }) => status === 404 || (status === 400 && /not found/.test(message)),
  );
  if (found === undefined) return { state: 'unknown' };
  const reply = object(object(found, 'a transaction')['tx_response'], 'tx_response');
  const code = quantity(reply['code'] ?? 0, 'code');
  const tx = object(reply['tx'], 'tx');
  const amounts = list(object(object(tx['auth_info'], 'auth_info')['fee'], 'fee')['amount'], 'fee');
  const [paid] = amounts.map((each) => text(object(each, 'a coin')['amount'], 'amount'));
  return {
    state: 'included',
    height: height(reply['height'], 'height'),
    confirmations: FINAL,
    success: code === 0n,
    ...(code === 0n
      ? {}
      : { reason: `the chain answered with code ${code}: ${String(reply['raw_log']).slice(0, 100)}` }),
    fee: quantity(paid ?? 0, 'fee').toString(),
  };
}

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 1, max: 65_536 });
