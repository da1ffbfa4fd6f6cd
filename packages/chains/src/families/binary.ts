/** Reading and writing the chains' binary formats: every byte is accounted for, every length is checked first. */
import { check, refuse } from '../errors/index.ts';

export class Reader {
  readonly bytes: Uint8Array;
  /** Member of the body the bytes came from, for refusals. */
  readonly path: string;
  at = 0;

  constructor(bytes: Uint8Array, path: string) {
    this.bytes = bytes;
    this.path = path;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) refuse(this.path, `ends at byte ${this.at}, before it is complete`);
    this.at += 1;
    return value;
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    check(length <= this.left, this.path, `ends at byte ${this.bytes.length}, before it is complete`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Unsigned, big-endian. */
  be(bytes: number): bigint {
    return this.take(bytes).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  /** Unsigned, little-endian. */
  le(bytes: number): bigint {
    return this.take(bytes).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  /** Unsigned LEB128 in its shortest form, below 2^bits. */
  leb128(bits: number): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      check(value < 1n << BigInt(bits), this.path, `has a number of more than ${bits} bits at byte ${this.at - 1}`);
      if ((byte & 0x80) !== 0) {
        check(shift <= BigInt(bits), this.path, `has an endless number at byte ${this.at - 1}`);
        continue;
      }
      check(
        byte !== 0 || shift === 0n,
        this.path,
        `has a number that is not in its shortest form at byte ${this.at - 1}`,
      );
      return value;
    }
  }

  end(): void {
    check(this.left === 0, this.path, `has ${this.left} bytes too many`);
  }
}

/** Unsigned, big-endian; the caller knows that it fits. */
export function be(value: bigint | number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  let rest = BigInt(value);
  for (let at = bytes - 1; at >= 0; at -= 1) {
    out[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  if (rest !== 0n) throw new RangeError(`bug: ${value} does not fit ${bytes} bytes`);
  return out;
}

/** Unsigned, little-endian; the caller knows that it fits. */
export function le(value: bigint | number, bytes: number): Uint8Array {
  return be(value, bytes).reverse();
}

/** Unsigned LEB128 in its shortest form. */
export function leb128(value: bigint | number): Uint8Array {
  const out: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(out);
}
