/** Members of transfers and completions, strictly: what a family does not know is refused, numbers are decimal text. */
import { check, refuse } from '../errors/index.ts';
import type { Body, Completion } from './types.ts';

export const u64Max = (1n << 64n) - 1n;

/** Members that say nothing about the transaction itself (wallets.md §4). */
const beside = new Set(['kind', 'externalId', 'travelRule']);

/**
 * Refuses a transfer that asks for something this family does not do. A flag that is false and an empty memo ask for
 * nothing.
 */
export function transferOf(body: Body, members: readonly string[]): void {
  for (const [name, value] of Object.entries(body)) {
    if (beside.has(name) || members.includes(name) || value === undefined || value === false) continue;
    if (name === 'memo' && value === '') continue;
    refuse(name, `is not for transfers of kind ${String(body['kind'])} on this network`);
  }
}

/** `amount`: smallest unit, 1 to `max`. */
export function amountOf(body: Body, max = u64Max): bigint {
  const value = body['amount'];
  check(typeof value === 'string' && /^[0-9]{1,78}$/.test(value), 'amount', 'must be a decimal integer string');
  const amount = BigInt(value);
  check(amount > 0n, 'amount', 'must be greater than 0');
  check(amount <= max, 'amount', `exceeds ${max}`);
  return amount;
}

/** Absent and empty are the same (wallets.md §4). */
export function memoOf(body: Body): string | undefined {
  const value = body['memo'];
  if (value === undefined || value === '') return undefined;
  check(typeof value === 'string', 'memo', 'must be text');
  return value;
}

export function flagOf(body: Body, name: string): boolean {
  const value = body[name] ?? false;
  check(typeof value === 'boolean', name, 'must be true or false');
  return value;
}

export function textOf(body: Body, name: string): string {
  const value = body[name];
  check(typeof value === 'string', name, 'must be text');
  return value;
}

/** A completion of exactly these members: the required ones all there, nothing besides. */
export function completionOf(
  completion: Completion,
  members: { readonly required: readonly string[]; readonly optional?: readonly string[] },
): CompletionMembers {
  const known = [...members.required, ...(members.optional ?? [])];
  for (const name of Object.keys(completion))
    check(known.includes(name), `completion.${name}`, 'is not known', 'E_COMPLETION');
  for (const name of members.required)
    check(completion[name] !== undefined, `completion.${name}`, 'is missing', 'E_COMPLETION');
  return new CompletionMembers(completion);
}

export class CompletionMembers {
  private readonly values: Completion;

  constructor(values: Completion) {
    this.values = values;
  }

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  /** Canonical decimal text, min to max. */
  number(name: string, max = u64Max, min = 0n): bigint {
    const value = this.values[name];
    check(
      typeof value === 'string' && /^(0|[1-9][0-9]{0,77})$/.test(value),
      `completion.${name}`,
      'must be a decimal integer string without leading zeros',
      'E_COMPLETION',
    );
    const parsed = BigInt(value);
    check(parsed >= min && parsed <= max, `completion.${name}`, `must be ${min} to ${max}`, 'E_COMPLETION');
    return parsed;
  }

  flag(name: string): boolean {
    const value = this.values[name];
    check(typeof value === 'boolean', `completion.${name}`, 'must be true or false', 'E_COMPLETION');
    return value;
  }

  text(name: string, form: RegExp, says: string): string {
    const value = this.values[name];
    check(typeof value === 'string' && form.test(value), `completion.${name}`, `must be ${says}`, 'E_COMPLETION');
    return value;
  }

  list(name: string, max: number): readonly Completion[] {
    const value = this.values[name];
    check(
      Array.isArray(value) && value.length <= max && value.every((each) => typeof each === 'object' && each !== null),
      `completion.${name}`,
      `must be a list of at most ${max} objects`,
      'E_COMPLETION',
    );
    return value as readonly Completion[];
  }
}

/** Refuses a fee above the network's cap. */
export function checkFee(fee: bigint, max: bigint, symbol: string): void {
  check(fee <= max, 'completion', `fee ${fee} is above the cap ${max} (smallest unit of ${symbol})`, 'E_FEE');
}
