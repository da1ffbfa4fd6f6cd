/** Stellar over Horizon (developers.stellar.org, "Horizon API"). Amounts there are decimal lumens of seven places. */
import { base64 } from '@scure/base';
import { refuse } from '../../errors/index.ts';
import { hexMember } from '../../families/bytes.ts';
import { validityOf } from '../../families/stellar/index.ts';
import type { Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import {
  type Answer,
  amountOf,
  checkFunds,
  checkTokens,
  FINAL,
  height,
  least,
  list,
  most,
  nextSequence,
  object,
  orUndefined,
  quantity,
  text,
} from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

/** Stroops; the network's minimum, and a tenth of the signers' cap. */
const FEE_MIN = 100n;
const FEE_MAX = 100_000n;
/** Seconds of the network's own time that a transaction may wait. */
const WINDOW_SECONDS = 300;

export function createStellarClient({ nodes }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const account = await accountOf(one, address);
        if (account === undefined)
          return refuse('', 'the account is not on the ledger yet; create it first', 'E_FUNDS');
        const charged = object(object(await one.get('/fee_stats'), 'fee_stats')['fee_charged'], 'fee_charged');
        const fee = least(most(quantity(charged['p80'], 'p80'), FEE_MIN), FEE_MAX);
        const amount = amountOf(body);
        checkFunds(balanceOf(account), body['kind'] === 'Native' ? amount : 0n, fee);
        if (body['kind'] === 'Sep41') checkTokens(balanceOf(account, body), amount);
        const asks = body['kind'] === 'Native' && body['createDestinationAccount'] === true;
        const recipient = await accountOf(one, String(body['to']));
        if (recipient === undefined && !asks)
          refuse('to', 'is not on the ledger yet; ask for createDestinationAccount');
        const { closedAt } = await newestLedger(one);
        return {
          fee: fee.toString(),
          sequence: nextSequence(quantity(account['sequence'], 'sequence') + 1n, pending).toString(),
          maxTime: String(closedAt + WINDOW_SECONDS),
          ...(asks ? { create: recipient === undefined } : {}),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        const envelope = base64.encode(bytesOf(signedData));
        await one.post('/transactions', `tx=${encodeURIComponent(envelope)}`, 'application/x-www-form-urlencoded');
      }),

    state: ({ id, signedData, address }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const reason = await whyDropped(one, signedData, address);
        if (reason === undefined) return first;
        // It may have come into a ledger since the question before.
        const late = await stateOf(one, id);
        return late.state === 'unknown' ? { state: 'dropped', reason } : late;
      }),

    nativeBalance: async (address) => {
      const account = await accountOf(nodes, address);
      return account === undefined ? '0' : balanceOf(account).toString();
    },

    head: async () => ({ height: (await newestLedger(nodes)).sequence }),
  };
}

/** Refuses a node of another network. */
export async function identifyStellar(one: Nodes, network: Network): Promise<void> {
  const said = object(await one.get('/'), 'the root')['network_passphrase'];
  const wanted =
    network.name === 'Stellar' ? 'Public Global Stellar Network ; September 2015' : 'Test SDF Network ; September 2015';
  if (said !== wanted) throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of another network`);
}

async function accountOf(one: Nodes, address: string): Promise<Answer | undefined> {
  const found = await orUndefined(one.get(`/accounts/${encodeURIComponent(address)}`));
  return found === undefined ? undefined : object(found, 'an account');
}

async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
  const answer = await orUndefined(one.get(`/transactions/${id}`));
  if (answer === undefined) return { state: 'unknown' };
  const found = object(answer, 'a transaction');
  const success = found['successful'];
  if (typeof success !== 'boolean') return nonsense('a transaction that neither failed nor succeeded');
  return {
    state: 'included',
    height: height(found['ledger'], 'ledger'),
    confirmations: FINAL,
    success,
    ...(success ? {} : { reason: 'an operation of the transaction failed' }),
    fee: quantity(found['fee_charged'], 'fee_charged').toString(),
  };
}

async function whyDropped(one: Nodes, signedData: string, address: string): Promise<string | undefined> {
  const { sequence, maxTime } = validityOf(bytesOf(signedData));
  const { closedAt } = await newestLedger(one);
  if (maxTime !== 0n && BigInt(closedAt) > maxTime) return 'its time has passed';
  const account = await accountOf(one, address);
  const used = account !== undefined && quantity(account['sequence'], 'sequence') >= sequence;
  return used ? 'its sequence number was used by another transaction' : undefined;
}

async function newestLedger(one: Nodes): Promise<{ readonly sequence: number; readonly closedAt: number }> {
  const page = object(await one.get('/ledgers?order=desc&limit=1'), 'ledgers');
  const [newest] = list(object(page['_embedded'], '_embedded')['records'], 'records');
  const ledger = object(newest, 'a ledger');
  const closedAt = Math.floor(Date.parse(text(ledger['closed_at'], 'closed_at')) / 1000);
  return {
    sequence: height(ledger['sequence'], 'sequence'),
    closedAt: Number.isSafeInteger(closedAt) ? closedAt : nonsense('closed_at is no time'),
  };
}

/** In the smallest unit, of lumens or of the asset a body names. */
function balanceOf(account: Answer, asset?: Readonly<Record<string, unknown>>): bigint {
  const found = list(account['balances'], 'balances')
    .map((each) => object(each, 'a balance'))
    .find((each) =>
      asset === undefined
        ? each['asset_type'] === 'native'
        : each['asset_code'] === asset['assetCode'] && each['asset_issuer'] === asset['issuer'],
    );
  if (found === undefined) return 0n;
  const said = /^([0-9]{1,12})\.([0-9]{7})$/.exec(text(found['balance'], 'balance'));
  return said === null ? nonsense('a balance is no amount') : BigInt(`${said[1]}${said[2]}`);
}

const bytesOf = (signedData: string) => hexMember({ signedData }, 'signedData', { min: 1, max: 131_072 });
