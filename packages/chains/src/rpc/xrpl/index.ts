/**
 * XRP Ledger over rippled's JSON-RPC (xrpl.org, "HTTP / WebSocket APIs"). It answers without the id of JSON-RPC 2.0 and with
 * errors inside results, so questions go as plain posts.
 */
import { refuse } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../../families/bytes.ts';
import type { Network } from '../../families/types.ts';
import { parseFields } from '../../families/xrpl/codec.ts';
import { NodeError, nonsense } from '../errors.ts';
import { type Answer, amountOf, checkFunds, FINAL, height, nextSequence, object, quantity, text } from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

/** Ledgers that a transaction may wait for its place: about a minute. */
const LEDGERS = 20;
const BASE_FEE = 10n;
/** xrpl.org, "Network identifiers"; the main network's servers may leave it out. */
const networkIds: Readonly<Record<string, readonly unknown[]>> = { XrpLedger: [undefined, 0], XrpLedgerTestnet: [1] };

export function createXrplClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const found = await accountOf(one, address);
        if (found === undefined)
          return refuse('', 'the account is not on the ledger yet; send it XRP first', 'E_FUNDS');
        const account = object(found['account_data'], 'account_data');
        const drops = object((await ask(one, 'fee', {}))['drops'], 'drops');
        const asked = quantity(drops['open_ledger_fee'], 'open_ledger_fee');
        const fee = asked > BASE_FEE ? asked : BASE_FEE;
        checkFunds(quantity(account['Balance'], 'Balance'), body['kind'] === 'Native' ? amountOf(body) : 0n, fee);
        return {
          fee: fee.toString(),
          sequence: nextSequence(quantity(account['Sequence'], 'Sequence'), pending).toString(),
          lastLedgerSequence: String(height(found['ledger_current_index'], 'ledger_current_index') + LEDGERS),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        const blob = toHex0x(hexMember({ signedData }, 'signedData', { min: 1 }))
          .slice(2)
          .toUpperCase();
        const answer = await ask(one, 'submit', { tx_blob: blob });
        const result = text(answer['engine_result'], 'engine_result');
        // tes: applied, ter and tec: may still be; tefALREADY: it is there.
        if (/^(tes|ter|tec)/.test(result) || result === 'tefALREADY') return;
        const why =
          typeof answer['engine_result_message'] === 'string'
            ? `: ${answer['engine_result_message'].slice(0, 100)}`
            : '';
        throw new NodeError('E_NODE_REFUSED', `a node refused the transaction, ${result.slice(0, 32)}${why}`, {
          answer: result,
        });
      }),

    state: ({ id, signedData }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const last = lastLedgerOf(signedData);
        const { ledger_index: validated } = await ask(one, 'ledger', { ledger_index: 'validated' });
        if (last === undefined || height(validated, 'ledger_index') <= last) return first;
        // It may have been validated since the question before.
        const late = await stateOf(one, id);
        return late.state === 'unknown' ? { state: 'dropped', reason: 'its last ledger has passed' } : late;
      }),

    nativeBalance: async (address) => {
      const found = await nodes.one((one) => accountOf(one, address));
      return found === undefined
        ? '0'
        : quantity(object(found['account_data'], 'account_data')['Balance'], 'Balance').toString();
    },

    head: async () => {
      const { ledger_index: index } = await ask(nodes, 'ledger', { ledger_index: 'validated' });
      return { height: height(index, 'ledger_index') };
    },
  };
}

/** Refuses a node of another network. */
export async function identifyXrpl(one: Nodes, network: Network): Promise<void> {
  const { info } = await ask(one, 'server_info', {});
  const said = object(info, 'server_info')['network_id'];
  if (networkIds[network.name]?.includes(said) !== true)
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another network: ${String(said).slice(0, 16)}`,
    );
}

async function ask(one: Nodes, method: string, params: Answer): Promise<Answer> {
  const result = object(object(await one.post('/', { method, params: [params] }), method)['result'], method);
  if (result['status'] !== 'error') return result;
  const error = text(result['error'], 'error');
  throw new NodeError('E_NODE_REFUSED', `a node refused ${method}: ${error}`, { answer: error });
}

async function askOr(one: Nodes, method: string, params: Answer, missing: string): Promise<Answer | undefined> {
  try {
    return await ask(one, method, params);
  } catch (error) {
    if (error instanceof NodeError && error.answer === missing) return undefined;
    throw error;
  }
}

const accountOf = (one: Nodes, account: string) =>
  askOr(one, 'account_info', { account, ledger_index: 'current' }, 'actNotFound');

async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
  const found = await askOr(one, 'tx', { transaction: id, binary: false }, 'txnNotFound');
  if (found === undefined) return { state: 'unknown' };
  if (found['validated'] !== true) return { state: 'pending' };
  const result = text(object(found['meta'], 'meta')['TransactionResult'], 'TransactionResult');
  // Version 2 of the API puts the transaction into a member of its own.
  const transaction = found['tx_json'] === undefined ? found : object(found['tx_json'], 'tx_json');
  const success = result === 'tesSUCCESS';
  return {
    state: 'included',
    height: height(found['ledger_index'], 'ledger_index'),
    confirmations: FINAL,
    success,
    ...(success ? {} : { reason: `the ledger applied it with ${result}` }),
    fee: quantity(transaction['Fee'], 'Fee').toString(),
  };
}

/** LastLedgerSequence: field 27 of type 2. */
function lastLedgerOf(signedData: string): number | undefined {
  const fields = parseFields(hexMember({ signedData }, 'signedData', { min: 1 }));
  const found = fields.find(({ type, code }) => type === 2 && code === 27)?.value;
  if (found === undefined) return undefined;
  return found.length === 4
    ? new DataView(found.buffer, found.byteOffset, 4).getUint32(0)
    : nonsense('a ledger of other than 4 bytes');
}
