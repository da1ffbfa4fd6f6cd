/** Every refusal of this room. Facts for people are in the message, facts for programs in `details`. */

export type ClusterErrorCode =
  | 'E_ROSTER'
  | 'E_SUCCESSION'
  | 'E_COMMAND'
  | 'E_REPLY'
  | 'E_PUSH'
  /** The signer has no connection; nothing was sent. */
  | 'E_RELAY_OFFLINE'
  /** Nothing was sent: too many requests or bytes are waiting for this signer. */
  | 'E_RELAY_BUSY'
  /** The connection ended before the answer; the signer may or may not have acted. */
  | 'E_RELAY_LOST'
  /** No answer in time; the signer may or may not have acted. */
  | 'E_RELAY_DEADLINE'
  | 'E_RELAY_CHALLENGE'
  | 'E_RELAY_AUTH'
  | 'E_RELAY_FORMAT'
  | 'E_RELAY_ADDRESS'
  | 'E_FRAME_SIZE'
  | 'E_FRAME_FORMAT'
  | 'E_FRAME_SOURCE'
  | 'E_FRAME_SESSION'
  | 'E_FRAME_REPLAY'
  | 'E_FRAME_ORDER'
  | 'E_FRAME_TAG'
  | 'E_FRAME_MESSAGE'
  | 'E_FRAME_TO'
  | 'E_HANDSHAKE_FORMAT'
  | 'E_HANDSHAKE_STATE'
  | 'E_HANDSHAKE_RATE'
  | 'E_HANDSHAKE_KEY'
  | 'E_HANDSHAKE_SIGNATURE'
  | 'E_HANDSHAKE_MAC';

export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ClusterErrorCode,
    message: string,
    details: Readonly<Record<string, string | number | boolean>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

export function refuse(
  code: ClusterErrorCode,
  message: string,
  details?: Readonly<Record<string, string | number | boolean>>,
  cause?: unknown,
): never {
  throw new ClusterError(code, message, details, cause);
}

export function check(
  claim: boolean,
  code: ClusterErrorCode,
  message: string,
  details?: Readonly<Record<string, string | number | boolean>>,
): asserts claim {
  if (!claim) refuse(code, message, details);
}
