/**
 * The HTTP border: limits, error shape, browsers, closing. Every path goes through one route and the contract's own
 * matcher, so that the api and the signers never understand a path differently.
 */
import type { Socket } from 'node:net';
import { refuse, sentenceOf, statusOf, WalletError } from '@holdfast/contract/errors';
import { fullName, operations } from '@holdfast/contract/operations';
import { toHex } from '@holdfast/contract/wire';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Context } from './context.ts';
import { landingPage, pageHeaders } from './landing/page.ts';
import { openApiText } from './openapi/document.ts';
import type { Pages } from './pages/index.ts';
import { errorReply, toWalletError } from './pipeline/errors.ts';
import { createRegistry, type Received, run } from './pipeline/index.ts';
import { createRateLimit } from './pipeline/rate-limit.ts';
import { findOperation, refuseRepeatedHeaders, targetOf } from './pipeline/request.ts';
import type { AuthPorts, Handler } from './pipeline/types.ts';

/** A PSBT with whole previous transactions is the largest body there is. */
const BODY_BYTES_MAX = 1 << 20;
const HEADER_BYTES_MAX = 16_384;
/** Headers and body together; a signature takes seconds, its request does not. */
const REQUEST_MS_MAX = 10_000;
const KEEP_ALIVE_MS = 65_000;
const RETRY_AFTER_S = 5;

const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers':
    'authorization, content-type, x-dfns-useraction, x-dfns-sdk-version, x-dfns-appid, x-dfns-nonce, x-dfns-appsecret, x-dfns-apisignature',
  'access-control-max-age': '600',
} as const;

export interface ServerPorts {
  readonly auth: AuthPorts;
  readonly handlers: readonly Handler[];
  /** Absent: where they were not built, and in tests of the api alone. */
  readonly pages?: Pages | undefined;
  /** Shorter in tests. */
  readonly requestMsMax?: number;
}

/** Builds the server; the caller listens. `app.server` is the http.Server, for the relay to attach to. */
export function createServer(ctx: Context, ports: ServerPorts): FastifyInstance {
  const gate = { auth: ports.auth, registry: createRegistry(ports.handlers, operations) };
  const { requestMsMax = REQUEST_MS_MAX } = ports;
  const limit = createRateLimit(ctx.env, ctx.config.requestsPerMinuteMax);
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: requestMsMax,
    keepAliveTimeout: KEEP_ALIVE_MS,
    genReqId: requestIds(ctx),
    exposeHeadRoutes: false,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: Math.min(1000, requestMsMax),
      // Node's own refusal has no body; ours is below.
      requireHostHeader: false,
      insecureHTTPParser: false,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => answerError(ctx, error, request, reply as FastifyReply),
    return503OnClosing: false,
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => answerError(ctx, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerError(ctx, new WalletError('E_NO_ENDPOINT'), request, reply));

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(corsHeaders);
    const waitMs = limit.take(request.ip);
    if (waitMs > 0) {
      reply.header('retry-after', String(Math.ceil(waitMs / 1000)));
      refuse('E_RATE_LIMIT');
    }
    refuseMissingHost(request, reply);
    refuseRepeatedHeaders(request.raw);
    if (request.headers['content-encoding'] !== undefined) refuse('E_CONTENT_ENCODING');
  });
  closeConnectionsWhenClosing(app);

  app.all('/*', (request, reply) => answer(ctx, { ...gate, pages: ports.pages }, request, reply));
  return app;
}

const REQUEST_ID_BYTES = 8;
const REQUEST_IDS_DRAWN = 256;

/** Random ids, drawn many at a time: one draw costs as much as the rest of a request's bookkeeping. */
function requestIds(ctx: Pick<Context, 'env'>): () => string {
  let drawn = new Uint8Array();
  let at = 0;
  return () => {
    if (at >= drawn.length) {
      drawn = new Uint8Array(ctx.env.random(REQUEST_ID_BYTES * REQUEST_IDS_DRAWN));
      at = 0;
    }
    at += REQUEST_ID_BYTES;
    return `req-${toHex(drawn.subarray(at - REQUEST_ID_BYTES, at))}`;
  };
}

/** What each request was found to ask for, and when: errors are answered elsewhere. */
const found = new WeakMap<FastifyRequest, { readonly operation: string; readonly started: number }>();

