/**
 * Every code that leaves the system: its HTTP status and its sentence. The sentence is what a person reads when the
 * place of the refusal has nothing more exact to say. Signers send the same codes. What begins below the public
 * surface, aborts of protocol runs above all, is in `protocolErrors`; scripts/check-contract.mjs knows no third place.
 */
import { protocolErrors } from './protocol.ts';

export { protocolErrors } from './protocol.ts';

interface ErrorEntry {
  readonly status: number;
  readonly sentence: string;
}

export const errors = {
  // The request itself
  E_NO_ENDPOINT: { status: 404, sentence: 'no such endpoint' },
  E_METHOD: { status: 405, sentence: 'this path does not answer that method' },
  E_CONTENT_TYPE: { status: 415, sentence: 'content-type must be application/json' },
  E_CONTENT_ENCODING: { status: 415, sentence: 'compressed request bodies are not accepted' },
  E_TOO_LARGE: { status: 413, sentence: 'the request body is too large' },
  E_HEADER_TOO_LARGE: { status: 431, sentence: 'the request headers are too large' },
  E_TIMEOUT: { status: 408, sentence: 'the request took too long to arrive' },
  E_HTTP: { status: 400, sentence: 'the request is not valid HTTP' },
  E_HEADER_TWICE: { status: 400, sentence: 'a header appears more than once' },
  E_QUERY: { status: 400, sentence: 'query parameters are not allowed here' },
  E_BODY: { status: 400, sentence: 'the body is not valid' },
  E_PARAM: { status: 400, sentence: 'a path parameter is not valid' },
  E_PAGINATION_TOKEN: { status: 400, sentence: 'query.paginationToken is not valid' },
  E_RATE_LIMIT: { status: 429, sentence: 'too many requests; try again later' },
  E_INTERNAL: { status: 500, sentence: 'Internal Server Error' },
  E_NOT_FOUND: { status: 404, sentence: 'not found' },
  E_CONFLICT: { status: 409, sentence: 'the request conflicts with what is there already' },
  E_UNSUPPORTED: { status: 400, sentence: 'this is not supported' },
  // The texts (contract/wire)
  E_JSON_EMPTY: { status: 400, sentence: 'body is required: expected a JSON object' },
  E_JSON_SYNTAX: { status: 400, sentence: 'body is not valid JSON' },
  E_JSON_DUPLICATE_KEY: { status: 400, sentence: 'a member appears twice' },
  E_JSON_FORBIDDEN_KEY: { status: 400, sentence: 'a member has a name that is not allowed' },
  E_JSON_SURROGATE: { status: 400, sentence: 'a text contains an unpaired surrogate' },
  E_JSON_NUL: { status: 400, sentence: 'a text contains the character U+0000' },
  E_JSON_NUMBER: { status: 400, sentence: 'a number cannot be read exactly; send large numbers as text' },
  E_JSON_DEPTH: { status: 400, sentence: 'body is nested deeper than 32' },
  E_JSON_SIZE: { status: 413, sentence: 'the text is too large' },
  E_JSON_TYPE: { status: 400, sentence: 'body must be a JSON object' },
  E_UTF8: { status: 400, sentence: 'body is not valid UTF-8' },
  E_UTF8_BOM: { status: 400, sentence: 'body must be UTF-8 without byte order mark' },
  E_HEX: { status: 400, sentence: 'a text is not valid hex' },
  E_BASE64: { status: 400, sentence: 'a text is not canonical base64' },
  E_BASE64URL: { status: 400, sentence: 'a text is not canonical base64url' },
  // Who asks
  E_UNAUTHENTICATED: { status: 401, sentence: 'Not Authorized.' },
  E_FORBIDDEN: { status: 403, sentence: 'not authorized to perform this operation' },
  E_OPERATOR_TOKEN: { status: 401, sentence: 'the operator token is missing or wrong; it is in data/operator.token' },
  E_APPLICATION: { status: 401, sentence: 'application not found' },
  E_APPLICATION_INACTIVE: { status: 403, sentence: 'application has been deactivated' },
  E_API_SIGNATURE: { status: 403, sentence: 'application signature is missing or invalid' },
  E_NONCE: { status: 400, sentence: 'request nonce is missing or invalid' },
  E_NONCE_USED: { status: 400, sentence: 'request nonce has already been used' },
  E_USER_NOT_FOUND: { status: 401, sentence: 'User not found' },
  E_USER_INACTIVE: { status: 400, sentence: 'User account has been deactivated.' },
  E_USER_EXISTS: { status: 401, sentence: 'User already exists.' },
  E_NO_CREDENTIAL: { status: 401, sentence: 'User does not have a credential that can be used for the application.' },
  E_RECOVERY_CODE: { status: 401, sentence: 'Recovery code is not valid' },
  E_LOGIN_CODE: { status: 401, sentence: 'Login code is not valid' },
  E_REGISTRATION_CODE: { status: 401, sentence: 'Registration code expired' },
  E_REGISTRATION_WALLETS: {
    status: 400,
    sentence:
      'signers make keys only on a signature they know; register with no wallets and create them with delegateTo',
  },
  E_CODE: { status: 403, sentence: 'Invalid code' },
  E_LAST_CREDENTIAL: { status: 400, sentence: 'this is your last active credential' },
  E_CREDENTIAL_EXISTS: { status: 409, sentence: 'credential is already registered' },
  E_CREDENTIAL_KIND: { status: 401, sentence: 'this action needs a Key or Fido2 credential' },
  E_FACTOR: { status: 401, sentence: 'the password or the one-time code is not right' },
  E_SECOND_FACTOR: { status: 401, sentence: 'a second factor is required' },
  E_ID_TOKEN: { status: 401, sentence: 'the ID token is not valid' },
  E_IDENTITY_PROVIDER: { status: 503, sentence: 'the identity provider does not answer as it should' },
  E_SSO_CLIENT: { status: 400, sentence: 'no single sign-on is configured for this organisation and clientId' },
  E_SSO_STATE: { status: 400, sentence: 'the single sign-on has expired or was completed before; begin again' },
  E_PASSWORD: { status: 400, sentence: 'a password has 12 to 256 characters' },
  E_EXPIRATION: { status: 400, sentence: 'expiration must be within 1 minute' },
  // User actions at the api
  E_USER_ACTION: { status: 403, sentence: 'user action signature is missing or invalid' },
  E_USER_ACTION_USED: { status: 400, sentence: 'user action has already been used' },
  E_USER_ACTION_BODY: { status: 403, sentence: 'body does not match the signed payload' },
  E_USER_ACTION_TARGET: { status: 403, sentence: 'user action was signed for another method or path' },
  E_USER_ACTION_PATH: { status: 400, sentence: 'userActionHttpPath does not name a signable endpoint' },
  E_USER_ACTION_PAYLOAD: { status: 400, sentence: 'userActionPayload is not valid for the endpoint' },
  E_CHALLENGE_TOKEN: { status: 400, sentence: 'Challenge token is not valid.' },
  E_CHALLENGE_USED: { status: 400, sentence: 'challenge has already been used' },
  // Authority: challenges, assertions, entries (api and signers)
  E_CHALLENGE_FORM: { status: 403, sentence: 'challenge is not in canonical form' },
  E_CHALLENGE_KIND: { status: 403, sentence: "the challenge's kind cannot authorise an action" },
  E_CHALLENGE_CLUSTER: { status: 403, sentence: 'challenge was issued for another cluster' },
  E_CHALLENGE_ORG: { status: 403, sentence: 'challenge was issued for another organisation' },
  E_CHALLENGE_USER: { status: 403, sentence: 'challenge was issued for another user' },
  E_CHALLENGE_REQUEST: { status: 403, sentence: 'challenge was issued for another request' },
  E_CHALLENGE_EXPIRED: { status: 403, sentence: 'challenge has expired; sign again' },
  E_CHALLENGE_STALE: { status: 403, sentence: 'challenge predates signer start or is too old; sign again' },
  E_CHALLENGE_TOKENS: { status: 403, sentence: 'the freshness tokens do not match the challenge' },
  E_ASSERTION: { status: 401, sentence: 'signature is not valid' },
  E_CLIENT_DATA: { status: 400, sentence: 'clientData is not valid' },
  E_CLIENT_DATA_TYPE: { status: 401, sentence: 'clientData.type is not the expected one' },
  E_CLIENT_DATA_ORIGIN: { status: 401, sentence: 'the origin is not allowed' },
  E_CROSS_ORIGIN: { status: 401, sentence: 'cross-origin assertions are not accepted' },
  E_RP_ID: { status: 401, sentence: 'relying party id does not match' },
  E_USER_VERIFICATION: { status: 401, sentence: 'user verification is required' },
  E_COUNTER: { status: 401, sentence: 'authenticator counter did not increase; credential may be cloned' },
  E_AUTHENTICATOR_DATA: { status: 401, sentence: 'authenticatorData is malformed' },
  E_ATTESTATION: { status: 400, sentence: 'attestation is not valid' },
  E_PUBLIC_KEY: { status: 400, sentence: 'publicKey must be one PEM SubjectPublicKeyInfo block' },
  E_PRIVATE_KEY_SENT: { status: 400, sentence: 'you sent a private key; treat it as exposed and generate a new one' },
  E_CREDENTIAL_UNKNOWN: { status: 401, sentence: 'the credential is unknown or inactive' },
  E_UNCONFIRMED: {
    status: 403,
    sentence: 'the credential is not confirmed; ask someone already enrolled to confirm it',
  },
  E_REPLAY: { status: 403, sentence: 'this signed request has been used before' },
  E_STALE_HEAD: { status: 409, sentence: 'the organisation changed since the challenge was made; sign again' },
  E_ACKS: { status: 403, sentence: 'fewer than three valid acknowledgements' },
  E_WITHDRAWALS: { status: 403, sentence: 'fewer than three valid promises not to acknowledge the change' },
  E_WITHDRAWN: { status: 409, sentence: 'this change was given up; sign again' },
  E_ACKNOWLEDGED: { status: 409, sentence: 'this signer has acknowledged that change' },
  E_VOTES_KNOWN: { status: 409, sentence: 'this signer knows what it acknowledged at that height' },
  E_UNPINNED: {
    status: 403,
    sentence: "the organisation's genesis is not trusted by this signer; run: holdfast signer trust",
  },
  E_IMMUTABLE: { status: 403, sentence: 'this comes with the platform and cannot be changed' },
  E_PAT: { status: 403, sentence: 'Personal Access Token not allowed' },
  E_GRANT: { status: 403, sentence: 'cannot grant what you do not have' },
  E_LAST_ADMIN: { status: 400, sentence: 'this is the last active full administrator' },
  E_GENESIS: { status: 400, sentence: 'the genesis is not valid' },
  E_ENTRY: { status: 400, sentence: 'the entry of the authority log is not valid' },
  // Log files, judged on the reader's machine
  E_LOG_FORM: { status: 400, sentence: 'the log file is not in its form' },
  E_LOG_CLUSTER: { status: 403, sentence: 'the log file is of other signers than the pinned ones' },
  E_LOG_ORG: { status: 403, sentence: 'the log file is of another organisation than the pinned one' },
  E_LOG_HEAD: { status: 403, sentence: 'the chain of the log file does not contain that head' },
  E_LOG_KEY: { status: 403, sentence: 'fewer than three signers state the key' },
  E_LOG_SIGNATURE: { status: 403, sentence: 'the signature is not over what the user asked for' },
  E_LOG_NOTHING: { status: 404, sentence: 'the log file holds no such signature' },
  // Keys, wallets, signatures
  E_CANTON: { status: 400, sentence: 'this release speaks to no Canton participant' },
  E_NETWORK: { status: 400, sentence: 'network is not one of the supported networks' },
  E_KEY_KIND: { status: 400, sentence: 'this scheme, curve and protocol do not go together' },
  E_KEY_INACTIVE: { status: 400, sentence: 'key is archived and can no longer sign' },
  E_KEY_EXPORTED: { status: 400, sentence: 'key is exported and can no longer sign' },
  E_KEY_EXISTS: { status: 409, sentence: 'this key already exists here' },
  E_KEY_NETWORK: { status: 400, sentence: 'the key does not fit the network' },
  E_WALLET_INACTIVE: { status: 400, sentence: 'wallet is archived and can no longer sign' },
  E_WALLET_EXISTS: { status: 409, sentence: 'a wallet of this key exists on this network already' },
  E_EXTERNAL_ID: { status: 409, sentence: 'Conflicting entity with same externalId' },
  E_SIGNATURE_KIND: { status: 400, sentence: 'this kind of signature is not available for the key' },
  E_DELEGATED: { status: 403, sentence: 'key is delegated to an end user, who alone may use it' },
  E_DELEGATION: { status: 400, sentence: 'the key cannot be delegated' },
  E_HD: { status: 400, sentence: 'a key is a master key or a derived one, never both' },
  E_HD_PATH: { status: 400, sentence: 'deriveFrom.path must have 1 to 10 unhardened components below 2^31' },
  E_HD_MASTER: { status: 400, sentence: 'deriveFrom needs an active master key' },
  E_HD_EXPORT: { status: 400, sentence: 'a derived key is not exported, nor a master key that has active children' },
  E_KEY_STORE: { status: 400, sentence: 'there is one key store; leave storeId out' },
  // Chains
  E_SCHEME: { status: 400, sentence: 'the network does not take keys of this scheme' },
  E_KIND: { status: 400, sentence: 'this kind of signature is not available for the key or network' },
  E_INTENT_SIGNED: { status: 409, sentence: 'another transaction has been signed for this request' },
  E_ORIGINAL: { status: 409, sentence: 'the transaction to be replaced is not what was signed' },
  E_TRANSACTION_STATE: { status: 409, sentence: 'this is not possible in the present state of the transaction' },
  E_CHAIN_ID: { status: 400, sentence: 'chain id of the network is not configured' },
  E_COMPLETION: { status: 409, sentence: 'the completion of the transaction is not valid' },
  E_FEE: { status: 409, sentence: 'the fee is above the highest that signers add' },
  E_FUNDS: { status: 400, sentence: 'the balance does not suffice' },
  E_CONTRACT_ANSWER: { status: 400, sentence: 'what the contract returned does not fit' },
  // Chains' nodes
  E_SETTINGS: { status: 400, sentence: 'the settings of networks are not valid' },
  E_NODE_UNSET: { status: 503, sentence: 'no node of the network is configured; set one: holdfast networks set' },
  E_NODE_UNREACHABLE: { status: 503, sentence: 'no node of the network answers' },
  E_NODE_ANSWER: { status: 503, sentence: 'the nodes of the network answer nonsense' },
  E_NODE_DISAGREE: { status: 503, sentence: 'the nodes of the network do not agree' },
  E_NODE_REFUSED: { status: 400, sentence: 'the node of the network refused' },
  // Import and export
  E_IMPORT_DISABLED: { status: 403, sentence: 'key import is not enabled; switch it on: holdfast org enable import' },
  E_EXPORT_DISABLED: { status: 403, sentence: 'key export is not enabled; switch it on: holdfast org enable export' },
  E_MIN_SIGNERS: { status: 400, sentence: 'body.minSigners must be 3' },
  E_IMPORT_SHARES: { status: 400, sentence: 'body.encryptedKeyShares must have one entry for each signer' },
  E_IMPORT_KEYS_EXPIRED: { status: 400, sentence: 'import keys have expired; call GET /signers again' },
  E_IMP_CIPHERTEXT_USED: { status: 409, sentence: 'share ciphertext has been used before' },
  E_ENCRYPTION_KEY: { status: 400, sentence: 'body.encryptionKey is not a valid key' },
  E_EXPORT_SCHEME: { status: 400, sentence: "supportedSchemes does not list the key's protocol and curve" },
  E_MASTER_KEY: { status: 400, sentence: 'masterKey is not available on import until its chain code is settled' },
  // The cluster
  E_SIGNERS_UNAVAILABLE: { status: 503, sentence: 'not enough signers' },
  E_QUEUE_FULL: { status: 429, sentence: 'too many signature requests are waiting; try again later' },
  E_CLUSTER_BUSY: { status: 503, sentence: 'the cluster is busy; try again later' },
  E_CLUSTER_DISAGREES: { status: 500, sentence: 'the signers do not agree on the result' },
  E_CLUSTER_TIMEOUT: { status: 503, sentence: 'the signers did not answer in time; the outcome is not known' },
  E_INTERRUPTED: { status: 503, sentence: 'the api was stopped before the request was answered' },
  E_SEALED: { status: 503, sentence: 'the signer is sealed or frozen' },
  E_COMMAND: { status: 400, sentence: 'the command is not valid' },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof errors;

/** Facts beside the message; never a secret, never more than 64 characters of the sender's own text. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The one error class of the border: rooms extend it or translate into it. */
export class WalletError extends Error {
  override readonly name: string = 'WalletError';
  readonly code: string;
  readonly status: number;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode | (string & {}), message?: string, options: WalletErrorOptions = {}) {
    super(message ?? sentenceOf(code), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? statusOf(code);
    this.details = options.details;
  }
}

export interface WalletErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** Only where one code is answered with different statuses. */
  readonly status?: number;
}

/**
 * Ends the current request.
 *
 *     refuse('E_NOT_FOUND', 'wallet not found');
 */
export function refuse(code: ErrorCode, message?: string, details?: ErrorDetails): never {
  throw new WalletError(code, message, details === undefined ? {} : { details });
}

/** Whether this project gives the code a meaning; signers may send others. */
export function isKnownCode(code: string): boolean {
  return isErrorCode(code) || isProtocolCode(code);
}

/** HTTP status of a code; a protocol abort caused by what was sent is 400, any other 503. */
export function statusOf(code: string): number {
  if (isErrorCode(code)) return errors[code].status;
  return callersFault.some((prefix) => code.startsWith(prefix)) ? 400 : 503;
}

export function sentenceOf(code: string): string {
  if (isErrorCode(code)) return errors[code].sentence;
  return isProtocolCode(code) ? protocolErrors[code] : `refused: ${code}`;
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}

function isProtocolCode(code: string): code is keyof typeof protocolErrors {
  return Object.hasOwn(protocolErrors, code);
}

/** Aborts of an import name the importer's material; sealed shares are opened before any round. */
const callersFault = ['E_IMP_', 'E_ENVELOPE', 'E_SHARE_FORMAT'];
