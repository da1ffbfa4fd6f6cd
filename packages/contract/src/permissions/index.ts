/**
 * Names of what a permission may open, the older names that stand for some of them, and the permissions every
 * organisation has from the start (reference/api/permissions.md).
 */

/** The 114 current names; also those that open nothing yet, so that existing definitions load. */
export const permissionNames = [
  'Registry:Addresses:Create',
  'Registry:Addresses:Delete',
  'Registry:Addresses:Read',
  'Registry:Addresses:Update',
  'Registry:ContractSchemas:Create',
  'Registry:ContractSchemas:Delete',
  'Registry:ContractSchemas:Read',
  'Auth:Logs:Read',
  'Auth:Users:Create',
  'Auth:Users:Read',
  'Auth:Users:Update',
  'Auth:Users:Activate',
  'Auth:Users:Deactivate',
  'Auth:Users:Delete',
  'Auth:ServiceAccounts:Create',
  'Auth:ServiceAccounts:Read',
  'Auth:ServiceAccounts:Update',
  'Auth:ServiceAccounts:Deactivate',
  'Auth:ServiceAccounts:Activate',
  'Auth:ServiceAccounts:Delete',
  'Auth:Pats:Create',
  'Auth:Register:Delegated',
  'Auth:Login:Delegated',
  'Auth:Recover:Delegated',
  'Agreements:Acceptance:Create',
  'Agreements:Acceptance:Read',
  'Events:Read',
  'Exchanges:Create',
  'Exchanges:Read',
  'Exchanges:Delete',
  'Exchanges:Deposits:Create',
  'Exchanges:Withdrawals:Create',
  'FeeSponsors:Create',
  'FeeSponsors:Read',
  'FeeSponsors:Update',
  'FeeSponsors:Delete',
  'FeeSponsors:Use',
  'Orgs:Read',
  'Orgs:Update',
  'Orgs:Settings:Read',
  'Orgs:Settings:Update',
  'Permissions:Archive',
  'Permissions:Create',
  'Permissions:Read',
  'Permissions:Update',
  'Permissions:Assign',
  'Permissions:Revoke',
  'Permissions:Assignments:Read',
  'Policies:Archive',
  'Policies:Create',
  'Policies:Read',
  'Policies:Update',
  'Policies:Approvals:Read',
  'Policies:Approvals:Approve',
  'Signers:ListSigners',
  'Stakes:Create',
  'Stakes:Read',
  'Stakes:Update',
  'Swaps:Create',
  'Swaps:Read',
  'Payouts:Create',
  'Payouts:Read',
  'Payouts:Write',
  'Allocations:Create',
  'Allocations:Update',
  'Allocations:Read',
  'Keys:Create',
  'Keys:Delete',
  'Keys:Read',
  'Keys:Update',
  'Keys:Reuse',
  'Keys:Delegate',
  'Keys:Import',
  'Keys:Export',
  'Keys:Derive',
  'Keys:ChildKeys:Create',
  'Keys:Signatures:Create',
  'Keys:Signatures:Read',
  'KeyStores:Read',
  'KeyStores:Fleets:Create',
  'KeyStores:Fleets:Clone',
  'KeyStores:ProofOfControl:Create',
  'KeyStores:OnchainSignatures:Create',
  'Networks:CantonValidators:Create',
  'Networks:CantonValidators:Read',
  'Networks:CantonValidators:Update',
  'Networks:CantonValidators:Delete',
  'Wallets:Create',
  'Wallets:Read',
  'Wallets:Update',
  'Wallets:Tags:Add',
  'Wallets:Tags:Delete',
  'Wallets:Transactions:Create',
  'Wallets:Transactions:Read',
  'Wallets:Transactions:Abort',
  'Wallets:Transfers:Create',
  'Wallets:Transfers:Read',
  'Wallets:Transfers:Abort',
  'Wallets:Offers:Read',
  'Wallets:Offers:Settle',
  'Vaults:Create',
  'Vaults:Read',
  'Vaults:Update',
  'Vaults:Tags:Add',
  'Vaults:Tags:Delete',
  'Webhooks:Create',
  'Webhooks:Read',
  'Webhooks:Update',
  'Webhooks:Delete',
  'Webhooks:Ping',
  'Webhooks:Events:Read',
  'Billing:Read',
  'Billing:Write',
  'Analytics:Read',
] as const;

