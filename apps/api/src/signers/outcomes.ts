/** Reads the answers of several signers as one: the result they agree on, or the refusal that tells most. */

import type { Refusal, Result } from '@holdfast/cluster/commands';
import { statusOf, WalletError } from '@holdfast/contract/errors';
import type { Outcome } from './types.ts';

export interface Given<T extends Result['t']> {
  readonly index: number;
  readonly result: Extract<Result, { readonly t: T }>;
}

/** The answers that are results of this kind. */
export function resultsOf<T extends Result['t']>(kind: T, outcomes: readonly Outcome[]): Given<T>[] {
  return outcomes.flatMap((outcome) => {
    if (!('reply' in outcome) || !outcome.reply.ok || outcome.reply.result.t !== kind) return [];
    return [{ index: outcome.index, result: outcome.reply.result as Extract<Result, { readonly t: T }> }];
  });
}

export function refusalsOf(outcomes: readonly Outcome[]): { readonly index: number; readonly refusal: Refusal }[] {
  return outcomes.flatMap((outcome) =>
    'reply' in outcome && !outcome.reply.ok ? [{ index: outcome.index, refusal: outcome.reply.error }] : [],
  );
}

/** Codes that say "not now" or "not with these peers": another attempt may go through. */
export const isPassing = (code: string): boolean => code === 'E_COMMAND' || statusOf(code) >= 500;

/**
 * Why an order did not go through. A refusal of the request itself tells more than a run that ended because a peer
 * refused; among equals the one most signers gave counts. Silence of all is answered as not knowing.
 */
export function failureOf(outcomes: readonly Outcome[]): WalletError {
  const refusals = refusalsOf(outcomes);
  const firm = refusals.filter(({ refusal }) => !isPassing(refusal.code));
  const code = mostFrequent((firm.length > 0 ? firm : refusals).map(({ refusal }) => refusal.code));
  if (code === undefined) {
    const silent = outcomes.filter((outcome) => 'lost' in outcome).map(({ index }) => index);
    if (silent.length === 0) return new WalletError('E_CLUSTER_DISAGREES', 'the signers answered what does not verify');
    return new WalletError(
      'E_CLUSTER_TIMEOUT',
      `signers ${silent.join(', ')} did not answer; the outcome is not known`,
      {
        details: { silent },
      },
    );
  }
  const saying = refusals.filter(({ refusal }) => refusal.code === code);
  const { message, culprits, details } = saying[0]?.refusal ?? { message: code };
  // A command that a signer cannot read is the api's own fault: the caller cannot mend it.
  const status = code === 'E_COMMAND' ? 503 : statusOf(code);
  return new WalletError(code, message, {
    status,
    details: {
      ...details,
      refusedBy: saying.map(({ index }) => index),
      ...(culprits === undefined ? {} : { culprits }),
    },
  });
}

function mostFrequent(codes: readonly string[]): string | undefined {
  const count = (code: string) => codes.filter((each) => each === code).length;
  return [...new Set(codes)].sort((a, b) => count(b) - count(a))[0];
}
