/**
 * Backups of one signer (docs/specs/backup.md): made from its store, proved by opening them and every share inside, and
 * turned into a store again that takes part in nothing before it knows what it has forgotten.
 */
import { identityFromSeeds, indexOfSignerId, type Roster } from '@holdfast/cluster/roster';
import { toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { CryptoError, checkKeyShare } from '@holdfast/crypto/sharing';
import { equalBytes, sha256 } from '@holdfast/crypto/transcript';
import { epochOf } from '@holdfast/mpc/dkg';
import { check, refuse } from '../refusal/index.ts';
import { checkContents, type Row, recordOf, type StoredShare } from '../store/index.ts';
import { type BackupBody, decodeBody, encodeBody, wipeBody } from './body.ts';
import { type BackupHead, type Opener, openBackup, type Recipient, sealBackup } from './file.ts';

export { type BackupBody, wipeBody } from './body.ts';
export {
  BACKUP_BYTES_MAX,
  type BackupHead,
  createBackupKey,
  type Opener,
  openBackup,
  type Recipient,
  readBackupHead,
  readBackupPrivateKey,
  readBackupPublicKey,
  sealBackup,
} from './file.ts';

/** What a proved backup is known by, and what is in it. */
export interface ProvedBackup {
  readonly head: BackupHead;
  /** SHA-256 of the file, hex. */
  readonly id: string;
  readonly body: BackupBody;
  readonly keys: number;
  readonly shares: number;
}

/** Seals a body after proving every share in it; wipes the body. */
export function makeBackup(o: {
  readonly head: BackupHead;
  readonly body: BackupBody;
  readonly to: Recipient;
  readonly random: (n: number) => Uint8Array;
}): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    proveShares(o.body, o.head.signerId);
    bytes = encodeBody(o.body);
    return sealBackup({ head: o.head, body: bytes, to: o.to, random: o.random });
  } finally {
    bytes?.fill(0);
    wipeBody(o.body);
  }
}

/**
 * Opens a backup and proves that it would bring its signer back: its cluster, its identity, and every share against the
 * public shares of its key. The caller wipes the body. Refusals: those of openBackup, E_BACKUP_CLUSTER,
 * E_BACKUP_SIGNER, E_BACKUP_IDENTITY, E_BACKUP_SHARE with the first key that fails.
 */
export function proveBackup(
  file: Uint8Array,
  o: { readonly by: Opener; readonly roster: Roster; readonly index?: number },
): ProvedBackup {
  const opened = openBackup(file, o.by);
  let body: BackupBody | undefined;
  try {
    checkPlace(opened.head, o);
    body = decodeBody(opened.body);
    checkIdentity(body, opened.head);
    checkContents(body.contents);
    const shares = proveShares(body, opened.head.signerId);
    const keys = keyRows(body).size;
    return { head: opened.head, id: toHex(sha256(file)), body, keys, shares };
  } catch (error) {
    if (body !== undefined) wipeBody(body);
    throw error;
  } finally {
    opened.body.fill(0);
  }
}

function checkPlace(head: BackupHead, { roster, index }: { readonly roster: Roster; readonly index?: number }): void {
  check(
    [roster.fingerprint, ...roster.past].some((each) => equalBytes(head.fingerprint, each)),
    'E_BACKUP_CLUSTER',
    `the backup is of a signer of another cluster (fingerprint ${toHex(head.fingerprint)})`,
  );
  const place = indexOfSignerId(roster, head.signerId);
  check(place !== undefined, 'E_BACKUP_CLUSTER', 'the backup is of a signer that is not in the roster');
  check(
    index === undefined || place === index,
    'E_BACKUP_SIGNER',
    `the backup is of signer ${place}, not of signer ${index}`,
  );
}

function checkIdentity({ seeds }: BackupBody, { signerId }: BackupHead): void {
  const { publicKey } = identityFromSeeds({ identitySeed: seeds.slice(0, 32), transportSeed: seeds.slice(32) });
  check(
    equalBytes(sha256(publicKey), signerId),
    'E_BACKUP_IDENTITY',
    'the identity in the backup is not that of its signer',
  );
}

/** x·G = X_i, degree t − 1, interpolation to X, and the epoch that these public shares have. Answers how many. */
function proveShares(body: BackupBody, signerId: Uint8Array): number {
  const rows = keyRows(body);
  for (const share of body.contents.shares) {
    const keyRow = rows.get(share.keyId);
    if (keyRow === undefined) refuse('E_BACKUP_SHARE', `the backup has a share of ${share.keyId} and no record of it`);
    try {
      proveShare(share, keyRow, signerId);
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause;
      refuse('E_BACKUP_SHARE', `the share of ${share.keyId} in the backup does not belong to its key`);
    }
  }
  const held = new Set(body.contents.shares.filter(({ status }) => status === 'active').map(({ keyId }) => keyId));
  const masters = mastersOf(body);
  for (const [keyId, row] of rows) {
    // A child has no share of its own: its master's is what must be there.
    const holder = row[PURPOSE] === 'child' ? (masters.get(keyId) ?? '') : keyId;
    check(row[ACTIVE_EPOCH] === null || held.has(holder), 'E_BACKUP_SHARE', `the backup has no share of ${keyId}`);
  }
  return body.contents.shares.length;
}

function proveShare(stored: StoredShare, keyRow: Row, signerId: Uint8Array): void {
  const record = recordOf(stored, { keyRow, signerId });
  const complete = (record.purpose === 'master') === (stored.chainCode !== undefined);
  check(complete, 'E_BACKUP_SHARE', `the share of ${stored.keyId} in the backup lacks its chain code`);
  const curve = curveOf(record.curve);
  const publicShares = record.publicShares.map((X_j) => curve.decodePoint(X_j));
  const x = curve.scalar.decode(stored.x);
  try {
    const { t, n, index } = record;
    checkKeyShare(curve, { t, n, index, x, publicShares, publicKey: curve.decodePoint(record.publicKey) });
  } finally {
    x.fill(0);
  }
  const named = equalBytes(epochOf(curve, publicShares), stored.epoch);
  check(named, 'E_BACKUP_SHARE', `the share of ${stored.keyId} in the backup has another epoch than it says`);
}

/** Places of the columns in KEY_COLUMNS. */
const PURPOSE = 5;
const ACTIVE_EPOCH = 10;

/** Child key → master key, from CHILD_COLUMNS. */
function mastersOf({ contents }: BackupBody): ReadonlyMap<string, string> {
  const rows = contents.tables.find(({ name }) => name === 'children')?.rows ?? [];
  return new Map(rows.map(([keyId, masterId]) => [String(keyId), String(masterId)]));
}

function keyRows({ contents }: BackupBody): ReadonlyMap<string, Row> {
  const rows = contents.tables.find(({ name }) => name === 'keys')?.rows ?? [];
  return new Map(rows.map((row) => [String(row[0]), row]));
}
