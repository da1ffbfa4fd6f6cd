/**
 * The api as a stranger meets it, byte by byte: paths are sent as they are written, bodies and headers may be
 * anything. What comes back is judged by one measure: the error shape of the reference, and nothing that was secret.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { KeySigner } from '@holdfast/client/key-signer';
import type { Account, AccountFile } from '../harness/index.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the api answered; tests look into it.
  readonly body: any;
  readonly sent: Sent;
}

export interface Expected {
  readonly status: number;
  readonly code: string | readonly string[];
  readonly message: string | RegExp;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One caller with its own credential, at one api. */
export class Door {
  readonly account: AccountFile;
  readonly who: Account;
  readonly #signer: KeySigner;

  constructor(account: AccountFile, who: Account = account.serviceAccount) {
    this.account = account;
    this.who = who;
    this.#signer = new KeySigner({ credId: who.credentialId, privateKey: who.privateKey });
  }

  /** Exactly what is given; only the length is added to a body. */
  send(sent: Sent): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.account.apiUrl);
      const { method, path, headers, body } = sent;
      const call = request({ agent, host: hostname, port, method, path, headers: { ...headers } }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text, body: parsed(text), sent });
        });
      });
      call.on('error', reject);
      if (body !== undefined) call.setHeader('content-length', Buffer.byteLength(body));
      call.end(body);
    });
  }

  /** With this caller's token, as JSON. */
  json(method: string, path: string, body?: string | Uint8Array, headers: Sent['headers'] = {}): Promise<Answer> {
    return this.send({
      method,
      path,
      headers: {
        authorization: `Bearer ${this.who.authToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  read(path: string): Promise<Answer> {
    return this.json('GET', path);
  }

  init(method: Method, path: string, payload?: string): Promise<Answer> {
    const wish = { userActionPayload: payload, userActionHttpMethod: method, userActionHttpPath: path };
    return this.json('POST', '/auth/action/init', JSON.stringify(wish));
  }

  sign(challenge: Answer) {
    return this.#signer.sign(challenge.body);
  }

  /** The second half: the signed challenge for a token. */
  async complete(challenge: Answer): Promise<Answer> {
    const signed = {
      challengeIdentifier: challenge.body.challengeIdentifier,
      firstFactor: await this.sign(challenge),
    };
    return this.json('POST', '/auth/action', JSON.stringify(signed));
  }

  /** A user action token for one request. */
  async approve(method: Method, path: string, payload: string): Promise<string> {
    return good(await this.complete(good(await this.init(method, path, payload)))).body.userAction as string;
  }

  /** A signed call: the answer of whatever refuses first. */
  async act(method: Method, path: string, body: unknown = {}): Promise<Answer> {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const challenge = await this.init(method, path, payload);
    if (challenge.status !== 200) return challenge;
    const action = await this.complete(challenge);
    if (action.status !== 200) return action;
    return this.json(method, path, payload, { 'x-dfns-useraction': action.body.userAction });
  }

  /** Everything the organisation has: equal before and after means that nothing happened. */
  async everything(): Promise<unknown> {
    const [wallets, keys] = await Promise.all([this.read('/wallets?limit=100'), this.read('/keys?limit=100')]);
    const { items } = good(keys).body as { items: { id: string }[] };
    const signatures = await Promise.all(items.map(({ id }) => this.read(`/keys/${id}/signatures?limit=100`)));
    return [wallets, keys, ...signatures].map((answer) => good(answer).body);
  }

  /** Runs what must change nothing, and shows that it did not. */
  async unchanged(act: () => Promise<void>): Promise<void> {
    const before = await this.everything();
    await act();
    deepEqual(await this.everything(), before, 'a refused request left something behind');
  }
}

export function good(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 600)}`);
  return answer;
}

/** The refusal of conventions.md §8: status, stable code, sentence; nothing else, nothing secret, no long echo. */
export function refused(answer: Answer, { status, code, message }: Expected): void {
  wellFormed(answer);
  const { error } = answer.body;
  const about = `${answer.sent.method} ${answer.sent.path.slice(0, 100)}: ${answer.text.slice(0, 400)}`;
  equal(answer.status, status, about);
  ok([code].flat().includes(error.details.code), about);
  if (typeof message === 'string') equal(error.message, message);
  else match(error.message, message);
}

export function wellFormed(answer: Answer): void {
  const about = `${answer.sent.method} ${answer.sent.path.slice(0, 100)}: ${answer.status} ${answer.text.slice(0, 400)}`;
  match(String(answer.headers['content-type']), /^application\/json/, about);
  deepEqual(Object.keys(answer.body ?? {}), ['error'], about);
  const { error } = answer.body;
  deepEqual(Object.keys(error).sort(), ['details', 'id', 'message', 'status'], about);
  equal(error.status, answer.status, about);
  match(error.id, /^req-[0-9a-z]+$/, about);
  match(error.details.code, /^E_[A-Z0-9_]+$/, about);
  ok(typeof error.message === 'string' && error.message.length >= 5, about);
  ok(!/\n|\bat \S+ \(|file:\/\/|\.[jt]s:\d/.test(answer.text), `a stack: ${about}`);
  if (answer.status === 503) match(String(answer.headers['retry-after']), /^\d+$/, about);
  noEcho(answer);
}

/** No 65 characters in a row of what was sent, nor anything at all of a secret. */
function noEcho({ sent, body, text }: Answer): void {
  const given = [sent.path, typeof sent.body === 'string' ? sent.body : '', ...Object.values(sent.headers ?? {})];
  const said = [body.error.message as string, ...textsOf(body.error.details)];
  for (const words of said)
    for (let at = 0; at + 65 <= words.length; at += 1) {
      const window = words.slice(at, at + 65);
      ok(!given.some((text) => text.includes(window)), `echoes the input: ${words.slice(0, 200)}`);
    }
  for (const name of ['authorization', 'x-dfns-useraction'] as const) {
    const secret = sent.headers?.[name]?.replace(/^Bearer /, '').split('.')[2];
    if (secret !== undefined && secret.length > 8) ok(!text.includes(secret), `echoes ${name}`);
  }
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: who expects it will say so.
    return undefined;
  }
}

export interface Heard {
  /** Everything until the other side closed. */
  readonly text: string;
  /** Status lines found in it: one for each request that was answered. */
  readonly statuses: readonly number[];
  // biome-ignore lint/suspicious/noExplicitAny: whatever the api answered.
  readonly body: any;
  readonly ms: number;
}

/** Writes on a bare socket and listens until the other side closes; `drip` goes on writing, a byte a second. */
export function raw(account: AccountFile, text: string | Uint8Array, drip?: string): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const { hostname, port } = new URL(account.apiUrl);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let heard = '';
    const dripping =
      drip === undefined
        ? undefined
        : setInterval(() => {
            if (socket.writable) socket.write(drip);
          }, 1000);
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    // A reset after the answer is a close; before it, the test sees that nothing was heard.
    socket.on('error', (error: Error & { code?: string }) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      clearInterval(dripping);
      const statuses = [...heard.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
      const at = heard.indexOf('\r\n\r\n');
      resolve({
        text: heard,
        statuses,
        body: parsed(at < 0 ? '' : heard.slice(at + 4)),
        ms: performance.now() - started,
      });
    });
  });
}
