/** Creates the account of a wallet on its network. */
import { operation } from '../operation.ts';
import { Activation, TransactionRequest } from './orders.ts';

export const activateWallet = operation({
  name: 'activateWallet',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/activate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Transactions:Create'],
  effect: 'sign',
  request: Activation,
  bodyOptional: true,
  response: TransactionRequest,
  summary: 'Creates the account of a wallet on its network',
});