/**
 * Names of an older time under which applications are managed still. In a definition each stands beside
 * `Auth:Types:Application`, without which it opens nothing.
 */
export const applicationNames = ['Auth:Apps:Create', 'Auth:Apps:Read', 'Auth:Apps:Update'] as const;

export type PermissionName = (typeof permissionNames)[number] | (typeof applicationNames)[number];

/** Older names a permission may still carry; stored as given, read through `legacyGrants`. */
export const legacyNames = [
  'Alias:Create',
  'Alias:Delete',
  'Alias:Read',
  'Alias:Update',
  'Wallets:GenerateSignature',
  'Wallets:BroadcastTransaction',
  'Auth:Action:Sign',
  'Auth:Apps:Read',
  'Auth:Apps:Create',
  'Auth:Apps:Update',
  'Auth:Creds:Create',
  'Auth:Creds:Read',
  'Auth:Creds:Update',
  'Auth:Creds:Code:Create',
  'Auth:Types:Application',
  'Auth:Types:Employee',
  'Auth:Types:EndUser',
  'Auth:Types:Pat',
  'Auth:Types:ServiceAccount',
  'Internal:Auth:Types:Staff',
  'Auth:Users:Delegate',
  'PermissionAssignments:Create',
  'PermissionAssignments:Read',
  'PermissionAssignments:Revoke',
  'Wallets:ReadSignature',
  'Wallets:ReadTransaction',
  'Wallets:TransferAsset',
  'Wallets:ReadTransfer',
  'Wallets:Delegate',
  'Wallets:Import',
  'Wallets:Export',
  'Wallets:Tags:Create',
  'Exchanges:Deposit:Create',
] as const;
export type LegacyName = (typeof legacyNames)[number];

const known: ReadonlySet<string> = new Set<string>(permissionNames);
const knownLegacy: ReadonlySet<string> = new Set<string>(legacyNames);

export const isPermissionName = (name: string): name is PermissionName => known.has(name);
/** True for every name a permission definition may hold, current or legacy. */
export const isGrantable = (name: string): boolean => known.has(name) || knownLegacy.has(name);

// permissions.md §5. Pairs of `Auth:Apps:*` with an `Auth:Types:*` name are in `pairs`.
const single: Readonly<Record<string, readonly PermissionName[]>> = {
  'Wallets:GenerateSignature': ['Keys:Signatures:Create'],
  'Wallets:ReadSignature': ['Keys:Signatures:Read'],
  'Wallets:BroadcastTransaction': ['Wallets:Transactions:Create'],
  'Wallets:ReadTransaction': ['Wallets:Transactions:Read'],
  'Wallets:TransferAsset': ['Wallets:Transfers:Create'],
  'Wallets:ReadTransfer': ['Wallets:Transfers:Read'],
  'Wallets:Delegate': ['Keys:Delegate'],
  'Wallets:Import': ['Keys:Import'],
  'Wallets:Export': ['Keys:Export'],
  'Wallets:Tags:Create': ['Wallets:Tags:Add'],
  'PermissionAssignments:Create': ['Permissions:Assign'],
  'PermissionAssignments:Read': ['Permissions:Assignments:Read'],
  'PermissionAssignments:Revoke': ['Permissions:Revoke'],
  'Auth:Users:Delegate': ['Auth:Register:Delegated', 'Auth:Login:Delegated', 'Auth:Recover:Delegated'],
  'Auth:Users:Update': ['Auth:Users:Activate', 'Auth:Users:Deactivate', 'Auth:Users:Delete'],
  'Exchanges:Deposit:Create': ['Exchanges:Deposits:Create'],
  'Alias:Create': ['Registry:Addresses:Create'],
  'Alias:Delete': ['Registry:Addresses:Delete'],
  'Alias:Read': ['Registry:Addresses:Read'],
  'Alias:Update': ['Registry:Addresses:Update'],
};

