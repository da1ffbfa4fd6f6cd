/** The api as one thing that starts and stops: relay, door to the signers, database, HTTP. */
import { createNatsHub, createRelayHub, type RelayHub } from '@holdfast/cluster/relay';
import type { Roster } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import type { Database } from '@holdfast/storage/database';
import type { FastifyInstance } from 'fastify';
import { authPorts } from '../auth/index.ts';
import { createLimits } from '../auth/limits.ts';
import { fileMailer } from '../auth/outbox.ts';
import { type ChainPorts, createChains } from '../chains/index.ts';
import type { Context } from '../context.ts';
import { keepVotesKnown, recoverGovernance } from '../governance/index.ts';
import { createOidc } from '../identity/oidc.ts';
import type { IdentityProvider } from '../identity/providers.ts';
import { createIndexer } from '../indexer/index.ts';
import { queuedMailer, type SmtpPort } from '../mail/index.ts';
import { createMetrics } from '../metrics/index.ts';
import { handlers } from '../operations/index.ts';
import { createOrders } from '../orders/index.ts';
import { createPages, type PageFiles } from '../pages/index.ts';
import { createRefresher } from '../refresh/index.ts';
import { createServer } from '../server.ts';
import type { Secrets, Settings } from '../settings.ts';
import { keepSettling, takeUpUnfinished } from '../settlement/index.ts';
import { createSigners } from '../signers/index.ts';

export type { ChainPorts } from '../chains/index.ts';
export type { Context } from '../context.ts';
export type { Secrets, Settings } from '../settings.ts';

export interface Api {
  readonly ctx: Context;
  readonly app: FastifyInstance;
  readonly hub: RelayHub;
  /** Starts to listen; answers the port, which is chosen by the system when the setting is 0. */
  listen(): Promise<number>;
  close(): Promise<void>;
}

/** The whole gate with every handler, for a context that somebody else made. */
export const createApi = (ctx: Context, pages: PageFiles = new Map()): FastifyInstance =>
  createServer(ctx, { auth: authPorts, handlers, pages: createPages(pages, ctx.config) });

const QUORUM = 3;

/**
 * Makes an api on an open database. What an earlier process left in the middle is taken up before the first request.
 *
 *     const api = await startApi({ env, config, secrets, roster, db });
 *     await api.listen();
 */
export async function startApi(o: {
  readonly env: Env;
  readonly config: Settings;
  readonly secrets: Secrets;
  readonly roster: Roster;
  readonly db: Database;
  /** Absent: no network has nodes. */
  readonly chains?: ChainPorts;
  /** The browser's pages; absent or empty where they were not built. */
  readonly pages?: PageFiles;
  /** Absent: mails are files in the outbox. */
  readonly mail?: SmtpPort;
  /** The operator's file as it is now. */
  readonly identityProviders?: () => readonly IdentityProvider[];
}): Promise<Api> {
  const { env, config, secrets, roster, db } = o;
  const { nats } = secrets;
  const relay =
    nats === undefined
      ? createRelayHub({ roster, env })
      : { ...createNatsHub({ roster, env, address: nats }), attach: undefined };
  const hub: RelayHub = relay;
  const signers = createSigners({
    link: hub,
    roster,
    env,
    db,
    ecdsaEngines: config.ecdsaEngines,
    ecdsaNonces: config.ecdsaNonces ?? 'apart',
  });
  const refresher = createRefresher({ env, config, db, signers });
  const chains = createChains({ env, ports: o.chains });
  const mail = o.mail === undefined ? fileMailer({ env, config }) : queuedMailer(env, o.mail);
  const identity = createOidc({ env, http: o.chains?.http, providers: o.identityProviders ?? (() => []) });
  const orders = createOrders(() => ctx);
  const ctx: Context = {
    env,
    config,
    secrets,
    db,
    signers,
    refresher,
    chains,
    orders,
    limits: createLimits(env, config),
    identity,
    mail,
    metrics: createMetrics(),
    log: env.log,
  };
  await takeUpUnfinished(ctx);
  const app = createApi(ctx, o.pages);
  relay.attach?.(app.server);
  const answered = watchRequests(app);
  const settling = keepSettling(ctx);
  const stopKnowing = keepVotesKnown(ctx);
  const indexer = createIndexer({ env, db, chains });
  const stopWaiting = whenThreeAreThere(hub, () => void recover(ctx));
  const stopWaking = hub.onPresence((online) => {
    if (online.length >= QUORUM) settling.wake();
    refresher.wake();
    orders.watcher.wake();
  });
  return {
    ctx,
    app,
    hub,
    async listen() {
      orders.watcher.wake();
      await app.listen({ host: config.bind, port: config.port });
      indexer.start();
      const address = app.server.address();
      return typeof address === 'object' && address !== null ? address.port : config.port;
    },
    async close() {
      stopWaiting();
      stopKnowing();
      stopWaking();
      // The server is closed when its last connection is, and signers stay connected: they are let go as soon as every
      // request under way, which may need them, has its answer.
      const closed = app.close();
      await answered();
      await orders.watcher.stop();
      await indexer.stop();
      await settling.stop();
      await refresher.close();
      await signers.close();
      hub.close();
      await mail.close();
      await closed;
      await db.close();
    },
  };
}

/** Answers a wait for the moment when no request is under way. */
function watchRequests(app: FastifyInstance): () => Promise<void> {
  let underWay = 0;
  let tell: (() => void) | undefined;
  app.server.on('request', (_request, reply) => {
    underWay += 1;
    reply.once('close', () => {
      underWay -= 1;
      if (underWay === 0) tell?.();
    });
  });
  return async () => {
    if (underWay === 0) return;
    await new Promise<void>((resolve) => {
      tell = resolve;
    });
  };
}

/** Once per process: entries an earlier one left in the middle need three signers to be settled. */
function whenThreeAreThere(hub: RelayHub, act: () => void): () => void {
  const stop = hub.onPresence((online) => {
    if (online.length < QUORUM) return;
    stop();
    act();
  });
  return stop;
}

async function recover(ctx: Context): Promise<void> {
  try {
    await recoverGovernance(ctx);
  } catch (error) {
    // Not lost: every governance request settles what is unfinished in its organisation first.
    ctx.log('governance.recovery.failed', { kind: error instanceof Error ? error.name : 'unknown' });
  }
}
