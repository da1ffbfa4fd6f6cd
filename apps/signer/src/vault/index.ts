/**
 * The only door to a share: seals it before the store sees a byte, opens it after, and checks on opening that it is
 * the share of exactly that key, epoch, organisation and signer (docs/specs/sealed-vault.md §3).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type CurveName, curve as curveOf, type Point, type Scalar } from '@holdfast/crypto/curves';
import { CryptoError, checkKeyShare } from '@holdfast/crypto/sharing';
import { enc, i as item } from '@holdfast/crypto/transcript';
import type { KeyShare, ProtocolName } from '@holdfast/mpc/runtime';
import { check, refuse } from '../refusal/index.ts';

/** What is sealed: 1, the share alone; 2, the share and the chain code of a master key (docs/specs/sealed-vault.md §3). */
export const VAULT_VERSION = { share: 1, master: 2 } as const;

/**
 * What a key is for, besides what its protocol says. `master` signs and has children; `child` is computed from its
 * master and has no share of its own; `derive` answers derivations and never signs (attack row 52).
 */
export type Purpose = 'sign' | 'master' | 'child' | 'derive';

/** Everything public about one share record. All of it is authenticated together with the share. */
export interface VaultRecord {
  readonly keyId: string;
  readonly org: string;
  readonly signerId: Uint8Array;
  readonly protocol: ProtocolName;
  readonly curve: CurveName;
  readonly scheme: string;
  readonly purpose: Purpose;
  readonly origin: Uint8Array;
  readonly imported: boolean;
  readonly exported: boolean;
  readonly archived: boolean;
  readonly t: number;
  readonly n: number;
  /** This signer's evaluation point within the key. */
  readonly index: number;
  readonly epoch: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly publicShares: readonly Uint8Array[];
  /** Whose point is which (rulings 20): signer ids with their evaluation points, in order of points. */
  readonly points: readonly { readonly signerId: Uint8Array; readonly index: number }[];
  /**
   * Of a sharing that was made from another one of the key (docs/specs/refresh.md §3): which, how many there were before,
   * and when. Under the checksum of the row, not under the seal: it says what may be erased, never what may be used.
   */
  readonly lineage?: { readonly base: Uint8Array; readonly generation: number; readonly time: number };
}

export interface SealedShare {
  readonly version: number;
  readonly nonce: Uint8Array;
  /** Ciphertext and 16-byte tag. */
  readonly sealed: Uint8Array;
}

export interface Vault {
  seal(record: VaultRecord, share: Secrets): SealedShare;
  /** Opens and checks; the caller wipes it (wipeShare). Refusals: E_VAULT_DAMAGED, E_VAULT_VERSION. */
  open(record: VaultRecord, sealed: SealedShare): KeyShare;
}

/** What of a share nobody else may see. */
export type Secrets = Pick<KeyShare, 'x' | 'chainCode'>;

/** Overwrites what is secret of a share that came out of the vault. */
export function wipeShare({ x, chainCode }: Secrets): void {
  x.fill(0);
  chainCode?.fill(0);
}

const SHARE_BYTES = 32;
const CHAIN_CODE_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Public parts already checked in full; the share itself is opened and compared every time. */
const CHECKED_MAX = 1000;

