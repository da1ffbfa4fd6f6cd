/** UTF-8 in both directions, without silent replacement. */
import { refuse } from './error.ts';

const encoder = new TextEncoder();
// `ignoreBOM: true` keeps a byte order mark in the text, so that it cannot vanish unseen.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// With the `u` flag a surrogate matches only if it is unpaired.
const unpairedSurrogate = /[\uD800-\uDFFF]/u;

export function isWellFormed(text: string): boolean {
  return !unpairedSurrogate.test(text);
}

/** The UTF-8 bytes of a text; a text with an unpaired surrogate has none. */
export function utf8(text: string): Uint8Array {
  if (!isWellFormed(text)) refuse('E_UTF8', 'text contains an unpaired surrogate');
  return encoder.encode(text);
}

export function utf8Decode(bytes: Uint8Array, name = 'text'): string {
  try {
    return decoder.decode(bytes);
  } catch {
    // The decoder's own message says nothing more.
    return refuse('E_UTF8', `${name} is not valid UTF-8`, name);
  }
}
