import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { effectOf, fullName, matchOperation, methodsOf, operations, paramKinds, signedOperations } from './index.ts';

test('names, and pairs of method and path, are unique', () => {
  equal(new Set(operations.map(fullName)).size, operations.length);
  const routes = operations.flatMap((of) =>
    [of.method, ...(of.alsoMethods ?? [])].map((method) => `${method} ${of.path}`),
  );
  equal(new Set(routes).size, routes.length);
});

test('every operation is found by its own path', () => {
  for (const of of operations) {
    const path = of.path.replaceAll(/:\w+/g, 'x-1');
    const match = matchOperation(of.method, path);
    equal(match && fullName(match.operation), fullName(of));
    deepEqual(
      Object.keys(match?.params ?? {}),
      [...of.path.matchAll(/:(\w+)/g)].map(([, name]) => name),
    );
  }
});

test('every path parameter is of a known kind', () => {
  for (const of of operations) for (const [, name] of of.path.matchAll(/:(\w+)/g)) ok(paramKinds[name ?? ''], of.path);
});

test('a static segment wins over a parameter, for every method', () => {
  equal(matchOperation('POST', '/wallets/import')?.operation.name, 'importWallet');
  equal(matchOperation('GET', '/wallets/import'), undefined);
  deepEqual(methodsOf('/wallets/import'), ['POST']);
});

for (const path of [
  '',
  'wallets',
  '//wallets',
  '/wallets/',
  '/wallets/..',
  '/wallets/%2e',
  '/wallets;a',
  '/Wallets',
  '/wallets/é',
  '/wallets?x',
  '/wallets/a b',
  '/-wallets',
]) {
  test(`there is nothing at ${JSON.stringify(path)}`, () => {
    equal(matchOperation('GET', path), undefined);
    deepEqual(methodsOf(path), []);
  });
}

test('what changes something at a signer is signed by a user', () => {
  // A recovery is signed by the user's recovery key, in its body.
  const isRecovery = (of: (typeof operations)[number]) => fullName(of) === 'auth.recover';
  for (const of of signedOperations)
    ok(isRecovery(of) || (of.userAction && of.auth === 'bearer' && of.method !== 'GET'), fullName(of));
  for (const of of operations) if (of.auth !== 'bearer' && !isRecovery(of)) equal(of.effect, 'none', fullName(of));
});

test('the effects at the signers are these', () => {
  const names: Record<string, string[]> = {};
  for (const of of signedOperations) names[of.effect] = [...(names[of.effect] ?? []), fullName(of)].sort();
  deepEqual(names, {
    governance: [
      'auth.activateApplication',
      'auth.activateCredential',
      'auth.activatePersonalAccessToken',
      'auth.activateServiceAccount',
      'auth.activateUser',
      'auth.archiveApplication',
      'auth.archivePersonalAccessToken',
      'auth.archiveServiceAccount',
      'auth.archiveUser',
      'auth.confirmCredential',
      'auth.confirmRegistration',
      'auth.createApplication',
      'auth.createCredential',
      'auth.createDelegatedRegistrationChallenge',
      'auth.createPersonalAccessToken',
      'auth.createServiceAccount',
      'auth.createUser',
      'auth.deactivateApplication',
      'auth.deactivateCredential',
      'auth.deactivatePersonalAccessToken',
      'auth.deactivateServiceAccount',
      'auth.deactivateUser',
      'auth.recover',
      'auth.updateApplication',
      'auth.updatePersonalAccessToken',
      'auth.updateServiceAccount',
      'auth.updateUser',
      'orgs.updateOrgSettings',
      'permissions.archivePermission',
      'permissions.createAssignment',
      'permissions.createPermission',
      'permissions.deleteAssignment',
      'permissions.updatePermission',
    ],
    createKey: ['keys.createKey', 'wallets.createWallet'],
    importKey: ['keys.importKey', 'wallets.importWallet'],
    exportKey: ['keys.exportKey', 'wallets.exportWallet'],
    derive: ['keys.deriveKey'],
    archive: ['keys.deleteKey', 'wallets.deleteWallet'],
    delegate: ['keys.delegateKey', 'wallets.delegateWallet'],
    sign: [
      'keys.generateSignature',
      'wallets.activateWallet',
      'wallets.broadcastTransaction',
      'wallets.cancelTransaction',
      'wallets.cancelTransfer',
      'wallets.generateSignature',
      'wallets.speedUpTransaction',
      'wallets.speedUpTransfer',
      'wallets.transferAsset',
    ],
  });
});

test('a wallet on a key that is there makes a record, not a key', () => {
  const match = matchOperation('POST', '/wallets');
  ok(match);
  equal(effectOf(match.operation, { network: 'Ethereum' }), 'createKey');
  equal(effectOf(match.operation, { network: 'Ethereum', signingKey: { scheme: 'ECDSA' } }), 'createKey');
  equal(effectOf(match.operation, { network: 'Ethereum', signingKey: { id: 'key-1' } }), 'wallet');
});

test('every call that can take authority away tells which signers acknowledged it, if it answers anything', () => {
  const takes =
    /^(deactivate|archive|update)(User|ServiceAccount|Credential|PersonalAccessToken|Permission|OrgSettings)$/;
  const found = operations.filter(({ name, effect }) => effect === 'governance' && takes.test(name));

  equal(found.length >= 10, true);
  for (const of of found) {
    const text = JSON.stringify(of.response);
    equal(text.includes('"acknowledgedBy"'), true, fullName(of));
  }
});
