/**
 * The binary messages between a signer and the relay (docs/specs/relay.md): a type byte, then fields of fixed size,
 * then one body. Readers are strict and never throw anything but ClusterError `E_RELAY_FORMAT`.
 */
import { enc, i } from '@holdfast/crypto/transcript';
import { COMMAND_BYTES_MAX, REPLY_BYTES_MAX } from '../commands/codec.ts';
import { check } from '../errors.ts';
import { SIGNERS } from '../roster/roster.ts';

export const RELAY_PATH = '/holdfast/relay';
/** WebSocket subprotocol: names this format and its version before a byte of it is sent. */
export const RELAY_PROTOCOL = 'holdfast-relay-v1';
export const NONCE_BYTES = 32;

/** A sealed frame between signers, opaque here: auxiliary proofs of engine C are the largest, well below 1 MiB. */
export const PEER_BYTES_MAX = 1 << 20;
/** Type byte and request number beside the largest body. */
export const MESSAGE_BYTES_MAX = Math.max(PEER_BYTES_MAX, COMMAND_BYTES_MAX, REPLY_BYTES_MAX) + 5;

export const TYPE = {
  hello: 0x01,
  auth: 0x02,
  welcome: 0x03,
  request: 0x10,
  reply: 0x11,
  push: 0x12,
  peerFrom: 0x20,
  peerTo: 0x21,
  presence: 0x30,
} as const;

/** Close codes of this protocol (RFC 6455 §7.4.2 leaves 4000–4999 to applications). */
export const CLOSE = { goingAway: 1001, refused: 4000, replaced: 4001, format: 4002, lost: 4003 } as const;

const VERSION = 1;
const HASH = 32;
const SIGNATURE = 64;

/** What a signer signs to enter, and the only thing a link ever signs. */
export function relayAuthBytes(o: { readonly fingerprint: Uint8Array; readonly nonce: Uint8Array }): Uint8Array {
  return enc('holdfast/relay-auth/v1', i.bytes(o.fingerprint), i.bytes(o.nonce));
}

export function writeHello(o: { readonly fingerprint: Uint8Array; readonly nonce: Uint8Array }): Uint8Array {
  return Buffer.concat([Uint8Array.of(TYPE.hello, VERSION), o.fingerprint, o.nonce]);
}

export function readHello(message: Uint8Array): { readonly fingerprint: Uint8Array; readonly nonce: Uint8Array } {
  const fits = message.length === 2 + HASH + NONCE_BYTES && message[0] === TYPE.hello && message[1] === VERSION;
  check(fits, 'E_RELAY_FORMAT', 'The first message of the relay is not a challenge of version 1.');
  return { fingerprint: message.slice(2, 2 + HASH), nonce: message.slice(2 + HASH) };
}

export function writeAuth(o: { readonly signerId: Uint8Array; readonly signature: Uint8Array }): Uint8Array {
  return Buffer.concat([Uint8Array.of(TYPE.auth, VERSION), o.signerId, o.signature]);
}

export function readAuth(message: Uint8Array): { readonly signerId: Uint8Array; readonly signature: Uint8Array } {
  const fits = message.length === 2 + HASH + SIGNATURE && message[0] === TYPE.auth && message[1] === VERSION;
  check(fits, 'E_RELAY_FORMAT', 'The first message of a signer is not an answer to the challenge.');
  return { signerId: message.slice(2, 2 + HASH), signature: message.slice(2 + HASH) };
}

export function writeWelcome(index: number): Uint8Array {
  return Uint8Array.of(TYPE.welcome, index);
}

export function readWelcome(message: Uint8Array): number {
  check(message.length === 2 && message[0] === TYPE.welcome, 'E_RELAY_FORMAT', 'The relay did not say welcome.');
  return message[1] as number;
}

/** Bit index − 1 says that the signer is connected. */
export function writePresence(online: readonly number[]): Uint8Array {
  return Uint8Array.of(
    TYPE.presence,
    online.reduce((bits, index) => bits | (1 << (index - 1)), 0),
  );
}

export function readPresence(message: Uint8Array): number[] {
  const bits = message[1] ?? 0;
  check(message.length === 2 && bits < 1 << SIGNERS, 'E_RELAY_FORMAT', 'A presence message names an unknown signer.');
  return Array.from({ length: SIGNERS }, (_, k) => k + 1).filter((index) => (bits >> (index - 1)) & 1);
}

/** A request or its answer: the number is the relay's own and is used once per connection. */
export function writeNumbered(type: number, number: number, text: string): Uint8Array {
  const message = Buffer.allocUnsafe(5 + Buffer.byteLength(text, 'utf8'));
  message[0] = type;
  message.writeUInt32BE(number, 1);
  message.write(text, 5, 'utf8');
  return message;
}

export function readNumbered(message: Uint8Array): { readonly number: number; readonly body: Uint8Array } {
  check(message.length > 5, 'E_RELAY_FORMAT', 'A numbered message is cut short.');
  return { number: view(message).readUInt32BE(1), body: message.subarray(5) };
}

export function writeBody(type: number, body: Uint8Array): Uint8Array {
  const message = Buffer.allocUnsafe(1 + body.length);
  message[0] = type;
  message.set(body, 1);
  return message;
}

/** A frame and the signer it goes to (peerTo) or, stamped by the relay from the connection, comes from (peerFrom). */
export function writePeer(type: number, index: number, frame: Uint8Array): Uint8Array {
  const message = Buffer.allocUnsafe(2 + frame.length);
  message[0] = type;
  message[1] = index;
  message.set(frame, 2);
  return message;
}

export function readPeer(message: Uint8Array): { readonly index: number; readonly frame: Uint8Array } {
  const index = message[1] ?? 0;
  const fits = message.length > 2 && message.length - 2 <= PEER_BYTES_MAX && index >= 1 && index <= SIGNERS;
  check(fits, 'E_RELAY_FORMAT', 'A frame names an unknown signer or has a wrong size.');
  return { index, frame: message.subarray(2) };
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
