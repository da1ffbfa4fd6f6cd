/**
 * The first word about an organisation, made on its first administrator's machine: docs/specs/genesis.md. Signers
 * take it only if their operator pinned its hash; the organisation's id is derived from the same hash.
 */

import {
  canonicalJson,
  fromBase64Url,
  type JsonValue,
  parseStrictJson,
  toBase64Url,
  utf8,
  WireError,
} from '@holdfast/contract/wire';
import { equalBytes, sha256 } from '@holdfast/crypto/transcript';
import { isCredentialId, type VerifyPort, verifyAssertion } from '../assertion/index.ts';
import { AuthorityError, refuse } from '../errors/index.ts';
import { deriveId, orgIdOf } from '../ids/index.ts';
import type { Assertion, Base64Url, CredentialKind, KeyAlgorithm } from '../types/index.ts';

/** Member order is the canonical order. */
export interface Genesis {
  readonly v: 1;
  /** Cluster fingerprint, base64url of 32 bytes: a genesis belongs to one cluster. */
  readonly c: Base64Url;
  readonly name: string;
  readonly admin: {
    readonly username: string;
    readonly credential: {
      readonly kind: CredentialKind;
      readonly id: string;
      /** PEM SubjectPublicKeyInfo. */
      readonly publicKey: string;
      readonly algorithm: KeyAlgorithm;
    };
  };
  /** Where passkeys of this organisation are used. */
  readonly app: { readonly origin: string; readonly rpId: string };
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /** 16 random bytes, base64url. */
  readonly nonce: Base64Url;
}

/** Everything that follows from a genesis text alone. */
export interface GenesisIds {
  readonly org: string;
  readonly adminUserId: string;
  readonly adminCredentialUuid: string;
  readonly adminAssignmentId: string;
  readonly appId: string;
}

const GENESIS_CHARS_MAX = 8192;

/** The canonical text. */
export function encodeGenesis(genesis: Genesis): string {
  return canonicalJson(ordered(check(genesis)));
}

/** Refuses every text but the one `encodeGenesis` writes. */
export function decodeGenesis(text: string): Genesis {
  if (typeof text !== 'string' || text.length > GENESIS_CHARS_MAX) invalid('text', 'too long');
  let value: JsonValue;
  try {
    value = parseStrictJson(text, { name: 'genesis', depthMax: 3 });
  } catch (error) {
    if (error instanceof WireError) invalid('text', error.message);
    throw error;
  }
  const genesis = check(value as unknown as Genesis);
  if (encodeGenesis(genesis) !== text) invalid('text', 'not in canonical form');
  return genesis;
}

/** SHA-256 of the text, 32 bytes: what operators pin. */
export function genesisHash(text: string): Uint8Array {
  return sha256(utf8(text));
}

export function genesisIds(hash: Uint8Array): GenesisIds {
  return {
    org: orgIdOf(hash),
    adminUserId: deriveId('us', hash),
    adminCredentialUuid: deriveId('cr', hash),
    adminAssignmentId: deriveId('as', hash),
    appId: deriveId('ap', hash),
  };
}

/** What the first administrator's credential signs as its challenge: base64url SHA-256 of the text. */
export function genesisChallenge(text: string): Base64Url {
  return toBase64Url(genesisHash(text));
}

/**
 * A genesis whose named credential signed it. A challenge of 43 characters is never a challenge record, so neither
 * signature can serve for the other. Says nothing about pins: that is the signer's business.
 */
