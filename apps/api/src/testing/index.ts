/** An api for tests: real gate and handlers, a caller that is believed, five signers in one object. */
import { createHash } from 'node:crypto';
import { WalletError } from '@holdfast/contract/errors';
import type { PermissionName } from '@holdfast/contract/permissions';
import type { Database } from '@holdfast/storage/database';
import type { FastifyInstance } from 'fastify';
import { createLimits } from '../auth/limits.ts';
import { type ChainPorts, type Chains, createChains } from '../chains/index.ts';
import type { Context } from '../context.ts';
import { createOidc } from '../identity/oidc.ts';
import type { Mailer } from '../mail/index.ts';
import { createMetrics } from '../metrics/index.ts';
import { createOrders } from '../orders/index.ts';
import type { AuthPorts, Handler, Principal } from '../pipeline/types.ts';
import { createRefresher, type Refresher } from '../refresh/index.ts';
import { createServer } from '../server.ts';
import { createSigners } from '../signers/index.ts';
import { type FakeCluster, fakeCluster, ORG } from './cluster.ts';
import { type TestEnv, testEnv } from './env.ts';

export { type FakeCluster, fakeCluster, ORG, SIGNED_HASH, SIGNED_TEXT } from './cluster.ts';
export { type TestEnv, testEnv } from './env.ts';

export const USER = 'us-testt-testt-0123456789abcdef';

export interface TestApi {
  readonly env: TestEnv;
  readonly ctx: Context;
  readonly app: FastifyInstance;
  readonly cluster: FakeCluster;
  /** Permissions the caller lacks. */
  readonly lacks: Set<PermissionName>;
  /** One signed call as a client makes it; a fresh user action each time. */
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came back.
  readonly body: any;
}

export const principal: Principal = {
  orgId: ORG,
  userId: USER,
  userKind: 'CustomerEmployee',
  isServiceAccount: true,
  tokenId: 'to-testt-testt-0123456789abcdef',
  tokenKind: 'ServiceAccount',
};

/** Bearer `good` is the caller above; `Bearer <other org>` a caller there; any user action counts as consumed. */
export function testAuth(lacks: ReadonlySet<PermissionName>): AuthPorts {
  return {
    async authenticate(_ctx, authorization) {
      const token = authorization?.replace(/^Bearer /, '');
      if (token === 'good') return principal;
      if (token?.startsWith('or-')) return { ...principal, orgId: token };
      throw new WalletError('E_UNAUTHENTICATED');
    },
    async authenticateOperator() {
      throw new WalletError('E_OPERATOR_TOKEN');
    },
    async authorize(_ctx, { userKind, userId }, needs) {
      const missing = needs.find((name) => lacks.has(name));
      if (!missing) return;
      throw new WalletError('E_FORBIDDEN', `${userKind} ${userId} is not authorized to perform operation (${missing})`);
    },
    async consumeUserAction(_ctx, request) {
      if (request.userAction === undefined) throw new WalletError('E_USER_ACTION');
      const { method, path, payload, userAction } = request;
      const clientData = Buffer.from(userAction).toString('base64url');
      return {
        request: { method: method as 'POST', path, payload },
        assertion: { kind: 'Key', credId: 'Y3JlZA', clientData, signature: 'c2ln' },
        tokens: [1, 2, 3, 4, 5].map((index) => [index, Buffer.alloc(16, index).toString('base64url')] as const),
        challenge: userAction,
        nullifier: createHash('sha256').update(clientData).digest(),
      };
    },
  };
}

/** Counted over all tests of a process: the fake derives ids from user actions, and a database may be shared. */
let calls = 0;

export function testApi(o: {
  readonly handlers: readonly Handler[];
  readonly db?: Database;
  readonly requestMsMax?: number;
  readonly requestsPerMinuteMax?: number;
  readonly refreshDays?: number;
  readonly auth?: AuthPorts;
  readonly chains?: ChainPorts;
}): TestApi {
  const env = testEnv();
  const cluster = fakeCluster();
  const db = o.db ?? noDatabase;
  const signers = createSigners({ link: cluster.link, roster: cluster.roster, env, db });
  const config: Context['config'] = {
    port: 0,
    bind: '127.0.0.1',
    dataFolder: '/nowhere',
    publicUrl: 'http://localhost:8787',
    requestsPerMinuteMax: o.requestsPerMinuteMax ?? 0,
    refreshDays: o.refreshDays ?? 0,
    passwordCost: 10,
    ecdsaEngines: ['H'],
    version: '0.1.0',
  };
  const refresher = createRefresher({ env, config, db, signers });
  const ctx: Context = {
    chains: createChains({ env, ports: o.chains }),
    orders: createOrders(() => ctx),
    limits: createLimits(env, config),
    identity: noIdentity,
    mail: noMail,
    metrics: createMetrics(),
    env,
    db,
    signers,
    refresher,
    config,
    log: env.log,
    secrets: { api: new Uint8Array(32).fill(7), operatorToken: 'operator' },
  };
  const lacks = new Set<PermissionName>();
  const app = createServer(ctx, {
    auth: o.auth ?? testAuth(lacks),
    handlers: o.handlers,
    ...(o.requestMsMax === undefined ? {} : { requestMsMax: o.requestMsMax }),
  });
  return {
    env,
    ctx,
    app,
    cluster,
    lacks,
    async call(method, path, body) {
      calls += 1;
      const reply = await app.inject({
        method,
        url: path,
        headers: {
          authorization: 'Bearer good',
          ...(method === 'GET' ? {} : { 'x-dfns-useraction': `action-${calls}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      return { status: reply.statusCode, headers: reply.headers, body: reply.body === '' ? undefined : reply.json() };
    },
  };
}

/** For tests that never come to the database; touching it is a failure. */
const noDatabase = new Proxy({} as Database, {
  get(_target, member) {
    throw new Error(`this test has no database, but ${String(member)} was read`);
  },
});

/** For contexts in which no identity provider is configured. */
export const noIdentity = createOidc({ env: testEnv(), http: undefined, providers: () => [] });

/** For contexts in which nobody is written to. */
export const noMail: Mailer = { send: async () => {}, pretend: async () => {}, close: async () => {} };

/** For contexts in which no network has nodes. */
export const noChains: Chains = createChains({ env: testEnv() });

/** For contexts in which no key is ever refreshed. */
export const noRefresher: Refresher = {
  begin: async () => {},
  stop: async () => {},
  status: async () => ({ state: 'Never', keys: 0, refreshed: 0, failed: 0, reasons: [] }),
  wake: () => {},
  close: async () => {},
};
