/** A signer's signed word on a record: exported, archived, wallet made. Three of them bring up one that was away. */
import { markBytes } from '@holdfast/authority/log';
import type { RecordMark } from '@holdfast/cluster/commands';
import { verifyBySigner } from '@holdfast/cluster/roster';
import { fromBase64Url, toBase64Url } from '@holdfast/contract/wire';
import { check } from '../refusal/index.ts';
import type { Context } from './context.ts';

export interface MarkedRecord {
  readonly org: string;
  readonly recordId: string;
  readonly mark: RecordMark['mark'];
  readonly nullifier: Uint8Array;
}

export const MARKS_NEEDED = 3;

export function makeMark(ctx: Context, record: MarkedRecord): RecordMark {
  const signature = ctx.cluster.identity.sign(bytesOf(record));
  return {
    index: ctx.cluster.index,
    org: record.org,
    recordId: record.recordId,
    mark: record.mark,
    nullifier: toBase64Url(record.nullifier),
    signature: toBase64Url(signature),
  };
}

/** Refuses E_ACKS unless three signers marked exactly this record. */
export function checkMarks(ctx: Context, record: MarkedRecord, marks: readonly RecordMark[]): void {
  const bytes = bytesOf(record);
  const { roster } = ctx.cluster;
  const by = marks
    .filter((m) => verifyBySigner(roster, { index: m.index, bytes, signature: fromBase64Url(m.signature) }))
    .map((m) => m.index);
  check(new Set(by).size >= MARKS_NEEDED, 'E_ACKS', 'fewer than three signers marked this record');
}

function bytesOf({ org, recordId, mark, nullifier }: MarkedRecord): Uint8Array {
  return markBytes(org, recordId, mark, nullifier);
}
