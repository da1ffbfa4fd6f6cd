/**
 * What an order asks the chain for, as far as a node must know it to price it. What is signed is built and checked by
 * the family's `construct`; this only reads, and leaves what it does not understand to be refused there.
 */
import { refuse } from '../../errors/index.ts';
import type { Body, Order } from '../../families/types.ts';

export interface Wanted {
  /** Absent: a contract is created. */
  readonly to?: string;
  readonly value: bigint;
  /** 0x hex. */
  readonly data: string;
  readonly priority?: 'Slow' | 'Standard' | 'Fast';
  /** What the user wrote, which no completion changes. */
  readonly nonce?: bigint;
  readonly gasLimit?: bigint;
  readonly maxFeePerGas?: bigint;
  readonly maxPriorityFeePerGas?: bigint;
}

export function wantedOf({ purpose, body }: Order, from: string): Wanted {
  const wanted = purpose === 'transfer' ? transfer(body, from) : transaction(body);
  const priority = body['priority'];
  return priority === 'Slow' || priority === 'Standard' || priority === 'Fast' ? { ...wanted, priority } : wanted;
}

function transfer(body: Body, from: string): Wanted {
  const to = address(body, 'to');
  switch (body['kind']) {
    case 'Native':
      return { to, value: number(body, 'amount'), data: '0x' };
    // ERC-20: transfer(address,uint256).
    case 'Erc20':
      return call(address(body, 'contract'), 'a9059cbb', [BigInt(to), number(body, 'amount')]);
    // ERC-721: safeTransferFrom(address,address,uint256).
    case 'Erc721':
      return call(address(body, 'contract'), '42842e0e', [BigInt(from), BigInt(to), number(body, 'tokenId')]);
    default:
      return refuse('kind', `${String(body['kind']).slice(0, 64)} is no kind of transfer here`, 'E_KIND');
  }
}

function transaction(body: Body): Wanted {
  if (body['kind'] !== 'Evm' && body['kind'] !== 'Eip1559')
    refuse('kind', `${String(body['kind']).slice(0, 64)} is not completed by the platform`, 'E_KIND');
  return {
    ...(body['to'] === undefined ? {} : { to: address(body, 'to') }),
    value: optional(body, 'value') ?? 0n,
    data: typeof body['data'] === 'string' && body['data'] !== '' ? prefixed(body['data']) : '0x',
    ...present('nonce', optional(body, 'nonce')),
    ...present('gasLimit', optional(body, 'gasLimit')),
    ...present('maxFeePerGas', optional(body, 'maxFeePerGas')),
    ...present('maxPriorityFeePerGas', optional(body, 'maxPriorityFeePerGas')),
  };
}

function call(to: string, selector: string, words: readonly bigint[]): Wanted {
  const data = words.map((word) => word.toString(16).padStart(64, '0')).join('');
  return { to, value: 0n, data: `0x${selector}${data}` };
}

const prefixed = (hex: string): string => (hex.startsWith('0x') ? hex : `0x${hex}`);

function address(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value)) return value.toLowerCase();
  return refuse(name, 'is not an address of this network');
}

/** Decimal or 0x hex, a number for small ones. */
function optional(body: Body, name: string): bigint | undefined {
  return body[name] === undefined ? undefined : number(body, name);
}

function number(body: Body, name: string): bigint {
  const value = body[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'string' && /^(?:[0-9]{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)) return BigInt(value);
  return refuse(name, 'must be a whole number, decimal or 0x hex');
}

const present = <N extends string>(name: N, value: bigint | undefined): { readonly [K in N]?: bigint } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: bigint };
