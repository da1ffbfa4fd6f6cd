/**
 * Subjects and handshake messages of the relay over NATS (docs/specs/relay.md §6). Whoever has credentials at the NATS
 * server may publish on any of these subjects: nothing is believed because of where it arrived.
 */
import { check } from '../../errors.ts';
import { SIGNERS, type SignerIndex } from '../../roster/roster.ts';

/** How many bytes a NATS server must take in one message: the largest frame between signers, and its own default. */
export const PAYLOAD_BYTES = 1 << 20;

export const ID_BYTES = 16;
const KEY = 32;
const NONCE = 32;
const HASH = 32;
const SIGNATURE = 64;
const VERSION = 1;

export const NATS_TYPE = { call: 0x01, dial: 0x02, hello: 0x03, auth: 0x04 } as const;

/** Messages inside a channel, beside those of the relay. */
export const CHANNEL_TYPE = { ping: 0x40, pong: 0x41, bye: 0x42 } as const;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Subjects of one cluster. */
export function subjectsOf(clusterId: string) {
  const prefix = `holdfast.v1.${clusterId}`;
  return {
    /** An api that has just come asks every signer to dial. */
    call: `${prefix}.call`,
    /** A signer asks every api to let it in. */
    dial: `${prefix}.dial`,
    /** To one connection of an api. */
    hub: (hubId: Uint8Array) => `${prefix}.hub.${hex(hubId)}`,
    /** Where the server says that nobody listens on the other end of a channel. */
    absent: (hubId: Uint8Array, channel: string) => `${prefix}.absent.${hex(hubId)}.${channel}`,
    /** To one connection of a signer. */
    link: (linkId: Uint8Array) => `${prefix}.link.${hex(linkId)}`,
    /** A sealed frame between two signers; `to` and `from` may be `*`. */
    frame: (to: SignerIndex, from: SignerIndex | '*') => `${prefix}.frame.${to}.${from}`,
  };
}

/** The sender that a frame's subject names, if it can be one. */
export function senderOf(subject: string): SignerIndex | undefined {
  const last = subject.slice(subject.lastIndexOf('.') + 1);
  return /^[1-9]$/.test(last) && Number(last) <= SIGNERS ? Number(last) : undefined;
}

export function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

export const callMessage = (): Uint8Array => Uint8Array.of(NATS_TYPE.call, VERSION);

export interface Dial {
  readonly index: SignerIndex;
  /** Random per connection of the signer; names the subject that only this process listens on. */
  readonly linkId: Uint8Array;
  /** The signer's ephemeral X25519 key of this dial. */
  readonly E_s: Uint8Array;
}

export function writeDial(o: Dial): Uint8Array {
  return Buffer.concat([Uint8Array.of(NATS_TYPE.dial, VERSION, o.index), o.linkId, o.E_s]);
}

export function readDial(message: Uint8Array): Dial {
  const read = reader(message, NATS_TYPE.dial, 1 + ID_BYTES + KEY);
  const [index = 0] = read(1);
  check(index >= 1 && index <= SIGNERS, 'E_RELAY_FORMAT', 'A dial names an unknown signer.');
  return { index, linkId: read(ID_BYTES), E_s: read(KEY) };
}

export interface Hello {
  readonly hubId: Uint8Array;
  readonly fingerprint: Uint8Array;
  /** The api's X25519 key of this connection to NATS. */
  readonly E_h: Uint8Array;
  readonly nonce: Uint8Array;
  /** Of the dial that this answers. */
  readonly E_s: Uint8Array;
}

export function writeHello(o: Hello): Uint8Array {
  return Buffer.concat([Uint8Array.of(NATS_TYPE.hello, VERSION), o.hubId, o.fingerprint, o.E_h, o.nonce, o.E_s]);
}

export function readHello(message: Uint8Array): Hello {
  const read = reader(message, NATS_TYPE.hello, ID_BYTES + HASH + KEY + NONCE + KEY);
  return {
    hubId: read(ID_BYTES),
    fingerprint: read(HASH),
    E_h: read(KEY),
    nonce: read(NONCE),
    E_s: read(KEY),
  };
}

export interface Auth extends Dial {
  readonly nonce: Uint8Array;
  readonly signature: Uint8Array;
}

export function writeAuth(o: Auth): Uint8Array {
  return Buffer.concat([Uint8Array.of(NATS_TYPE.auth, VERSION, o.index), o.linkId, o.E_s, o.nonce, o.signature]);
}

export function readAuth(message: Uint8Array): Auth {
  const read = reader(message, NATS_TYPE.auth, 1 + ID_BYTES + KEY + NONCE + SIGNATURE);
  const [index = 0] = read(1);
  check(index >= 1 && index <= SIGNERS, 'E_RELAY_FORMAT', 'An answer names an unknown signer.');
  return { index, linkId: read(ID_BYTES), E_s: read(KEY), nonce: read(NONCE), signature: read(SIGNATURE) };
}

/** How many frames of this channel the signer has opened: what the api need not count as waiting any more. */
export function writePong(opened: number): Uint8Array {
  const message = Buffer.alloc(9);
  message[0] = CHANNEL_TYPE.pong;
  message.writeBigUInt64BE(BigInt(opened), 1);
  return message;
}

export function readPong(message: Uint8Array): number {
  check(message.length === 9, 'E_RELAY_FORMAT', 'An answer to a ping is cut short.');
  return Number(Buffer.from(message.buffer, message.byteOffset, message.byteLength).readBigUInt64BE(1));
}

export function writeBye(code: number): Uint8Array {
  return Uint8Array.of(CHANNEL_TYPE.bye, code >>> 8, code & 0xff);
}

export function readBye(message: Uint8Array): number {
  check(message.length === 3, 'E_RELAY_FORMAT', 'A goodbye is cut short.');
  return ((message[1] as number) << 8) | (message[2] as number);
}

/** Takes the fields of a message of one type and exact length, in order. */
function reader(message: Uint8Array, type: number, length: number): (bytes: number) => Uint8Array {
  const fits = message.length === 2 + length && message[0] === type && message[1] === VERSION;
  check(fits, 'E_RELAY_FORMAT', 'A handshake message of unknown form.');
  let at = 2;
  return (bytes) => {
    at += bytes;
    return message.slice(at - bytes, at);
  };
}
