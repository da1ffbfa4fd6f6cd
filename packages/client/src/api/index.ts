/**
 * A small HTTP client that signs what it sends and nothing else: the path of the command line and of the demo.
 * Applications may equally use the public SDK with a VerifyingSigner.
 */
import {
  type CredentialSigner,
  type IntendedRequest,
  type UserActionChallenge,
  VerifyingSigner,
} from '../credentials/index.ts';

export interface ApiPins {
  readonly clusterFingerprint: string;
  readonly orgId: string;
  readonly userId?: string;
}

/** How to go on when the api says that the token is worth nothing (logins last some hours). */
export interface Renewal {
  readonly username: string;
  /** Told of every new token. */
  keep(authToken: string): void;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** What the server's own log has of it, where it said. */
  readonly requestId: string | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    details: Readonly<Record<string, unknown>>,
    requestId?: string,
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.details = details;
    this.requestId = requestId;
  }
}

export class HoldfastApi {
  readonly #baseUrl: string;
  #authToken: string | undefined;
  readonly #login: (() => Promise<string>) | undefined;
  readonly #signer: VerifyingSigner<unknown> | undefined;

  constructor(options: {
    readonly baseUrl: string;
    readonly authToken?: string;
    readonly signer?: CredentialSigner<unknown>;
    readonly pins?: ApiPins;
    /** With a signer and pins: logs in anew, once, when a call is answered by 401. */
    readonly renewal?: Renewal;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#authToken = options.authToken;
    this.#signer =
      options.signer !== undefined && options.pins !== undefined
        ? new VerifyingSigner(options.signer, options.pins)
        : undefined;
    const { renewal, pins } = options;
    const signer = this.#signer;
    if (renewal !== undefined && pins !== undefined && signer !== undefined)
      this.#login = () => this.#logIn({ renewal, orgId: pins.orgId, signer });
  }

  /** A read, or one of the calls that no user action covers (login, registration). */
  async plain<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#send<T>(method, path, body === undefined ? undefined : JSON.stringify(body), {});
  }

  /** A change: signs a challenge that commits to exactly this request, then sends it. Returns the nullifier too. */
  async signed<T>(
    method: IntendedRequest['method'],
    path: string,
    body: unknown = {},
  ): Promise<{ result: T; nullifier: Uint8Array }> {
    const signer = this.#signer;
    if (signer === undefined) throw new Error('this client has no credential to sign with');
    const payload = JSON.stringify(body);
    return signer.approve({ method, path, body: payload }, async () => {
      const challenge = await this.plain<UserActionChallenge>('POST', '/auth/action/init', {
        userActionPayload: payload,
        userActionHttpMethod: method,
        userActionHttpPath: path,
        userActionServerKind: 'Api',
      });
      const firstFactor = await signer.sign(challenge);
      const { userAction } = await this.plain<{ userAction: string }>('POST', '/auth/action', {
        challengeIdentifier: challenge.challengeIdentifier,
        firstFactor,
      });
      return this.#send<T>(method, path, payload, { 'x-dfns-useraction': userAction });
    });
  }

  async #logIn(o: {
    readonly renewal: Renewal;
    readonly orgId: string;
    readonly signer: VerifyingSigner<unknown>;
  }): Promise<string> {
    const challenge = await this.#exchange<UserActionChallenge>(
      'POST',
      '/auth/login/init',
      JSON.stringify({ username: o.renewal.username, orgId: o.orgId }),
      {},
    );
    const firstFactor = await o.signer.signLogin(challenge);
    const { token } = await this.#exchange<{ token: string }>(
      'POST',
      '/auth/login',
      JSON.stringify({ challengeIdentifier: challenge.challengeIdentifier, firstFactor }),
      {},
    );
    o.renewal.keep(token);
    return token;
  }

  async #send<T>(
    method: string,
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<T> {
    try {
      return await this.#exchange<T>(method, path, body, headers);
    } catch (cause) {
      // Nothing was done for a caller whom the api does not know: the same call may go out again.
      const isExpired = cause instanceof ApiError && cause.code === 'E_UNAUTHENTICATED';
      if (!isExpired || this.#login === undefined) throw cause;
      this.#authToken = undefined;
      this.#authToken = await this.#login();
      return this.#exchange<T>(method, path, body, headers);
    }
  }

  async #exchange<T>(
    method: string,
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<T> {
    const response = await fetch(new URL(path, this.#baseUrl), {
      method,
      headers: {
        ...(this.#authToken === undefined ? {} : { authorization: `Bearer ${this.#authToken}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) throw refusalOf(response.status, text);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }
}

function refusalOf(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as {
      error: { id?: string; message: string; details?: Record<string, unknown> };
    };
    const code = String(error.details?.['code'] ?? 'E_HTTP');
    return new ApiError(status, code, error.message, error.details ?? {}, error.id);
  } catch {
    // Not our server's shape (a proxy, another service): say what came back, shortened.
    return new ApiError(status, 'E_HTTP', `the server answered ${status}: ${text.slice(0, 200)}`, {});
  }
}
