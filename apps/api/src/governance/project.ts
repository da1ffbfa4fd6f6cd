/**
 * The rows that answer reads, brought from one state of the chain to the next. Derived from nothing but the two
 * states and the entry between them, so that recovery after a crash writes what the request would have written.
 */
import type { EntryAfterGenesis } from '@holdfast/authority/log';
import type { State } from '@holdfast/authority/reduce';
import { parseStrictJson } from '@holdfast/contract/wire';
import type { Executor } from '@holdfast/storage/database';
import {
  addPermissions,
  deactivateUnconfirmed,
  deleteAssignment,
  deleteRegistrationCode,
  endAccessTokens,
  findCredential,
  insertApplication,
  insertAssignment,
  insertPermission,
  insertUser,
  putConfirmedCredential,
  updateAccessToken,
  updateCredential,
  updatePermission,
  updateUser,
} from '@holdfast/storage/records';

/** `before` is absent for the genesis. */
export async function project(
  tx: Executor,
  before: State | undefined,
  after: State,
  o: { entry: EntryAfterGenesis | undefined; now: string },
): Promise<void> {
  await projectPermissions(tx, before, after, o.now);
  await projectUsers(tx, before, after, o);
  await projectCredentials(tx, before, after, o.now);
  await projectTokens(tx, before, after);
  await projectApplications(tx, before, after, o.now);
  await projectAssignments(tx, before, after, o.now);
  if (o.entry?.assertion.kind === 'RecoveryKey') await projectRecovery(tx, after, o.entry);
}

async function projectPermissions(tx: Executor, before: State | undefined, after: State, now: string): Promise<void> {
  const ofPlatform = [...after.permissions.values()].filter(({ names }) => names === undefined);
  const rows = ofPlatform.map(({ id, name, operations }) => ({
    id,
    orgId: after.org,
    name,
    operations: [...operations],
  }));
  await addPermissions(
    tx,
    rows.map((row) => ({ ...row, dateCreated: now })),
  );
  for (const permission of after.permissions.values()) {
    const { id, name, names: operations } = permission;
    if (operations === undefined) continue;
    const known = before?.permissions.get(id);
    const isArchived = permission.archived === true;
    if (known === undefined) {
      await insertPermission(tx, {
        id,
        orgId: after.org,
        name,
        operations,
        status: 'Active',
        isImmutable: false,
        isArchived,
        dateCreated: now,
        dateUpdated: now,
      });
    } else if (known !== permission) {
      await updatePermission(tx, after.org, id, { name, operations, isArchived, dateUpdated: now });
    }
  }
}

async function projectUsers(
  tx: Executor,
  before: State | undefined,
  after: State,
  { entry, now }: { entry: EntryAfterGenesis | undefined; now: string },
): Promise<void> {
  for (const user of after.users.values()) {
    const known = before?.users.get(user.userId);
    if (known === undefined) {
      await insertUser(tx, {
        id: user.userId,
        orgId: after.org,
        username: user.username,
        name: user.username,
        kind: user.kind,
        isActive: user.active,
        isServiceAccount: user.isServiceAccount,
        // A service account comes with its key, the first administrator with the genesis; others register by code.
        isRegistered: user.isServiceAccount || before === undefined,
        isSsoRequired: false,
        externalId: externalIdOf(entry),
        dateCreated: now,
      });
    } else if (known !== user) {
      await updateUser(tx, after.org, user.userId, {
        isActive: user.active,
        isArchived: user.archived === true,
        ...(user.username === known.username ? {} : { username: user.username, name: user.username }),
      });
      if (user.active || !known.active) continue;
      await endAccessTokens(tx, user.userId, 'Token');
      await deleteRegistrationCode(tx, user.userId);
    }
  }
}

