/** Aptos over the REST of its full nodes (aptos.dev, "Fullnode REST API"); their addresses end in /v1. */

import { parseRaw } from '../../families/aptos/transaction.ts';
import { hexMember } from '../../families/bytes.ts';
import type { Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import {
  type Answer,
  amountOf,
  checkFunds,
  checkTokens,
  FINAL,
  height,
  nextSequence,
  object,
  orUndefined,
  quantity,
  text,
} from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

/** Gas units of the dearest transfer, one that creates an account and a store, with room. */
const GAS = 4_000n;
/** Seconds of the ledger's own time that a transaction may wait. */
const WINDOW_SECONDS = 300n;
const coin = '0x1::aptos_coin::AptosCoin';

export function createAptosClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const price = quantity(object(await one.get('/estimate_gas_price'), 'a price')['gas_estimate'], 'gas_estimate');
        const amount = amountOf(body);
        checkFunds(await balanceOf(one, address, coin), body['kind'] === 'Native' ? amount : 0n, GAS * price);
        if (body['kind'] === 'Coin') checkTokens(await balanceOf(one, address, String(body['coin'])), amount);
        if (body['kind'] === 'Aip21') checkTokens(await balanceOf(one, address, String(body['metadata'])), amount);
        const { now } = await ledger(one);
        return {
          sequence: nextSequence(await sequenceOf(one, address), pending).toString(),
          maxGasAmount: GAS.toString(),
          gasUnitPrice: price.toString(),
          expiration: (now + WINDOW_SECONDS).toString(),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        await one.post('/transactions', bytesOf(signedData), 'application/x.aptos.signed_transaction+bcs');
      }),

    state: ({ id, signedData, address }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const raw = parseRaw(bytesOf(signedData), 'signedData');
        const { now } = await ledger(one);
        const used = (await sequenceOf(one, address)) > raw.sequence;
        if (!used && now <= raw.expiration) return first;
        // It may have been committed since the question before.
        const late = await stateOf(one, id);
        if (late.state !== 'unknown') return late;
        return {
          state: 'dropped',
          reason: used ? 'its sequence number was used by another transaction' : 'its time has passed',
        };
      }),

    nativeBalance: async (address) => (await balanceOf(nodes, address, coin)).toString(),

    head: async () => ({ height: (await ledger(nodes)).blockHeight }),
  };
}

/** Refuses a node of another chain. */
export async function identifyAptos(one: Nodes, network: Network): Promise<void> {
  const said = object(await one.get('/'), 'the ledger')['chain_id'];
  if (said !== (network.name === 'Aptos' ? 1 : 2))
    throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of another chain: ${String(said).slice(0, 8)}`);
}

async function ledger(one: Nodes): Promise<{ readonly now: bigint; readonly blockHeight: number }> {
  const info = object(await one.get('/'), 'the ledger');
  return {
    // Microseconds.
    now: quantity(info['ledger_timestamp'], 'ledger_timestamp') / 1_000_000n,
    blockHeight: height(info['block_height'], 'block_height'),
  };
}

/** 0 for an account that does not exist yet. */
async function sequenceOf(one: Nodes, address: string): Promise<bigint> {
  const found = await orUndefined(one.get(`/accounts/${encodeURIComponent(address)}`));
  return found === undefined ? 0n : quantity(object(found, 'an account')['sequence_number'], 'sequence_number');
}

/** Of a coin by its type or of a fungible asset by its metadata. */
async function balanceOf(one: Nodes, address: string, asset: string): Promise<bigint> {
  const found = await orUndefined(
    one.get(`/accounts/${encodeURIComponent(address)}/balance/${encodeURIComponent(asset)}`),
  );
  return found === undefined ? 0n : quantity(found, 'a balance');
}

async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
  const answer = await orUndefined(one.get(`/transactions/by_hash/${id}`));
  if (answer === undefined) return { state: 'unknown' };
  const found: Answer = object(answer, 'a transaction');
  if (found['type'] === 'pending_transaction') return { state: 'pending' };
  const { success } = found;
  if (typeof success !== 'boolean') return nonsense('a transaction that neither failed nor succeeded');
  return {
    state: 'included',
    // The ledger counts transactions; a version is a height of its own.
    height: height(found['version'], 'version'),
    confirmations: FINAL,
    success,
    ...(success
      ? {}
      : { reason: `the transaction failed: ${text(found['vm_status'], 'vm_status', 10_000).slice(0, 100)}` }),
    fee: (quantity(found['gas_used'], 'gas_used') * quantity(found['gas_unit_price'], 'gas_unit_price')).toString(),
  };
}

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 1, max: 65_536 });
