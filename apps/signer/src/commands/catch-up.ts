/** A record that changed while this signer was away: the act is checked again but for its freshness, and three marks stand for that. */
import type { Command, Result } from '@holdfast/cluster/commands';
import { toHex } from '@holdfast/contract/wire';
import { consentToPast } from '../consent/index.ts';
import type { Context } from './context.ts';
import { checkMarks, makeMark } from './marks.ts';
import { changeOf } from './records-acts.ts';

export function recordCatchUp(ctx: Context, command: Extract<Command, { kind: 'RecordCatchUp' }>): Result {
  const act = consentToPast(ctx, command.act);
  const change = changeOf(ctx, act, { caughtUp: true });
  const { recordId, mark } = change;
  checkMarks(ctx, { org: act.org, recordId, mark, nullifier: act.nullifier }, command.marks);
  ctx.store.transaction('record', () => {
    change.write();
    ctx.store.journal.append(`record.${mark}`, {
      org: act.org,
      recordId,
      nullifier: toHex(act.nullifier),
      caughtUp: true,
    });
  });
  // Its own mark, so that the api knows that this signer has it and stops showing it.
  return { t: 'mark', mark: makeMark(ctx, { org: act.org, recordId, mark, nullifier: act.nullifier }) };
}
