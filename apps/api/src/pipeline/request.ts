/** Reads what arrived, before anything is believed: path, query, headers and body (bad-inputs.md A). */
import type { IncomingMessage } from 'node:http';
import { refuse, WalletError } from '@holdfast/contract/errors';
import { type Match, matchOperation, methodsOf, type Operation, problemOfParam } from '@holdfast/contract/operations';
import { check } from '@holdfast/contract/schema';
import { asJsonObject, parseStrictJsonBytes, utf8Decode } from '@holdfast/contract/wire';

/** Headers that mean something here and must not be there twice, because readers would differ in which one counts. */
const singleHeaders = new Set([
  'authorization',
  'content-type',
  'content-encoding',
  'content-length',
  'x-dfns-useraction',
  'x-dfns-appid',
  'x-dfns-nonce',
  'x-dfns-appsecret',
  'x-dfns-apisignature',
]);

export function refuseRepeatedHeaders(raw: IncomingMessage): void {
  const seen = new Set<string>();
  for (let k = 0; k < raw.rawHeaders.length; k += 2) {
    const name = (raw.rawHeaders[k] ?? '').toLowerCase();
    if (!singleHeaders.has(name)) continue;
    if (seen.has(name)) refuse('E_HEADER_TWICE', `header ${name} appears more than once`, { header: name });
    seen.add(name);
  }
}

export interface Target {
  /** Raw, without query. */
  readonly path: string;
  /** Raw text after `?`. */
  readonly query: string;
}

export function targetOf(url: string): Target {
  const at = url.indexOf('?');
  return at === -1 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

/**
 * The operation behind the raw path; 404 and 405 otherwise. One trailing slash is taken on reads, as older documents
 * write it (conventions.md §1); what a user signs has one spelling only.
 */
export function findOperation(method: string, path: string): Match {
  const plain = method === 'GET' && path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const match = matchOperation(method, plain);
  if (match) return match;
  const allowed = methodsOf(path);
  if (allowed.length === 0) refuse('E_NO_ENDPOINT');
  throw new WalletError('E_METHOD', `${path.slice(0, 64)} answers ${allowed.join(', ')} only`, {
    details: { allow: allowed },
  });
}

export function checkParams(params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    const problem = problemOfParam(name, value);
    if (problem !== undefined) refuse('E_PARAM', problem, { path: name });
  }
}

/** The query as its schema wants it. Every member is text; one that appears twice, or is not declared, is refused. */
export function readQuery(of: Operation, text: string): Readonly<Record<string, string>> {
  if (of.query === undefined) {
    if (text === '') return {};
    refuse(
      'E_QUERY',
      of.method === 'GET' ? 'this call takes no query parameters' : 'query parameters are not allowed here',
    );
  }
  const query: Record<string, string> = {};
  for (const [name, value] of text === '' ? [] : decodePairs(text)) {
    if (Object.hasOwn(query, name)) refuse('E_QUERY', `query.${name.slice(0, 64)} appears twice`);
    // As in a body: no database keeps or compares it.
    if (value.includes('\0')) refuse('E_QUERY', `query.${name.slice(0, 64)} contains the character U+0000`);
    Object.defineProperty(query, name, { value, enumerable: true });
  }
  const problem = check(of.query, query, 'query');
  if (problem) refuse('E_QUERY', problem.message, { path: problem.path });
  return query;
}

function decodePairs(text: string): [string, string][] {
  try {
    return text.split('&').map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [decodeURIComponent(name.replaceAll('+', ' ')), decodeURIComponent(value.replaceAll('+', ' '))];
    });
  } catch {
    // A broken percent escape; the sender's text is of no use in the answer.
    return refuse('E_QUERY', 'the query is not valid percent-encoding');
  }
}

/** The body as a checked value; `undefined` for calls without one. */
export function readBody(of: Operation, bytes: Uint8Array): unknown {
  if (of.request === undefined) return undefined;
  if (bytes.length === 0 && of.bodyOptional === true) return {};
  const body = asJsonObject(parseStrictJsonBytes(bytes));
  const problem = check(of.request, body, 'body');
  if (problem) refuse('E_BODY', problem.message, { path: problem.path });
  return body;
}

/** The body as the text that a user action was signed over. */
export const payloadText = (bytes: Uint8Array): string => utf8Decode(bytes, 'body');
