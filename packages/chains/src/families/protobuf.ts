/**
 * Protocol Buffers in the one form that ADR-027 of the Cosmos SDK calls deterministic: fields in ascending order, numbers in
 * their shortest form, zero and empty text left out. Names are the reader's business.
 */
import { check, refuse } from '../errors/index.ts';
import { leb128, Reader } from './binary.ts';
import { concat } from './bytes.ts';

export interface ProtoField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/**
 * `known`: what each field must be; anything else is refused. A `word` is a number that may be there though it is zero, for
 * formats whose own libraries write it.
 */
export function readMessage(
  bytes: Uint8Array,
  path: string,
  known: Readonly<Record<number, 'number' | 'word' | 'bytes'>>,
): Message {
  const reader = new Reader(bytes, path);
  const fields: ProtoField[] = [];
  let previous = 0;
  while (reader.left > 0) {
    const at = reader.at;
    const tag = reader.leb128(32);
    const number = Number(tag >> 3n);
    const kind = known[number] ?? refuse(path, `an unknown field ${number} at byte ${at}`);
    check(number >= previous, path, `field ${number} at byte ${at} is out of order`);
    check((tag & 7n) === (kind === 'bytes' ? 2n : 0n), path, `field ${number} at byte ${at} is of another type`);
    check(kind === 'bytes' || number > previous, path, `field ${number} at byte ${at} is doubled`);
    previous = number;
    const word = reader.leb128(64);
    check(kind !== 'number' || word !== 0n, path, `field ${number} at byte ${at} is zero, which is to be left out`);
    check(kind !== 'bytes' || word <= BigInt(reader.left), path, `field ${number} at byte ${at} is not complete`);
    fields.push({ number, value: kind === 'bytes' ? reader.take(Number(word)) : word });
  }
  return new Message(fields, path);
}

export class Message {
  private readonly fields: readonly ProtoField[];
  private readonly path: string;

  constructor(fields: readonly ProtoField[], path: string) {
    this.fields = fields;
    this.path = path;
  }

  has(number: number): boolean {
    return this.fields.some((field) => field.number === number);
  }

  all(number: number): readonly Uint8Array[] {
    return this.fields.flatMap((field) =>
      field.number === number && typeof field.value !== 'bigint' ? [field.value] : [],
    );
  }

  /** Empty where the field is absent. */
  bytes(number: number): Uint8Array {
    const [first, ...more] = this.all(number);
    check(more.length === 0, this.path, `field ${number} is doubled`);
    return first ?? new Uint8Array(0);
  }

  text(number: number): string {
    const bytes = this.bytes(number);
    check(!this.has(number) || bytes.length > 0, this.path, `field ${number} is empty, which is to be left out`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // The decoder's own message names neither place nor format.
      refuse(this.path, `field ${number} is text that is not UTF-8`);
    }
  }

  number(number: number): bigint {
    const value = this.fields.find((field) => field.number === number)?.value;
    return typeof value === 'bigint' ? value : 0n;
  }
}

/** Left out where it is zero or empty. */
export function protoField(number: number, value: bigint | string | Uint8Array): Uint8Array {
  if (typeof value === 'bigint') return value === 0n ? new Uint8Array(0) : concat(leb128(number << 3), leb128(value));
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return bytes.length === 0 ? bytes : protoMessage(number, bytes);
}

/** A nested message, there even where it is empty. */
export function protoMessage(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = concat(...parts);
  return concat(leb128((number << 3) | 2), leb128(bytes.length), bytes);
}
