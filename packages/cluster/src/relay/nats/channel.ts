/**
 * A channel between one process of a signer and one of the api, over subjects that anybody may publish on: keys agreed
 * under the signer's identity, then AES-256-GCM frames with counters (docs/specs/relay.md §6). The signer is known; the
 * api is whoever sent the challenge, as with any relay.
 */
import { createHash, hkdfSync, type KeyObject } from 'node:crypto';
import { enc, i } from '@holdfast/crypto/transcript';
import { check } from '../../errors.ts';
import { createOpener, createSealer, FRAME_BYTES_MIN, FRAME_TYPE, SESSION_ID_BYTES } from '../../frames/cipher.ts';
import { agreeX25519, publicKeyObject } from '../../keys.ts';
import type { SignerIndex } from '../../roster/roster.ts';
import { MESSAGE_BYTES_MAX } from '../wire.ts';

/** What both sides must see alike. */
export interface ChannelTerms {
  readonly fingerprint: Uint8Array;
  readonly index: SignerIndex;
  readonly linkId: Uint8Array;
  readonly hubId: Uint8Array;
  readonly E_s: Uint8Array;
  readonly E_h: Uint8Array;
  readonly nonce: Uint8Array;
}

/** What a signer signs to enter over NATS. It names both ephemeral keys, so it is of no use to whoever passes it on. */
export function channelAuthBytes(o: ChannelTerms): Uint8Array {
  return enc(
    'holdfast/relay-channel/v1',
    i.bytes(o.fingerprint),
    i.uint(o.index),
    i.bytes(o.linkId),
    i.bytes(o.hubId),
    i.bytes(o.E_s),
    i.bytes(o.E_h),
    i.bytes(o.nonce),
  );
}

export interface Channel {
  /** Public name of the channel, in every frame. */
  readonly id: Buffer;
  /** Frames sealed and opened so far. */
  readonly sealed: number;
  readonly opened: number;
  /** The frames of one message: one, or several for a large one. */
  seal(message: Uint8Array): Uint8Array[];
  /**
   * The message that this frame completes. Throws E_FRAME_FORMAT, E_FRAME_REPLAY and E_FRAME_TAG for what anybody can
   * send, E_FRAME_ORDER when something of the other side was lost, E_RELAY_FORMAT when it sends what it may not.
   */
  open(frame: Buffer): Uint8Array | undefined;
  wipe(): void;
}

const KEY = 32;
/** The largest message goes in three parts, each well below what a NATS server takes by default. */
const PART_BYTES_MAX = 512 << 10;
const PART = { last: 0x00, more: 0x01 } as const;

/** Undefined when the other side's key is of small order. */
export function openChannel(
  terms: ChannelTerms,
  o: { readonly side: 'signer' | 'hub'; readonly ephemeral: KeyObject },
): Channel | undefined {
  const theirs = publicKeyObject('x25519', o.side === 'signer' ? terms.E_h : terms.E_s);
  const shared = agreeX25519(o.ephemeral, theirs);
  if (shared === undefined) return undefined;
  const salt = createHash('sha256').update(channelAuthBytes(terms)).digest();
  const material = Buffer.from(
    hkdfSync('sha256', shared, salt, 'holdfast/relay-channel/keys/v1', 2 * KEY + SESSION_ID_BYTES),
  );
  shared.fill(0);
  const [toSigner, toHub] = [material.subarray(0, KEY), material.subarray(KEY, 2 * KEY)];
  const id = Buffer.from(material.subarray(2 * KEY));
  const sealer = createSealer(o.side === 'hub' ? toSigner : toHub, id);
  const opener = createOpener(o.side === 'hub' ? toHub : toSigner);
  material.fill(0);
  let opened = 0;
  let parts: Buffer[] = [];
  let partBytes = 0;

  return {
    id,
    get sealed() {
      return sealer.sealed;
    },
    get opened() {
      return opened;
    },
    seal(message) {
      const frames: Uint8Array[] = [];
      for (let at = 0; at === 0 || at < message.length; at += PART_BYTES_MAX) {
        const part = message.subarray(at, at + PART_BYTES_MAX);
        const plain = Buffer.allocUnsafe(1 + part.length);
        plain[0] = at + PART_BYTES_MAX < message.length ? PART.more : PART.last;
        plain.set(part, 1);
        frames.push(sealer.seal(plain));
      }
      return frames;
    },
    open(frame) {
      check(frame.length >= FRAME_BYTES_MIN && frame[0] === FRAME_TYPE, 'E_FRAME_FORMAT', 'A frame is cut short.');
      const plain = opener.open(frame);
      opened++;
      const [flag] = plain;
      check(flag === PART.last || flag === PART.more, 'E_RELAY_FORMAT', 'A part of unknown form.');
      partBytes += plain.length - 1;
      check(partBytes <= MESSAGE_BYTES_MAX, 'E_RELAY_FORMAT', 'A message over the limit.');
      parts.push(plain.subarray(1));
      if (flag === PART.more) return undefined;
      const message = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      parts = [];
      partBytes = 0;
      return message;
    },
    wipe() {
      sealer.wipe();
      opener.wipe();
      parts = [];
    },
  };
}

/** The channel that a frame names. */
export function channelIdOf(frame: Buffer): string {
  return frame.subarray(1, 1 + SESSION_ID_BYTES).toString('hex');
}
