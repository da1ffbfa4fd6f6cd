/**
 * TRON over the HTTP API of its full nodes (tronprotocol/documentation-en, docs/api/http). A transaction has no nonce: its
 * block reference and expiry make it pass, and until then nobody can say that it will not come.
 */
import { check, refuse } from '../../errors/index.ts';
import { be } from '../../families/binary.ts';
import { hexMember, toHex0x } from '../../families/bytes.ts';
import { readMessage } from '../../families/protobuf.ts';
import { decodeAddress } from '../../families/tron/address.ts';
import { nftCall, tokenCall } from '../../families/tron/raw.ts';
import type { Body, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import { words } from '../nodes/answers.ts';
import { type Answer, amountOf, checkFunds, checkTokens, height, list, object, quantity, text } from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

const genesis: Readonly<Record<string, string>> = {
  Tron: '00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc',
  TronNile: '0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc',
};
/** Long enough for signers to answer and for a busy hour on the chain; milliseconds. */
const VALIDITY = 20n * 60_000n;
/** Time in which a block that was made before the expiry may still arrive. */
const LATE = 60_000n;
/** What a node says of its own state (java-tron, `Return.response_code`): it may have taken the transaction nevertheless. */
const busy: ReadonlySet<string> = new Set([
  'SERVER_BUSY',
  'NO_CONNECTION',
  'NOT_ENOUGH_EFFECTIVE_CONNECTION',
  'BLOCK_UNSOLIDIFIED',
]);
/** Bytes of a transfer with its signature and result, and what each costs beyond what an account has free. */
const BYTES = 345n;
const BYTE_PRICE = 1_000n;
const NEW_ACCOUNT = 1_100_000n;

export function createTronClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, body }) =>
      nodes.one(async (one) => {
        const account = await accountOf(one, address);
        if (account === undefined)
          return refuse('', 'the account is not on the chain yet; send it TRX first', 'E_FUNDS');
        const native = body['kind'] === 'Native' ? amountOf(body) : 0n;
        if (body['kind'] === 'Trc10') checkTokens(trc10In(account, String(body['tokenId'])), amountOf(body));
        const feeLimit = await feeLimitOf(one, address, body);
        const isNew = feeLimit === undefined && (await accountOf(one, String(body['to']))) === undefined;
        const bandwidth = (await freeBytes(one, address)) < BYTES ? BYTES * BYTE_PRICE : 0n;
        checkFunds(balanceIn(account), native, bandwidth + (isNew ? NEW_ACCOUNT : 0n) + (feeLimit ?? 0n));
        const { id, number, time } = await headOf(one);
        return {
          // Two bytes of the number of a block, eight of its hash.
          refBlockBytes: toHex0x(be(number, 8).subarray(6)).slice(2),
          refBlockHash: id.slice(16, 32),
          timestamp: time.toString(),
          expiration: (time + VALIDITY).toString(),
          ...(feeLimit === undefined ? {} : { feeLimit: feeLimit.toString() }),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        const transaction = toHex0x(bytesOf(signedData)).slice(2);
        const said = object(await one.post('/wallet/broadcasthex', { transaction }), 'an answer');
        if (said['result'] === true || said['code'] === 'DUP_TRANSACTION_ERROR') return;
        const isBusy = busy.has(String(said['code']));
        throw new NodeError(
          isBusy ? 'E_NODE_UNREACHABLE' : 'E_NODE_REFUSED',
          `${String(said['code']).slice(0, 64)}: ${wordsOf(said['message'])}`,
          { answer: said },
        );
      }),

    state: ({ id, signedData }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const { time } = await headOf(one);
        if (time <= expirationOf(signedData) + LATE) return first;
        // It may have come into a block since the question before.
        const late = await stateOf(one, id);
        return late.state === 'unknown' ? { state: 'dropped', reason: 'its time has passed' } : late;
      }),

    nativeBalance: async (address) => {
      const account = await accountOf(nodes, address);
      return account === undefined ? '0' : balanceIn(account).toString();
    },

    head: async () => ({ height: Number((await headOf(nodes)).number) }),
  };
}

