/** Users, service accounts, credentials and tokens as the wire shows them (auth.md §1). */
import { createHash, createPublicKey } from 'node:crypto';
import type { Executor } from '@holdfast/storage/database';
import type { AccessTokenRow, CredentialRow, GrantRow, UserRow } from '@holdfast/storage/records';
import { findCredential, findUser, listAccessTokens, listCredentials, listGrants } from '@holdfast/storage/records';
import { isSecretKind } from './factors.ts';

export async function userShape(db: Executor, row: UserRow) {
  const [shape] = await userShapes(db, [row]);
  if (shape === undefined) throw new TypeError('one row makes one shape');
  return shape;
}

/** Users of one organisation. */
export async function userShapes(db: Executor, rows: readonly UserRow[]) {
  const [first] = rows;
  if (first === undefined) return [];
  const grants = await listGrants(
    db,
    first.orgId,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({ ...members(row, grants), isSSORequired: row.isSsoRequired }));
}

export async function serviceAccountShape(
  db: Executor,
  row: UserRow,
  created?: { accessToken: string; tokenId: string },
) {
  const [tokens, credentials, grants] = [
    await listAccessTokens(db, row.orgId, row.id, 'ServiceAccount'),
    await listCredentials(db, row.orgId, row.id),
    await listGrants(db, row.orgId, [row.id]),
  ];
  return {
    userInfo: members(row, grants),
    accessTokens: tokens.map((token) =>
      tokenShape(token, { owner: row, identityId: row.id, credentials, grants }, created),
    ),
  };
}

export async function personalTokenShape(db: Executor, row: AccessTokenRow) {
  const [shape] = await personalTokenShapes(db, [row]);
  if (shape === undefined) throw new TypeError('one row makes one shape');
  return shape;
}

/** Tokens of one user. */
export async function personalTokenShapes(db: Executor, rows: readonly AccessTokenRow[]) {
  const [first] = rows;
  const owner = first === undefined ? undefined : await findUser(db, first.orgId, first.userId);
  if (first === undefined || owner === undefined) return [];
  const grants = await listGrants(
    db,
    first.orgId,
    rows.map(({ id }) => id),
  );
  const shapes = [];
  for (const row of rows) {
    const credential = await findCredential(db, row.orgId, row.credentialId ?? '');
    const credentials = credential === undefined ? [] : [credential];
    shapes.push(tokenShape(row, { owner, identityId: row.id, credentials, grants }));
  }
  return shapes;
}

export function credentialShape(row: CredentialRow) {
  return {
    kind: row.kind,
    credentialId: row.credentialId,
    credentialUuid: row.uuid,
    dateCreated: row.dateCreated,
    isActive: row.isActive,
    name: row.name,
    publicKey: row.publicKey,
    relyingPartyId: row.relyingPartyId,
    origin: row.origin,
    // What signers never hear of, nobody confirms to them.
    ...(isSecretKind(row.kind) ? {} : { isConfirmed: row.isConfirmed }),
  };
}

function members(row: UserRow, grants: readonly GrantRow[]) {
  return {
    username: row.username,
    name: row.name,
    userId: row.id,
    kind: row.kind,
    // The public service fills it for its own single sign-on only.
    credentialUuid: '',
    orgId: row.orgId,
    isActive: row.isActive,
    isServiceAccount: row.isServiceAccount,
    isRegistered: row.isRegistered,
    permissionAssignments: grants.filter((grant) => grant.identityId === row.id).map(assignmentShape),
  };
}

function tokenShape(
  token: AccessTokenRow,
  o: {
    readonly owner: UserRow;
    /** Whose assignments show: a service account's own, or the token's. */
    readonly identityId: string;
    readonly credentials: readonly CredentialRow[];
    readonly grants: readonly GrantRow[];
  },
  created?: { accessToken: string; tokenId: string },
) {
  const { owner, identityId, credentials, grants } = o;
  const credential = credentials.find((row) => row.credentialId === token.credentialId);
  return {
    ...(created?.tokenId === token.id ? { accessToken: created.accessToken } : {}),
    dateCreated: token.dateCreated,
    credId: token.credentialId ?? '',
    isActive: token.isActive && owner.isActive,
    kind: token.kind,
    linkedUserId: owner.id,
    linkedAppId: '',
    name: token.name,
    orgId: token.orgId,
    permissionAssignments: grants.filter((grant) => grant.identityId === identityId).map(assignmentShape),
    publicKey: credential === undefined ? '' : fingerprint(credential.publicKey),
    tokenId: token.id,
  };
}

export function assignmentShape({ permissionName, permissionId, assignmentId, operations }: GrantRow) {
  return { permissionName, permissionId, assignmentId, operations };
}

/** `SHA256:` and the base64 of the hash of the key's DER form, without padding. */
export function fingerprint(publicKey: string): string {
  const der = createPublicKey(publicKey).export({ format: 'der', type: 'spki' });
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`;
}

/** What a user whose signature is refused can read to whoever is to confirm the key: of its PEM text, 16 hex digits. */
export function shortFingerprint(publicKey: string): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16).toUpperCase();
}
