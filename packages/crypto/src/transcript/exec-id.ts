/** The execution id of a protocol run: what makes every message, challenge and commitment of it its own. */
import { equalBytes, isAllZero } from '../bytes.ts';
import { CURVE_NAMES } from '../curves/parameters.ts';
import type { CurveName } from '../curves/types.ts';
import { check } from '../errors.ts';
import { decode, enc, f, i } from './encoding.ts';
import { sha512_256 } from './hash.ts';

/** Most parties of one key; the protocols are written for it. */
const PARTIES_MAX = 32;
/** Longer than any name or id. */
const TEXT_BYTES_MAX = 255;

export interface ExecIdParts {
  /** Name and version of the protocol that runs, for example `dkg`, 0. */
  readonly protocol: string;
  readonly version: number;
  readonly clusterId: string;
  readonly clusterEpoch: number;
  readonly keyId: string;
  /** 32 bytes that name the sharing; empty while the key does not exist yet. */
  readonly keyEpoch: Uint8Array;
  readonly curve: CurveName;
  readonly n: number;
  readonly t: number;
  /** Exactly the parties of this run; the order given does not matter. */
  readonly participants: readonly ExecParticipant[];
  /** Canonical encoding of the key's point; empty while the key does not exist yet. */
  readonly publicKey: Uint8Array;
  /** What is to be done (messages, tweaks, purpose), hashed; empty for key generation and set-up. */
  readonly requestHash: Uint8Array;
  /** 32 fresh random bytes. May come from whoever coordinates: each signer refuses to start an id twice. */
  readonly runNonce: Uint8Array;
  /** Id of the correlated-randomness session that the run draws on (32 bytes), where it draws on one. */
  readonly session?: Uint8Array;
}

export interface ExecParticipant {
  /** The evaluation point within the key, 1…n. */
  readonly index: number;
  /** Raw, 32 bytes. */
  readonly signerId: Uint8Array;
  /** Ed25519, raw, 32 bytes. */
  readonly identityKey: Uint8Array;
}

/**
 * 32 bytes, SHA-512/256 over every field. Each signer computes it from its own view of every field and never takes
 * it from a message.
 */
export function execId(parts: ExecIdParts): Uint8Array {
  return sha512_256(execIdDocument(parts));
}

/** What the execution id is the hash of: shows a stranger which run an id names, and whose it was. */
export function execIdDocument(parts: ExecIdParts): Uint8Array {
  const { n, t, participants, runNonce } = parts;
  check(isCount(n) && isCount(t) && t >= 2 && t <= n && n <= PARTIES_MAX, 'E_EXEC_ID', 'Needs 2 ≤ t ≤ n ≤ 32.');
  check(parts.protocol.length > 0, 'E_EXEC_ID', 'A run has a protocol.');
  check(runNonce.length === 32, 'E_EXEC_ID', 'A run nonce is 32 bytes.');
  // A constant session id is a bug that others shipped; zero is how it looks when nobody filled it in.
  check(!isAllZero(runNonce), 'E_EXEC_ID', 'A run nonce is not zero.');
  check([0, 32].includes(parts.keyEpoch.length), 'E_EXEC_ID', 'A key epoch is 32 bytes or empty.');
  check([0, 32, 33].includes(parts.publicKey.length), 'E_EXEC_ID', 'A public key is one encoded point or empty.');
  check(parts.requestHash.length <= 64, 'E_EXEC_ID', 'A request hash is at most 64 bytes.');
  const { session } = parts;
  check(
    session === undefined || (session.length === 32 && !isAllZero(session)),
    'E_EXEC_ID',
    'A session id is 32 bytes.',
  );
  return enc(
    'mpc/exec/v1',
    i.text(parts.protocol),
    i.uint(parts.version),
    i.text(parts.clusterId),
    i.uint(parts.clusterEpoch),
    i.text(parts.keyId),
    i.bytes(parts.keyEpoch),
    i.text(parts.curve),
    i.uint(n),
    i.uint(t),
    i.list(
      sortedParticipants(participants, n).map((p) =>
        i.list([i.uint(p.index), i.bytes(p.signerId), i.bytes(p.identityKey)]),
      ),
    ),
    i.bytes(parts.publicKey),
    i.bytes(parts.requestHash),
    i.bytes(runNonce),
    session === undefined ? i.absent : i.bytes(session),
  );
}

/** The fields of a document. Strict: it is exactly what execIdDocument writes for them. */
export function readExecIdDocument(document: Uint8Array): ExecIdParts {
  const participant = f.tuple(f.uint(PARTIES_MAX), f.bytes(32), f.bytes(32));
  const [protocol, version, clusterId, clusterEpoch, keyId, keyEpoch, curve, n, t, participants, ...rest] = decode(
    'mpc/exec/v1',
    document,
    [
      f.text(TEXT_BYTES_MAX),
      f.uint(Number.MAX_SAFE_INTEGER),
      f.text(TEXT_BYTES_MAX),
      f.uint(Number.MAX_SAFE_INTEGER),
      f.text(TEXT_BYTES_MAX),
      f.bytes({ max: 32 }),
      f.text(TEXT_BYTES_MAX),
      f.uint(PARTIES_MAX),
      f.uint(PARTIES_MAX),
      f.list(participant, { max: PARTIES_MAX }),
      f.bytes({ max: 33 }),
      f.bytes({ max: 64 }),
      f.bytes(32),
      f.optional(f.bytes(32)),
    ],
  );
  const [publicKey, requestHash, runNonce, session] = rest;
  check(isCurveName(curve), 'E_EXEC_ID', 'There is no such curve.');
  const parts: ExecIdParts = {
    protocol,
    version,
    clusterId,
    clusterEpoch,
    keyId,
    keyEpoch,
    curve,
    n,
    t,
    participants: participants.map(([index, signerId, identityKey]) => ({ index, signerId, identityKey })),
    publicKey,
    requestHash,
    runNonce,
    ...(session === undefined ? {} : { session }),
  };
  check(equalBytes(execIdDocument(parts), document), 'E_EXEC_ID', 'The document has not the form of an execution id.');
  return parts;
}

function isCurveName(name: string): name is CurveName {
  return (CURVE_NAMES as readonly string[]).includes(name);
}

function sortedParticipants(participants: readonly ExecParticipant[], n: number): ExecParticipant[] {
  check(participants.length >= 1 && participants.length <= n, 'E_EXEC_ID', 'A run has 1 to n participants.');
  const sorted = [...participants].sort((a, b) => a.index - b.index);
  sorted.forEach((p, at) => {
    check(isCount(p.index) && p.index <= n, 'E_EXEC_ID', 'A participant has an index of 1 to n.');
    check(at === 0 || sorted[at - 1]?.index !== p.index, 'E_EXEC_ID', 'Participants have different indices.');
    check(
      p.signerId.length === 32 && p.identityKey.length === 32,
      'E_EXEC_ID',
      'Signer ids and identity keys are 32 bytes.',
    );
  });
  return sorted;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
