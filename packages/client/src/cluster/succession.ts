/**
 * Follows a cluster whose signers were replaced (docs/specs/succession.md): from the fingerprint the user pinned, step by
 * step, each signed by three of the four that stayed. What the api hands over is believed only as far as that holds.
 */
import { clusterFingerprint, signerId } from '@holdfast/authority/challenge';
import {
  asJsonObject,
  fromBase64,
  type JsonValue,
  parseStrictJson,
  toBase64Url,
  toHex,
  WireError,
} from '@holdfast/contract/wire';
import { enc, i } from '@holdfast/crypto/transcript';
import { ed25519 } from '@noble/curves/ed25519.js';
import { type ClusterMembers, ClusterRefused } from './index.ts';

/** Of the four that stay. */
const QUORUM = 3;
const BYTES_MAX = 4 * 1024 * 1024;

/**
 * @param text of successions.json, as `GET /holdfast/cluster` gives it; empty where nobody was ever replaced.
 * @returns who serves today; keep it beside the pin.
 * @throws ClusterRefused naming the step that does not hold, or where the steps end before members known already.
 *
 *     const members = followSuccessions(successions, { clusterFingerprint: account.clusterFingerprint });
 */
export function followSuccessions(
  text: string,
  pins: { readonly clusterFingerprint: string; readonly members?: ClusterMembers },
): ClusterMembers {
  const path: ClusterMembers[] = [{ epoch: 0, fingerprint: pins.clusterFingerprint }];
  try {
    const left = new Set<string>();
    for (const [at, step] of readSteps(text).entries()) {
      const before = path[at];
      if (before === undefined) throw new Error('bug: a step without the one before');
      path.push(takeStep(step, { before, left, name: `succession ${at + 1}` }));
    }
  } catch (cause) {
    if (cause instanceof WireError || cause instanceof RangeError)
      throw new ClusterRefused(`the successions cannot be read: ${cause.message}`, { cause });
    throw cause;
  }
  const { members } = pins;
  const isOnPath = path.some((each) => each.epoch === members?.epoch && each.fingerprint === members.fingerprint);
  if (members !== undefined && !isOnPath)
    throw new ClusterRefused('the successions do not lead through the members that were known already');
  const last = path.at(-1);
  if (last === undefined) throw new Error('bug: an empty path');
  return last;
}

function readSteps(text: string): readonly JsonValue[] {
  if (text === '') return [];
  const file = asJsonObject(
    parseStrictJson(text, { bytesMax: BYTES_MAX, depthMax: 8, name: 'successions' }),
    'successions',
  );
  if (file.v !== 1 || !Array.isArray(file.successions)) throw new ClusterRefused('the successions have another form');
  return file.successions;
}

function takeStep(
  value: JsonValue,
  o: { readonly before: ClusterMembers; readonly left: Set<string>; readonly name: string },
): ClusterMembers {
  const { before, left, name } = o;
  const step = asJsonObject(value, name);
  const from = asJsonObject(step.from as JsonValue, `${name}.from`);
  const to = asJsonObject(step.to as JsonValue, `${name}.to`);
  const fromKeys = sorted(keysOf(from.identityKeys as JsonValue, (each) => each));
  const toKeys = sorted(keysOf(to.signers as JsonValue, (each) => asJsonObject(each, name).identityKey as JsonValue));
  const epoch = before.epoch + 1;
  if (from.epoch !== before.epoch || to.epoch !== epoch) throw new ClusterRefused(`${name} is of another epoch`);
  const fromFingerprint = clusterFingerprint(before.epoch, fromKeys);
  if (toBase64Url(fromFingerprint) !== before.fingerprint)
    throw new ClusterRefused(`${name} does not follow from the one before`);
  const places = fromKeys.flatMap((key, at) => (toHex(key) === toHex(toKeys[at] ?? key) ? [] : [at]));
  const [place] = places;
  if (place === undefined || places.length !== 1)
    throw new ClusterRefused(`${name} does not replace exactly one signer`);
  const leaves = fromKeys[place] ?? new Uint8Array();
  const joins = toKeys[place] ?? new Uint8Array();
  left.add(toHex(leaves));
  if (left.has(toHex(joins))) throw new ClusterRefused(`${name} brings back a signer that has left`);
  const fingerprint = clusterFingerprint(epoch, toKeys);
  const bytes = enc(
    'holdfast/succession/v1',
    ...[i.bytes(fromFingerprint), i.bytes(fingerprint), i.uint(epoch), i.bytes(leaves), i.bytes(joins)],
  );
  const by = signersOf(step.signatures as JsonValue, { bytes, staying: fromKeys.filter((key) => key !== leaves) });
  if (by < QUORUM)
    throw new ClusterRefused(`${name} is signed by ${by} of the signers that stayed; it takes ${QUORUM}`);
  return { epoch, fingerprint: toBase64Url(fingerprint) };
}

/** How many different ones of those who stay have signed these bytes. */
function signersOf(
  value: JsonValue,
  o: { readonly bytes: Uint8Array; readonly staying: readonly Uint8Array[] },
): number {
  if (!Array.isArray(value) || value.length > 4) throw new ClusterRefused('a succession has at most four signatures');
  const good = new Set<string>();
  for (const each of value as readonly JsonValue[]) {
    const one = asJsonObject(each, 'signatures');
    const key = fromBase64(one.identityKey as string, { bytes: 32 });
    const isStaying = o.staying.some((known) => toHex(known) === toHex(key));
    if (isStaying && isSigned(key, o.bytes, fromBase64(one.signature as string, { bytes: 64 }))) good.add(toHex(key));
  }
  return good.size;
}

function isSigned(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, bytes, key, { zip215: false });
  } catch {
    // An undecodable key or signature signs nothing.
    return false;
  }
}

function keysOf(value: JsonValue, keyIn: (each: JsonValue) => JsonValue): Uint8Array[] {
  if (!Array.isArray(value) || value.length !== 5) throw new ClusterRefused('a roster has five signers');
  return (value as readonly JsonValue[]).map((each) => fromBase64(keyIn(each) as string, { bytes: 32 }));
}

function sorted(keys: readonly Uint8Array[]): Uint8Array[] {
  return keys
    .map((key) => ({ key, id: toHex(signerId(key)) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ key }) => key);
}
