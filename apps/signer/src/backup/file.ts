/**
 * The envelope of a backup (docs/specs/backup.md §2): a header that says whose it is, and one AES-256-GCM seal over
 * everything else, to a passphrase or to an X25519 key whose private part lies elsewhere.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  scryptSync,
} from 'node:crypto';
import { fromBase64, toBase64, toBase64Url, utf8, WireError } from '@holdfast/contract/wire';
import { check, refuse } from '../refusal/index.ts';

/** Far above any signer's data, far below what would trouble the machine that reads it. */
export const BACKUP_BYTES_MAX = 256 * 1024 * 1024;
const MAGIC = utf8('holdfast-backup\n');
const VERSION = 1;
const KIND = { passphrase: 1, recipient: 2 } as const;
const HEAD_BYTES = 16 + 2 + 1 + 32 + 32 + 8 + 32 + 64 + 4;
const AT = { version: 16, kind: 18, fingerprint: 19, signerId: 51, time: 83, salt: 91, opener: 123, length: 187 };
const TAG_BYTES = 16;
const PASSPHRASE_CHARS_MIN = 16;
/** RFC 7914: 128 MiB, about half a second. Fixed by the version, so that a forged file cannot ask for more. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
const AUTHENTICATION =
  'backup authentication failed: the passphrase or key is not the one it was sealed to, or the file was altered';

/** Who can open a backup. */
export type Recipient =
  | { readonly passphrase: string }
  /** X25519, 32 bytes. */
  | { readonly publicKey: Uint8Array };

export type Opener = { readonly passphrase: string } | { readonly privateKey: Uint8Array };

