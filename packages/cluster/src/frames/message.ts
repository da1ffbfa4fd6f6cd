/** Protocol messages inside a sealed frame (docs/specs/frames.md §5): compact, one encoding per list of messages. */
import { check } from '../errors.ts';
import { PEER_BYTES_MAX } from '../relay/wire.ts';
import type { SignerIndex } from '../roster/roster.ts';

/** The sender is the session's peer, authenticated by the handshake; it is not part of a message. */
export interface PeerMessage {
  /** 32 bytes. */
  readonly execId: Uint8Array;
  /** 0…255. */
  readonly round: number;
  readonly kind: MessageKind;
  /** Roster index of the receiver; 0 = the same message goes to every participant. */
  readonly to: SignerIndex | 0;
  readonly body: Uint8Array;
  /** 64 bytes: the sender's identity signature, where evidence is needed. */
  readonly sig?: Uint8Array;
}

export type MessageKind = (typeof kinds)[number];
const kinds = ['bcast', 'p2p', 'echo', 'ack'] as const;

/** Plain text of a frame: what it is, then its contents. */
export const PLAIN = { messages: 0, end: 1 } as const;

/** execId ‖ round ‖ kind ‖ to ‖ flags ‖ length of the body (u32). */
const HEAD_BYTES = 32 + 1 + 1 + 1 + 1 + 4;
const SIGNATURE_BYTES = 64;
const SIGNED = 1;
/** Header, tag and type byte of a frame around its messages. */
export const FRAME_OVERHEAD = 17 + 16 + 1;
export const PLAIN_BYTES_MAX = PEER_BYTES_MAX - FRAME_OVERHEAD;
export const BODY_BYTES_MAX = PLAIN_BYTES_MAX - HEAD_BYTES - SIGNATURE_BYTES;
/** More than any group of runs sends at once; keeps decoding a frame of empty messages cheap. */
export const MESSAGES_MAX = 256;

export function messageBytes(message: PeerMessage): number {
  return HEAD_BYTES + message.body.length + (message.sig ? SIGNATURE_BYTES : 0);
}

/** Writes at `at` and gives the offset behind. Refuses what the other side would refuse. */
export function writeMessage(out: Buffer, at: number, message: PeerMessage, receiver: SignerIndex): number {
  const { execId, round, kind, to, body, sig } = message;
  const code = kinds.indexOf(kind);
  check(execId.length === 32, 'E_FRAME_MESSAGE', 'An execution id is 32 bytes.');
  check(Number.isInteger(round) && round >= 0 && round <= 255, 'E_FRAME_MESSAGE', 'A round is 0 to 255.');
  check(code >= 0, 'E_FRAME_MESSAGE', 'Unknown kind of message.');
  check(to === 0 || to === receiver, 'E_FRAME_TO', 'The message is for another signer.');
  check(body.length <= BODY_BYTES_MAX, 'E_FRAME_SIZE', `A body has at most ${BODY_BYTES_MAX} bytes.`);
  check(sig === undefined || sig.length === SIGNATURE_BYTES, 'E_FRAME_MESSAGE', 'A signature is 64 bytes.');
  out.set(execId, at);
  out[at + 32] = round;
  out[at + 33] = code;
  out[at + 34] = to;
  out[at + 35] = sig ? SIGNED : 0;
  out.writeUInt32BE(body.length, at + 36);
  out.set(body, at + HEAD_BYTES);
  const end = at + HEAD_BYTES + body.length;
  if (sig) out.set(sig, end);
  return sig ? end + SIGNATURE_BYTES : end;
}

/** Reads every message of a plain text; all or none. The bytes are views of `plain`. */
export function readMessages(plain: Buffer, receiver: SignerIndex): PeerMessage[] {
  const messages: PeerMessage[] = [];
  let at = 1;
  check(plain.length > 1, 'E_FRAME_MESSAGE', 'A frame without messages.');
  while (at < plain.length) {
    check(messages.length < MESSAGES_MAX, 'E_FRAME_MESSAGE', `More than ${MESSAGES_MAX} messages in a frame.`);
    check(plain.length - at >= HEAD_BYTES, 'E_FRAME_MESSAGE', 'A message is cut short.');
    const kind = kinds[plain[at + 33] as number];
    const to = plain[at + 34] as number;
    const flags = plain[at + 35] as number;
    check(kind !== undefined && flags <= SIGNED, 'E_FRAME_MESSAGE', 'A message of unknown form.');
    check(to === 0 || to === receiver, 'E_FRAME_TO', 'The message is for another signer.');
    const bodyAt = at + HEAD_BYTES;
    const sigAt = bodyAt + plain.readUInt32BE(at + 36);
    const end = flags === SIGNED ? sigAt + SIGNATURE_BYTES : sigAt;
    check(end <= plain.length, 'E_FRAME_MESSAGE', 'A message is cut short.');
    messages.push({
      execId: view(plain, at, at + 32),
      round: plain[at + 32] as number,
      kind,
      to,
      body: view(plain, bodyAt, sigAt),
      ...(flags === SIGNED ? { sig: view(plain, sigAt, end) } : {}),
    });
    at = end;
  }
  return messages;
}

function view(bytes: Buffer, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
}
