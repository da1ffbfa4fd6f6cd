/** Orders as the wire shows them (reference/api/wallets.md §4, §5). */
import { network as findNetwork } from '@holdfast/chains/networks';
import type { OrderRow } from '@holdfast/storage/records';

export function transactionReply(row: OrderRow) {
  return {
    id: row.id,
    walletId: row.walletId,
    network: row.network,
    requester: { userId: row.requesterUserId, tokenId: row.requesterTokenId ?? undefined },
    requestBody: row.requestBody,
    status: row.status,
    reason: row.reason ?? undefined,
    txHash: row.txHash ?? undefined,
    fee: row.fee ?? undefined,
    dateRequested: row.dateRequested,
    dateBroadcasted: row.dateBroadcasted ?? undefined,
    dateConfirmed: row.dateConfirmed ?? undefined,
    externalId: row.externalId ?? undefined,
    replacementId: row.replacementId ?? undefined,
    details: row.completion,
  };
}

export function transferReply(row: OrderRow) {
  const { native } = findNetwork(row.network);
  const isNative = (row.requestBody as { kind?: unknown }).kind === 'Native';
  return { ...transactionReply(row), metadata: { asset: isNative && native !== undefined ? native : {} } };
}

export const orderReply = (row: OrderRow) => (row.kind === 'transfer' ? transferReply(row) : transactionReply(row));