async function projectCredentials(tx: Executor, before: State | undefined, after: State, now: string): Promise<void> {
  for (const credential of after.credentials.values()) {
    const known = before?.credentials.get(credential.credentialId);
    if (known === undefined) {
      const { credentialId, uuid, userId, kind, algorithm, publicKey, name, active, tokenId } = credential;
      await putConfirmedCredential(tx, {
        uuid,
        credentialId,
        orgId: after.org,
        userId,
        kind,
        algorithm,
        publicKey,
        name,
        isActive: active,
        relyingPartyId: after.app.rpId,
        origin: after.app.origin,
        tokenId: tokenId ?? null,
        dateCreated: now,
      });
      // Confirmation is registration enough for whoever was invited.
      await updateUser(tx, after.org, userId, { isRegistered: true });
    } else if (known !== credential) {
      const { active: isActive, name } = credential;
      const row = await findCredential(tx, after.org, credential.credentialId);
      if (row !== undefined) await updateCredential(tx, after.org, row.uuid, { isActive, name });
    }
  }
}

/** The token's own row is written where it is made, with its hash; here it follows what the chain says of it. */
async function projectTokens(tx: Executor, before: State | undefined, after: State): Promise<void> {
  for (const token of after.personalTokens.values()) {
    const name = after.credentials.get(token.credentialId)?.name;
    const known = before?.personalTokens.get(token.tokenId);
    const nameBefore = before?.credentials.get(token.credentialId)?.name;
    if (known === undefined || (known === token && nameBefore === name)) continue;
    await updateAccessToken(tx, token.tokenId, {
      isActive: token.active,
      isArchived: token.archived === true,
      ...(name === undefined ? {} : { name }),
    });
  }
}

/** The row of an application holds what the chain does not say; it is there from the start. */
async function projectApplications(tx: Executor, before: State | undefined, after: State, now: string): Promise<void> {
  for (const id of after.apps.keys()) {
    if (before?.apps.has(id) !== true) await insertApplication(tx, { id, orgId: after.org, dateCreated: now });
  }
}

async function projectAssignments(tx: Executor, before: State | undefined, after: State, now: string): Promise<void> {
  for (const { id, permissionId, identityId } of after.assignments.values()) {
    if (before?.assignments.has(id)) continue;
    const row = { id, orgId: after.org, permissionId, identityId, isImmutable: false };
    await insertAssignment(tx, { ...row, dateCreated: now, dateUpdated: now });
  }
  for (const id of before?.assignments.keys() ?? []) {
    if (!after.assignments.has(id)) await deleteAssignment(tx, after.org, id);
  }
}

/**
 * Whoever made a recovery necessary may be logged in still, or have enrolled what nobody confirmed. Here and not with the
 * request, which may have ended before its entry is written.
 */
async function projectRecovery(
  tx: Executor,
  { org, credentials }: State,
  { assertion, request }: EntryAfterGenesis,
): Promise<void> {
  const userId = credentials.get(assertion.credId)?.userId;
  if (userId === undefined) throw new TypeError('a recovery by a key that nobody has');
  await endAccessTokens(tx, userId, 'Token');
  await deactivateUnconfirmed(tx, org, userId);
  const { newCredentials } = parseStrictJson(request.payload) as unknown as RecoveredSet;
  for (const { credentialInfo, encryptedPrivateKey } of Object.values(newCredentials)) {
    const row = await findCredential(tx, org, credentialInfo.credId);
    if (row !== undefined && encryptedPrivateKey !== undefined)
      await updateCredential(tx, org, row.uuid, { encryptedPrivateKey });
  }
}

interface RecoveredSet {
  readonly newCredentials: Readonly<
    Record<string, { readonly credentialInfo: { readonly credId: string }; readonly encryptedPrivateKey?: string }>
  >;
}

/** A label of the caller's own that the chain does not interpret. */
function externalIdOf(entry: EntryAfterGenesis | undefined): string | null {
  if (entry === undefined || entry.request.payload === '') return null;
  const body = parseStrictJson(entry.request.payload) as { readonly externalId?: unknown };
  return typeof body.externalId === 'string' ? body.externalId : null;
}
