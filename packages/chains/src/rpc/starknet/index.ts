/** Starknet over the JSON-RPC of its nodes (starknet-io/starknet-specs, api/starknet_api_openrpc.json, 0.8). */
import { refuse } from '../../errors/index.ts';
import { selector, shortString } from '../../families/starknet/felt.ts';
import { chainIds, starknet, strk } from '../../families/starknet/index.ts';
import { encodeTransaction, felt, parseSigned, parseUnsigned } from '../../families/starknet/transaction.ts';
import type { Completion, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import {
  type Answer,
  amountOf,
  checkFunds,
  checkTokens,
  height,
  list,
  nextSequence,
  object,
  orUndefined,
  text,
} from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

const resources = ['l1_gas', 'l1_data_gas', 'l2_gas'] as const;
/** Members of the completion, in the same order. */
const names = ['l1Gas', 'l1DataGas', 'l2Gas'] as const;
const balanceOf = felt(selector('balanceOf'));
const ownerOf = felt(selector('ownerOf'));
const u64Max = (1n << 64n) - 1n;
const u128Max = (1n << 128n) - 1n;

export function createStarknetClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: (order) =>
      nodes.one(async (one) => {
        const { address, pending, body, purpose } = order;
        const deploys = purpose === 'transaction';
        const sequence = await nonceOf(one, address);
        if (!deploys && sequence === undefined)
          return refuse('', 'the account is not on the chain yet; activate the wallet first', 'E_FUNDS');
        if (deploys && sequence !== undefined) return refuse('', 'the account is on the chain already', 'E_BODY');
        const balance = await tokensOf(one, felt(strk), address);
        const amount = !deploys && body['kind'] === 'Native' ? amountOf(body) : 0n;
        checkFunds(balance, amount, 0n);
        if (body['kind'] === 'Snip2')
          checkTokens(await tokensOf(one, String(body['contract']), address), amountOf(body));
        if (body['kind'] === 'Snip3') await checkOwner(one, body, address);
        const nonce = deploys ? {} : { nonce: nextSequence(sequence ?? 0n, pending).toString() };
        const free = Object.fromEntries(
          names.flatMap((name) => [`${name}Amount`, `${name}Price`].map((each) => [each, '0'])),
        );
        const draft =
          starknet.construct?.({ ...order, completion: { ...nonce, ...free } }) ?? nonsense('no construction');
        const gas = await estimate(one, draft.body);
        checkFunds(balance, amount, gas.most);
        return { ...nonce, ...gas.completion };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        const { json, transaction } = parseSigned(signedData);
        const [method, member] =
          transaction.type === 'INVOKE'
            ? ['starknet_addInvokeTransaction', 'invoke_transaction']
            : ['starknet_addDeployAccountTransaction', 'deploy_account_transaction'];
        await one.rpc(method, { [member]: json });
      }),

    state: ({ id, signedData, address }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const { nonce } = parseSigned(signedData).transaction;
        const next = await nonceOf(one, address);
        if (next === undefined || next <= nonce) return first;
        // It may have come into a block since the question before.
        const late = await stateOf(one, id);
        return late.state === 'unknown'
          ? { state: 'dropped', reason: 'its nonce was used by another transaction' }
          : late;
      }),

    nativeBalance: async (address) => (await tokensOf(nodes, felt(strk), address)).toString(),

    head: async () => ({ height: height(await nodes.rpc('starknet_blockNumber', []), 'a height') }),
  };
}

