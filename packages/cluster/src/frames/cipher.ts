/**
 * One direction of a session: AES-256-GCM under a key of its own, the counter as nonce (docs/specs/frames.md §4). A
 * frame is type ‖ session id ‖ counter ‖ cipher text ‖ tag; everything before the cipher text is authenticated.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { check } from '../errors.ts';

export const FRAME_TYPE = 0x10;
export const SESSION_ID_BYTES = 8;
const HEADER_BYTES = 1 + SESSION_ID_BYTES + 8;
const TAG_BYTES = 16;
const TAG = { authTagLength: TAG_BYTES } as const;
export const FRAME_BYTES_MIN = HEADER_BYTES + TAG_BYTES + 1;

export interface Sealer {
  /** Frames sealed so far: the counter of the next one. */
  readonly sealed: number;
  seal(plain: Uint8Array): Uint8Array;
  wipe(): void;
}

export interface Opener {
  /** The plain text of the next frame. Throws E_FRAME_REPLAY, E_FRAME_TAG, and E_FRAME_ORDER for proof of a loss. */
  open(frame: Buffer): Buffer;
  wipe(): void;
}

/** The counter never repeats: it only rises, and a session ends long before 2^53. */
export function createSealer(key: Uint8Array, sessionId: Uint8Array): Sealer {
  const secret = Buffer.from(key);
  const nonce = Buffer.alloc(12);
  let counter = 0;
  return {
    get sealed() {
      return counter;
    },
    seal(plain) {
      const frame = Buffer.allocUnsafe(HEADER_BYTES + plain.length + TAG_BYTES);
      frame[0] = FRAME_TYPE;
      frame.set(sessionId, 1);
      writeCounter(frame, 1 + SESSION_ID_BYTES, counter);
      writeCounter(nonce, 4, counter);
      counter++;
      const cipher = createCipheriv('aes-256-gcm', secret, nonce, TAG);
      cipher.setAAD(frame.subarray(0, HEADER_BYTES));
      frame.set(cipher.update(plain), HEADER_BYTES);
      cipher.final();
      frame.set(cipher.getAuthTag(), HEADER_BYTES + plain.length);
      return frame;
    },
    wipe: () => secret.fill(0),
  };
}

export function createOpener(key: Uint8Array): Opener {
  const secret = Buffer.from(key);
  const nonce = Buffer.alloc(12);
  let next = 0;

  function decipher(frame: Buffer, counter: number): Buffer | undefined {
    writeCounter(nonce, 4, counter);
    const cipher = createDecipheriv('aes-256-gcm', secret, nonce, TAG);
    const tagAt = frame.length - TAG_BYTES;
    cipher.setAAD(frame.subarray(0, HEADER_BYTES));
    cipher.setAuthTag(frame.subarray(tagAt));
    const plain = cipher.update(frame.subarray(HEADER_BYTES, tagAt));
    try {
      cipher.final();
      return plain;
    } catch {
      // The tag does not fit. The caller says so; nothing of the unauthenticated plain text is kept.
      plain.fill(0);
      return undefined;
    }
  }

  return {
    open(frame) {
      const counter = readCounter(frame, 1 + SESSION_ID_BYTES);
      check(counter >= next, 'E_FRAME_REPLAY', 'A frame that was opened before.');
      const plain = decipher(frame, counter);
      check(plain !== undefined, 'E_FRAME_TAG', 'A frame that the peer did not seal for this session.');
      // Authentic but early: the relay lost or reordered what came before, and the session cannot go on.
      check(counter === next, 'E_FRAME_ORDER', 'Frames before this one are missing.');
      next++;
      return plain;
    },
    wipe: () => secret.fill(0),
  };
}

export function sessionIdOf(frame: Buffer): Buffer {
  return frame.subarray(1, 1 + SESSION_ID_BYTES);
}

/** 64 bits, big-endian; ours stay below 2^53. */
function writeCounter(out: Buffer, at: number, counter: number): void {
  out.writeUInt32BE(Math.floor(counter / 2 ** 32), at);
  out.writeUInt32BE(counter >>> 0, at + 4);
}

/** A counter of 2^53 or more belongs to no session; as a number it can only fail the tag. */
function readCounter(frame: Buffer, at: number): number {
  return frame.readUInt32BE(at) * 2 ** 32 + frame.readUInt32BE(at + 4);
}
