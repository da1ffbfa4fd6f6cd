/** One node behind one address: asks, reads what comes back, and tells a refusal from a failure. */
import { NodeError } from '../errors.ts';
import { HttpError } from '../http/index.ts';
import type { Http, Nodes } from '../types.ts';
import { parseAnswer, words } from './answers.ts';

/** One question; `timeoutMs` is what is left of the time for it. */
export interface Endpoint {
  rpc(timeoutMs: number, ...question: Parameters<Nodes['rpc']>): Promise<unknown>;
  get(timeoutMs: number, ...question: Parameters<Nodes['get']>): Promise<unknown>;
  post(timeoutMs: number, ...question: Parameters<Nodes['post']>): Promise<unknown>;
}

type NodesHeaders = (origin: string) => Readonly<Record<string, string>>;

export interface EndpointOptions {
  readonly url: string;
  /** By origin; secrets, like what is in the address. */
  readonly headers?: NodesHeaders | undefined;
  /** 1 for the first of the operator's list; what messages call the node, whose address stays out of them. */
  readonly place: number;
  readonly network: string;
  readonly http: Http;
  readonly bytesMax: number;
}

/** Throws RangeError for what is no http or https address; the message does not repeat it. */
export function checkEndpointUrl(text: string): URL {
  const url = URL.canParse(text) && text.length <= URL_CHARS_MAX ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new RangeError('the address of a node must be http://… or https://…');
  if (url.hash !== '') throw new RangeError('the address of a node has no fragment');
  return url;
}

const URL_CHARS_MAX = 2000;

export function createEndpoint(o: EndpointOptions): Endpoint {
  const { place, network, http, bytesMax } = o;
  const base = checkEndpointUrl(o.url);
  const authorization = authorizationOf(base);
  const headers = o.headers?.(base.origin) ?? {};
  const secrets = secretsOf(base, headers);
  base.username = '';
  base.password = '';
  const me = `node ${place} of ${network}`;

  async function exchange(request: {
    method: 'GET' | 'POST';
    url: string;
    body?: string | Uint8Array;
    contentType?: string;
    timeoutMs: number;
  }) {
    const { method, url, body, contentType, timeoutMs } = request;
    try {
      return await http({
        method,
        url,
        headers: {
          accept: 'application/json',
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
          ...(authorization === undefined ? {} : { authorization }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        timeoutMs,
        bytesMax,
      });
    } catch (cause) {
      // The cause stays behind: fetch's own errors name the host.
      const kind = cause instanceof HttpError ? cause.kind : 'unreachable';
      const reason = cause instanceof HttpError ? cause.message : 'the connection failed';
      throw new NodeError(kind === 'size' ? 'E_NODE_ANSWER' : 'E_NODE_UNREACHABLE', `${me}: ${reason}`);
    }
  }

  const said = (value: unknown): string => words(value, secrets);

  async function rest(o: {
    timeoutMs: number;
    method: 'GET' | 'POST';
    path: string;
    body?: unknown;
    contentType?: string | undefined;
  }) {
    const { timeoutMs, method, path, body, contentType = 'application/json' } = o;
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const { status, body: bytes } = await exchange({
      timeoutMs,
      method,
      url: below(base, path),
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body), contentType }),
    });
    if (status >= 200 && status < 300) return parsed(bytes, me);
    const answer = bytes.length <= REFUSAL_BYTES_MAX ? tryParse(bytes) : undefined;
    const isRefusal = status >= 400 && status < 500 ? ![401, 403, 429].includes(status) : isOctezError(status, answer);
    if (!isRefusal) throw failed(me, status);
    throw new NodeError('E_NODE_REFUSED', `${me} refused: ${said(messageOf(answer)) || `status ${status}`}`, {
      status,
      answer,
    });
  }

  let questions = 0;

  return {
    get: (timeoutMs, path) => rest({ timeoutMs, method: 'GET', path }),
    post: (timeoutMs, path, body, contentType) => rest({ timeoutMs, method: 'POST', path, body, contentType }),
    async rpc(timeoutMs, method, params) {
      questions += 1;
      const id = questions;
      const { status, body: bytes } = await exchange({
        timeoutMs,
        method: 'POST',
        url: base.href,
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
        contentType: 'application/json',
      });
      // Bitcoin's nodes send refusals with status 500 or 404, so the body counts before the status.
      const answer = tryParse(bytes);
      const isAnswer = typeof answer === 'object' && answer !== null && !Array.isArray(answer);
      if (!isAnswer && (status < 200 || status >= 300)) throw failed(me, status);
      if (!isAnswer) throw new NodeError('E_NODE_ANSWER', `${me}: the answer is not JSON-RPC`);
      const { id: answered, result, error } = answer as Readonly<Record<string, unknown>>;
      if (error !== undefined && error !== null) {
        const { code, message, data } = (typeof error === 'object' ? error : { message: error }) as Record<
          string,
          unknown
        >;
        const rpcCode = typeof code === 'number' ? code : undefined;
        throw new NodeError('E_NODE_REFUSED', `${me} refused ${method}: ${said(message) || 'without a reason'}`, {
          ...(rpcCode === undefined ? {} : { rpcCode }),
          status,
          answer: data,
        });
      }
      if (status < 200 || status >= 300) throw failed(me, status);
      if (answered !== id || result === undefined)
        throw new NodeError('E_NODE_ANSWER', `${me}: the answer is not one to the question`);
      return result;
    },
  };
}

