/** The record a user signs: docs/specs/challenge-record.md. One text per record, one record per text. */

import { isId } from '@holdfast/contract/types';
import {
  canonicalJson,
  fromBase64Url,
  type JsonValue,
  parseStrictJsonBytes,
  toBase64Url,
  utf8,
  WireError,
} from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';
import { refuse } from '../errors/index.ts';
import type { Base64Url, ChallengeKind, ChallengeRecord } from '../types/index.ts';

/** Without `p` a challenge has about 480 characters; 256 characters of path add 342. */
export const CHALLENGE_CHARS_MAX = 1024;
export const PATH_CHARS_MAX = 256;

export const challengeKinds: readonly ChallengeKind[] = ['UserAction', 'Login', 'Registration', 'Recovery'];
export const methods: readonly ChallengeRecord['m'][] = ['POST', 'PUT', 'DELETE', 'GET'];

/** A path as it may be signed: no query, no dots, no escapes, no empty segment (security-model.md 2.6 (h) step 3). */
export function isSignablePath(path: string): boolean {
  return path.length <= PATH_CHARS_MAX && /^(?:\/[A-Za-z0-9][A-Za-z0-9_-]*)+$/.test(path);
}

/** The challenge text of a record; refuses a record that has no canonical form. */
export function encodeChallenge(record: ChallengeRecord): string {
  return toBase64Url(utf8(canonicalJson(ordered(check(record)))));
}

/** The record of a challenge text; refuses every text but the one `encodeChallenge` writes. */
export function decodeChallenge(text: string): ChallengeRecord {
  const record = check(readRecord(text));
  if (encodeChallenge(record) !== text) notCanonical('order');
  return record;
}

/** base64url SHA-256 of the exact payload string given to /auth/action/init. */
export function payloadHash(payload: string): Base64Url {
  return toBase64Url(sha256(utf8(payload)));
}

/** Field `x` of a recovery challenge: the recovery key it was made for. */
export function recoveryContext(credentialId: string): Base64Url {
  return toBase64Url(sha256(utf8(credentialId)));
}

/** SHA-256 of the challenge text, 32 bytes: one assertion, one effect, whatever is done to the signature. */
export function nullifier(challengeText: string): Uint8Array {
  return sha256(utf8(challengeText));
}

function readRecord(text: string): ChallengeRecord {
  if (typeof text !== 'string' || text.length > CHALLENGE_CHARS_MAX) notCanonical('length');
  let value: JsonValue;
  try {
    value = parseStrictJsonBytes(fromBase64Url(text), { name: 'challenge', depthMax: 1 });
  } catch (error) {
    if (error instanceof WireError) notCanonical(error.path ?? 'text');
    throw error;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) notCanonical('text');
  // `check` looks at every field and the comparison of texts refuses a field too many, so the claim holds.
  return value as unknown as ChallengeRecord;
}

function check(r: ChallengeRecord): ChallengeRecord {
  if (r.v !== 1) notCanonical('v');
  if (!challengeKinds.includes(r.k)) notCanonical('k');
  if (!isDigest(r.c, 32)) notCanonical('c');
  if (typeof r.o !== 'string' || !isId('or', r.o)) notCanonical('o');
  // Nobody is known yet when a passkey is to say who logs in.
  if (!(r.k === 'Login' && r.u === '') && !(typeof r.u === 'string' && isId('us', r.u))) notCanonical('u');
  if (!methods.includes(r.m)) notCanonical('m');
  if (typeof r.p !== 'string' || !isSignablePath(r.p)) notCanonical('p');
  if (!isDigest(r.h, 32)) notCanonical('h');
  if (!isDigest(r.a, 32)) notCanonical('a');
  if (r.x !== '' && !isDigest(r.x, 32)) notCanonical('x');
  // Those that signers act on are fresh by their own tokens.
  if (r.k === 'UserAction' || r.k === 'Recovery' ? !isDigest(r.b, 32) : r.b !== '') notCanonical('b');
  if (!Number.isSafeInteger(r.e) || r.e <= 0) notCanonical('e');
  if (!isDigest(r.n, 16)) notCanonical('n');
  return r;
}

/** The canonical order of members. */
function ordered({ v, k, c, o, u, m, p, h, a, x, b, e, n }: ChallengeRecord): ChallengeRecord {
  return { v, k, c, o, u, m, p, h, a, x, b, e, n };
}

function isDigest(text: unknown, bytes: number): boolean {
  if (typeof text !== 'string') return false;
  try {
    fromBase64Url(text, { bytes });
    return true;
  } catch {
    // The caller names the field; why the text is no digest does not matter.
    return false;
  }
}

function notCanonical(field: string): never {
  return refuse('E_CHALLENGE_FORM', 'challenge is not in canonical form', { field: field.slice(0, 64) });
}