export interface BackupHead {
  /** Of the cluster in which the signer served. */
  readonly fingerprint: Uint8Array;
  readonly signerId: Uint8Array;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

export function sealBackup(o: {
  readonly head: BackupHead;
  readonly body: Uint8Array;
  readonly to: Recipient;
  readonly random: (n: number) => Uint8Array;
}): Uint8Array {
  const total = HEAD_BYTES + o.body.length + TAG_BYTES;
  check(total <= BACKUP_BYTES_MAX, 'E_BACKUP_SIZE', `a backup is at most ${BACKUP_BYTES_MAX} bytes`);
  const head = Buffer.alloc(HEAD_BYTES);
  head.set(MAGIC);
  head.writeUInt16BE(VERSION, AT.version);
  head[AT.kind] = 'passphrase' in o.to ? KIND.passphrase : KIND.recipient;
  head.set(o.head.fingerprint, AT.fingerprint);
  head.set(o.head.signerId, AT.signerId);
  head.writeBigUInt64BE(BigInt(o.head.madeAt), AT.time);
  head.set(o.random(32), AT.salt);
  head.writeUInt32BE(o.body.length + TAG_BYTES, AT.length);
  let secret: Uint8Array;
  if ('passphrase' in o.to) {
    secret = fromPassphrase(o.to.passphrase, head);
  } else {
    const ephemeral = x25519Private(o.random(32));
    head.set(x25519Raw(ephemeral), AT.opener);
    head.set(o.to.publicKey, AT.opener + 32);
    secret = agree(ephemeral, o.to.publicKey);
  }
  const { key, nonce } = keysOf(secret, head);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(head);
  const sealed = Buffer.concat([head, cipher.update(o.body), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  return new Uint8Array(sealed);
}

/** What a file says of itself; nothing of it is proved before openBackup. Refuses what cannot be a backup. */
export function readBackupHead(file: Uint8Array): BackupHead & { readonly kind: 'passphrase' | 'recipient' } {
  check(file.length <= BACKUP_BYTES_MAX, 'E_BACKUP_SIZE', `a backup is at most ${BACKUP_BYTES_MAX} bytes`);
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const isOurs = view.length >= MAGIC.length && Buffer.compare(view.subarray(0, MAGIC.length), MAGIC) === 0;
  check(isOurs, 'E_BACKUP_FORMAT', 'the file is not a backup of a signer');
  check(view.length > HEAD_BYTES + TAG_BYTES, 'E_BACKUP_FORMAT', 'the backup is cut short');
  const version = view.readUInt16BE(AT.version);
  check(version === VERSION, 'E_BACKUP_VERSION', `the backup has version ${version}, which this release does not know`);
  const kind = view[AT.kind];
  check(kind === KIND.passphrase || kind === KIND.recipient, 'E_BACKUP_FORMAT', 'the backup is sealed in no known way');
  const length = view.readUInt32BE(AT.length);
  check(view.length >= HEAD_BYTES + length, 'E_BACKUP_FORMAT', 'the backup is cut short');
  check(view.length === HEAD_BYTES + length, 'E_BACKUP_FORMAT', 'something follows the end of the backup');
  const madeAt = Number(view.readBigUInt64BE(AT.time));
  check(Number.isSafeInteger(madeAt), 'E_BACKUP_FORMAT', 'the backup was made at no possible time');
  return {
    kind: kind === KIND.passphrase ? 'passphrase' : 'recipient',
    fingerprint: new Uint8Array(view.subarray(AT.fingerprint, AT.signerId)),
    signerId: new Uint8Array(view.subarray(AT.signerId, AT.time)),
    madeAt,
  };
}

/** The body in the clear; the caller wipes it. Refusals: those of readBackupHead, E_BACKUP_KEY, E_BACKUP_AUTH. */
export function openBackup(file: Uint8Array, by: Opener): { readonly head: BackupHead; readonly body: Uint8Array } {
  const { kind, ...said } = readBackupHead(file);
  const head = Buffer.from(file.subarray(0, HEAD_BYTES));
  let secret: Uint8Array;
  if (kind === 'passphrase') {
    if (!('passphrase' in by))
      refuse('E_BACKUP_KEY', 'the backup is sealed with a passphrase: set HOLDFAST_BACKUP_PASSPHRASE');
    secret = fromPassphrase(by.passphrase, head);
  } else {
    if (!('privateKey' in by)) refuse('E_BACKUP_KEY', 'the backup is sealed to a key: give its file with --key');
    const privateKey = x25519Private(by.privateKey);
    const recipient = head.subarray(AT.opener + 32, AT.opener + 64);
    const mine = Buffer.compare(x25519Raw(privateKey), recipient) === 0;
    check(mine, 'E_BACKUP_KEY', `the backup is sealed to another key: ${toBase64(recipient)}`);
    secret = agree(privateKey, head.subarray(AT.opener, AT.opener + 32));
  }
  const { key, nonce } = keysOf(secret, head);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(head);
  decipher.setAuthTag(file.subarray(-TAG_BYTES));
  const body = decipher.update(file.subarray(HEAD_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    // The cause says nothing more than "unable to authenticate".
    body.fill(0);
    refuse('E_BACKUP_AUTH', AUTHENTICATION);
  } finally {
    key.fill(0);
  }
  return { head: said, body };
}

const PUBLIC = 'holdfast-backup-public-v1:';
const PRIVATE = 'holdfast-backup-private-v1:';

/** A key pair to seal backups to: the public part for every signer, the private one for a safe. */
export function createBackupKey(random: (n: number) => Uint8Array): { publicText: string; privateText: string } {
  const seed = random(32);
  const publicKey = x25519Raw(x25519Private(seed));
  return { publicText: PUBLIC + toBase64(publicKey), privateText: PRIVATE + toBase64(seed) };
}

export function readBackupPublicKey(text: string): Uint8Array {
  return readKey(text, PUBLIC, 'a public key to seal backups to');
}

export function readBackupPrivateKey(text: string): Uint8Array {
  return readKey(text, PRIVATE, 'a private key of backups');
}

function readKey(text: string, prefix: string, what: string): Uint8Array {
  const line = text.trim();
  check(line.startsWith(prefix), 'E_BACKUP_KEY', `that is not ${what}; it begins with ${prefix}`);
  try {
    return fromBase64(line.slice(prefix.length), { bytes: 32 });
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    // The cause could quote a private key.
    return refuse('E_BACKUP_KEY', `that is not ${what}: 32 bytes in base64 follow ${prefix}`);
  }
}

function fromPassphrase(passphrase: string, head: Uint8Array): Uint8Array {
  const text = passphrase.normalize('NFKC');
  const length = [...text].length;
  check(length >= PASSPHRASE_CHARS_MIN, 'E_BACKUP_KEY', `a passphrase has at least ${PASSPHRASE_CHARS_MIN} characters`);
  const salt = head.subarray(AT.salt, AT.opener);
  return scryptSync(utf8(text), salt, 32, { ...SCRYPT, maxmem: 256 * SCRYPT.N * SCRYPT.r });
}

/** HKDF over the whole header: no member of it can be exchanged without losing the key. */
function keysOf(secret: Uint8Array, head: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const salt = head.subarray(AT.salt, AT.opener);
  const out = Buffer.from(hkdfSync('sha256', secret, salt, Buffer.concat([utf8('holdfast/backup/v1'), head]), 44));
  secret.fill(0);
  return { key: out.subarray(0, 32), nonce: out.subarray(32) };
}

function agree(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: toBase64Url(publicKey) }, format: 'jwk' });
    return diffieHellman({ privateKey, publicKey: key });
  } catch {
    // OpenSSL refuses points of small order, whose shared secret would be zero (RFC 7748 §6.1).
    return refuse('E_BACKUP_KEY', 'that is not an X25519 key');
  }
}

/** PKCS #8 of an X25519 key (RFC 8410): a fixed head and the 32 bytes. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function x25519Private(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([PKCS8, raw]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

function x25519Raw(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32));
}