async function answer(
  ctx: Context,
  gate: Parameters<typeof run>[1] & Pick<ServerPorts, 'pages'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { path, query } = targetOf(request.raw.url ?? '');
  if (request.method === 'OPTIONS') return reply.code(204).send();
  if (request.method === 'GET' && path === '/') return answerLanding(ctx, gate.pages !== undefined, request, reply);
  if (request.method === 'GET' && gate.pages?.has(path)) return gate.pages.answer(request, reply, path);
  if (request.method === 'GET' && path === '/openapi.json') return answerDescription(ctx, request, reply);
  const started = ctx.env.now();
  const match = findOperation(request.method, path);
  const begun = { operation: fullName(match.operation), started };
  found.set(request, begun);
  const received: Received = {
    method: request.method,
    path,
    query,
    body: bodyOf(request),
    authorization: request.headers.authorization,
    userAction: oneHeader(request, 'x-dfns-useraction'),
    appId: oneHeader(request, 'x-dfns-appid'),
    nonce: oneHeader(request, 'x-dfns-nonce'),
    appSecret: oneHeader(request, 'x-dfns-appsecret'),
    apiSignature: oneHeader(request, 'x-dfns-apisignature'),
    origin: oneHeader(request, 'origin'),
    accept: oneHeader(request, 'accept'),
    address: request.ip,
    requestId: request.id,
  };
  const facts = { requestId: request.id, operation: begun.operation };
  try {
    const answered = await run(ctx, gate, match, received);
    ctx.metrics.answered({ ...begun, status: answered.status, code: 'ok', ms: ctx.env.now() - started });
    if (answered.unsignedQuery) reply.header('warning', '199 - "force is not signed"');
    // Supervisors ask for health all the time.
    if (match.operation.domain !== 'health') {
      ctx.log('request', { ...facts, status: answered.status, ms: ctx.env.now() - started });
    }
    if (answered.status === 204) return reply.code(204).send();
    if (answered.text !== undefined) {
      const { type, text } = answered.text;
      return reply.code(200).type(`${type}; charset=utf-8`).send(text);
    }
    const { body } = answered;
    if (typeof body === 'object' && body !== null) return reply.code(200).send(body);
    // Clients always parse JSON, a lone text included.
    return reply
      .code(200)
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(body ?? null));
  } catch (error) {
    const refused = toWalletError(error);
    ctx.log('request', { ...facts, status: refused.status, code: refused.code, ms: ctx.env.now() - started });
    throw error;
  }
}

function answerError(ctx: Context, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refused = toWalletError(error);
  const { operation, started } = found.get(request) ?? { operation: undefined, started: ctx.env.now() };
  const { status, code } = refused;
  ctx.metrics.answered({ operation, status, code, ms: ctx.env.now() - started });
  // A 503 is a state of the cluster, not a fault of ours; the request's own line has its code.
  if (refused.status === 500) {
    // Kind and place stay here; the message could quote data, and the caller gets the id to ask about.
    const cause = refused.cause instanceof Error ? refused.cause : refused;
    const at = cause.stack
      ?.split('\n')
      .filter((line) => line.startsWith('    at '))
      .slice(0, 6)
      .map((line) => line.trim());
    ctx.log('error', { requestId: request.id, code: refused.code, kind: cause.name, at });
  }
  const allow = refused.details?.['allow'];
  if (Array.isArray(allow)) reply.header('allow', allow.join(', '));
  const retryAfterS = refused.details?.['retryAfterS'];
  if (typeof retryAfterS === 'number') reply.header('retry-after', String(retryAfterS));
  else if (refused.status === 503) reply.header('retry-after', String(RETRY_AFTER_S));
  return reply.code(refused.status).type('application/json; charset=utf-8').send(errorReply(refused, request.id));
}

function bodyOf(request: FastifyRequest): Uint8Array {
  if (request.body instanceof Uint8Array) return request.body;
  if (request.body === undefined || request.body === null) return new Uint8Array();
  throw new TypeError('the body was not read as bytes');
}

/** RFC 9112 §3.2: a request of HTTP/1.1 names its host, and is closed if it does not. */
function refuseMissingHost({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.headers.host !== undefined || raw.httpVersion === '1.0') return;
  reply.header('connection', 'close');
  refuse('E_HTTP', 'the request has no host header');
}

function oneHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Passkeys need a name, so a page asked for by address moves to `localhost` (rulings 38). */
async function answerLanding(
  ctx: Context,
  hasPages: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const wanted = new URL(ctx.config.publicUrl);
  if (['127.0.0.1', '[::1]'].includes(request.hostname) && wanted.hostname === 'localhost') {
    return reply.code(307).header('location', `${ctx.config.publicUrl}/`).send();
  }
  return reply
    .headers(pageHeaders)
    .type('text/html; charset=utf-8')
    .send(await landingPage(ctx, { hasPages }));
}

/** Made once for its settings; who has it already is told so. */
function answerDescription(ctx: Context, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { text, etag } = openApiText(ctx.config);
  reply.headers({ etag, 'cache-control': 'no-cache' });
  if (oneHeader(request, 'if-none-match') === etag) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(text);
}

/** What the HTTP parser itself refuses never reaches a route: answered here, connection closed, nothing executed. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'E_HEADER_TOO_LARGE'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'E_TIMEOUT'
        : 'E_HTTP';
  const status = statusOf(code);
  const body = JSON.stringify({ error: { id: 'req-none', status, message: sentenceOf(code), details: { code } } });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/**
 * Without this, close() waits for idle keep-alive connections, more than a minute (dependencies.md §1): once closing,
 * every reply asks its client to close the connection.
 */
function closeConnectionsWhenClosing(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    app.server.closeIdleConnections();
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    if (closing) reply.header('connection', 'close');
    return payload;
  });
}
