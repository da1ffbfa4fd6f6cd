/** Asks the ledger of a wallet’s Canton validator. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Text } from '../shapes.ts';

export const cantonLedgerApiProxy = operation({
  name: 'cantonLedgerApiProxy',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/canton/ledger-api',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Read'],
  effect: 'none',
  request: Closed({
    requestMethod: Type.Enum(['GET', 'POST']),
    resource: Text(2_000, 1),
    body: Type.Optional(Type.Unknown()),
  }),
  response: Type.Unknown(),
  summary: 'Asks the ledger of a wallet’s Canton validator',
});
