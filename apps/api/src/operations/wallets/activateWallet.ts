import { network } from '@holdfast/chains/networks';
import { refuse } from '@holdfast/contract/errors';
import { wallets } from '@holdfast/contract/operations';
import { refuseCanton } from '../../domain/canton.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { requestOrder, transactionReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const activateWallet = handler(wallets.activateWallet, async (ctx, call) => {
  const target = await requireWallet(ctx, call.principal, call.params['walletId'] ?? '');
  const { family, name } = network(target.wallet.network);
  if (family === 'canton') return refuseCanton('activation');
  if (family === 'concordium')
    refuse(
      'E_UNSUPPORTED',
      'an account of Concordium needs a credential of an identity provider, which is not made here',
    );
  if (family !== 'starknet') refuse('E_UNSUPPORTED', `wallets of ${name} need no activation`);
  if (Object.keys(call.body).length > 0) refuse('E_BODY', 'Starknet takes no members', { path: 'body' });
  return transactionReply(await requestOrder(ctx, { ...call, body: { kind: 'ActivateAccount' } }, target));
});
