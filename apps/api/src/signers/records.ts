/** Acts without a run: export, archiving, and a wallet on a key that is there. At least three signers carry them out. */
import type { RecordMark } from '@holdfast/cluster/commands';
import { toBase64 } from '@holdfast/contract/wire';
import type { UserActionGrant } from '../pipeline/types.ts';
import { settleKey } from './epochs.ts';
import { failureOf, refusalsOf, resultsOf } from './outcomes.ts';
import { requireThree, THRESHOLD } from './participants.ts';
import type { Room } from './room.ts';
import { isRecordMark } from './statements.ts';
import type { ExportedShare } from './types.ts';

const RECORD_MS_MAX = 5_000;

export async function exportKey(
  room: Room,
  grant: UserActionGrant,
  { org, keyId, epoch }: { readonly org: string; readonly keyId: string; readonly epoch?: string },
): Promise<{ shares: readonly ExportedShare[]; marks: readonly RecordMark[] }> {
  // Shares of one sharing: others would not give the key together.
  let outcomes = await askOnline(room, grant, epoch);
  if (refusalsOf(outcomes).some(({ refusal }) => refusal.code === 'E_EPOCH'))
    outcomes = await askOnline(room, grant, await settleKey(room, keyId));
  const record = { org, recordId: keyId, mark: 'exported', nullifier: grant.nullifier } as const;
  const given = resultsOf('share', outcomes).filter(
    ({ index, result }) =>
      result.keyId === keyId && result.mark.index === index && isRecordMark(room.roster, record, result.mark),
  );
  if (given.length < THRESHOLD) throw failureOf(outcomes);
  const shares = given.flatMap(({ index, result }) => {
    const signer = room.roster.signers[index - 1];
    return signer ? [{ index, signerId: toBase64(signer.signerId), encryptedKeyShare: result.encryptedKeyShare }] : [];
  });
  return { shares, marks: given.map(({ result }) => result.mark) };
}

export async function markRecord(
  room: Room,
  grant: UserActionGrant,
  o: { readonly org: string; readonly recordId: string; readonly mark: 'archived' | 'delegated' | 'wallet' },
): Promise<readonly RecordMark[]> {
  const outcomes = await askOnline(room, grant);
  const marks = resultsOf('mark', outcomes).flatMap(({ index, result: { mark } }) =>
    mark.index === index && isRecordMark(room.roster, { ...o, nullifier: grant.nullifier }, mark) ? [mark] : [],
  );
  if (marks.length < THRESHOLD) throw failureOf(outcomes);
  return marks;
}

function askOnline(room: Room, grant: UserActionGrant, keyEpoch?: string) {
  const online = requireThree(room.link.online());
  const order = room.act(grant, { participants: [], ...(keyEpoch === undefined ? {} : { keyEpoch }) });
  return room.ask.all(order, online, RECORD_MS_MAX);
}