export function createVault(o: { sealKey: Uint8Array; random: (n: number) => Uint8Array }): Vault {
  const checked = new Map<string, { publicShares: readonly Point[]; publicKey: Point }>();

  return {
    seal(record, { x, chainCode }) {
      const secrets = Buffer.concat(chainCode === undefined ? [x] : [x, chainCode]);
      const version = versionOf(record);
      if (x.length !== SHARE_BYTES || secrets.length !== secretBytes(version))
        throw new Error('bug: a share has 32 bytes, a master 32 more');
      const nonce = o.random(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', o.sealKey, nonce);
      cipher.setAAD(associatedData(record, version));
      const sealed = Buffer.concat([cipher.update(secrets), cipher.final(), cipher.getAuthTag()]);
      secrets.fill(0);
      return { version, nonce, sealed: new Uint8Array(sealed) };
    },

    open(record, sealed) {
      check(
        sealed.version === VAULT_VERSION.share || sealed.version === VAULT_VERSION.master,
        'E_VAULT_VERSION',
        `the share of ${record.keyId} has format ${sealed.version}, which this release does not know`,
      );
      // A master without its chain code, or a chain code beside any other key, is not what was sealed.
      check(sealed.version === versionOf(record), 'E_VAULT_DAMAGED', `the share record of ${record.keyId} is damaged`);
      const aad = associatedData(record, sealed.version);
      const curve = curveOf(record.curve);
      const bytes = decrypt(o.sealKey, record.keyId, sealed, aad);
      let x: Scalar | undefined;
      try {
        x = curve.scalar.decode(bytes.subarray(0, SHARE_BYTES));
        const name = aad.toString('base64');
        const known = checked.get(name);
        const share: KeyShare = {
          protocol: record.protocol,
          curve: record.curve,
          index: record.index,
          t: record.t,
          n: record.n,
          x,
          publicShares: known?.publicShares ?? record.publicShares.map((p) => curve.decodePoint(p)),
          publicKey: known?.publicKey ?? curve.decodePoint(record.publicKey),
          epoch: record.epoch,
          ...(sealed.version === VAULT_VERSION.master
            ? { chainCode: new Uint8Array(bytes.subarray(SHARE_BYTES)) }
            : {}),
        };
        if (known === undefined) {
          checkKeyShare(curve, share);
          if (checked.size >= CHECKED_MAX) checked.clear();
          checked.set(name, { publicShares: share.publicShares, publicKey: share.publicKey });
        }
        return share;
      } catch (cause) {
        x?.fill(0);
        if (!(cause instanceof CryptoError)) throw cause;
        return refuse('E_VAULT_DAMAGED', `the share of ${record.keyId} does not belong to its key`);
      } finally {
        // What was read of it are copies.
        bytes.fill(0);
      }
    },
  };
}

function versionOf(record: Pick<VaultRecord, 'purpose'>): number {
  return record.purpose === 'master' ? VAULT_VERSION.master : VAULT_VERSION.share;
}

function secretBytes(version: number): number {
  return version === VAULT_VERSION.master ? SHARE_BYTES + CHAIN_CODE_BYTES : SHARE_BYTES;
}

function decrypt(key: Uint8Array, keyId: string, sealed: SealedShare, aad: Uint8Array): Uint8Array {
  const size = secretBytes(sealed.version);
  const sized = sealed.nonce.length === NONCE_BYTES && sealed.sealed.length === size + TAG_BYTES;
  check(sized, 'E_VAULT_DAMAGED', `the share record of ${keyId} is damaged`);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.sealed.subarray(size));
  // allocUnsafeSlow: a buffer of its own, outside the shared pool, so that wiping it is meaningful.
  const secrets = Buffer.allocUnsafeSlow(size);
  const part = decipher.update(sealed.sealed.subarray(0, size));
  try {
    decipher.final();
  } catch {
    // The cause says nothing more than "unable to authenticate".
    part.fill(0);
    refuse('E_VAULT_DAMAGED', `the share record of ${keyId} is damaged`);
  }
  secrets.set(part);
  part.fill(0);
  return secrets;
}

/** docs/specs/sealed-vault.md §3: every public field, so that none can be exchanged under a share. */
function associatedData(r: VaultRecord, version: number): Buffer {
  return Buffer.from(
    enc(
      'holdfast/vault/v1',
      item.uint(version),
      item.bytes(r.signerId),
      item.text(r.keyId),
      item.bytes(r.epoch),
      item.text(r.org),
      item.text(r.protocol),
      item.text(r.curve),
      item.text(r.scheme),
      item.text(r.purpose),
      item.bytes(r.origin),
      item.uint(r.imported ? 1 : 0),
      item.uint(r.exported ? 1 : 0),
      item.uint(r.archived ? 1 : 0),
      item.uint(r.t),
      item.uint(r.n),
      item.uint(r.index),
      item.bytes(r.publicKey),
      item.list(r.publicShares.map((p) => item.bytes(p))),
      item.list(r.points.flatMap((p) => [item.bytes(p.signerId), item.uint(p.index)])),
    ),
  );
}
