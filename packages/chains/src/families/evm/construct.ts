/**
 * Transactions that every signer builds for itself from what the user signed. A completion gives the nonce, the gas and
 * its price; it changes nothing else, and what it may cost is bounded.
 */
import { Transaction, type TxType } from 'micro-eth-signer';
import { check, refuse } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../bytes.ts';
import { completionOf } from '../completion.ts';
import { feeOf as checkedFee } from '../fee.ts';
import type { Body, Completion, Construction, Exclusion, Facts, Network, Order } from '../types.ts';
import { parseAddress } from './address.ts';
import { addressBytes } from './key-address.ts';
import { parseUnsigned } from './transaction.ts';

const UINT256_MAX = (1n << 256n) - 1n;
const UINT64_MAX = (1n << 64n) - 1n;
const NOWHERE = `0x${'00'.repeat(20)}`;

/** What a transaction says apart from its nonce and its gas. `to` is absent where it creates a contract. */
export interface Call {
  readonly to?: string;
  readonly value: bigint;
  /** 0x hex. */
  readonly data: string;
  /** What the user wrote, which the completion has to repeat. */
  readonly nonce?: bigint;
  readonly gasLimit?: bigint;
  readonly maxFeePerGas?: bigint;
  readonly maxPriorityFeePerGas?: bigint;
  readonly facts: Facts;
}

