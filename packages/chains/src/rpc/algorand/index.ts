/** Algorand over algod's REST (developer.algorand.org, "algod"). */
import { refuse } from '../../errors/index.ts';
import { validityOf } from '../../families/algorand/index.ts';
import { hexMember } from '../../families/bytes.ts';
import type { Network } from '../../families/types.ts';
import { NodeError } from '../errors.ts';
import { amountOf, checkFunds, checkTokens, FINAL, height, most, object, orUndefined, quantity } from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

/** Rounds that a transaction is valid for: about nine minutes. */
const WINDOW = 200;
/** Rounds for which a node remembers what was confirmed, with room. */
const MEMORY = 900;
/** Bytes of the largest transfer, its note included, where a node asks for a fee by the byte. */
const BYTES = 1_500n;

export function createAlgorandClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, body }) =>
      nodes.one(async (one) => {
        const params = object(await one.get('/v2/transactions/params'), 'params');
        const fee = most(quantity(params['min-fee'], 'min-fee'), quantity(params['fee'], 'fee') * BYTES);
        const account = object(await one.get(`/v2/accounts/${encodeURIComponent(address)}?exclude=all`), 'an account');
        // What has to stay on the account cannot be sent.
        const balance = quantity(account['amount'], 'amount') - quantity(account['min-balance'], 'min-balance');
        const amount = amountOf(body);
        checkFunds(most(balance, 0n), body['kind'] === 'Native' ? amount : 0n, fee);
        if (body['kind'] === 'Asa') {
          const asset = String(body['assetId']);
          checkTokens((await holdingOf(one, address, asset)) ?? 0n, amount);
          if ((await holdingOf(one, String(body['to']), asset)) === undefined)
            refuse('to', 'has not opted in to the asset');
        }
        const round = height(params['last-round'], 'last-round');
        return { fee: fee.toString(), firstValid: String(round), lastValid: String(round + WINDOW) };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        await one.post('/v2/transactions', bytesOf(signedData), 'application/x-binary');
      }),

    state: ({ id, signedData }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const { firstValid, lastValid } = validityOf(bytesOf(signedData));
        const round = BigInt(await roundOf(one));
        // Later than this a node may have forgotten that it was confirmed.
        if (round <= lastValid || round > firstValid + BigInt(MEMORY)) return first;
        const late = await stateOf(one, id);
        return late.state === 'unknown' ? { state: 'dropped', reason: 'its last valid round has passed' } : late;
      }),

    nativeBalance: async (address) => {
      const account = object(await nodes.get(`/v2/accounts/${encodeURIComponent(address)}?exclude=all`), 'an account');
      return quantity(account['amount'], 'amount').toString();
    },

    head: async () => ({ height: await roundOf(nodes) }),
  };
}

const genesisIds: Readonly<Record<string, string>> = { Algorand: 'mainnet-v1.0', AlgorandTestnet: 'testnet-v1.0' };

/** Refuses a node of another network. */
export async function identifyAlgorand(one: Nodes, network: Network): Promise<void> {
  const said = object(await one.get('/v2/transactions/params'), 'params')['genesis-id'];
  if (said !== genesisIds[network.name])
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another network: ${String(said).slice(0, 32)}`,
    );
}

async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
  const answer = await orUndefined(one.get(`/v2/transactions/pending/${id}?format=json`));
  if (answer === undefined) return { state: 'unknown' };
  const found = object(answer, 'a transaction');
  const round = found['confirmed-round'];
  if (round !== undefined && round !== 0) {
    const fee = object(object(found['txn'], 'txn')['txn'], 'txn')['fee'];
    return {
      state: 'included',
      height: height(round, 'confirmed-round'),
      confirmations: FINAL,
      success: true,
      fee: quantity(fee ?? 0, 'fee').toString(),
    };
  }
  const evicted = found['pool-error'];
  // Out of this node's pool; another may still have it until its window closes.
  return evicted === undefined || evicted === '' ? { state: 'pending' } : { state: 'unknown' };
}

/** Undefined where the account has not opted in. */
async function holdingOf(one: Nodes, address: string, asset: string): Promise<bigint | undefined> {
  const path = `/v2/accounts/${encodeURIComponent(address)}/assets/${encodeURIComponent(asset)}`;
  const found = await orUndefined(one.get(path));
  if (found === undefined) return undefined;
  const holding = object(found, 'an account')['asset-holding'];
  return holding === undefined ? undefined : quantity(object(holding, 'a holding')['amount'], 'amount');
}

const roundOf = async (one: Nodes): Promise<number> =>
  height(object(await one.get('/v2/status'), 'status')['last-round'], 'last-round');

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 1, max: 65_536 });
