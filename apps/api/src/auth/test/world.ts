/** Test only: an api with a database of its own, a clock that stands still until told, and a reduced cluster. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeGenesis, genesisChallenge } from '@holdfast/authority/genesis';
import { keyAssertion, keyAttestation, type TestKey, testKey } from '@holdfast/authority/testing';
import { createHttp } from '@holdfast/chains/rpc';
import { fullName, operations } from '@holdfast/contract/operations';
import { toBase64Url } from '@holdfast/contract/wire';
import { scratchEngine, type TestEngine } from '@holdfast/storage/conformance';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../../context.ts';
import { createOidc } from '../../identity/oidc.ts';
import type { IdentityProvider } from '../../identity/providers.ts';
import { createMetrics } from '../../metrics/index.ts';
import { authHandlers } from '../../operations/auth/index.ts';
import { orgsHandlers } from '../../operations/orgs/index.ts';
import { permissionsHandlers } from '../../operations/permissions/index.ts';
import { createOrders } from '../../orders/index.ts';
import { handler, type UserActionGrant } from '../../pipeline/types.ts';
import { createServer } from '../../server.ts';
import { noChains, noRefresher } from '../../testing/index.ts';
import { authPorts } from '../index.ts';
import { createLimits } from '../limits.ts';
import { fileMailer, outboxFolder } from '../outbox.ts';
import { type TestCluster, testCluster } from './cluster.ts';

export const operatorToken = 'operator-token-of-the-test';

export interface World {
  readonly ctx: Context;
  readonly app: FastifyInstance;
  readonly cluster: TestCluster;
  readonly engine: TestEngine;
  readonly logged: { event: string; facts: Readonly<Record<string, unknown>> }[];
  /** Identity providers, for a test to fill in. */
  readonly providers: IdentityProvider[];
  /** Grants that reached a handler which is not under test here. */
  readonly grants: UserActionGrant[];
  advance(ms: number): void;
  /** Throws at the named point, once. */
  crashAt(point: string): void;
  close(): Promise<void>;
}

export interface Member {
  readonly orgId: string;
  readonly userId: string;
  readonly username: string;
  readonly credId: string;
  readonly key: TestKey;
  token: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a reply is looked at member by member in assertions
  readonly body: any;
}

