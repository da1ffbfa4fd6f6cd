/** Asks one signer to prove its shares; the page goes on as it came, because only the asker's own check counts. */
import { cluster } from '@holdfast/contract/operations';
import { handler } from '../../pipeline/types.ts';

/** A page is some tens of milliseconds of a signer that has other things to do. */
const AUDIT_MS_MAX = 15_000;

export const auditShares = handler(cluster.auditShares, async (ctx, { body }) => {
  const { signer, nonce, after } = body;
  const [outcome] = await ctx.signers.broadcast({ kind: 'Audit', nonce, after }, [signer], AUDIT_MS_MAX);
  if (outcome === undefined || 'lost' in outcome) return { signer, refused: outcome?.lost ?? 'offline' };
  const { reply } = outcome;
  if (!reply.ok) return { signer, refused: reply.error.code };
  if (reply.result.t !== 'audit') return { signer, refused: 'malformed' };
  const { items, more, signature } = reply.result.page;
  return {
    signer,
    page: {
      items: items.map((item) =>
        item.status === 'proved' ? { ...item, publicShares: [...item.publicShares] } : { ...item },
      ),
      more,
      signature,
    },
  };
});
