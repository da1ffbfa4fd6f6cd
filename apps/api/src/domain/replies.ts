/** Rows as the wire shows them. What is undefined here is absent there. */
import type { KeyRow, SignatureRow, WalletRow } from '@holdfast/storage/records';

export function keyReply(row: KeyRow) {
  return {
    id: row.id,
    scheme: row.scheme,
    curve: row.curve,
    publicKey: row.publicKey,
    masterKey: row.isMaster || undefined,
    derivedFrom:
      row.derivedFrom === null || row.derivedPath === null
        ? undefined
        : { keyId: row.derivedFrom, path: row.derivedPath },
    name: row.name ?? undefined,
    status: row.status,
    custodial: row.isCustodial,
    dateCreated: row.dateCreated,
    imported: row.isImported || undefined,
    exported: row.isExported || undefined,
    dateExported: row.dateExported ?? undefined,
    dateDeleted: row.dateDeleted ?? undefined,
  };
}

export function walletReply(row: WalletRow, key: KeyRow) {
  return {
    id: row.id,
    network: row.network,
    address: row.address ?? undefined,
    signingKey: {
      id: key.id,
      scheme: key.scheme,
      curve: key.curve,
      publicKey: key.publicKey,
      delegatedTo: key.ownerId ?? undefined,
    },
    status: row.status,
    dateCreated: row.dateCreated,
    dateDeleted: row.dateDeleted ?? undefined,
    name: row.name ?? undefined,
    custodial: key.isCustodial,
    externalId: row.externalId ?? undefined,
    tags: row.tags,
    imported: key.isImported || undefined,
    exported: key.isExported || undefined,
    dateExported: key.dateExported ?? undefined,
  };
}

/** The wallet that was asked for with its key. */
export function obtainedWallet({ key, wallet }: { readonly key: KeyRow; readonly wallet?: WalletRow }) {
  if (wallet === undefined) throw new TypeError('a request for a wallet makes one');
  return walletReply(wallet, key);
}

export function signatureReply(row: SignatureRow) {
  return {
    id: row.id,
    keyId: row.keyId,
    walletId: row.walletId ?? undefined,
    requester: { userId: row.requesterUserId, tokenId: row.requesterTokenId ?? undefined },
    requestBody: row.requestBody,
    status: row.status,
    reason: row.reason ?? undefined,
    signature: row.signature ?? undefined,
    signatures: row.signatures ?? undefined,
    signedData: row.signedData ?? undefined,
    network: row.network ?? undefined,
    dateRequested: row.dateRequested,
    dateSigned: row.dateSigned ?? undefined,
    externalId: row.externalId ?? undefined,
  };
}
