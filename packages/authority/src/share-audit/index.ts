/** What a share audit signs and proves (docs/specs/share-audit.md): the same bytes at the signer and at whoever asks. */
import { canonicalJson, utf8 } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';

/** The question that one proof answers. */
export function shareProofContext(o: {
  readonly fingerprint: Uint8Array;
  /** 32 bytes, of whoever asks. */
  readonly nonce: Uint8Array;
  readonly signerId: Uint8Array;
  readonly org: string;
  readonly keyId: string;
  readonly epoch: Uint8Array;
  readonly index: number;
}): Uint8Array {
  return enc(
    'holdfast/share-audit/v1',
    i.bytes(o.fingerprint),
    i.bytes(o.nonce),
    i.bytes(o.signerId),
    i.text(o.org),
    i.text(o.keyId),
    i.bytes(o.epoch),
    i.uint(o.index),
  );
}

/** A signer's word on one page: what it could not prove, and that nothing was left out between. */
export function auditPageBytes(o: {
  readonly fingerprint: Uint8Array;
  readonly nonce: Uint8Array;
  readonly signerId: Uint8Array;
  readonly after: string;
  readonly more: boolean;
  readonly items: readonly unknown[];
}): Uint8Array {
  return enc(
    'holdfast/share-audit-page/v1',
    i.bytes(o.fingerprint),
    i.bytes(o.nonce),
    i.bytes(o.signerId),
    i.text(o.after),
    i.uint(o.more ? 1 : 0),
    i.bytes(sha256(utf8(canonicalJson(o.items)))),
  );
}
