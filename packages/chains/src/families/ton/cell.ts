/**
 * Cells and bags of cells (docs.ton.org "Cell & bag of cells serialization"; The TON Virtual Machine §3.1): up to 1023
 * bits and four references each. Bits are kept as text of 0 and 1: cells are small, and this reads like the schemes.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { be, Reader } from '../binary.ts';
import { concat, toHex0x } from '../bytes.ts';

const BITS_MAX = 1023;
const CELLS_MAX = 2_000;
/** How deep a tree may be; messages are a few cells deep. */
const DEPTH_MAX = 200;
const LIBRARY = '00000010';

export interface Cell {
  readonly bits: string;
  readonly refs: readonly Cell[];
  /** A library reference: the only exotic cell there is outside of proofs. */
  readonly exotic: boolean;
  readonly depth: number;
  /** 32 bytes of the representation. */
  readonly hash: Uint8Array;
}

/** All that a hash of a tree needs to know of a branch. */
export type Stub = Pick<Cell, 'depth' | 'hash'>;

export function cell(bits: string, refs: readonly Cell[] = [], exotic = false): Cell {
  return { bits, refs, exotic, ...stub(bits, refs, exotic) };
}

export function stub(bits: string, refs: readonly Stub[], exotic = false): Stub {
  if (bits.length > BITS_MAX || refs.length > 4) throw new RangeError('bug: a cell is overfull');
  const depth = refs.reduce((most, each) => Math.max(most, each.depth + 1), 0);
  const hash = sha256(
    concat(
      descriptors(bits, refs.length, exotic),
      padded(bits),
      ...refs.map((each) => be(each.depth, 2)),
      ...refs.map((each) => each.hash),
    ),
  );
  return { depth, hash };
}

/** Unsigned, big-endian, of a fixed width. */
export function uint(value: bigint | number, width: number): string {
  const text = BigInt(value).toString(2);
  if (text.length > width || value < 0) throw new RangeError(`bug: ${value} does not fit ${width} bits`);
  return text.padStart(width, '0');
}

export function bytesToBits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => uint(byte, 8)).join('');
}

export function bitsToBytes(bits: string): Uint8Array {
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (group) => Number.parseInt(group, 2));
}

/** VarUInteger 16: four bits of length in bytes, then the value in its shortest form. */
export function coins(value: bigint): string {
  const bytes = value === 0n ? 0 : Math.ceil(value.toString(2).length / 8);
  return uint(bytes, 4) + (bytes === 0 ? '' : uint(value, 8 * bytes));
}

/** Reads a cell from its front; refuses to read what is not there. */
export class Slice {
  readonly cell: Cell;
  readonly path: string;
  private bitAt = 0;
  private refAt = 0;

  constructor(of: Cell, path: string) {
    check(!of.exotic, path, 'has an exotic cell where a plain one belongs');
    this.cell = of;
    this.path = path;
  }

  bits(length: number): string {
    check(this.bitAt + length <= this.cell.bits.length, this.path, 'ends in the middle of a message');
    this.bitAt += length;
    return this.cell.bits.slice(this.bitAt - length, this.bitAt);
  }

  bit(): boolean {
    return this.bits(1) === '1';
  }

  uint(width: number): bigint {
    return width === 0 ? 0n : BigInt(`0b${this.bits(width)}`);
  }

  coins(): bigint {
    const bytes = Number(this.uint(4));
    const value = this.uint(8 * bytes);
    check(coins(value).length === 4 + 8 * bytes, this.path, 'has an amount that is not in its shortest form');
    return value;
  }

  ref(): Cell {
    const found = this.cell.refs[this.refAt];
    if (found === undefined) return refuse(this.path, 'lacks a part of a message');
    this.refAt += 1;
    return found;
  }

  /** All that is left, as a cell of its own. */
  rest(): Cell {
    return cell(this.cell.bits.slice(this.bitAt), this.cell.refs.slice(this.refAt));
  }

  get bitsLeft(): number {
    return this.cell.bits.length - this.bitAt;
  }

  get refsLeft(): number {
    return this.cell.refs.length - this.refAt;
  }

  end(): void {
    check(this.bitsLeft === 0 && this.refsLeft === 0, this.path, 'has something behind its end');
  }
}

const MAGIC = 0xb5ee9c72n;

/** One root, no index, with a checksum: as the SDKs write it. */
export function encodeBoc(root: Cell): Uint8Array {
  const order = topological(root);
  const indexOf = new Map(order.map((each, n) => [toHex0x(each.hash), n]));
  const size = order.length < 256 ? 1 : 2;
  const cells = order.map((each) =>
    concat(
      descriptors(each.bits, each.refs.length, each.exotic),
      padded(each.bits),
      ...each.refs.map((ref) => be(indexOf.get(toHex0x(ref.hash)) ?? 0, size)),
    ),
  );
  const total = cells.reduce((sum, each) => sum + each.length, 0);
  const offset = total < 256 ? 1 : total < 65_536 ? 2 : 3;
  const body = concat(
    be(MAGIC, 4),
    Uint8Array.of(0x40 | size, offset),
    ...[order.length, 1, 0].map((value) => be(value, size)),
    be(total, offset),
    be(0, size),
    ...cells,
  );
  return concat(body, crc32c(body));
}

