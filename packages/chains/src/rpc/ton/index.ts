/**
 * TON over the HTTP API of version 2 (github.com/toncenter/ton-http-api), which any operator can run beside a lite server;
 * the address of a node ends in `/jsonRPC`.
 */
import { base64 } from '@scure/base';
import { refuse } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../../families/bytes.ts';
import {
  addressBits,
  formatRaw,
  parseAddress,
  readAddress,
  sameAddress,
  type TonAddress,
} from '../../families/ton/address.ts';
import { type Cell, cell, decodeBoc, encodeBoc, Slice } from '../../families/ton/cell.ts';
import { readExternal } from '../../families/ton/message.ts';
import { deriveTokenAccount, type TokenLayout } from '../../families/ton/transfer.ts';
import type { Body, Completion, Exclusion, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

type Answer = Readonly<Record<string, unknown>>;

/** How long the contract takes a message: afterwards it is as good as never signed. */
const VALIDITY_SECONDS = 600;
/** A plain transfer takes less than a hundredth of this. */
const GAS_RESERVE = 10_000_000n;
/** For carrying tokens; what is left over comes back. */
const TOKEN_VALUE = 100_000_000n;
/** Blocks of the masterchain are final. */
const FINAL = 1_000;
const TRANSACTIONS_MAX = 40;
const bocBytesMax = 65_536;

export function createTonClient({ nodes, network }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const own = parseAddress(address, network, 'address').address;
        const account = await accountOf(one, own);
        const seqno = account.deployed
          ? Number(await getMethod(one, own, 'seqno', []).then((stack) => number(stack[0])))
          : 0;
        const common = {
          seqno: String(freeSeqno(seqno, address, pending)),
          validUntil: String((await timeOf(one)) + VALIDITY_SECONDS),
          deployed: account.deployed,
        };
        const amount = amountOf(body);
        const isToken = body['kind'] === 'Tep74';
        const needed = isToken ? TOKEN_VALUE : amount;
        if (account.balance < needed + GAS_RESERVE)
          refuse('', `balance ${account.balance} is less than amount ${needed} plus fee ${GAS_RESERVE}`, 'E_FUNDS');
        if (!isToken) return common satisfies Completion;
        return { ...common, value: String(TOKEN_VALUE), ...(await tokenAccount(one, network, body, own, amount)) };
      }),

    async broadcast(signedData) {
      await nodes.rpc('sendBoc', { boc: base64.encode(bytesOf(signedData)) });
    },

    state: ({ signedData }) => nodes.agreed((one) => stateOf(one, signedData)),

    async nativeBalance(address) {
      const own = parseAddress(address, network, 'address').address;
      return String((await nodes.one((one) => accountOf(one, own))).balance);
    },

    head: async () => ({ height: await masterHeight(nodes) }),
  };
}

/** The masterchain's zero states, from the configuration TON publishes for its networks (ton.org/global.config.json). */
const zeroStates: Readonly<Record<string, string>> = {
  Ton: 'F6OpKZKqvqeFp6CQmFomXNMfMj2EnaUSOXN+Mh+wVWk=',
  TonTestnet: 'gj+B8wb/AmlPk1z1AhVI484rhrUpgSr2oSFIh56VoSg=',
};

