/**
 * A client that keeps what came back as it came: status, headers, body. Signs like every other client; a refusal is an
 * answer here, and an api that dies in the middle is one too.
 */
import { KeySigner } from '@holdfast/client/key-signer';
import type { Account, AccountFile } from '../harness/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the api answered; tests look into it.
  readonly body: any;
  readonly ms: number;
}

/** The connection ended before an answer: what became of the request is not known. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** No call of the api takes longer; a test that waits for ever says nothing. */
const ANSWER_MS_MAX = 30_000;

/** Bodies of every answer that was not a success: scanned for secrets by who wants to. */
export const errorBodies: string[] = [];

export class Caller {
  readonly account: AccountFile;
  readonly who: Account;
  readonly #signer: KeySigner;

  constructor(account: AccountFile, who: Account = account.serviceAccount) {
    this.account = account;
    this.who = who;
    this.#signer = new KeySigner({ credId: who.credentialId, privateKey: who.privateKey });
  }

  read(path: string): Promise<Answer> {
    return this.send('GET', path, undefined);
  }

  /** A signed call. What refuses first answers: the challenge, its completion, or the call itself. */
  async act(method: Method, path: string, body: unknown = {}): Promise<Answer> {
    const payload = JSON.stringify(body);
    const token = await this.approve(method, path, payload);
    return typeof token === 'string' ? this.send(method, path, payload, token) : token;
  }

  /** A user action token for one request, or the refusal of it. */
  async approve(method: Method, path: string, payload: string): Promise<string | Answer> {
    const wish = { userActionPayload: payload, userActionHttpMethod: method, userActionHttpPath: path };
    const challenge = await this.send('POST', '/auth/action/init', JSON.stringify(wish));
    if (challenge.status !== 200) return challenge;
    const firstFactor = await this.#signer.sign(challenge.body);
    const signed = { challengeIdentifier: challenge.body.challengeIdentifier, firstFactor };
    const action = await this.send('POST', '/auth/action', JSON.stringify(signed));
    return action.status === 200 ? (action.body.userAction as string) : action;
  }

  async send(method: Method, path: string, payload: string | undefined, userAction?: string): Promise<Answer> {
    const started = performance.now();
    try {
      const reply = await fetch(new URL(path, this.account.apiUrl), {
        method,
        headers: {
          authorization: `Bearer ${this.who.authToken}`,
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...(userAction === undefined ? {} : { 'x-dfns-useraction': userAction }),
        },
        ...(payload === undefined ? {} : { body: payload }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      const text = await reply.text();
      if (!reply.ok) errorBodies.push(text);
      const body = text === '' ? undefined : JSON.parse(text);
      return { status: reply.status, headers: reply.headers, text, body, ms: performance.now() - started };
    } catch (cause) {
      throw new Lost(`${method} ${path}: no answer`, { cause });
    }
  }
}

/** A success, or the test ends here with what came back instead. */
export function good(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 600)}`);
  return answer;
}

export const codeOf = (answer: Answer): string | undefined => answer.body?.error?.details?.code;
export const messageOf = (answer: Answer): string | undefined => answer.body?.error?.message;
