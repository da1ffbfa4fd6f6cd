/**
 * A slot is one place for one message: (round, kind, from, to). A protocol declares its slots with their formats;
 * the round machine does the rest.
 */
import { decode, enc, type Field, type Item, type Value, type Values } from '@holdfast/crypto/transcript';
import type { Index, Message, MessageKind } from './types.ts';

/** Larger bodies are malformed: the largest honest one, a vector of 32 echoed originals, stays below 16 KiB. */
export const bodyBytesMax = 65_536;

/** In slots that say so: the proofs of the auxiliary set-up have 256 numbers of 384 bytes. */
export const largeBodyBytesMax = 131_072;

/** Echoed bodies travel once more inside every echo, so they are held shorter: commitments and hashes. */
export const echoedBytesMax = 2_048;

/** Canonical bytes of one message body. `decode` throws on anything that `encode` would not have written. */
export interface Format<T> {
  encode(value: T): Uint8Array;
  decode(body: Uint8Array): T;
}

export interface FormatParts<S extends readonly Field<Value>[], T> {
  /** `mpc/<protocol>/<round>/<purpose>/v1`, distinct for every format. */
  readonly tag: string;
  readonly fields: S;
  readonly write: (value: T) => readonly Item[];
  readonly read: (values: Values<S>) => T;
}

export function format<const S extends readonly Field<Value>[], T>({
  tag,
  fields,
  write,
  read,
}: FormatParts<S, T>): Format<T> {
  return {
    encode: (value) => enc(tag, ...write(value)),
    decode: (body) => read(decode(tag, body, fields)),
  };
}

export interface Slot<T> {
  readonly round: number;
  /** `p2p` is addressed to one party, every other kind to all. */
  readonly kind: MessageKind;
  readonly format: Format<T>;
  /** Carries an identity signature, checked before the body is looked at (rulings 19). Echoed slots always do. */
  readonly signed?: boolean;
  /** Signed echo broadcast (mpc-protocols §0.5): the round ends only when all participants saw the same bodies. */
  readonly echo?: boolean;
  /** Bodies up to `largeBodyBytesMax`; not in echoed slots. */
  readonly large?: boolean;
}

export interface Received<T> {
  readonly from: Index;
  readonly value: T;
  /** As received, signature included, for use as evidence. */
  readonly message: Message;
}

/** What the other parties sent in one stage, complete and decoded. */
export interface Inbox {
  /** One per other party, in index order. */
  all<T>(slot: Slot<T>): readonly Received<T>[];
}
