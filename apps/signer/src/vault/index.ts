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

export const VAULT_VERSION = 1;

/** Everything public about one share record. All of it is authenticated together with the share. */
export interface VaultRecord {
  readonly keyId: string;
  readonly org: string;
  readonly signerId: Uint8Array;
  readonly protocol: ProtocolName;
  readonly curve: CurveName;
  readonly scheme: string;
  readonly purpose: 'sign';
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
  seal(record: VaultRecord, x: Uint8Array): SealedShare;
  /** Opens and checks; the caller wipes `x`. Refusals: E_VAULT_DAMAGED, E_VAULT_VERSION. */
  open(record: VaultRecord, sealed: SealedShare): KeyShare;
}

const SHARE_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Public parts already checked in full; the share itself is opened and compared every time. */
const CHECKED_MAX = 1000;

export function createVault(o: { sealKey: Uint8Array; random: (n: number) => Uint8Array }): Vault {
  const checked = new Map<string, { publicShares: readonly Point[]; publicKey: Point }>();

  return {
    seal(record, x) {
      if (x.length !== SHARE_BYTES) throw new Error('bug: a share has 32 bytes');
      const nonce = o.random(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', o.sealKey, nonce);
      cipher.setAAD(associatedData(record, VAULT_VERSION));
      const sealed = Buffer.concat([cipher.update(x), cipher.final(), cipher.getAuthTag()]);
      return { version: VAULT_VERSION, nonce, sealed: new Uint8Array(sealed) };
    },

    open(record, sealed) {
      check(
        sealed.version === VAULT_VERSION,
        'E_VAULT_VERSION',
        `the share of ${record.keyId} has format ${sealed.version}, which this release does not know`,
      );
      const aad = associatedData(record, sealed.version);
      const curve = curveOf(record.curve);
      const bytes = decrypt(o.sealKey, record.keyId, sealed, aad);
      let x: Scalar | undefined;
      try {
        x = curve.scalar.decode(bytes);
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
        // decode() made its own copy.
        bytes.fill(0);
      }
    },
  };
}

function decrypt(key: Uint8Array, keyId: string, sealed: SealedShare, aad: Uint8Array): Uint8Array {
  const sized = sealed.nonce.length === NONCE_BYTES && sealed.sealed.length === SHARE_BYTES + TAG_BYTES;
  check(sized, 'E_VAULT_DAMAGED', `the share record of ${keyId} is damaged`);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.sealed.subarray(SHARE_BYTES));
  // allocUnsafeSlow: a buffer of its own, outside the shared pool, so that wiping it is meaningful.
  const x = Buffer.allocUnsafeSlow(SHARE_BYTES);
  const part = decipher.update(sealed.sealed.subarray(0, SHARE_BYTES));
  try {
    decipher.final();
  } catch {
    // The cause says nothing more than "unable to authenticate".
    part.fill(0);
    refuse('E_VAULT_DAMAGED', `the share record of ${keyId} is damaged`);
  }
  x.set(part);
  part.fill(0);
  return x;
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
