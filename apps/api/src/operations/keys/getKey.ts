import { keys } from '@holdfast/contract/operations';
import { toBase64 } from '@holdfast/contract/wire';
import { listKeyStatements, listWalletsOfKey } from '@holdfast/storage/records';
import { keyReply } from '../../domain/replies.ts';
import { requireKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

/** There is one store: the cluster. */
const STORE_ID = 'store-cluster';

export const getKey = handler(keys.getKey, async (ctx, call) => {
  const key = await requireKey(ctx, call.principal, call.params['keyId'] ?? '');
  const wallets = await listWalletsOfKey(ctx.db.kysely, key.orgId, key.id);
  const statements = await listKeyStatements(ctx.db.kysely, key.id);
  const { signers } = ctx.signers.roster;
  return {
    ...keyReply(key),
    wallets: wallets.map(({ id, network }) => ({ id, network })),
    store: { id: STORE_ID, kind: 'Mpc', keyId: key.id },
    epoch: key.epoch,
    attestations: statements.flatMap(({ signerIndex: index, signature }) => {
      const signer = signers[index - 1];
      return signer ? [{ index, signerId: toBase64(signer.signerId), signature }] : [];
    }),
  };
});
