/**
 * How a new sharing is named and acknowledged (rulings 7 and 15). The certificate of a key is one identity
 * signature of every holder over the same statement of public key and epoch.
 */
import type { Curve } from '@holdfast/crypto/curves';

export { epochOf } from '@holdfast/crypto/sharing';

import type { Index, KeyShare, MpcEnv } from '../runtime/index.ts';

/** Bytes that every holder signs: `enc("holdfast/key/v1", …, X, epoch)`. `x` is the encoded public key. */
export type StatementOf = (x: Uint8Array, epoch: Uint8Array) => Uint8Array;

export interface Acknowledgement {
  readonly index: Index;
  /** Ed25519 by that party's identity, 64 bytes. */
  readonly signature: Uint8Array;
}

export interface CertifiedShare {
  readonly share: KeyShare;
  /** One of every holder, in index order. */
  readonly statements: readonly Acknowledgement[];
}

export interface StatedKey {
  readonly curve: Curve;
  readonly share: Pick<KeyShare, 'publicKey' | 'epoch' | 'index' | 'n'>;
  readonly statement: StatementOf;
}

/**
 * The acknowledgement of a share that is stored. A run sends it once; a driver that holds a pending share without
 * a certificate makes it again on request, any time later, with the same bytes to sign.
 */
export function acknowledge({ curve, share, statement, sign }: StatedKey & Pick<MpcEnv, 'sign'>): Acknowledgement {
  return { index: share.index, signature: sign(statement(curve.encodePoint(share.publicKey), share.epoch)) };
}

/** Whether `acknowledgement` is the party's signature over this very sharing. */
export function isAcknowledged(
  {
    curve,
    share,
    statement,
    verify,
  }: Pick<StatedKey, 'curve' | 'statement'> & {
    readonly share: Pick<KeyShare, 'publicKey' | 'epoch'>;
  } & Pick<MpcEnv, 'verify'>,
  { index, signature }: Acknowledgement,
): boolean {
  if (signature.length !== 64) return false;
  return verify(index, statement(curve.encodePoint(share.publicKey), share.epoch), signature);
}

/** Whether every one of the n holders acknowledged: what makes a pending share usable. */
export function isCertificate(
  key: StatedKey & Pick<MpcEnv, 'verify'>,
  acknowledgements: readonly Acknowledgement[],
): boolean {
  if (acknowledgements.length !== key.share.n) return false;
  return acknowledgements.every((a, at) => a.index === at + 1 && isAcknowledged(key, a));
}
