import { network } from '@holdfast/chains/networks';
import { refuse } from '@holdfast/contract/errors';
import { wallets } from '@holdfast/contract/operations';
import { refuseCanton } from '../../domain/canton.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const cantonLedgerApiProxy = handler(wallets.cantonLedgerApiProxy, async (ctx, { principal, params }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  if (network(wallet.network).family !== 'canton') refuse('E_UNSUPPORTED', `${wallet.network} has no Canton ledger`);
  return refuseCanton('the ledger');
});
