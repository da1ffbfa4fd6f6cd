/** What an operation of the public API is: everything the pipeline, the signers and the documents need to know. */
import type { Static, TSchema } from 'typebox';
import type { PermissionName } from '../permissions/index.ts';
import { type IdPrefix, idKinds, isId } from '../types/ids.ts';
import { networkOfPath } from '../types/networks.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Who may call: a bearer token; nobody in particular; a registration's temporary token; the operator's own token. */
export type Auth = 'bearer' | 'public' | 'temp' | 'operator';

/**
 * What a signer does on a signed request. `none`: the api keeps it for itself and no signer hears of it.
 * `wallet`: a record that binds an existing key to a network.
 */
export type Effect =
  | 'governance'
  | 'createKey'
  | 'importKey'
  | 'exportKey'
  | 'sign'
  | 'derive'
  | 'archive'
  | 'delegate'
  | 'wallet'
  | 'none';

/** Named permissions, or what the body makes of them (reference/api/permissions.md §6). */
export type Requirement = readonly PermissionName[] | ((body: unknown) => readonly PermissionName[]);

export interface Operation {
  /** The public client's method name; unique within its domain. */
  readonly name: string;
  readonly domain: string;
  readonly method: Method;
  /** `/wallets/:walletId`; parameters are ids, their kinds are in `paramKinds`. */
  readonly path: string;
  readonly auth: Auth;
  /** True when the call carries `x-dfns-useraction`. */
  readonly userAction: boolean;
  readonly permissions: Requirement;
  readonly effect: Effect;
  /** Absent for calls without a body. */
  readonly request?: TSchema;
  /** True where an absent body is read as `{}`. */
  readonly bodyOptional?: boolean;
  readonly query?: TSchema;
  readonly response: TSchema;
  /** 200 unless told. */
  readonly status?: 204;
  /** Other methods that do the same, for older clients. */
  readonly alsoMethods?: readonly Method[];
  readonly summary: string;
}

/** Keeps the schemas' types, so that handlers know their body and reply. */
export function operation<const O extends Operation>(definition: O): O {
  return definition;
}

export type BodyOf<O extends Operation> = O extends { readonly request: infer S extends TSchema }
  ? Static<S>
  : undefined;
export type QueryOf<O extends Operation> = O extends { readonly query: infer S extends TSchema }
  ? Static<S>
  : Readonly<Record<string, never>>;
export type ReplyOf<O extends Operation> = O extends { readonly response: infer S extends TSchema } ? Static<S> : never;

/** What a path parameter is: an id of this kind, or the name of a network. */
export type ParamKind = IdPrefix | 'network';

/** Which of them stands behind each name. */
export const paramKinds: Readonly<Record<string, ParamKind>> = {
  network: 'network',
  orgId: 'or',
  userId: 'us',
  serviceAccountId: 'us',
  tokenId: 'to',
  appId: 'ap',
  actionId: 'ch',
  permissionId: 'pm',
  assignmentId: 'as',
  keyId: 'key',
  walletId: 'wa',
  signatureId: 'sig',
  transferId: 'xfr',
  transactionId: 'tx',
  offerId: 'of',
  validatorId: 'cv',
};

/** What is wrong with the value of a path parameter, as a sentence; undefined: nothing. */
export function problemOfParam(name: string, value: string): string | undefined {
  const kind = paramKinds[name];
  if (kind === undefined) throw new TypeError(`path parameter ${name} has no kind`);
  if (kind === 'network')
    return networkOfPath(value) === undefined ? `${name} is not the name of a network` : undefined;
  return isId(kind, value) ? undefined : `${name} is not a ${idKinds[kind]} id`;
}

export const permissionsOf = (of: Operation, body: unknown): readonly PermissionName[] =>
  typeof of.permissions === 'function' ? of.permissions(body) : of.permissions;
