import { cluster } from '@holdfast/contract/operations';
import { toBase64, toBase64Url } from '@holdfast/contract/wire';
import { handler } from '../../pipeline/types.ts';

export const getCluster = handler(cluster.getCluster, async (ctx) => {
  const { roster } = ctx.signers;
  const online = new Set(ctx.signers.online());
  const statuses = new Map((await ctx.signers.status()).map((status) => [status.index, status]));
  return {
    clusterId: roster.clusterId,
    fingerprint: toBase64Url(roster.fingerprint),
    origin: toBase64Url(roster.origin),
    successions: roster.successions,
    epoch: roster.epoch,
    signers: roster.signers.map(({ index, signerId, identityKey }) => ({
      index,
      signerId: toBase64(signerId),
      identityKey: toBase64(identityKey),
      online: online.has(index),
      backends: statuses.get(index)?.backends,
      auxiliary: statuses.get(index)?.aux,
    })),
    signing: ctx.signers.signing(),
  };
});