export function verifyGenesis(
  text: string,
  proof: Assertion,
  verify: VerifyPort,
  o: { readonly clusterFingerprint?: Base64Url } = {},
): Genesis {
  const genesis = decodeGenesis(text);
  const { app } = genesis;
  const { id: credentialId, kind, algorithm, publicKey } = genesis.admin.credential;
  if (o.clusterFingerprint !== undefined && genesis.c !== o.clusterFingerprint) {
    refuse('E_CHALLENGE_CLUSTER', 'genesis was made for another cluster');
  }
  let parsed: KeyAlgorithm;
  try {
    parsed = verify.parsePublicKey(publicKey).algorithm;
  } catch (error) {
    if (error instanceof AuthorityError) invalid('admin.credential.publicKey', error.message);
    throw error;
  }
  if (parsed !== algorithm) invalid('admin.credential.algorithm', `the key is of algorithm ${parsed}`);
  const { challenge } = verifyAssertion({
    assertion: proof,
    credential: { credentialId, kind, algorithm, publicKey },
    origins: [app.origin],
    rpIds: [app.rpId],
    verify,
    purpose: 'get',
  });
  if (!equalBytes(utf8(challenge), utf8(genesisChallenge(text)))) invalid('proof', 'signed for another genesis');
  return genesis;
}

function check(g: Genesis): Genesis {
  only(g, ['v', 'c', 'name', 'admin', 'app', 'time', 'nonce'], '');
  only(g.admin, ['username', 'credential'], 'admin');
  only(g.admin.credential, ['kind', 'id', 'publicKey', 'algorithm'], 'admin.credential');
  only(g.app, ['origin', 'rpId'], 'app');
  const { credential } = g.admin;
  if (g.v !== 1) invalid('v', 'must be 1');
  bytes(g.c, 32, 'c');
  text(g.name, 100, 'name');
  text(g.admin.username, 256, 'admin.username');
  if (credential.kind !== 'Key' && credential.kind !== 'Fido2')
    invalid('admin.credential.kind', 'must be Key or Fido2');
  if (!isCredentialId(credential.id)) invalid('admin.credential.id', 'is not a credential id');
  text(credential.publicKey, 4096, 'admin.credential.publicKey');
  if (!algorithms.includes(credential.algorithm))
    invalid('admin.credential.algorithm', `must be one of ${algorithms.join(', ')}`);
  if (typeof g.app.origin !== 'string' || !/^https?:\/\/[a-z0-9.-]{1,253}(?::[1-9][0-9]{0,4})?$/.test(g.app.origin)) {
    invalid('app.origin', 'must be an origin such as https://wallets.example');
  }
  if (typeof g.app.rpId !== 'string' || !/^[a-z0-9.-]{1,253}$/.test(g.app.rpId))
    invalid('app.rpId', 'must be a host name');
  if (typeof g.time !== 'string' || !isIsoTime(g.time)) invalid('time', 'must be ISO 8601 in UTC with milliseconds');
  bytes(g.nonce, 16, 'nonce');
  return g;
}

const algorithms: readonly string[] = ['Ed25519', 'P-256', 'secp256k1', 'RSA'];

function ordered({ v, c, name, admin, app, time, nonce }: Genesis): Genesis {
  const { kind, id, publicKey, algorithm } = admin.credential;
  return {
    v,
    c,
    name,
    admin: { username: admin.username, credential: { kind, id, publicKey, algorithm } },
    app: { origin: app.origin, rpId: app.rpId },
    time,
    nonce,
  };
}

function only(value: unknown, members: readonly string[], path: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    invalid(path || 'text', 'must be a JSON object');
  const unknown = Object.keys(value).find((member) => !members.includes(member));
  if (unknown !== undefined) invalid(`${path}${path && '.'}${unknown.slice(0, 64)}`, 'is not a known field');
}

function text(value: unknown, charsMax: number, path: string): void {
  if (typeof value !== 'string' || value.length < 1 || value.length > charsMax)
    invalid(path, `must be 1 to ${charsMax} characters`);
}

function bytes(value: unknown, length: number, path: string): void {
  try {
    fromBase64Url(value as string, { bytes: length });
  } catch (error) {
    if (error instanceof WireError) invalid(path, `must be ${length} bytes in base64url`);
    throw error;
  }
}

function isIsoTime(value: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/.test(value)) return false;
  const time = new Date(value);
  return !Number.isNaN(time.getTime()) && time.toISOString() === value;
}

function invalid(path: string, why: string): never {
  return refuse('E_GENESIS', `genesis is not valid: ${path} ${why}`, { path });
}
