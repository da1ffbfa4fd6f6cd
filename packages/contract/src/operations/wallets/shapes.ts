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