export async function world(engineName: TestEngine['name'], seed = randomBytes(4).toString('hex')): Promise<World> {
  const engine = await scratchEngine(engineName);
  const dataFolder = mkdtempSync(join(tmpdir(), 'holdfast-api-'));
  const db = await engine.open();
  let now = Date.UTC(2026, 0, 2, 3, 4, 5);
  let drawn = 0;
  let crash: string | undefined;
  const logged: World['logged'] = [];
  const grants: UserActionGrant[] = [];
  const random = (n: number): Uint8Array => {
    const parts: Buffer[] = [];
    while (parts.length * 32 < n) parts.push(createHash('sha256').update(`${seed}/${drawn++}`).digest());
    return Uint8Array.from(Buffer.concat(parts)).slice(0, n);
  };
  const cluster = testCluster(() => now, random);
  const providers: IdentityProvider[] = [];
  const http = createHttp({ fetch, setTimer: () => () => {} });
  const log: Context['log'] = (event, facts) => void logged.push({ event, facts });
  const ctx: Context = {
    env: {
      now: () => now,
      random,
      setTimer: () => () => {},
      log,
      point: (name) => {
        if (name !== crash) return;
        crash = undefined;
        throw new Error(`crashed at ${name}`);
      },
    },
    config: {
      port: 0,
      bind: '127.0.0.1',
      dataFolder,
      publicUrl: 'http://localhost:8787',
      requestsPerMinuteMax: 0,
      refreshDays: 0,
      passwordCost: 10,
      ecdsaEngines: ['H'],
      version: '0.0.0',
    },
    secrets: { api: createHash('sha256').update(seed).digest(), operatorToken },
    db,
    signers: cluster.door,
    refresher: noRefresher,
    chains: noChains,
    orders: createOrders(() => ctx),
    limits: createLimits({ now: () => now }, { requestsPerMinuteMax: 0 }),
    identity: createOidc({ env: { now: () => now, log }, http, providers: () => providers }),
    mail: { send: (mail) => files.send(mail), pretend: () => files.pretend(), close: async () => {} },
    metrics: createMetrics(),
    log,
  };
  const files = fileMailer(ctx);
  const mine = [...authHandlers, ...orgsHandlers, ...permissionsHandlers];
  const named = new Set(mine.map(({ operation }) => fullName(operation)));
  const others = operations
    .filter((of) => !named.has(fullName(of)))
    .map((of) =>
      handler(of, async (_ctx, call) => {
        if (call.grant !== undefined) grants.push(call.grant);
        return {};
      }),
    );
  const app = createServer(ctx, { auth: authPorts, handlers: [...mine, ...others] });
  return {
    ctx,
    app,
    cluster,
    engine,
    logged,
    providers,
    grants,
    advance: (ms) => {
      now += ms;
    },
    crashAt: (point) => {
      crash = point;
    },
    close: async () => {
      await app.close();
      await db.close();
      await engine.remove();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

export async function call(
  w: World,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  o: { token?: string | undefined; body?: unknown; payload?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const payload = o.payload ?? (o.body === undefined ? undefined : JSON.stringify(o.body));
  const reply = await w.app.inject({
    method,
    url,
    headers: {
      ...(o.token === undefined ? {} : { authorization: `Bearer ${o.token}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...o.headers,
    },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: reply.statusCode, body: reply.body === '' ? undefined : reply.json() };
}

/** Founds an organisation and returns its administrator, logged in. */
export async function found(w: World, name = 'Acme'): Promise<Member> {
  const key = testKey('Ed25519');
  const credId = toBase64Url(w.ctx.env.random(16));
  const username = `admin@${name.toLowerCase()}.example`;
  const genesis = encodeGenesis({
    v: 1,
    c: w.ctx.signers.fingerprint,
    name,
    admin: { username, credential: { kind: 'Key', id: credId, publicKey: key.publicKey, algorithm: 'Ed25519' } },
    app: { origin: 'http://localhost:8787', rpId: 'localhost' },
    time: new Date(w.ctx.env.now()).toISOString(),
    nonce: toBase64Url(w.ctx.env.random(16)),
  });
  const proof = factorOf(keyAssertion({ credId, key, challenge: genesisChallenge(genesis) }));
  const { status, body } = await call(w, 'POST', pathOf('createOrg'), {
    token: operatorToken,
    body: { genesis, proof },
  });
  if (status !== 200) throw new Error(`organisation refused: ${JSON.stringify(body)}`);
  return { orgId: body.orgId, userId: body.admin.userId, username, credId, key, token: body.admin.authToken };
}

/** A user action for a request: init, sign, complete. */
export async function actionFor(
  w: World,
  by: Member,
  request: { method: string; path: string; payload: string },
): Promise<{ init: Answer; complete?: Answer; userAction?: string }> {
  const init = await call(w, 'POST', '/auth/action/init', {
    token: by.token,
    body: {
      userActionPayload: request.payload,
      userActionHttpMethod: request.method,
      userActionHttpPath: request.path,
      userActionServerKind: 'Api',
    },
  });
  if (init.status !== 200) return { init };
  const firstFactor = factorOf(keyAssertion({ credId: by.credId, key: by.key, challenge: init.body.challenge }));
  const complete = await call(w, 'POST', '/auth/action', {
    token: by.token,
    body: { challengeIdentifier: init.body.challengeIdentifier, firstFactor },
  });
  return { init, complete, userAction: complete.body?.userAction };
}

/** A signed call, as the public client makes it. */
export async function signedCall(
  w: World,
  by: Member,
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: unknown = {},
): Promise<Answer> {
  const payload = JSON.stringify(body);
  const { init, complete, userAction } = await actionFor(w, by, { method, path, payload });
  if (userAction === undefined) return complete ?? init;
  return call(w, method, path, { token: by.token, payload, headers: { 'x-dfns-useraction': userAction } });
}

/** Registers a credential with the code in the newest mail, and logs in with it. */
export async function registerByCode(w: World, orgId: string, username: string): Promise<Member> {
  const key = testKey('P-256');
  const credId = toBase64Url(w.ctx.env.random(16));
  const init = await call(w, 'POST', '/auth/registration/init', {
    body: { orgId, username, registrationCode: codeFor(w, username) },
  });
  if (init.status !== 200) throw new Error(`registration refused: ${JSON.stringify(init.body)}`);
  const credentialInfo = keyAttestation({ credId, key, challenge: init.body.challenge });
  const { status, body } = await call(w, 'POST', '/auth/registration', {
    token: init.body.temporaryAuthenticationToken,
    body: { firstFactorCredential: { credentialKind: 'Key', credentialInfo, credentialName: 'laptop' } },
  });
  if (status !== 200) throw new Error(`registration refused: ${JSON.stringify(body)}`);
  const member = { orgId, userId: body.user.id, username, credId, key, token: '' };
  return { ...member, token: await logIn(w, member) };
}

export async function logIn(w: World, member: Member): Promise<string> {
  const { orgId, username, credId, key } = member;
  const init = await call(w, 'POST', '/auth/login/init', { body: { orgId, username } });
  const firstFactor = factorOf(keyAssertion({ credId, key, challenge: init.body.challenge }));
  const { body } = await call(w, 'POST', '/auth/login', {
    body: { challengeIdentifier: init.body.challengeIdentifier, firstFactor },
  });
  return body.token;
}

/** The registration code in the newest mail to somebody. */
export function codeFor(w: World, username: string): string {
  const folder = outboxFolder(w.ctx);
  const mails = readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => ({ text: readFileSync(join(folder, name), 'utf8'), time: statSync(join(folder, name)).mtimeMs }))
    .filter(({ text }) => text.includes(`To: ${username}\r\n`))
    .sort((a, b) => a.time - b.time);
  return /code: ([0-9-]{19})/.exec(mails.at(-1)?.text ?? '')?.[1] ?? 'no mail';
}

/** An assertion in the form that the wire wants. */
export function factorOf(assertion: ReturnType<typeof keyAssertion>) {
  const { kind, ...credentialAssertion } = assertion;
  return { kind, credentialAssertion };
}

export function pathOf(name: string): string {
  return operations.find((of) => of.name === name)?.path ?? '';
}