/** Refuses a node of another network. */
export async function identifyStarknet(one: Nodes, network: Network): Promise<void> {
  const said = await one.rpc('starknet_chainId', []);
  if (said !== felt(shortString(chainIds[network.name] ?? '')))
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another network: ${String(said).slice(0, 40)}`,
    );
}

/** Half as much again, of gas and of each price: both move until the transaction is in a block. */
async function estimate(one: Nodes, body: Readonly<Record<string, unknown>>) {
  const transaction = parseUnsigned(body);
  const json: unknown = JSON.parse(new TextDecoder().decode(encodeTransaction(transaction)));
  const answer = await one.rpc('starknet_estimateFee', {
    request: [json],
    simulation_flags: ['SKIP_VALIDATE'],
    block_id: 'latest',
  });
  const found = object(list(answer, 'estimates')[0], 'an estimate');
  const completion: Record<string, string> = {};
  let most = 0n;
  for (const [k, resource] of resources.entries()) {
    const amount = raised(numberIn(found[`${resource}_consumed`], 'gas'));
    const price = raised(numberIn(found[`${resource}_price`], 'a price'));
    if (amount > u64Max || price > u128Max) nonsense('an estimate is beyond what can be bounded');
    completion[`${names[k]}Amount`] = amount.toString();
    completion[`${names[k]}Price`] = price.toString();
    most += amount * price;
  }
  return { completion: completion as Completion, most };
}

const raised = (value: bigint): bigint => value + value / 2n;

/** Codes 20 and 29 of the specification; some nodes have the words alone. */
const isMissing = ({ rpcCode, message }: NodeError): boolean =>
  rpcCode === 20 || rpcCode === 29 || /contract not found|transaction hash not found/i.test(message);

/** Undefined where no contract is at the address. */
async function nonceOf(one: Nodes, address: string): Promise<bigint | undefined> {
  const params = { block_id: 'latest', contract_address: felt(BigInt(address)) };
  const found = await orUndefined(one.rpc('starknet_getNonce', params), isMissing);
  return found === undefined ? undefined : numberIn(found, 'a nonce');
}

async function call(one: Nodes, contract: string, name: string, data: readonly string[]): Promise<readonly bigint[]> {
  const request = { contract_address: felt(BigInt(contract)), entry_point_selector: name, calldata: data };
  const answer = await one.rpc('starknet_call', { request, block_id: 'latest' });
  return list(answer, 'a result').map((each) => numberIn(each, 'a value'));
}

async function tokensOf(one: Nodes, contract: string, address: string): Promise<bigint> {
  const [low, high, ...more] = await call(one, contract, balanceOf, [felt(BigInt(address))]);
  if (low === undefined || high === undefined || more.length > 0 || low > u128Max || high > u128Max)
    return nonsense('a balance is no number of 256 bits');
  return (high << 128n) | low;
}

async function checkOwner(one: Nodes, body: Readonly<Record<string, unknown>>, address: string): Promise<void> {
  const tokenId = BigInt(String(body['tokenId']));
  const data = [felt(tokenId & u128Max), felt(tokenId >> 128n)];
  const [owner] = await call(one, String(body['contract']), ownerOf, data);
  if (owner !== BigInt(address)) refuse('tokenId', 'is not of this wallet', 'E_FUNDS');
}

async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
  const params = { transaction_hash: id };
  const said = await orUndefined(one.rpc('starknet_getTransactionReceipt', params), isMissing);
  if (said === undefined) {
    const status = await orUndefined(one.rpc('starknet_getTransactionStatus', params), isMissing);
    return { state: status === undefined ? 'unknown' : 'pending' };
  }
  const receipt = object(said, 'a receipt');
  // A block that is being made has no hash yet.
  if (receipt['block_hash'] === undefined || receipt['block_hash'] === null) return { state: 'pending' };
  const at = height(receipt['block_number'], 'a height');
  const head = height(await one.rpc('starknet_blockNumber', []), 'a height');
  const success = receipt['execution_status'] === 'SUCCEEDED';
  return {
    state: 'included',
    height: at,
    block: text(receipt['block_hash'], 'a hash'),
    confirmations: Math.max(0, head - at),
    success,
    ...(success ? {} : { reason: reasonOf(receipt) }),
    fee: numberIn(object(receipt['actual_fee'], 'a fee')['amount'], 'a fee').toString(),
  };
}

const reasonOf = (receipt: Answer): string =>
  `the transaction failed: ${String(receipt['revert_reason'] ?? 'for no stated reason').slice(0, 100)}`;

function numberIn(value: unknown, what: string): bigint {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)
    ? BigInt(value)
    : nonsense(`${what} is no number`);
}
