import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { operations, permissionsOf } from '../operations/index.ts';
import {
  applicationNames,
  grantsOf,
  isGrantable,
  isPermissionName,
  legacyGrants,
  legacyNames,
  managedPermissions,
  permissionNames,
} from './index.ts';

const managed = (name: string) => new Set<string>(managedPermissions.find((each) => each.name === name)?.operations);

test('there are 114 current names, each once', () => {
  equal(permissionNames.length, 114);
  equal(new Set(permissionNames).size, 114);
});

test('every legacy name is grantable, and opens current names only', () => {
  for (const name of legacyNames) {
    ok(isGrantable(name), name);
    ok(legacyGrants(name).every(isPermissionName), name);
  }
  deepEqual(legacyGrants('Wallets:Import'), ['Keys:Import']);
  deepEqual(legacyGrants('Wallets:Export'), ['Keys:Export']);
  deepEqual(legacyGrants('Keys:Read'), ['Keys:Read']);
});

test('names of retired features and names of objects are not grantable', () => {
  for (const name of ['Payments:Create', 'PolicyRules:Read', 'constructor', '__proto__', '', 'keys:read']) {
    equal(isGrantable(name), false, name);
    deepEqual(legacyGrants(name), []);
  }
});

test('a pair of old names grants what neither grants alone', () => {
  equal(grantsOf(['Auth:Apps:Update']).size, 0);
  equal(grantsOf(['Auth:Types:ServiceAccount']).size, 0);
  ok(grantsOf(['Auth:Apps:Update', 'Auth:Types:ServiceAccount']).has('Auth:ServiceAccounts:Deactivate'));
});

test('applications are managed under their old names, each beside the name of what it is about', () => {
  for (const name of applicationNames) {
    equal(grantsOf([name]).size, 0);
    deepEqual([...grantsOf([name, 'Auth:Types:Application'])], [name]);
  }
});

test('an end user may use what is its own, and nothing that makes, moves or ends a key', () => {
  const names = managed('ManagedDefaultEndUserAccess');
  ok(names.has('Keys:Signatures:Create') && names.has('Wallets:Transfers:Create') && names.has('Wallets:Read'));
  for (const name of names)
    equal(
      /:(Create|Import|Export|Delete|Delegate|Derive)$/.test(name) && !/Signatures|Transfers|Transactions/.test(name),
      false,
      name,
    );
});

test('updating users of old included activating and deactivating them', () => {
  deepEqual([...grantsOf(['Auth:Users:Update'])].sort(), [
    'Auth:Users:Activate',
    'Auth:Users:Deactivate',
    'Auth:Users:Delete',
    'Auth:Users:Update',
  ]);
});

test('the key user can neither export nor delete keys, nor touch people or permissions', () => {
  const names = managed('ManagedKeyUser');
  for (const name of [
    'Keys:Create',
    'Keys:Import',
    'Keys:Signatures:Create',
    'Wallets:Create',
    'Wallets:Tags:Add',
    'Signers:ListSigners',
  ]) {
    ok(names.has(name), name);
  }
  for (const name of permissionNames) {
    const isOfPeople = /^(Auth|Permissions|Orgs|Policies):/.test(name);
    if (isOfPeople || name === 'Keys:Export' || name === 'Keys:Delete') equal(names.has(name), false, name);
  }
});

test('full access has every name, export one name, reading nothing that changes', () => {
  equal(managed('ManagedFullAdminAccess').size, permissionNames.length + applicationNames.length);
  deepEqual([...managed('ManagedKeyExport')], ['Keys:Export']);
  for (const name of managed('ManagedReadOnly')) ok(name.endsWith(':Read') || name === 'Signers:ListSigners', name);
});

const find = (name: string) => {
  const found = operations.find((of) => `${of.domain}.${of.name}` === name);
  ok(found, name);
  return found;
};

// permissions.md §6, row by row.
const composite: readonly [operation: string, body: unknown, needs: readonly string[]][] = [
  ['keys.createKey', {}, ['Keys:Create']],
  ['keys.createKey', { delegateTo: 'us-1' }, ['Keys:Create', 'Keys:Delegate']],
  ['keys.createKey', { deriveFrom: {} }, ['Keys:Create', 'Keys:ChildKeys:Create']],
  ['wallets.createWallet', {}, ['Wallets:Create', 'Keys:Create']],
  ['wallets.createWallet', { signingKey: { id: 'key-1' } }, ['Wallets:Create', 'Keys:Reuse']],
  ['wallets.createWallet', { signingKey: { scheme: 'ECDSA' } }, ['Wallets:Create', 'Keys:Create']],
  ['wallets.createWallet', { delegateTo: 'us-1' }, ['Wallets:Create', 'Keys:Create', 'Keys:Delegate']],
  [
    'wallets.createWallet',
    { signingKey: { deriveFrom: {} } },
    ['Wallets:Create', 'Keys:Create', 'Keys:ChildKeys:Create'],
  ],
  ['wallets.createWallet', { tags: [] }, ['Wallets:Create', 'Keys:Create', 'Wallets:Tags:Add']],
  ['wallets.importWallet', {}, ['Signers:ListSigners', 'Keys:Import', 'Wallets:Create']],
  ['keys.importKey', {}, ['Signers:ListSigners', 'Keys:Import']],
  ['keys.exportKey', {}, ['Keys:Export']],
  ['wallets.exportWallet', {}, ['Keys:Export']],
  ['auth.createServiceAccount', {}, ['Auth:ServiceAccounts:Create']],
  ['auth.createServiceAccount', { permissionId: 'pm-1' }, ['Auth:ServiceAccounts:Create', 'Permissions:Assign']],
];
for (const [operation, body, needs] of composite) {
  test(`${operation} with ${JSON.stringify(body)} needs ${needs.join(', ')}`, () => {
    deepEqual(permissionsOf(find(operation), body), needs);
  });
}

test('every requirement is a name that exists', () => {
  const known = (name: string) => isPermissionName(name) || applicationNames.some((each) => each === name);
  for (const of of operations) ok(permissionsOf(of, {}).every(known), of.name);
});
