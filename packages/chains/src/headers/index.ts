/**
 * Headers that a node wants of whoever asks (a project id, a token), sealed in the operator's file under the api's own secret: a
 * copy of the file alone reveals none, and a header goes to the origin it was given for and to no other (docs/specs/nodes.md §1).
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { asJsonObject, parseStrictJson } from '@holdfast/contract/wire';
import { check, refuse } from '../errors/index.ts';
import { isSealedHeaders } from '../networks/settings.ts';

export type Headers = Readonly<Record<string, string>>;

/** Where sealed headers belong; all of it is authenticated with them. */
export interface HeadersPlace {
  readonly network: string;
  /** Of a node's address: `https://cardano-mainnet.blockfrost.io`. */
  readonly origin: string;
}

const code = 'E_SETTINGS';
const HEADERS_MAX = 8;
const VALUE_CHARS_MAX = 1_000;
const ivBytes = 12;
const tagBytes = 16;
/** Ours, or the connection's own. */
const reserved = [
  'accept',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Throws ChainError E_SETTINGS; no message repeats a value. */
export function checkHeaders(headers: Headers): void {
  const all = Object.entries(headers);
  check(all.length > 0 && all.length <= HEADERS_MAX, '', `a node has at most ${HEADERS_MAX} headers`, code);
  for (const [name, value] of all) {
    const isName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(name) && !reserved.includes(name);
    check(isName, '', `"${name.slice(0, 64)}" is not a header that can be set`, code);
    const isValue = value.length <= VALUE_CHARS_MAX && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value);
    check(isValue, '', `the value of ${name} must be 1 to ${VALUE_CHARS_MAX} printable characters`, code);
  }
}

/** `v1.` and, in base64url, iv, ciphertext and tag of AES-256-GCM. */
export function sealHeaders(
  headers: Headers,
  o: HeadersPlace & {
    /** The api's, 32 bytes. */
    readonly secret: Uint8Array;
    /** Never the same twice: 12 random bytes. */
    readonly iv: Uint8Array;
  },
): string {
  checkHeaders(headers);
  const cipher = createCipheriv('aes-256-gcm', keyOf(o.secret), o.iv).setAAD(aadOf(o));
  const sealed = [o.iv, cipher.update(JSON.stringify(headers), 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `v1.${Buffer.concat(sealed).toString('base64url')}`;
}

/** Throws ChainError E_SETTINGS where they were sealed under another secret, for another place, or altered. */
export function openHeaders(sealed: string, o: HeadersPlace & { readonly secret: Uint8Array }): Headers {
  check(isSealedHeaders(sealed), '', `${o.network}: headers are not sealed as version 1 has them`, code);
  const bytes = Buffer.from(sealed.slice(3), 'base64url');
  const iv = bytes.subarray(0, ivBytes);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(o.secret), iv, { authTagLength: tagBytes })
    .setAAD(aadOf(o))
    .setAuthTag(bytes.subarray(-tagBytes));
  const text = opened(() => {
    const plain = [decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()];
    return Buffer.concat(plain).toString('utf8');
  }, o.network);
  const headers = asJsonObject(parseStrictJson(text), 'headers') as Headers;
  checkHeaders(headers);
  return headers;
}

function opened(decrypt: () => string, network: string): string {
  try {
    return decrypt();
  } catch {
    // The cipher's own words say no more.
    return refuse('', `${network}: its headers were sealed elsewhere; set them again`, code);
  }
}

const keyOf = (secret: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), 'holdfast/node-headers/v1', 32));

const aadOf = ({ network, origin }: HeadersPlace): Uint8Array =>
  new TextEncoder().encode(`holdfast/node-headers/v1\n${network}\n${origin}`);