const pairs: readonly { readonly both: readonly [string, string]; readonly grants: readonly PermissionName[] }[] = [
  { both: ['Auth:Apps:Create', 'Auth:Types:ServiceAccount'], grants: ['Auth:ServiceAccounts:Create'] },
  { both: ['Auth:Apps:Read', 'Auth:Types:ServiceAccount'], grants: ['Auth:ServiceAccounts:Read'] },
  {
    both: ['Auth:Apps:Update', 'Auth:Types:ServiceAccount'],
    grants: [
      'Auth:ServiceAccounts:Update',
      'Auth:ServiceAccounts:Activate',
      'Auth:ServiceAccounts:Deactivate',
      'Auth:ServiceAccounts:Delete',
    ],
  },
  ...applicationNames.map((name) => ({ both: [name, 'Auth:Types:Application'] as const, grants: [name] })),
  { both: ['Auth:Users:Create', 'Auth:Types:Pat'], grants: ['Auth:Pats:Create'] },
];

/**
 * What one name grants: itself when it is current, and its equivalents when it is older.
 *
 *     legacyGrants('Wallets:Import')  // ['Keys:Import']
 */
export function legacyGrants(name: string): readonly PermissionName[] {
  const equivalents = Object.hasOwn(single, name) ? (single[name] ?? []) : [];
  return isPermissionName(name) ? [name, ...equivalents] : equivalents;
}

/** Everything a set of names grants together, the pairs of older names included. */
export function grantsOf(names: readonly string[]): ReadonlySet<PermissionName> {
  const held = new Set(names);
  const granted = new Set<PermissionName>(names.flatMap(legacyGrants));
  for (const { both, grants } of pairs) {
    if (both.every((name) => held.has(name))) for (const name of grants) granted.add(name);
  }
  return granted;
}

export interface ManagedPermission {
  readonly name: string;
  readonly summary: string;
  readonly operations: readonly PermissionName[];
}

const keyUser: readonly PermissionName[] = [
  'Signers:ListSigners',
  'Keys:Create',
  'Keys:Read',
  'Keys:Update',
  'Keys:Import',
  'Keys:Reuse',
  'Keys:Signatures:Create',
  'Keys:Signatures:Read',
  'Wallets:Create',
  'Wallets:Read',
  'Wallets:Update',
  'Wallets:Tags:Add',
  'Wallets:Tags:Delete',
  // Whoever may sign with a key could make these transactions anyway.
  'Wallets:Transactions:Create',
  'Wallets:Transactions:Read',
  'Wallets:Transactions:Abort',
  'Wallets:Transfers:Create',
  'Wallets:Transfers:Read',
  'Wallets:Transfers:Abort',
];

const endUser: readonly PermissionName[] = [
  'Keys:Read',
  'Keys:Signatures:Create',
  'Keys:Signatures:Read',
  'Wallets:Read',
  'Wallets:Transactions:Create',
  'Wallets:Transactions:Read',
  'Wallets:Transfers:Create',
  'Wallets:Transfers:Read',
];

/** Fixed in this release: listed and assigned, never edited. */
export const managedPermissions = [
  {
    name: 'ManagedFullAdminAccess',
    summary: 'Every operation, present and future.',
    operations: [...permissionNames, ...applicationNames],
  },
  {
    name: 'ManagedKeyUser',
    summary:
      'Creates, imports and uses keys and wallets; cannot export or delete keys, nor touch users or permissions.',
    operations: keyUser,
  },
  {
    name: 'ManagedReadOnly',
    summary: 'Reads everything, changes nothing.',
    operations: [
      ...permissionNames.filter((name) => name.endsWith(':Read') || name === 'Signers:ListSigners'),
      'Auth:Apps:Read',
    ],
  },
  {
    name: 'ManagedKeyExport',
    summary: 'Exports keys; assigned beside another permission.',
    operations: ['Keys:Export'],
  },
  {
    name: 'ManagedDefaultEndUserAccess',
    summary: 'What every end user may do with the keys and wallets that are delegated to it.',
    operations: endUser,
  },
] as const satisfies readonly ManagedPermission[];
export type ManagedPermissionName = (typeof managedPermissions)[number]['name'];
