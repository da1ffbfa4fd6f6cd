/** Refusals about authority. Codes, statuses and sentences stand in the contract's table; a test compares the two. */

export type AuthorityCode =
  // The request and its texts
  | 'E_BODY'
  | 'E_PARAM'
  | 'E_COMMAND'
  | 'E_USER_ACTION_PATH'
  | 'E_NOT_FOUND'
  | 'E_CONFLICT'
  // Credentials and assertions
  | 'E_CREDENTIAL_UNKNOWN'
  | 'E_CREDENTIAL_KIND'
  | 'E_CREDENTIAL_EXISTS'
  | 'E_LAST_CREDENTIAL'
  | 'E_ASSERTION'
  | 'E_CLIENT_DATA'
  | 'E_CLIENT_DATA_TYPE'
  | 'E_CLIENT_DATA_ORIGIN'
  | 'E_CROSS_ORIGIN'
  | 'E_RP_ID'
  | 'E_USER_VERIFICATION'
  | 'E_AUTHENTICATOR_DATA'
  | 'E_ATTESTATION'
  | 'E_PUBLIC_KEY'
  | 'E_PRIVATE_KEY_SENT'
  // The challenge
  | 'E_CHALLENGE_FORM'
  | 'E_CHALLENGE_KIND'
  | 'E_CHALLENGE_CLUSTER'
  | 'E_CHALLENGE_ORG'
  | 'E_CHALLENGE_USER'
  | 'E_CHALLENGE_REQUEST'
  | 'E_CHALLENGE_EXPIRED'
  | 'E_CHALLENGE_STALE'
  | 'E_CHALLENGE_TOKENS'
  // The organisation's chain and what it says
  | 'E_GENESIS'
  | 'E_ENTRY'
  | 'E_STALE_HEAD'
  | 'E_ACKS'
  | 'E_WITHDRAWALS'
  | 'E_WITHDRAWN'
  | 'E_ACKNOWLEDGED'
  | 'E_VOTES_KNOWN'
  | 'E_CLUSTER_BUSY'
  | 'E_FORBIDDEN'
  | 'E_PAT'
  | 'E_IMMUTABLE'
  | 'E_GRANT'
  | 'E_LAST_ADMIN'
  | 'E_USER_EXISTS'
  | 'E_UNSUPPORTED'
  | 'E_IMPORT_DISABLED'
  | 'E_EXPORT_DISABLED'
  // Log files
  | 'E_LOG_FORM'
  | 'E_LOG_CLUSTER'
  | 'E_LOG_ORG'
  | 'E_LOG_HEAD'
  | 'E_LOG_KEY'
  | 'E_LOG_SIGNATURE'
  | 'E_LOG_NOTHING';

export type AuthorityDetails = Readonly<Record<string, string | number | boolean>>;

/** Also carries codes of `contract/wire` when the text itself could not be read. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
  readonly code: string;
  readonly details: AuthorityDetails | undefined;

  constructor(code: string, message: string, details?: AuthorityDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** Every refusal of this room goes through here. */
export function refuse(code: AuthorityCode, message: string, details?: AuthorityDetails): never {
  throw new AuthorityError(code, message, details);
}
