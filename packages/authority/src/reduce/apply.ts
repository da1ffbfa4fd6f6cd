/** Entries to state: the same code at the api and at every signer, so that both know the same users. */
import { fromBase64Url, toBase64Url } from '@holdfast/contract/wire';
import { verifyRequest } from '../consent/request.ts';
import { refuse } from '../errors/index.ts';
import { genesisHash, genesisIds, verifyGenesis } from '../genesis/index.ts';
import { permissionIdOf } from '../ids/index.ts';
import { type EntryAfterGenesis, type GenesisEntry, headOf } from '../log/index.ts';
import type { LogEntry } from '../types/index.ts';
import { reducers } from './entries/index.ts';
import { type AuthorityDeps, effectiveAdmins, FULL_ADMIN, type PermissionRecord, type State } from './state.ts';

/**
 * The state after the genesis: one administrator with one credential and full access, import and export off. Refuses
 * a genesis of another cluster or without its proof. Whether the hash is pinned is the signer's question.
 */
export function initialState(entry: GenesisEntry, deps: AuthorityDeps): State {
  if (entry.v !== 1 || entry.height !== 0) refuse('E_ENTRY', 'a chain begins with a genesis at height 0');
  const genesis = verifyGenesis(entry.genesis, entry.proof, deps.verify, {
    clusterFingerprint: deps.clusterFingerprint,
  });
  const hash = genesisHash(entry.genesis);
  const ids = genesisIds(hash);
  const { credential, username } = genesis.admin;
  const permissions = deps.managedPermissions.map(
    ({ name, operations }): PermissionRecord => ({
      id: permissionIdOf(hash, name),
      name,
      operations: new Set(operations),
    }),
  );
  const fullAdmin = permissions.find(({ name }) => name === FULL_ADMIN);
  if (fullAdmin === undefined) throw new TypeError(`the managed permissions lack ${FULL_ADMIN}`);
  const userId = ids.adminUserId;
  return {
    org: ids.org,
    name: genesis.name,
    genesisHash: toBase64Url(hash),
    app: { appId: ids.appId, ...genesis.app },
    apps: new Map(),
    settings: { keyImport: false, keyExport: false },
    users: new Map([[userId, { userId, username, kind: 'CustomerEmployee', active: true, isServiceAccount: false }]]),
    credentials: new Map([
      [
        credential.id,
        {
          credentialId: credential.id,
          uuid: ids.adminCredentialUuid,
          userId,
          kind: credential.kind,
          algorithm: credential.algorithm,
          publicKey: credential.publicKey,
          name: 'Genesis',
          active: true,
        },
      ],
    ]),
    serviceAccounts: new Map(),
    personalTokens: new Map(),
    permissions: new Map(permissions.map((permission) => [permission.id, permission])),
    assignments: new Map([
      [ids.adminAssignmentId, { id: ids.adminAssignmentId, permissionId: fullAdmin.id, identityId: userId }],
    ]),
    height: 0,
    head: toBase64Url(headOf(entry, undefined)),
  };
}

/**
 * The state after one more entry, or a refusal that leaves the state as it was. Verifies everything but freshness and
 * replay (a head is named once, so no entry fits twice): a signer that was away applies old entries with it, having
 * checked three acknowledgements first (rulings 2).
 */
export function apply(state: State, entry: EntryAfterGenesis, deps: AuthorityDeps): State {
  checkPlace(state, entry);
  const act = verifyRequest(state, entry, deps);
  if (act.credential.expires !== undefined && act.challenge.e > act.credential.expires) {
    refuse('E_CREDENTIAL_UNKNOWN', 'credential has expired');
  }
  // What the user was shown is what the entry changes, or the entry is about another state.
  if (act.challenge.a !== state.head)
    refuse('E_STALE_HEAD', 'the organisation changed since the challenge was made; sign again', {
      height: state.height,
    });
  const reducer = act.operation.effect(act.body) === 'governance' ? reducers.get(act.operation.name) : undefined;
  if (reducer === undefined) return refuse('E_ENTRY', `${act.operation.name} is not an entry of the chain`);
  const next = reducer(state, act, deps);
  if (effectiveAdmins(next).length === 0) refuse('E_LAST_ADMIN', 'this would leave no active full administrator');
  return { ...next, height: entry.height, head: toBase64Url(headOf(entry, fromBase64Url(state.head))) };
}

/** The state of a whole chain. */
export function replay(entries: readonly LogEntry[], deps: AuthorityDeps): State {
  const [first, ...rest] = entries;
  if (first === undefined) return refuse('E_ENTRY', 'a chain begins with a genesis at height 0');
  return rest.reduce<State>(
    (state, entry) => apply(state, entry as EntryAfterGenesis, deps),
    initialState(first as GenesisEntry, deps),
  );
}

function checkPlace(state: State, entry: EntryAfterGenesis): void {
  const known = ['v', 'org', 'height', 'prev', 'request', 'assertion'];
  if (entry.v !== 1 || !Object.keys(entry).every((member) => known.includes(member)))
    refuse('E_ENTRY', 'entry is malformed');
  if (entry.org !== state.org) refuse('E_ENTRY', 'entry belongs to another organisation');
  const { request } = entry;
  if (
    typeof request !== 'object' ||
    request === null ||
    Object.keys(request).some((member) => !['method', 'path', 'payload'].includes(member))
  ) {
    refuse('E_ENTRY', 'entry is malformed');
  }
  if (entry.height !== state.height + 1 || entry.prev !== state.head) {
    refuse('E_STALE_HEAD', `entry is for height ${entry.height} on another head than this one`, {
      height: state.height,
    });
  }
}