/** Refuses a node of another network. */
export async function identifyTron(one: Nodes, network: Network): Promise<void> {
  const block = object(await one.post('/wallet/getblockbynum', { num: 0 }), 'a block');
  if (block['blockID'] !== genesis[network.name])
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another network: ${String(block['blockID']).slice(0, 64)}`,
    );
}

/** Nodes answer an empty object for what they do not have. */
const isEmpty = (answer: Answer): boolean => Object.keys(answer).length === 0;

async function accountOf(one: Nodes, address: string): Promise<Answer | undefined> {
  const account = object(await one.post('/wallet/getaccount', { address, visible: true }), 'an account');
  return isEmpty(account) ? undefined : account;
}

/** Left out where it is zero. */
const balanceIn = (account: Answer): bigint => quantity(account['balance'] ?? 0, 'balance');

function trc10In(account: Answer, tokenId: string): bigint {
  const held = list(account['assetV2'] ?? [], 'assetV2').map((each) => object(each, 'an asset'));
  return quantity(held.find(({ key }) => key === tokenId)?.['value'] ?? 0, 'a balance');
}

/** Bandwidth that costs nothing at the moment. */
async function freeBytes(one: Nodes, address: string): Promise<bigint> {
  const net = object(await one.post('/wallet/getaccountnet', { address, visible: true }), 'bandwidth');
  const left = (limit: string, used: string) => {
    const rest = quantity(net[limit] ?? 0, limit) - quantity(net[used] ?? 0, used);
    return rest > 0n ? rest : 0n;
  };
  // A transaction is paid out of one of the two.
  const [free, own] = [left('freeNetLimit', 'freeNetUsed'), left('NetLimit', 'NetUsed')];
  return free > own ? free : own;
}

/** Energy that the call takes, with a half more, at its price; undefined where no contract runs. */
async function feeLimitOf(one: Nodes, address: string, body: Body): Promise<bigint | undefined> {
  const { kind } = body;
  if (kind !== 'Trc20' && kind !== 'Trc721') return undefined;
  const [own, to] = [decodeAddress(address, 'address'), decodeAddress(String(body['to']), 'to')];
  if (kind === 'Trc20') {
    const { result } = await constantCall(one, address, body, balanceCall(own));
    checkTokens(wordIn(result), amountOf(body));
  }
  const data = kind === 'Trc20' ? tokenCall(to, amountOf(body)) : nftCall(own, to, BigInt(String(body['tokenId'])));
  const { energy } = await constantCall(one, address, body, toHex0x(data).slice(2));
  const used = energy * (await energyPrice(one));
  return used + used / 2n;
}

/** balanceOf(address). */
const balanceCall = (own: Uint8Array): string => `70a08231${'0'.repeat(24)}${toHex0x(own.subarray(1)).slice(2)}`;

async function constantCall(one: Nodes, address: string, body: Body, data: string) {
  const asked = { owner_address: address, contract_address: String(body['contract']), data, visible: true };
  const answer = object(await one.post('/wallet/triggerconstantcontract', asked), 'a result');
  const said = object(answer['result'], 'a result');
  check(said['result'] === true && said['message'] === undefined, 'contract', 'refuses this transfer', 'E_FUNDS');
  const [result] = list(answer['constant_result'], 'a result');
  return { energy: quantity(answer['energy_used'], 'energy'), result: text(result, 'a result', 8_192) };
}

function wordIn(result: string): bigint {
  return /^[0-9a-f]{64}$/.test(result) ? BigInt(`0x${result}`) : nonsense('a balance is no word');
}

async function energyPrice(one: Nodes): Promise<bigint> {
  const { chainParameter } = object(await one.post('/wallet/getchainparameters', {}), 'parameters');
  const price = list(chainParameter, 'parameters')
    .map((each) => object(each, 'a parameter'))
    .find(({ key }) => key === 'getEnergyFee');
  return quantity(price?.['value'], 'getEnergyFee');
}

async function headOf(one: Nodes): Promise<{ readonly id: string; readonly number: bigint; readonly time: bigint }> {
  const block = object(await one.post('/wallet/getnowblock', {}), 'a block');
  const raw = object(object(block['block_header'], 'a header')['raw_data'], 'raw_data');
  const id = text(block['blockID'], 'blockID');
  if (!/^[0-9a-f]{64}$/.test(id)) return nonsense('blockID is no hash');
  return { id, number: BigInt(height(raw['number'], 'a height')), time: quantity(raw['timestamp'], 'a time') };
}

async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
  const info = object(await one.post('/wallet/gettransactioninfobyid', { value: id }), 'a receipt');
  if (isEmpty(info)) {
    const waiting = object(await one.post('/wallet/gettransactionfrompending', { value: id }), 'a transaction');
    return { state: isEmpty(waiting) ? 'unknown' : 'pending' };
  }
  const at = height(info['blockNumber'], 'a height');
  const block = object(await one.post('/wallet/getblockbynum', { num: at }), 'a block');
  const { number } = await headOf(one);
  const result = object(info['receipt'] ?? {}, 'a receipt')['result'] ?? 'SUCCESS';
  const success = result === 'SUCCESS' && info['result'] !== 'FAILED';
  return {
    state: 'included',
    height: at,
    block: text(block['blockID'], 'blockID'),
    confirmations: Math.max(0, Number(number) - at),
    success,
    ...(success ? {} : { reason: `the transaction failed: ${String(result).slice(0, 64)}` }),
    fee: quantity(info['fee'] ?? 0, 'a fee').toString(),
  };
}

/** Field 8 of `raw_data`. */
function expirationOf(signedData: string): bigint {
  const signed = readMessage(bytesOf(signedData), 'signedData', { 1: 'bytes', 2: 'bytes' });
  const known = { 1: 'bytes', 3: 'number', 4: 'bytes', 8: 'number', 9: 'bytes', 10: 'bytes', 11: 'bytes' } as const;
  return readMessage(signed.bytes(1), 'signedData', { ...known, 12: 'bytes', 14: 'number', 18: 'number' }).number(8);
}

/** Hex of what the node has to say. */
const wordsOf = (message: unknown): string =>
  typeof message === 'string' && /^([0-9a-fA-F]{2})+$/.test(message)
    ? words(new TextDecoder().decode(hexMember({ message: message.slice(0, 400) }, 'message', {})), [])
    : 'no reason given';

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 1, max: 131_072 });