interface Gas {
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  readonly price: Price;
}
type Price = { readonly gasPrice: bigint } | { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

export function constructEvm(order: Order & { readonly completion: Completion }): Construction {
  const { key, network, purpose, body, completion } = order;
  const from = toHex0x(addressBytes(key));
  const call = callOf({ purpose, body }, from);
  const gas = gasOf(completion);
  for (const name of ['nonce', 'gasLimit'] as const) repeats(call[name], gas[name], name);
  if ('gasPrice' in gas.price)
    check(body['kind'] !== 'Eip1559', 'kind', 'Eip1559 needs a network that has a base fee', 'E_KIND');
  else for (const name of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const) repeats(call[name], gas.price[name], name);
  const isBoundByUser = call.gasLimit !== undefined && call.maxFeePerGas !== undefined;
  const feeMax = gas.gasLimit * highest(gas.price);
  if (!isBoundByUser) checkedFee(network, feeMax);
  const { to, value, data, facts } = call;
  return built(network, from, { to, value, data, ...gas }, { facts, feeMax });
}

/** What an order asks the chain for, before it has a nonce and a price. */
export function callOf({ purpose, body }: Pick<Order, 'purpose' | 'body'>, from: string): Call {
  return purpose === 'transfer' ? transferOf(body, from) : transactionOf(body);
}

/** `how` decides what stands in the place of a transaction that is not confirmed; its nonce stays. */
export function replaceEvm(o: {
  readonly order: Pick<Order, 'key' | 'network'>;
  readonly original: Construction;
  readonly how: 'cancel' | 'speedUp';
  readonly completion: Completion;
}): Construction {
  const { order, how, completion } = o;
  const { network } = order;
  const original = originalOf(o.original, network);
  const { nonce, gasLimit: gasBefore } = original.raw;
  const price = priceOf(completionOf(completion, decimal, [['gasPrice'], ['maxFeePerGas', 'maxPriorityFeePerGas']]));
  const before = priceIn(original.raw);
  check('gasPrice' in price === 'gasPrice' in before, '', 'prices gas otherwise than the original', 'E_COMPLETION');
  check(highest(price) > highest(before), '', 'does not offer more than the original', 'E_COMPLETION');
  const gasLimit = how === 'cancel' ? CANCEL_GAS : gasBefore;
  const feeMax = gasLimit * highest(price);
  checkedFee(network, feeMax);
  const from = toHex0x(addressBytes(order.key));
  if (how === 'cancel')
    return built(
      network,
      from,
      { to: from, value: 0n, data: '0x', nonce, gasLimit, price },
      { feeMax, facts: facts('CancelTransaction', [['Nonce', nonce.toString()]]) },
    );
  const transaction = new Transaction(original.type, { ...original.raw, ...price } as never, { strict: false });
  return finished(network, from, {
    bytes: transaction.toBytes({ includeSignature: false }),
    nonce,
    feeMax,
    facts: facts(
      'SpeedUpTransaction',
      o.original.facts.summary.map(({ label, value }) => [label, value]),
    ),
  });
}

/** What a replacement offers: a tenth more than the original, or the estimate where that is higher. */
export function outbidEvm(o: {
  readonly original: Construction;
  readonly network: Network;
  /** Of the api's estimate, `fast`; decimal text. */
  readonly fast: { readonly maxFeePerGas: string; readonly maxPriorityFeePerGas: string };
}): Completion {
  const before = priceIn(originalOf(o.original, o.network).raw);
  const more = (price: bigint, fast: string): string => {
    const raised = price + price / 10n + 1n;
    return (raised > BigInt(fast) ? raised : BigInt(fast)).toString();
  };
  if ('gasPrice' in before) return { gasPrice: more(before.gasPrice, o.fast.maxFeePerGas) };
  return {
    maxFeePerGas: more(before.maxFeePerGas, o.fast.maxFeePerGas),
    maxPriorityFeePerGas: more(before.maxPriorityFeePerGas, o.fast.maxPriorityFeePerGas),
  };
}

/** A payment to an account without code costs exactly this. */
const CANCEL_GAS = 21_000n;

interface RawFields {
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  readonly gasPrice?: bigint;
  readonly maxFeePerGas?: bigint;
  readonly maxPriorityFeePerGas?: bigint;
}

function originalOf({ body }: Construction, network: Network): { readonly type: TxType; readonly raw: RawFields } {
  const { type, parsed } = parseUnsigned(hexMember(body, 'transaction', { min: 1, max: 131_072 }), network);
  return { type, raw: parsed.raw as unknown as RawFields };
}

function priceIn({ gasPrice, maxFeePerGas, maxPriorityFeePerGas }: RawFields): Price {
  if (maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined) return { maxFeePerGas, maxPriorityFeePerGas };
  return { gasPrice: gasPrice ?? 0n };
}

/** The nonce of a transaction that the user wrote whole. */
export function occupiedBy({ key, network, body }: Pick<Order, 'key' | 'network' | 'body'>): Exclusion {
  const { nonce } = parseUnsigned(hexMember(body, 'transaction', { min: 1, max: 131_072 }), network);
  return { kind: 'sequence', account: toHex0x(addressBytes(key)), lane: '', sequence: nonce.toString() };
}

function transferOf(body: Body, from: string): Call {
  for (const name of ['createDestinationAccount', 'offer', 'useDurableNonce'])
    check(body[name] === undefined || body[name] === false, name, 'is not available on EVM networks');
  check(body['expiresAt'] === undefined, 'expiresAt', 'is not available on EVM networks');
  check(body['memo'] === undefined || body['memo'] === '', 'memo', 'is not available on EVM networks');
  const kind = String(body['kind']);
  if (!['Native', 'Erc20', 'Erc721'].includes(kind))
    refuse('kind', unavailable[kind] ?? `${kind.slice(0, 64)} is no transfer of EVM networks`, 'E_KIND');
  const to = parseAddress(body['to'], 'to');
  check(to !== NOWHERE, 'to', 'is the zero address, which needs kind Evm');
  if (kind === 'Native') {
    const value = amount(body);
    return {
      to,
      value,
      data: '0x',
      facts: facts(kind, [
        ['To', to],
        ['Amount', value.toString()],
      ]),
    };
  }
  const contract = parseAddress(body['contract'], 'contract');
  check(contract !== NOWHERE, 'contract', 'is the zero address');
  if (kind === 'Erc20') {
    // ERC-20: transfer(address,uint256).
    const value = amount(body);
    return {
      to: contract,
      value: 0n,
      data: encodeCall('a9059cbb', [BigInt(to), value]),
      facts: facts(kind, [
        ['Contract', contract],
        ['To', to],
        ['Amount', value.toString()],
      ]),
    };
  }
  // ERC-721: safeTransferFrom(address,address,uint256), which asks a contract that receives whether it can.
  const tokenId = integer(body['tokenId'], 'tokenId');
  return {
    to: contract,
    value: 0n,
    data: encodeCall('42842e0e', [BigInt(from), BigInt(to), tokenId]),
    facts: facts(kind, [
      ['Contract', contract],
      ['To', to],
      ['Token', tokenId.toString()],
    ]),
  };
}

/** Kinds that the API has for EVM networks and this release has not. */
const unavailable: Readonly<Record<string, string>> = {
  Erc7984: 'Erc7984 is not available: its amounts are encrypted by a co-processor that this release does not speak to',
  UserOperations: 'UserOperations is not available: it needs fee sponsors and their contracts',
};

function transactionOf(body: Body): Call {
  const kind = String(body['kind']);
  if (kind !== 'Evm' && kind !== 'Eip1559')
    refuse('kind', unavailable[kind] ?? `${kind.slice(0, 64)} is no transaction of EVM networks`, 'E_KIND');
  const to = body['to'] === undefined ? undefined : parseAddress(body['to'], 'to');
  const data = body['data'] === undefined ? '0x' : toHex0x(hexMember(body, 'data', { min: 0, max: 131_072 }));
  check(to !== undefined || data !== '0x', 'data', 'is needed where a contract is created, and to where none is');
  const value = optional(body, 'value', UINT256_MAX) ?? 0n;
  const maxFeePerGas = optional(body, 'maxFeePerGas', UINT256_MAX);
  const maxPriorityFeePerGas = optional(body, 'maxPriorityFeePerGas', UINT256_MAX);
  if (maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined)
    check(maxPriorityFeePerGas <= maxFeePerGas, 'maxPriorityFeePerGas', 'is above maxFeePerGas');
  return {
    ...(to === undefined ? {} : { to }),
    value,
    data,
    ...present('nonce', optional(body, 'nonce', UINT64_MAX)),
    ...present('gasLimit', optional(body, 'gasLimit', UINT64_MAX)),
    ...present('maxFeePerGas', maxFeePerGas),
    ...present('maxPriorityFeePerGas', maxPriorityFeePerGas),
    facts: facts(kind, [
      ['To', to ?? 'contract creation'],
      ['Value', value.toString()],
      ['Data', `${data.length / 2 - 1} bytes`],
    ]),
  };
}

function gasOf(completion: Completion): Gas {
  const given = completionOf(completion, decimal, [
    ['nonce', 'gasLimit', 'gasPrice'],
    ['nonce', 'gasLimit', 'maxFeePerGas', 'maxPriorityFeePerGas'],
  ]);
  const { nonce = 0n, gasLimit = 0n } = given;
  // EIP-2681: a nonce is below 2^64 − 1.
  check(
    nonce < UINT64_MAX && gasLimit <= UINT64_MAX,
    '',
    'the completion has a number that is too large',
    'E_COMPLETION',
  );
  return { nonce, gasLimit, price: priceOf(given) };
}

function priceOf(given: Readonly<Record<string, bigint>>): Price {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = given;
  if (gasPrice !== undefined) return { gasPrice };
  if (maxFeePerGas === undefined || maxPriorityFeePerGas === undefined)
    throw new Error('bug: a completion without a price');
  check(maxPriorityFeePerGas <= maxFeePerGas, '', 'the tip of the completion is above its price', 'E_COMPLETION');
  return { maxFeePerGas, maxPriorityFeePerGas };
}

const highest = (price: Price): bigint => ('gasPrice' in price ? price.gasPrice : price.maxFeePerGas);

/** A user's own number is repeated by the completion, never changed. */
function repeats(written: bigint | undefined, given: bigint, name: string): void {
  check(
    written === undefined || written === given,
    name,
    `transaction does not match the signed request: ${given} instead of ${written}`,
    'E_COMPLETION',
  );
}

function built(
  network: Network,
  from: string,
  fields: Pick<Call, 'value' | 'data'> & Gas & { readonly to?: string | undefined },
  o: { readonly facts: Facts; readonly feeMax: bigint },
): Construction {
  const { chainId } = network;
  check(chainId !== undefined, 'network', `chain id of ${network.name} is not configured`, 'E_CHAIN_ID');
  const { to, value, data, nonce, gasLimit, price } = fields;
  const raw = { chainId: BigInt(chainId), nonce, gasLimit, to: to ?? '0x', value, data, ...price };
  const transaction =
    'gasPrice' in price
      ? new Transaction('legacy', raw as never, { strict: false })
      : new Transaction('eip1559', { ...raw, accessList: [] } as never, { strict: false });
  return finished(network, from, { bytes: transaction.toBytes({ includeSignature: false }), nonce, ...o });
}

/** What was built has to pass what a user's own transaction passes. */
function finished(
  network: Network,
  account: string,
  o: { readonly bytes: Uint8Array; readonly nonce: bigint; readonly feeMax: bigint; readonly facts: Facts },
): Construction {
  const { bytes, nonce } = o;
  parseUnsigned(bytes, network);
  return {
    body: { kind: 'Transaction', transaction: toHex0x(bytes) },
    facts: o.facts,
    feeMax: o.feeMax,
    exclusion: { kind: 'sequence', account, lane: '', sequence: nonce.toString() },
  };
}

function encodeCall(selector: string, words: readonly bigint[]): string {
  return `0x${selector}${words.map((word) => word.toString(16).padStart(64, '0')).join('')}`;
}

function amount(body: Body): bigint {
  const value = integer(body['amount'], 'amount');
  check(value > 0n, 'amount', 'must be greater than 0');
  return value;
}

function integer(value: unknown, path: string): bigint {
  check(typeof value === 'string' && /^(0|[1-9][0-9]{0,77})$/.test(value), path, 'must be a decimal integer string');
  const number = BigInt(value);
  check(number <= UINT256_MAX, path, `exceeds ${UINT256_MAX}`);
  return number;
}

function optional(body: Body, name: string, max: bigint): bigint | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  const isText = typeof value === 'string' && /^((0|[1-9][0-9]{0,77})|0x[0-9a-fA-F]{1,64})$/.test(value);
  check(isText || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0), name, 'must be an integer');
  const number = BigInt(value as string | number);
  check(number <= max, name, `exceeds ${max}`);
  return number;
}

const present = <K extends string>(name: K, value: bigint | undefined): { readonly [N in K]?: bigint } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: bigint };

function decimal(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^(0|[1-9][0-9]{0,77})$/.test(value) && BigInt(value) <= UINT256_MAX
    ? BigInt(value)
    : undefined;
}

function facts(kind: string, summary: readonly (readonly [string, string])[]): Facts {
  return { interpreted: true, kind, summary: summary.map(([label, value]) => ({ label, value })) };
}
