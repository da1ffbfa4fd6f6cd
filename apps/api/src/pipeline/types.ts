/** The words of the gate that every request passes before a handler sees it. */
import type { Assertion, FreshToken, SignedRequest } from '@holdfast/authority/types';
import type { BodyOf, Operation, QueryOf } from '@holdfast/contract/operations';
import type { PermissionName } from '@holdfast/contract/permissions';
import type { Context } from '../context.ts';

/** Who calls, as a verified token says. */
export interface Principal {
  readonly orgId: string;
  readonly userId: string;
  readonly userKind: 'CustomerEmployee' | 'EndUser';
  readonly isServiceAccount: boolean;
  /** For `Temp`, the id of the registration challenge. */
  readonly tokenId: string;
  readonly tokenKind: 'Token' | 'Pat' | 'ServiceAccount' | 'Temp';
  /** Head of the organisation's chain when the token was looked up; absent where no permission is ever asked. */
  readonly orgHead?: string;
  /** The server-signed application that the login was opened through: it serves with that one's signature only. */
  readonly boundTo?: string;
  /** The application that this request names, checked. */
  readonly appId?: string;
  /** The one credential a token is bound to; absent for logins, which may use any of the user's. */
  readonly credentialId?: string;
}

/** A user action that was consumed for exactly this request: what the signers need to check it themselves. */
export interface UserActionGrant {
  /** `payload` is the exact string given to /auth/action/init. */
  readonly request: SignedRequest;
  readonly assertion: Assertion;
  readonly tokens: readonly FreshToken[];
  /** The challenge text as signed. */
  readonly challenge: string;
  /** SHA-256 of the challenge text, 32 bytes: ids derive from it. */
  readonly nullifier: Uint8Array;
}

/** The request as the gate saw it, for the user action to be compared with. */
export interface ReceivedRequest {
  readonly method: string;
  /** Raw, without query. */
  readonly path: string;
  /** Raw text after `?`, empty when there was none. */
  readonly query: string;
  /** The body as received, decoded as UTF-8; empty when there was none. */
  readonly payload: string;
  /** Value of `x-dfns-useraction`. */
  readonly userAction: string | undefined;
}

/** What a request says of the application it comes from: values of headers of which most clients send none. */
export interface ClientHeaders {
  readonly appId: string | undefined;
  readonly nonce: string | undefined;
  readonly appSecret: string | undefined;
  readonly apiSignature: string | undefined;
}

/** What a server-signed application signs of a request, besides its nonce. */
export interface SignedTarget {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly body: Uint8Array;
  /** Empty when there is no such header. */
  readonly authorization: string;
}

/** What `src/auth` gives to the pipeline. Each refuses by throwing. */
export interface AuthPorts {
  /** Reads `authorization`; `temp` accepts only a registration's temporary token, `bearer` never accepts one. */
  authenticate(ctx: Context, authorization: string | undefined, use: 'bearer' | 'temp'): Promise<Principal>;
  /** Accepts only the operator token. */
  authenticateOperator(ctx: Context, authorization: string | undefined, operation: Operation): Promise<void>;
  /** Refuses with 403 unless the caller holds every one of these. */
  authorize(ctx: Context, principal: Principal, needs: readonly PermissionName[]): Promise<void>;
  /** Marks the user action used and answers what was signed, or refuses. */
  consumeUserAction(ctx: Context, request: ReceivedRequest, principal: Principal): Promise<UserActionGrant>;
  /** The application behind a request; called only where one is named, or a nonce, or the login is bound to one. */
  checkClient?(
    ctx: Context,
    principal: Principal | undefined,
    client: ClientHeaders,
    target: SignedTarget,
  ): Promise<string | undefined>;
}

type PrincipalOf<O extends Operation> = O['auth'] extends 'bearer' | 'temp' ? Principal : undefined;
type GrantOf<O extends Operation> = O['userAction'] extends true ? UserActionGrant : undefined;

/** One call, checked: the body fits the schema, the caller may, the user action is consumed. */
export interface Call<O extends Operation = Operation> {
  readonly operation: Operation;
  readonly principal: PrincipalOf<O>;
  readonly grant: GrantOf<O>;
  readonly params: Readonly<Record<string, string>>;
  readonly query: QueryOf<O>;
  readonly body: BodyOf<O>;
  readonly requestId: string;
  readonly path: string;
  /** The application that the request names; of a caller who is not known yet, it may be another organisation's. */
  readonly appId: string | undefined;
  /** Network address of the caller, for limits. */
  readonly address: string;
  /** Origin header of a browser. */
  readonly origin: string | undefined;
  /** The accept header, for the few replies that are not always JSON. */
  readonly accept: string | undefined;
}

/** A reply that is no JSON (conventions.md §10): figures, or where `accept` asks for its type by name. */
export class TextReply {
  readonly type: 'text/csv' | 'text/plain; version=0.0.4';
  readonly text: string;

  constructor(type: TextReply['type'], text: string) {
    this.type = type;
    this.text = text;
  }
}

export type Handle<O extends Operation = Operation> = (ctx: Context, call: Call<O>) => Promise<unknown>;

export interface Handler {
  readonly operation: Operation;
  readonly handle: (ctx: Context, call: never) => Promise<unknown>;
}

/**
 * Binds a handler to its operation; body, query, caller and grant get their types from it. What it answers is cut to
 * the operation's reply schema.
 *
 *     export const getKey = handler(keys.getKey, async (ctx, call) => …);
 */
export function handler<const O extends Operation>(operation: O, handle: Handle<O>): Handler {
  return { operation, handle };
}
