/** How bytes and JSON are read and written on every border of the system. Runs in browsers. */
export { fromBase64, fromBase64Url, toBase64, toBase64Url } from './base64.ts';
export { type WireCode, WireError } from './error.ts';
export { fromHex, toHex } from './hex.ts';
export {
  asJsonObject,
  canonicalJson,
  equalJson,
  type JsonLimits,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
  parseStrictJsonBytes,
} from './json.ts';
export { isWellFormed, utf8, utf8Decode } from './utf8.ts';
export { visibleText } from './visible.ts';
