/**
 * Freshness tokens (rulings 1): 16 random bytes every ten seconds, handed to the api, kept five minutes in this
 * process's memory and nowhere else. What was signed over none of them was not signed now. No clock is compared.
 */

import type { FreshToken } from '@holdfast/authority/types';
import type { Env } from '@holdfast/contract/types';
import { toBase64Url } from '@holdfast/contract/wire';

export interface Freshness {
  /** Whether the list holds a token that this process issued within the last five minutes. */
  holds(tokens: readonly FreshToken[]): boolean;
  /** Sends the newest token again, for an api that has just connected. */
  repeat(): void;
  /** Forgets every token and issues a new one: what was signed before this moment is no longer fresh here. */
  renew(): void;
  close(): void;
}

export const TOKEN_BYTES = 16;
export const TOKEN_EVERY_MS = 10_000;
/** 5 min of tokens; timers and not the wall clock decide, so a clock set back keeps nothing alive. */
export const TOKENS_KEPT = 30;

export function createFreshness(o: {
  env: Pick<Env, 'random' | 'setTimer'>;
  index: number;
  push(token: string): void;
}): Freshness {
  let kept: string[] = [];
  let cancel = (): void => {};

  const issue = (): void => {
    const token = toBase64Url(o.env.random(TOKEN_BYTES));
    kept = [token, ...kept].slice(0, TOKENS_KEPT);
    o.push(token);
    cancel = o.env.setTimer(TOKEN_EVERY_MS, issue);
  };
  issue();

  return {
    holds: (tokens) => tokens.some(([index, token]) => index === o.index && kept.includes(token)),
    repeat() {
      const newest = kept[0];
      if (newest !== undefined) o.push(newest);
    },
    renew() {
      cancel();
      kept = [];
      issue();
    },
    close() {
      cancel();
      kept = [];
    },
  };
}
