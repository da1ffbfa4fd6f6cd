/**
 * Calls as the Internet Computer takes them (Interface Specification, "HTTPS Interface"): the content in CBOR, its
 * representation-independent hash as the request id, which is signed, and the envelope around both.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { leb128 } from '../binary.ts';
import { concat } from '../bytes.ts';
import { byteString, type Cbor, decodeCbor, map, textString, uint } from '../cbor.ts';

/** The tag 55799, which says that this is CBOR. */
const selfDescribed = Uint8Array.of(0xd9, 0xd9, 0xf7);
const selfDescribedTag = 55_799n;
const domain = new TextEncoder().encode('\x0aic-request');
const u64 = 1n << 64n;

export interface Call {
  readonly canister: Uint8Array;
  readonly method: string;
  readonly arg: Uint8Array;
  readonly sender: Uint8Array;
  /** Nanoseconds since 1970. */
  readonly expiry: bigint;
  /** At most 32 bytes; absent: none. */
  readonly nonce?: Uint8Array;
}

/** SHA-256 over the sorted hashes of name and value of every member. */
export function requestId({ canister, method, arg, sender, expiry, nonce }: Call): Uint8Array {
  const text = (value: string) => new TextEncoder().encode(value);
  const members: Record<string, Uint8Array> = {
    request_type: text('call'),
    canister_id: canister,
    method_name: text(method),
    arg,
    sender,
    ingress_expiry: leb128(expiry),
    ...(nonce === undefined ? {} : { nonce }),
  };
  const pairs = Object.entries(members).map(([name, value]) => concat(sha256(text(name)), sha256(value)));
  return sha256(concat(...pairs.sort(compare)));
}

/** What a key signs for a request; a secp256k1 key its SHA-256. */
export const signedBytes = (call: Call): Uint8Array => concat(domain, requestId(call));

export function encodeContent({ canister, method, arg, sender, expiry, nonce }: Call): Uint8Array {
  return map(
    [textString('arg'), byteString(arg)],
    ...(nonce === undefined ? [] : [[textString('nonce'), byteString(nonce)] as const]),
    [textString('sender'), byteString(sender)],
    [textString('canister_id'), byteString(canister)],
    [textString('method_name'), textString(method)],
    [textString('request_type'), textString('call')],
    [textString('ingress_expiry'), uint(expiry)],
  );
}

/** Without a signature: what is signed comes as this. */
export const unsignedEnvelope = (content: Uint8Array): Uint8Array =>
  concat(selfDescribed, map([textString('content'), content]));

export const signedEnvelope = (content: Uint8Array, o: { readonly der: Uint8Array; readonly signature: Uint8Array }) =>
  concat(
    selfDescribed,
    map(
      [textString('content'), content],
      [textString('sender_sig'), byteString(o.signature)],
      [textString('sender_pubkey'), byteString(o.der)],
    ),
  );

/** An envelope, its content as it was written. */
export function parseEnvelope(
  bytes: Uint8Array,
  path: string,
): { readonly call: Call; readonly content: Uint8Array; readonly isSigned: boolean } {
  const item = decodeCbor(bytes, path);
  const inner = item.type === 'tag' && item.tag === selfDescribedTag ? item.value : item;
  const envelope = membersOf(inner, path, ['content', 'sender_sig', 'sender_pubkey']);
  const content = envelope['content'] ?? refuse(path, 'lacks content');
  const given = membersOf(content, path, [
    'request_type',
    'canister_id',
    'method_name',
    'arg',
    'sender',
    'ingress_expiry',
    'nonce',
  ]);
  const bytesOf = (name: string, max: number): Uint8Array => {
    const value = given[name];
    check(value?.type === 'bytes' && value.value.length <= max, path, `has no ${name} of at most ${max} bytes`);
    return value.value;
  };
  const textOf = (name: string): string => {
    const value = given[name];
    check(value?.type === 'text' && value.value.length <= 20_000, path, `has no ${name}`);
    return value.value;
  };
  check(textOf('request_type') === 'call', path, 'is no call');
  const expiry = given['ingress_expiry'];
  check(expiry?.type === 'int' && expiry.value > 0n && expiry.value < u64, path, 'has no ingress_expiry');
  return {
    call: {
      canister: bytesOf('canister_id', 29),
      method: textOf('method_name'),
      arg: bytesOf('arg', 131_072),
      sender: bytesOf('sender', 29),
      expiry: expiry.value,
      ...(given['nonce'] === undefined ? {} : { nonce: bytesOf('nonce', 32) }),
    },
    content: content.raw,
    isSigned: envelope['sender_sig'] !== undefined || envelope['sender_pubkey'] !== undefined,
  };
}

function membersOf(item: Cbor, path: string, known: readonly string[]): Readonly<Record<string, Cbor>> {
  check(item.type === 'map', path, 'is not the CBOR of a call');
  const members = item.value.map(([name, value]): readonly [string, Cbor] => {
    check(name.type === 'text' && known.includes(name.value), path, 'has a member that a call does not have');
    return [name.value, value];
  });
  check(new Set(members.map(([name]) => name)).size === members.length, path, 'has a member twice');
  return Object.fromEntries(members);
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