const REFUSAL_BYTES_MAX = 16_384;

function failed(me: string, status: number): NodeError {
  const why =
    status >= 300 && status < 400
      ? 'answers with a redirect, which is not followed'
      : status === 401 || status === 403
        ? `answers ${status}: is the key in its address right?`
        : `answers ${status}`;
  return new NodeError(status === 429 || status >= 500 ? 'E_NODE_UNREACHABLE' : 'E_NODE_ANSWER', `${me} ${why}`, {
    status,
  });
}

function parsed(bytes: Uint8Array, me: string): unknown {
  try {
    return parseAnswer(bytes);
  } catch {
    throw new NodeError('E_NODE_ANSWER', `${me}: the answer is not JSON`);
  }
}

function tryParse(bytes: Uint8Array): unknown {
  try {
    return parseAnswer(bytes);
  } catch {
    // Told from a refusal by its being no object; whoever asked says what that means.
    return undefined;
  }
}

/** Tezos' node refuses with 500 and a list of what it found wrong, each with the name of its kind (Octez, RPC errors). */
function isOctezError(status: number, answer: unknown): answer is readonly { readonly id: string }[] {
  return (
    status === 500 &&
    Array.isArray(answer) &&
    answer.length > 0 &&
    answer.every((each) => typeof each?.kind === 'string' && typeof each?.id === 'string')
  );
}

function messageOf(answer: unknown): unknown {
  if (isOctezError(500, answer)) return answer.map(({ id }) => id).join(', ');
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { message, error, detail, title } = answer as Readonly<Record<string, unknown>>;
  return message ?? (typeof error === 'object' ? messageOf(error) : error) ?? detail ?? title;
}

/** `path` begins with a slash and may carry a query; what the address asks for itself (a key) stays in it. */
function below(base: URL, path: string): string {
  const [name = '', query = ''] = splitOnce(path, '?');
  if (!name.startsWith('/') || /(^|\/)\.\.?(\/|$)|%2e|\\/i.test(name)) throw new Error('bug: not a path below a node');
  const url = new URL(base.href);
  url.pathname = `${base.pathname.replace(/\/$/, '')}${name}`;
  url.search = [base.search.replace(/^\?/, ''), query].filter((each) => each !== '').join('&');
  return url.href;
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function authorizationOf(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

/** Parts of an address that can be a key, and headers: a node may repeat them in what it says. */
function secretsOf(url: URL, headers: Readonly<Record<string, string>>): readonly string[] {
  const parts = [
    url.host,
    url.hostname,
    ...url.pathname.split('/').filter((each) => each.length >= 8),
    ...[...url.searchParams.values()].filter((each) => each.length >= 4),
    url.username,
    url.password,
    // A node may repeat a token without the word before it: `Bearer …`.
    ...Object.values(headers).flatMap((each) => [each, ...each.split(/[\s=:;,"]+/).filter(isLikelyKey)]),
  ];
  return [...new Set([...parts, ...parts.map(decoded)])]
    .filter((each) => each !== '')
    .sort((a, b) => b.length - a.length);
}

const isLikelyKey = (part: string): boolean => part.length >= 8;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
