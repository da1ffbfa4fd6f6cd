/**
 * What several nodes say together. Nodes are never equally far: what they say of a transaction is agreed on where they
 * do not contradict each other, and is then what the one that knows least would say.
 */
import type { TransactionState } from '../types.ts';
import { canonical } from './answers.ts';

/** Undefined where they contradict each other. */
export function agreement<T>(answers: readonly T[]): T | undefined {
  const states = answers.flatMap((each) => (isState(each) ? [each] : []));
  if (states.length === answers.length) return agreedState(states) as T | undefined;
  return new Set(answers.map((each) => canonical(each))).size === 1 ? answers[0] : undefined;
}

function agreedState(states: readonly TransactionState[]): TransactionState | undefined {
  const has = (state: TransactionState['state']): boolean => states.some((each) => each.state === state);
  // One that is behind has not heard of the block yet, or not even of the transaction.
  if (has('pending') || (has('unknown') && has('included'))) return { state: 'pending' };
  if (has('unknown')) return { state: 'unknown' };
  const depths = states.flatMap((each) => (each.state === 'included' ? [each.confirmations] : []));
  const alike = states.map((each) =>
    each.state === 'included' ? { ...each, confirmations: Math.min(...depths) } : each,
  );
  return new Set(alike.map((each) => canonical(each))).size === 1 ? alike[0] : undefined;
}

const names: ReadonlySet<unknown> = new Set(['unknown', 'pending', 'included', 'dropped']);

function isState(value: unknown): value is TransactionState {
  return typeof value === 'object' && value !== null && 'state' in value && names.has(value.state);
}
