import { keys } from '@holdfast/contract/operations';
import { carryOut } from '../../domain/acts.ts';
import { keyReply } from '../../domain/replies.ts';
import { refuseEndUser, requireUsableKey } from '../../domain/visibility.ts';
import { writeKeyArchived } from '../../domain/wallets.ts';
import { handler } from '../../pipeline/types.ts';

/** Archived once, archived for ever: asking again answers the same key and asks nobody. */
export const deleteKey = handler(keys.deleteKey, async (ctx, call) => {
  const { principal, grant, params } = call;
  refuseEndUser(principal, 'Keys:Delete');
  const key = await requireUsableKey(ctx, principal, params['keyId'] ?? '');
  if (key.status === 'Archived') return keyReply(key);
  return carryOut(ctx, call, async () => {
    const marks = await ctx.signers.archive(grant, { org: key.orgId, recordId: key.id });
    ctx.env.point('keys.deleteKey.made');
    return keyReply({ ...key, status: 'Archived', ...(await writeKeyArchived(ctx, call, { key, marks })) });
  });
});
