/** Messages (block.tlb) to and from the wallet contract v4R2. */
import { check } from '../../errors/index.ts';
import { addressBits, readAddress, type TonAddress } from './address.ts';
import { bitsToBytes, bytesToBits, type Cell, cell, coins, Slice, uint } from './cell.ts';

const noAddress = '00';
/** Letters of a comment are continued in the next cell after this many bytes. */
const SNAKE_BYTES = 127;
const SIGNATURE_BITS = 512;

export interface Internal {
  readonly to: TonAddress;
  readonly bounce: boolean;
  readonly value: bigint;
  readonly body: Cell | undefined;
}

export function internalMessage({ to, bounce, value, body }: Internal): Cell {
  const head = `0${'1'}${bounce ? '1' : '0'}0${noAddress}${addressBits(to)}`;
  // No other currencies, no fees or times (the chain fills them in), no code.
  const middle = `${coins(value)}0${coins(0n)}${coins(0n)}${uint(0, 64)}${uint(0, 32)}0`;
  return body === undefined ? cell(`${head}${middle}0`) : cell(`${head}${middle}1`, [body]);
}

/** Undefined for what is no plain internal message: the wallet would send it all the same. */
export function readInternal(from: Cell, path: string): Internal & { readonly deploys: boolean } {
  const slice = new Slice(from, path);
  check(!slice.bit(), path, 'sends a message that is not internal');
  slice.bit();
  const bounce = slice.bit();
  slice.bit();
  check(slice.bits(2) === noAddress, path, 'sends a message with a sender');
  const to = readAddress(slice);
  const value = slice.coins();
  check(!slice.bit(), path, 'sends other currencies');
  slice.coins();
  slice.coins();
  slice.bits(96);
  const deploys = slice.bit();
  if (deploys) readInit(slice);
  const body = slice.bit() ? slice.ref() : slice.rest();
  return { to, bounce, value, body, deploys };
}

/** Of the wallet: what is signed. */
export function walletPayload(o: {
  readonly walletId: number;
  readonly validUntil: number;
  readonly seqno: number;
  readonly mode: number;
  readonly message: Cell;
}): Cell {
  const bits = `${uint(o.walletId, 32)}${uint(o.validUntil, 32)}${uint(o.seqno, 32)}${uint(0, 8)}${uint(o.mode, 8)}`;
  return cell(bits, [o.message]);
}

export interface External {
  readonly to: TonAddress;
  readonly init: Cell | undefined;
  readonly body: Cell;
}

export function externalMessage({ to, init, body }: External): Cell {
  const head = `10${noAddress}${addressBits(to)}${coins(0n)}`;
  return init === undefined ? cell(`${head}01`, [body]) : cell(`${head}111`, [init, body]);
}

export function readExternal(from: Cell, path: string): External {
  const slice = new Slice(from, path);
  check(slice.bits(2) === '10' && slice.bits(2) === noAddress, path, 'is not an external message');
  const to = readAddress(slice);
  check(slice.coins() === 0n, path, 'has an import fee');
  const init = slice.bit() ? readInit(slice) : undefined;
  if (slice.bit()) {
    const body = slice.ref();
    slice.end();
    return { to, init, body };
  }
  return { to, init, body: slice.rest() };
}

/** Either a reference, or in place: then as a cell of its own, whose hash is the address. */
function readInit(slice: Slice): Cell {
  if (slice.bit()) return slice.ref();
  const bits = slice.bits(5);
  check(bits === '00110', slice.path, 'deploys something other than code and data');
  return cell(bits, [slice.ref(), slice.ref()]);
}

/** The payload alone, or behind 64 zero bytes where its signature will be. */
export function unsignedBody(body: Cell, walletId: number, path: string): Cell {
  if (body.bits.startsWith(uint(walletId, 32))) return body;
  const isEmpty = body.bits.length > SIGNATURE_BITS && /^0+$/.test(body.bits.slice(0, SIGNATURE_BITS));
  check(isEmpty, path, 'is signed already, or is no message to a wallet v4');
  const payload = cell(body.bits.slice(SIGNATURE_BITS), body.refs);
  check(payload.bits.startsWith(uint(walletId, 32)), path, 'is for another wallet id');
  return payload;
}

export function signedBody(payload: Cell, signature: Uint8Array): Cell {
  return cell(bytesToBits(signature) + payload.bits, payload.refs);
}

/** A comment: 32 zero bits, then UTF-8, in as many cells as it takes. */
export function comment(text: string): Cell {
  const bytes = new TextEncoder().encode(text);
  const chunks: Uint8Array[] = [bytes.subarray(0, SNAKE_BYTES - 4)];
  for (let at = SNAKE_BYTES - 4; at < bytes.length; at += SNAKE_BYTES)
    chunks.push(bytes.subarray(at, at + SNAKE_BYTES));
  let next: Cell | undefined;
  for (const [index, chunk] of [...chunks.entries()].reverse())
    next = cell(`${index === 0 ? uint(0, 32) : ''}${bytesToBits(chunk)}`, next === undefined ? [] : [next]);
  return next as Cell;
}

/** Undefined where the body is no comment. */
export function readComment(body: Cell): string | undefined {
  if (!body.bits.startsWith(uint(0, 32))) return undefined;
  let bits = body.bits.slice(32);
  for (let at = body.refs[0]; at !== undefined; at = at.refs[0]) bits += at.bits;
  if (bits.length % 8 !== 0) return undefined;
  return new TextDecoder().decode(bitsToBytes(bits));
}
