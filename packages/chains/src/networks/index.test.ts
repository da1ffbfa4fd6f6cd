/** The tables against the names of the wire. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { networkNames, networksOfKind, pseudoNetworks } from '@holdfast/contract/types';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { getPublicKey } from '@scure/starknet';
import { addressOf, type FamilyName, familyNames, loadFamily } from '../families/index.ts';
import { network, networks } from './index.ts';

test('every network of the API is served, once, under the kind it has on the wire', () => {
  deepEqual(networks.map(({ name }) => name).sort(), [...networkNames].sort());
  for (const [kind, names] of Object.entries(networksOfKind))
    for (const name of names) equal(network(name).kind, kind, name);
  equal(networks.filter(({ kind }) => kind !== undefined).length, 130);
  deepEqual([...new Set(networks.map(({ family }) => family))].sort(), [...familyNames].sort());
});

test('a key of every scheme a network takes has an address there, but where an account is no key’s own', async () => {
  await Promise.all(familyNames.map((name) => loadFamily(name)));
  const secret = new Uint8Array(32).fill(3);
  const publicKeys = {
    ed25519: ed25519.getPublicKey(secret),
    secp256k1: secp256k1.getPublicKey(secret, true),
    stark: getPublicKey(secret, true),
  };
  const withoutAddress = new Set<FamilyName>(['pseudo', 'concordium']);
  const addressed = new Set<string>();
  for (const { name, family, schemes } of networks) {
    ok(schemes.length > 0, name);
    for (const { scheme, curve } of schemes) {
      const address = addressOf(name, { scheme, curve, publicKey: publicKeys[curve] });
      if (withoutAddress.has(family)) equal(address, undefined, name);
      else match(address ?? '', /^[!-~]{25,110}$/, name);
      if (address !== undefined) addressed.add(name);
    }
  }
  // Concordium has two networks.
  equal(addressed.size, networkNames.length - pseudoNetworks.length - 2);
});
