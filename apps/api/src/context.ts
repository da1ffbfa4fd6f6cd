/** Everything a handler may use. Nothing else reaches it: no global state, no clock, no environment. */
import type { Env } from '@holdfast/contract/types';
import type { Database } from '@holdfast/storage/database';
import type { Limits } from './auth/limits.ts';
import type { Chains } from './chains/index.ts';
import type { Oidc } from './identity/oidc.ts';
import type { Mailer } from './mail/index.ts';
import type { Metrics } from './metrics/index.ts';
import type { Orders } from './orders/index.ts';
import type { Refresher } from './refresh/index.ts';
import type { Secrets, Settings } from './settings.ts';
import type { Signers } from './signers/types.ts';

export interface Context {
  readonly env: Env;
  readonly config: Settings;
  readonly secrets: Secrets;
  readonly db: Database;
  readonly signers: Signers;
  readonly refresher: Refresher;
  readonly chains: Chains;
  readonly orders: Orders;
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly mail: Mailer;
  readonly identity: Oidc;
  /** The same as `env.log`. */
  readonly log: Env['log'];
}

/** ISO 8601, UTC, milliseconds, as every timestamp on the wire. */
export const timestamp = (ctx: Pick<Context, 'env'>): string => new Date(ctx.env.now()).toISOString();
