/** The file `org create` writes and every later command reads (architecture.md §6): a stable interface, mode 0600. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { HoldfastApi } from '@holdfast/client/api';
import type { ClusterMembers } from '@holdfast/client/cluster';
import { KeySigner } from '@holdfast/client/key-signer';

export interface Identity {
  readonly username?: string;
  readonly userId: string;
  readonly credentialId: string;
  readonly privateKey: string;
  readonly authToken: string;
}

export interface AccountFile {
  readonly apiUrl: string;
  readonly orgId: string;
  /** hex of 32 bytes: what operators pinned. Absent in files of older releases. */
  readonly genesisHash?: string;
  readonly appId: string;
  /** Of the founding. */
  readonly clusterFingerprint: string;
  /** Who served last, as `org follow` found; absent where nobody was replaced. */
  readonly members?: ClusterMembers;
  readonly admin: Identity;
  readonly serviceAccount: Identity;
}

export function writeAccountFile(path: string, account: AccountFile): void {
  writeFileSync(path, `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
}

export function readAccountFile(path: string): AccountFile {
  const account = parse(path);
  for (const name of ['apiUrl', 'orgId', 'clusterFingerprint', 'admin', 'serviceAccount'] as const)
    if (account[name] === undefined) throw new Error(`${path} is not a file of "org create": ${name} is missing`);
  return account as AccountFile;
}

function parse(path: string): Partial<AccountFile> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ENOENT') throw cause;
    throw new Error(`${path} does not exist; "org create" makes such a file: npm run holdfast -- help org create`);
  }
  try {
    return JSON.parse(text) as Partial<AccountFile>;
  } catch {
    // What is wrong with it could quote a key.
    throw new Error(`${path} is not a file of "org create": it is not JSON`);
  }
}

/** Notes who serves in the cluster today. */
export function writeMembers(path: string, account: AccountFile, members: ClusterMembers): void {
  replace(path, { ...account, members });
}

/** An api client that signs with this identity's key and refuses challenges for anything else. */
export function apiAs(account: AccountFile, identity: Identity): HoldfastApi {
  return new HoldfastApi(clientOptions(account, identity));
}

/** As the administrator of the file, whose login ends after some hours: the key logs in again, the file is told. */
export function apiAsAdmin(path: string, account: AccountFile): HoldfastApi {
  const { username } = account.admin;
  const options = clientOptions(account, account.admin);
  if (username === undefined) return new HoldfastApi(options);
  const keep = (authToken: string): void => {
    console.error(`the login in ${path} had ended; logged in again with its key`);
    replace(path, { ...account, admin: { ...account.admin, authToken } });
  };
  return new HoldfastApi({ ...options, renewal: { username, keep } });
}

function clientOptions(account: AccountFile, identity: Identity) {
  return {
    baseUrl: account.apiUrl,
    authToken: identity.authToken,
    signer: new KeySigner({ credId: identity.credentialId, privateKey: identity.privateKey }),
    pins: { clusterFingerprint: account.clusterFingerprint, orgId: account.orgId, userId: identity.userId },
  };
}

/** Whole or not at all: the file holds the only copy of its keys. */
function replace(path: string, account: AccountFile): void {
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, path);
}
