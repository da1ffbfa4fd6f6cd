/** The user's own machine: its cryptographic randomness, in a browser and in Node alike. */
export function randomBytes(n: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(n));
}