/** Refuses a node of another chain. ION's zero states are not published in a form to rely on: TON's are refused there. */
export async function identifyTon(one: Nodes, network: Network): Promise<void> {
  const { init } = object(await one.rpc('getMasterchainInfo', {}), 'getMasterchainInfo') as Answer;
  const said = object(init, 'init')['root_hash'];
  const expected = zeroStates[network.name];
  const isIt = expected === undefined ? !Object.values(zeroStates).includes(String(said)) : said === expected;
  if (!isIt) throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of another chain`);
}

/**
 * The wallet takes each number once, and every message before its time is over: a message whose number is used up by
 * another, or whose time has passed at a chain that has not seen it, can never count.
 */
async function stateOf(one: Nodes, signedData: string): Promise<TransactionState> {
  const { to, body } = readExternal(decodeBoc(bytesOf(signedData), 'signedData'), 'signedData');
  const slice = new Slice(body, 'signedData');
  slice.bits(512 + 32);
  const validUntil = Number(slice.uint(32));
  const seqno = Number(slice.uint(32));
  // Asked before the list, so that a number used since then is in it.
  const account = await accountOf(one, to);
  const next = account.deployed ? Number(number((await getMethod(one, to, 'seqno', []))[0])) : 0;
  const time = await timeOf(one);
  const listed = await one.rpc('getTransactions', { address: formatRaw(to), limit: TRANSACTIONS_MAX });
  if (!Array.isArray(listed)) return nonsense('getTransactions is no list');
  const wanted = base64.encode(body.hash);
  for (const each of listed) {
    const transaction = object(each, 'a transaction');
    const incoming = object(transaction['in_msg'] ?? {}, 'in_msg');
    if (incoming['source'] !== '' && incoming['source'] !== undefined && incoming['source'] !== null) continue;
    if (incoming['body_hash'] !== wanted) continue;
    const outgoing = transaction['out_msgs'];
    const sent = Array.isArray(outgoing) && outgoing.length > 0;
    return {
      state: 'included',
      height: await masterHeight(one),
      confirmations: FINAL,
      success: sent,
      ...(sent ? {} : { reason: 'the wallet took the message and could not send what it asks for' }),
      fee: String(decimal(transaction['fee'], 'fee')),
    };
  }
  // The list is not endless; a number long used up says nothing about by whom.
  if (next > seqno && listed.length < TRANSACTIONS_MAX)
    return { state: 'dropped', reason: 'its sequence number was used by another message' };
  if (next <= seqno && time > validUntil + 60) return { state: 'dropped', reason: 'its time has passed' };
  return { state: 'unknown' };
}

interface Account {
  readonly balance: bigint;
  readonly deployed: boolean;
}

async function accountOf(one: Nodes, address: TonAddress): Promise<Account> {
  const answer = object(
    await one.rpc('getAddressInformation', { address: formatRaw(address) }),
    'getAddressInformation',
  );
  const balance = answer['balance'];
  // -1: an account that has never been.
  return {
    balance: balance === -1 || balance === '-1' ? 0n : decimal(balance, 'balance'),
    deployed: answer['state'] === 'active',
  };
}

async function timeOf(one: Nodes): Promise<number> {
  const { last } = object(await one.rpc('getMasterchainInfo', {}), 'getMasterchainInfo') as Answer;
  const { workchain, shard, seqno } = object(last, 'last') as Answer;
  const header = object(await one.rpc('getBlockHeader', { workchain, shard, seqno }), 'getBlockHeader');
  return Number(decimal(header['gen_utime'], 'gen_utime'));
}

async function masterHeight(one: Nodes): Promise<number> {
  const { last } = object(await one.rpc('getMasterchainInfo', {}), 'getMasterchainInfo') as Answer;
  return Number(decimal(object(last, 'last')['seqno'], 'seqno'));
}

/** Our account for a token, as the signers will derive it, once its contract agrees. */
async function tokenAccount(one: Nodes, network: Network, body: Body, own: TonAddress, amount: bigint) {
  const master = parseAddress(String(body['master']), network, 'master').address;
  const [, , , , code] = await getMethod(one, master, 'get_jetton_data', []);
  const walletCode = cellOf(code);
  const owner = base64.encode(encodeBoc(cell(addressBits(own))));
  const [said] = await getMethod(one, master, 'get_wallet_address', [['tvm.Slice', owner]]);
  const account = readAddress(new Slice(cellOf(said), 'address'));
  const layout = (['Reference', 'Governed'] as const satisfies readonly TokenLayout[]).find((each) =>
    sameAddress(deriveTokenAccount({ owner: own, master, code: walletCode, layout: each }), account),
  );
  if (layout === undefined) return refuse('master', 'is a token whose accounts are of a form that is not built here');
  const state = await accountOf(one, account);
  const balance = state.deployed ? number((await getMethod(one, account, 'get_wallet_data', []))[0]) : 0n;
  if (balance < amount) refuse('', `balance ${balance} is less than amount ${amount}`, 'E_FUNDS');
  return {
    walletCodeHash: toHex0x(walletCode.hash).slice(2),
    walletCodeDepth: String(walletCode.depth),
    walletLayout: layout,
  };
}

async function getMethod(
  one: Nodes,
  address: TonAddress,
  method: string,
  stack: readonly unknown[],
): Promise<readonly unknown[]> {
  const answer = object(await one.rpc('runGetMethod', { address: formatRaw(address), method, stack }), 'runGetMethod');
  if (answer['exit_code'] !== 0)
    throw new NodeError('E_NODE_REFUSED', `the contract ${formatRaw(address)} does not answer ${method}`);
  return Array.isArray(answer['stack']) ? answer['stack'] : nonsense('runGetMethod has no stack');
}

function number(entry: unknown): bigint {
  const said = Array.isArray(entry) && entry[0] === 'num' ? entry[1] : undefined;
  return typeof said === 'string' && /^0x[0-9a-f]{1,64}$/.test(said)
    ? BigInt(said)
    : nonsense('a number of the stack cannot be read');
}

function cellOf(entry: unknown): Cell {
  const said =
    Array.isArray(entry) && (entry[0] === 'cell' || entry[0] === 'slice')
      ? object(entry[1], 'a cell')['bytes']
      : undefined;
  if (typeof said !== 'string' || said.length > 2 * bocBytesMax) return nonsense('a cell of the stack cannot be read');
  try {
    return decodeBoc(base64.decode(said), 'cell');
  } catch {
    return nonsense('a cell of the stack cannot be read');
  }
}

function freeSeqno(next: number, address: string, pending: readonly Exclusion[]): number {
  const held = new Set(
    pending.flatMap((each) => (each.kind === 'sequence' && each.account === address ? [Number(each.sequence)] : [])),
  );
  let seqno = next;
  while (held.has(seqno)) seqno += 1;
  return seqno;
}

function amountOf(body: Body): bigint {
  const said = body['amount'];
  return typeof said === 'string' && /^[0-9]{1,40}$/.test(said)
    ? BigInt(said)
    : refuse('amount', 'must be a decimal integer string');
}

function bytesOf(signedData: string): Uint8Array {
  return hexMember({ signedData }, 'signedData', { min: 10, max: bocBytesMax });
}

function object(value: unknown, what: string): Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Answer)
    : nonsense(`${what} is no object`);
}

function decimal(value: unknown, what: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && /^[0-9]{1,40}$/.test(value) ? BigInt(value) : nonsense(`${what} is no number`);
}