/** Exactly one tree of plain and library cells, to the last byte; throws ChainError at `path`. */
export function decodeBoc(bytes: Uint8Array, path: string): Cell {
  check(bytes.length >= 10, path, 'is not a bag of cells');
  const reader = new Reader(bytes, path);
  check(reader.be(4) === MAGIC, path, 'is not a bag of cells');
  const flags = reader.byte();
  const hasIndex = (flags & 0x80) !== 0;
  const hasChecksum = (flags & 0x40) !== 0;
  const size = flags & 7;
  check((flags & 0x38) === 0 && size >= 1 && size <= 4, path, 'has flags a bag of cells does not have');
  const offset = reader.byte();
  check(offset >= 1 && offset <= 8, path, 'has flags a bag of cells does not have');
  const [count = 0, roots, absent] = [size, size, size].map((width) => Number(reader.be(width)));
  check(
    roots === 1 && absent === 0 && count >= 1 && count <= CELLS_MAX,
    path,
    `must have one root and at most ${CELLS_MAX} cells`,
  );
  const total = Number(reader.be(offset));
  check(Number(reader.be(size)) === 0, path, 'must begin with its root');
  const index = hasIndex ? Array.from({ length: count }, () => Number(reader.be(offset))) : undefined;
  check(reader.left === total + (hasChecksum ? 4 : 0), path, 'is not as long as it says');
  if (hasChecksum) {
    const sum = crc32c(bytes.subarray(0, -4));
    check(toHex0x(sum) === toHex0x(bytes.subarray(-4)), path, 'has a checksum that does not hold');
  }
  const start = reader.at;
  const raw = Array.from({ length: count }, (_, n) => {
    const one = readCell(reader, size, n, count);
    check(index === undefined || index[n] === reader.at - start, path, 'has an index that is not true');
    return one;
  });
  check(reader.at === start + total, path, 'is not as long as it says');
  const used = new Set([0, ...raw.flatMap((each) => each.refs)]);
  check(used.size === count, path, 'has cells that belong to nothing');
  // References point forward only, so the last cell is complete first.
  const built: Cell[] = [];
  for (let n = count - 1; n >= 0; n -= 1) {
    const { bits, refs, exotic } = raw[n] ?? refuse(path, 'is not a bag of cells');
    const made = cell(
      bits,
      refs.map((ref) => built[ref] ?? refuse(path, 'is not a bag of cells')),
      exotic,
    );
    check(made.depth <= DEPTH_MAX, path, `is more than ${DEPTH_MAX} cells deep`);
    built[n] = made;
  }
  return built[0] ?? refuse(path, 'is not a bag of cells');
}

function readCell(reader: Reader, size: number, at: number, count: number) {
  const { path } = reader;
  const [first, second] = [reader.byte(), reader.byte()];
  const exotic = (first & 8) !== 0;
  check((first & 0xf0) === 0 && (first & 7) <= 4, path, 'has a cell of a proof, or with its hashes');
  const data = bytesToBits(reader.take(Math.ceil(second / 2)));
  const end = second % 2 === 0 ? data.length : data.lastIndexOf('1');
  check(end >= 0 && (second % 2 === 0 || data.length - end <= 8), path, 'has a cell whose bits do not end');
  const bits = data.slice(0, end);
  check(!(second % 2 === 1 && bits.length % 8 === 0), path, 'has a cell that is not in its shortest form');
  check(!exotic || (bits.startsWith(LIBRARY) && bits.length === 264), path, 'has an exotic cell that is no library');
  const refs = Array.from({ length: first & 7 }, () => Number(reader.be(size)));
  check(
    refs.every((ref) => ref > at && ref < count),
    path,
    'has a reference that does not point forward',
  );
  return { bits, refs, exotic };
}

function descriptors(bits: string, refs: number, exotic: boolean): Uint8Array {
  return Uint8Array.of(refs + (exotic ? 8 : 0), Math.floor(bits.length / 8) + Math.ceil(bits.length / 8));
}

/** To whole bytes: a one, then zeros. */
function padded(bits: string): Uint8Array {
  return bitsToBytes(bits.length % 8 === 0 ? bits : `${bits}1`.padEnd(Math.ceil(bits.length / 8) * 8, '0'));
}

/** Each different cell once, in an order in which references point forward. */
function topological(root: Cell): readonly Cell[] {
  const seen = new Set<string>();
  const backward: Cell[] = [];
  const visit = (each: Cell): void => {
    const name = toHex0x(each.hash);
    if (seen.has(name)) return;
    seen.add(name);
    for (const ref of [...each.refs].reverse()) visit(ref);
    backward.push(each);
  };
  visit(root);
  return backward.reverse();
}

/** CRC-32C (Castagnoli), little-endian. */
function crc32c(bytes: Uint8Array): Uint8Array {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  }
  return be((sum ^ 0xffffffff) >>> 0, 4).reverse();
}
