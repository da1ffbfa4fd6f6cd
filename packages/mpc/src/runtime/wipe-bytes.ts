/** Overwriting what a job was given or answered, wherever in it the bytes are. */

/**
 * Fills every byte array reachable through arrays, maps and plain objects with zeros. Integers cannot be wiped in
 * JavaScript (docs/specs/runtime.md §8 says what that means); code that can hold a secret in bytes does.
 */
export function wipeBytes(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0);
  else if (Array.isArray(value)) for (const each of value) wipeBytes(each);
  else if (value instanceof Map) for (const each of value.values()) wipeBytes(each);
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) wipeBytes(each);
}
