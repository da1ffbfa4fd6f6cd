/**
 * Tezos over the RPC of Octez (octez.tezos.com, "RPC API"). Limits of gas and storage are those of plain transfers, with room;
 * nothing is simulated.
 */
import { refuse } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../../families/bytes.ts';
import { encodeBlock } from '../../families/tezos/address.ts';
import { parseForged } from '../../families/tezos/forged.ts';
import type { Network } from '../../families/types.ts';
import { NodeError } from '../errors.ts';
import {
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

/** Mutez and gas: 100 mutez, one for each byte, one for ten units of gas is the least that bakers take. */
const TRANSFER = { fee: 800n, gasLimit: 3_000n } as const;
const TO_CONTRACT = { fee: 11_000n, gasLimit: 100_000n, storageLimit: 100n } as const;
const REVEAL = { fee: 600n, gasLimit: 2_000n } as const;
/** Bytes of storage that a new account burns, at 250 mutez each. */
const NEW_ACCOUNT = 257n;
const COST_PER_BYTE = 250n;
/** Blocks after its branch in which an operation may be included (max_operations_time_to_live), with room. */
const LIFE = 500;
/** An operation two blocks deep is final (Tenderbake). */
const FINAL_DEPTH = 2;
const context = '/chains/main/blocks/head/context/contracts';

export function createTezosClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const to = String(body['to']);
        const isContract = to.startsWith('KT1');
        // An unfinished transaction of an account without a key reveals it.
        const shown = await one.get(`${context}/${address}/manager_key`);
        const revealed = pending.length > 0 || (shown !== null && text(shown, 'manager_key') !== '');
        const counter = quantity(await one.get(`${context}/${address}/counter`), 'counter') + 1n;
        const isNew = !isContract && (await balanceOf(one, to)) === 0n;
        const limits = isContract ? TO_CONTRACT : { ...TRANSFER, storageLimit: isNew ? NEW_ACCOUNT : 0n };
        const fee = limits.fee + (revealed ? 0n : REVEAL.fee) + limits.storageLimit * COST_PER_BYTE;
        checkFunds(await balanceOf(one, address), amountOf(body), fee);
        const { hash } = await headOf(one);
        return {
          branch: hash,
          counter: nextSequence(counter, pending).toString(),
          fee: limits.fee.toString(),
          gasLimit: limits.gasLimit.toString(),
          storageLimit: limits.storageLimit.toString(),
          reveal: !revealed,
          ...(revealed ? {} : { revealFee: REVEAL.fee.toString(), revealGasLimit: REVEAL.gasLimit.toString() }),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        await one.post('/injection/operation?chain=main', JSON.stringify(toHex0x(bytesOf(signedData)).slice(2)));
      }),

    state: ({ id, signedData, address }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const { branch, operations } = parseForged(bytesOf(signedData).slice(0, -64));
        const last = operations.at(-1)?.counter ?? 0n;
        const from = object(await one.get(`/chains/main/blocks/${encodeBlock(branch)}/header`), 'a header');
        const start = height(from['level'], 'level');
        const { level } = await headOf(one);
        const used = quantity(await one.get(`${context}/${address}/counter`), 'counter') >= last;
        if (!used)
          return level > start + LIFE ? { state: 'dropped', reason: 'its branch is too old' } : { state: 'unknown' };
        for (let at = start + 1; at <= Math.min(level, start + LIFE); at += 1) {
          // Manager operations are the fourth list of a block.
          const hashes = list(await one.get(`/chains/main/blocks/${at}/operation_hashes/3`), 'operation_hashes');
          const place = hashes.indexOf(id);
          if (place >= 0) return included(await one.get(`/chains/main/blocks/${at}/operations/3/${place}`), at, level);
        }
        return { state: 'dropped', reason: 'its counter was used by another operation' };
      }),

    nativeBalance: async (address) => (await balanceOf(nodes, address)).toString(),

    head: async () => ({ height: (await headOf(nodes)).level }),
  };
}

/** Chain ids: the main network's is published; those of test networks change whenever they begin anew. */
export async function identifyTezos(one: Nodes, network: Network): Promise<void> {
  const said = await one.get('/chains/main/chain_id');
  if ((said === 'NetXdQprcVkpaWU') !== (network.name === 'Tezos'))
    throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of another chain: ${String(said).slice(0, 20)}`);
}

async function balanceOf(one: Nodes, address: string): Promise<bigint> {
  if (!/^[a-zA-Z0-9]{36}$/.test(address)) return refuse('to', 'is not a Tezos address');
  const found = await orUndefined(one.get(`${context}/${address}/balance`));
  return found === undefined ? 0n : quantity(found, 'balance');
}

async function headOf(one: Nodes): Promise<{ readonly hash: string; readonly level: number }> {
  const header = object(await one.get('/chains/main/blocks/head/header'), 'a header');
  return { hash: text(header['hash'], 'hash'), level: height(header['level'], 'level') };
}

function included(answer: unknown, at: number, level: number): TransactionState {
  const contents = list(object(answer, 'an operation')['contents'], 'contents').map((each) => object(each, 'contents'));
  const results = contents.map((each) => object(object(each['metadata'], 'metadata')['operation_result'], 'a result'));
  const failed = results.find(({ status }) => status !== 'applied');
  const fee = contents.reduce((sum, each) => sum + quantity(each['fee'], 'fee'), 0n);
  const depth = level - at;
  return {
    state: 'included',
    height: at,
    confirmations: depth >= FINAL_DEPTH ? FINAL : depth,
    success: failed === undefined,
    ...(failed === undefined ? {} : { reason: `the operation was ${String(failed['status']).slice(0, 32)}` }),
    fee: fee.toString(),
  };
}

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 65, max: 65_536 });
