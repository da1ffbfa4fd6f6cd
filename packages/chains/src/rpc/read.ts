/** What clients of several chains need: members of a node's answers, strictly, and what a wallet still holds. */
import { refuse } from '../errors/index.ts';
import type { Body, Exclusion } from '../families/types.ts';
import { NodeError, nonsense } from './errors.ts';

export type Answer = Readonly<Record<string, unknown>>;

/** Blocks on top, for chains whose blocks are final as soon as they are there. */
export const FINAL = 1_000_000;

export function object(answer: unknown, what: string): Answer {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
    ? (answer as Answer)
    : nonsense(`${what} is no object`);
}

export function list(answer: unknown, what: string): readonly unknown[] {
  return Array.isArray(answer) ? answer : nonsense(`${what} is no list`);
}

export function text(answer: unknown, what: string, max = 128): string {
  return typeof answer === 'string' && answer.length <= max ? answer : nonsense(`${what} is no text`);
}

/** A number, or a number as decimal text: chains write both. */
export function quantity(answer: unknown, what: string): bigint {
  if (typeof answer === 'number' && Number.isSafeInteger(answer) && answer >= 0) return BigInt(answer);
  return typeof answer === 'string' && /^[0-9]{1,39}$/.test(answer)
    ? BigInt(answer)
    : nonsense(`${what} is no quantity`);
}

/** A height, a sequence of blocks: fits a double exactly. */
export function height(answer: unknown, what: string): number {
  const value = Number(quantity(answer, what));
  return Number.isSafeInteger(value) ? value : nonsense(`${what} is too large`);
}

/** Undefined where the node says that it does not have this: by status over REST, or by words that the chain documents. */
export async function orUndefined<T>(
  ask: Promise<T>,
  isMissing: (refusal: NodeError) => boolean = ({ status }) => status === 404,
): Promise<T | undefined> {
  try {
    return await ask;
  } catch (error) {
    if (error instanceof NodeError && error.code === 'E_NODE_REFUSED' && isMissing(error)) return undefined;
    throw error;
  }
}

/** The next after the chain's own and after those that unfinished transactions hold. */
export function nextSequence(next: bigint, pending: readonly Exclusion[], lane = ''): bigint {
  return pending.reduce((highest, each) => {
    if (each.kind !== 'sequence' || each.lane !== lane) return highest;
    const after = BigInt(each.sequence) + 1n;
    return after > highest ? after : highest;
  }, next);
}

export function amountOf(body: Body): bigint {
  const said = body['amount'];
  return typeof said === 'string' && /^[0-9]{1,78}$/.test(said)
    ? BigInt(said)
    : refuse('amount', 'must be a decimal integer string');
}

export function checkFunds(balance: bigint, amount: bigint, fee: bigint): void {
  if (balance < amount + fee) refuse('', `balance ${balance} is less than amount ${amount} plus fee ${fee}`, 'E_FUNDS');
}

export function checkTokens(balance: bigint, amount: bigint): void {
  if (balance < amount) refuse('', `balance ${balance} is less than amount ${amount}`, 'E_FUNDS');
}

export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
