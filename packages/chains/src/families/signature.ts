/** Wire forms of a raw signature (reference keys.md §3): r and s always, recid for ECDSA, `encoded` by family. */

import { concat, toHex0x } from './bytes.ts';
import type { RawSignature, WireSignature } from './types.ts';

export function rs(raw: RawSignature): { r: Uint8Array; s: Uint8Array } {
  return { r: raw.signature.subarray(0, 32), s: raw.signature.subarray(32, 64) };
}

export function wire(raw: RawSignature, encoded?: Uint8Array): WireSignature {
  const { r, s } = rs(raw);
  return {
    r: toHex0x(r),
    s: toHex0x(s),
    ...(raw.recid === undefined ? {} : { recid: raw.recid }),
    ...(encoded === undefined ? {} : { encoded: toHex0x(encoded) }),
  };
}

/** DER of an ECDSA signature: SEQUENCE of two minimal INTEGERs (SEC 1 §C.5). */
export function der(raw: RawSignature): Uint8Array {
  const { r, s } = rs(raw);
  const body = concat(integer(r), integer(s));
  return concat(Uint8Array.of(0x30, body.length), body);
}

function integer(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start += 1;
  const digits = value.subarray(start);
  const padded = (digits[0] ?? 0) & 0x80 ? concat(Uint8Array.of(0), digits) : digits;
  return concat(Uint8Array.of(0x02, padded.length), padded);
}
