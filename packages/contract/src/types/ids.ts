/** Identifiers of the public API: `<prefix>-5-5-16` (reference/api/conventions.md §4). */

declare const brand: unique symbol;
type Branded<P extends string> = string & { readonly [brand]: P };

export type OrgId = Branded<'or'>;
export type UserId = Branded<'us'>;
export type TokenId = Branded<'to'>;
export type UserActionId = Branded<'ch'>;
export type ApplicationId = Branded<'ap'>;
export type CredentialUuid = Branded<'cr'>;
export type KeyId = Branded<'key'>;
export type WalletId = Branded<'wa'>;
export type SignatureId = Branded<'sig'>;
export type TransferId = Branded<'xfr'>;
export type TransactionId = Branded<'tx'>;
export type PermissionId = Branded<'pm'>;
export type AssignmentId = Branded<'as'>;
export type OfferId = Branded<'of'>;
export type ValidatorId = Branded<'cv'>;

interface IdTypes {
  or: OrgId;
  us: UserId;
  to: TokenId;
  ch: UserActionId;
  ap: ApplicationId;
  cr: CredentialUuid;
  key: KeyId;
  wa: WalletId;
  sig: SignatureId;
  xfr: TransferId;
  tx: TransactionId;
  pm: PermissionId;
  as: AssignmentId;
  of: OfferId;
  cv: ValidatorId;
}
export type IdPrefix = keyof IdTypes;

/** What a person calls the thing behind each prefix: used in refusals. */
export const idKinds: Readonly<Record<IdPrefix, string>> = {
  or: 'organisation',
  us: 'user',
  to: 'token',
  ch: 'user action',
  ap: 'application',
  cr: 'credential',
  key: 'key',
  wa: 'wallet',
  sig: 'signature',
  xfr: 'transfer',
  tx: 'transaction',
  pm: 'permission',
  as: 'assignment',
  of: 'offer',
  cv: 'validator',
};

const tail = '[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16}';

/** The pattern of one kind of id, as text for schemas. */
export const idPattern = (prefix: IdPrefix): string => `^${prefix}-${tail}$`;

const patterns = new Map<string, RegExp>(
  (Object.keys(idKinds) as IdPrefix[]).map((prefix) => [prefix, new RegExp(idPattern(prefix))]),
);

/**
 * Says whether a text is an id of this kind.
 *
 *     isId('wa', 'wa-1f04s-lqc9q-0123456789abcdef')  // true
 */
export function isId<P extends IdPrefix>(prefix: P, text: string): text is IdTypes[P] {
  return patterns.get(prefix)?.test(text) === true;
}
