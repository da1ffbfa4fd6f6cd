/** Shapes of wallets (reference/api/wallets.md §1). */
import { Type } from '../../schema/type.ts';
import { signatureMembers } from '../keys/shapes.ts';
import { Curve, Network, Reply, Scheme, Timestamp } from '../shapes.ts';

export const Wallet = Reply({
  id: Type.String(),
  network: Network,
  address: Type.Optional(Type.String()),
  signingKey: Reply({
    id: Type.String(),
    scheme: Scheme,
    curve: Curve,
    publicKey: Type.String(),
    delegatedTo: Type.Optional(Type.String()),
  }),
  status: Type.Enum(['Active', 'Inactive', 'Archived']),
  dateCreated: Timestamp,
  dateDeleted: Type.Optional(Timestamp),
  name: Type.Optional(Type.String()),
  custodial: Type.Boolean(),
  externalId: Type.Optional(Type.String()),
  tags: Type.Array(Type.String()),
  // Moved to the key in newer documents; older readers look here.
  imported: Type.Optional(Type.Boolean()),
  exported: Type.Optional(Type.Boolean()),
  dateExported: Type.Optional(Timestamp),
});

export const WalletSignatureRequest = Reply({
  ...signatureMembers,
  network: Type.String(),
  walletId: Type.String(),
});

// What chains say of a wallet (reference/api/wallets.md §6).
const optionalText = Type.Optional(Type.String());

/** `kind` says which of the members name the asset. */
export const WalletAssets = Reply({
  walletId: Type.String(),
  network: Network,
  assets: Type.Array(
    Reply({
      kind: Type.String(),
      contract: optionalText,
      mint: optionalText,
      symbol: optionalText,
      decimals: Type.Integer(),
      balance: Type.String(),
    }),
  ),
});

export const WalletNfts = Reply({
  walletId: Type.String(),
  network: Network,
  nfts: Type.Array(
    Reply({
      kind: Type.String(),
      contract: optionalText,
      tokenId: optionalText,
      symbol: optionalText,
      tokenUri: optionalText,
    }),
  ),
});

const AssetMetadata = Reply({ symbol: optionalText, decimals: Type.Optional(Type.Integer()) });

export const HistoryItem = Reply({
  walletId: Type.String(),
  network: Network,
  direction: Type.Enum(['In', 'Out']),
  kind: Type.String(),
  blockNumber: Type.Integer(),
  txHash: Type.String(),
  index: optionalText,
  timestamp: Timestamp,
  fee: optionalText,
  metadata: Reply({ asset: AssetMetadata, fee: Type.Optional(AssetMetadata) }),
  from: optionalText,
  to: optionalText,
  froms: Type.Optional(Type.Array(Type.String())),
  tos: Type.Optional(Type.Array(Type.String())),
  contract: optionalText,
  mint: optionalText,
  tokenId: optionalText,
  value: optionalText,
  // As in `metadata.asset`, for older readers.
  symbol: optionalText,
  decimals: Type.Optional(Type.Integer()),
});

/** A transfer that waits for its recipient (reference/api/wallets.md §8). */
export const Offer = Reply({
  id: Type.String(),
  orgId: Type.String(),
  walletId: Type.String(),
  network: Network,
  kind: Type.String(),
  metadata: Reply({ asset: AssetMetadata }),
  txHash: Type.String(),
  status: Type.Enum(['Pending', 'Accepted', 'Rejected', 'Withdrawn', 'Expired']),
  from: Type.String(),
  to: Type.String(),
  value: Type.String(),
  timestamp: Timestamp,
  expiresAt: Type.Optional(Timestamp),
  memo: optionalText,
  settlementTransactionId: optionalText,
  dateSettled: Type.Optional(Timestamp),
});
