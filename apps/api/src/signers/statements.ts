/** What signers sign, checked before anything is believed or stored: statements on keys, marks, acknowledgements. */
import {
  ackBytes,
  confirmationBytes,
  disregardBytes,
  importKeyBytes,
  keyStatementBytes,
  markBytes,
  withdrawBytes,
} from '@holdfast/authority/log';
import type { Ack, Disregard, Withdrawal } from '@holdfast/authority/types';
import type { KeyStatement, RecordMark } from '@holdfast/cluster/commands';
import { type Roster, type RosterSigner, verifyBySigner } from '@holdfast/cluster/roster';
import { fromBase64, fromBase64Url, fromHex, WireError } from '@holdfast/contract/wire';

const SIGNATURE_BYTES = 64;

export function isKeyStatement(
  roster: Roster,
  key: {
    readonly org: string;
    readonly keyId: string;
    readonly curve: string;
    readonly publicKey: string;
    readonly epoch: string;
  },
  { index, signature }: KeyStatement,
): boolean {
  return signed(roster, index, () => ({
    bytes: keyStatementBytes(key.org, key.keyId, key.curve, fromHex(key.publicKey), fromHex(key.epoch)),
    signature: fromBase64Url(signature, { bytes: SIGNATURE_BYTES }),
  }));
}

/** The promise to hold a share of exactly this epoch. */
export function isEpochConfirmation(
  roster: Roster,
  of: { readonly org: string; readonly keyId: string; readonly epoch: string },
  { index, signature }: KeyStatement,
): boolean {
  return signed(roster, index, () => ({
    bytes: confirmationBytes(of.org, of.keyId, fromHex(of.epoch)),
    signature: fromBase64Url(signature, { bytes: SIGNATURE_BYTES }),
  }));
}

export function isRecordMark(
  roster: Roster,
  record: {
    readonly org: string;
    readonly recordId: string;
    readonly mark: RecordMark['mark'];
    readonly nullifier: Uint8Array;
  },
  mark: RecordMark,
): boolean {
  if (mark.org !== record.org || mark.recordId !== record.recordId || mark.mark !== record.mark) return false;
  return signed(roster, mark.index, () => ({
    bytes: markBytes(record.org, record.recordId, record.mark, record.nullifier),
    signature: fromBase64Url(mark.signature, { bytes: SIGNATURE_BYTES }),
  }));
}

export function isAck(roster: Roster, ack: Ack): boolean {
  return signed(roster, ack.index, () => ({
    bytes: ackBytes(ack.org, ack.height, fromBase64Url(ack.head, { bytes: 32 })),
    signature: fromBase64Url(ack.signature, { bytes: SIGNATURE_BYTES }),
  }));
}

/** The promise never to acknowledge exactly this head. */
export function isWithdrawal(
  roster: Roster,
  at: { readonly org: string; readonly height: number; readonly head: string },
  withdrawal: Withdrawal,
): boolean {
  const { org, height, head } = withdrawal;
  if (org !== at.org || height !== at.height || head !== at.head) return false;
  return signed(roster, withdrawal.index, () => ({
    bytes: withdrawBytes(org, height, fromBase64Url(head, { bytes: 32 })),
    signature: fromBase64Url(withdrawal.signature, { bytes: SIGNATURE_BYTES }),
  }));
}

/** What a signer says about the forgotten votes of another, or of itself, at exactly this height. */
export function isDisregard(
  roster: Roster,
  at: { readonly org: string; readonly height: number; readonly about: number },
  disregard: Disregard,
): boolean {
  const { org, height, about } = disregard;
  const signer = roster.signers[about - 1];
  if (signer === undefined || org !== at.org || height !== at.height || about !== at.about) return false;
  return signed(roster, disregard.index, () => ({
    bytes: disregardBytes(org, height, signer.signerId),
    signature: fromBase64Url(disregard.signature, { bytes: SIGNATURE_BYTES }),
  }));
}

export function isImportKey(
  roster: Roster,
  signer: RosterSigner,
  key: { readonly encryptionKey: string; readonly encryptionKeySignature: string; readonly expires: string },
): boolean {
  return signed(roster, signer.index, () => ({
    bytes: importKeyBytes(
      roster.fingerprint,
      signer.signerId,
      fromBase64(key.encryptionKey, { bytes: 34 }),
      key.expires,
    ),
    signature: fromBase64(key.encryptionKeySignature, { bytes: SIGNATURE_BYTES }),
  }));
}

function signed(
  roster: Roster,
  index: number,
  read: () => { readonly bytes: Uint8Array; readonly signature: Uint8Array },
): boolean {
  try {
    return verifyBySigner(roster, { index, ...read() });
  } catch (error) {
    // A text that is not what it should be is simply not signed.
    if (error instanceof WireError || (error instanceof Error && error.name === 'CryptoError')) return false;
    throw error;
  }
}
