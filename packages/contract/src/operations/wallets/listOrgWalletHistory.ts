/** Lists what came to and left all wallets of an organisation in a span of time. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, pageMembers, Reply, Text, Timestamp } from '../shapes.ts';

const optionalText = Type.Optional(Type.String());

export const listOrgWalletHistory = operation({
  name: 'listOrgWalletHistory',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/all/history',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Read'],
  effect: 'none',
  query: Closed({ ...pageMembers, startTime: Text(40, 1), endTime: Text(40, 1) }),
  response: Reply({
    orgId: Type.String(),
    items: Type.Array(
      Reply({
        timestamp: Timestamp,
        walletId: Type.String(),
        network: Type.String(),
        direction: Type.String(),
        from: optionalText,
        to: optionalText,
        amount: optionalText,
        tokenId: optionalText,
        asset: optionalText,
        symbol: optionalText,
        decimals: optionalText,
        fee: optionalText,
        feeSymbol: optionalText,
        feeDecimals: optionalText,
        txHash: Type.String(),
      }),
    ),
    nextPageToken: Type.Optional(Type.String()),
  }),
  summary: 'Lists what came to and left all wallets of an organisation in a span of time',
});
