import { equal, match, notEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type IdPrefix, idKinds, isId } from '@holdfast/contract/types';
import { fromBase64Url, utf8Decode } from '@holdfast/contract/wire';
import { bytesOf, fingerprint } from '../testing/index.ts';
import { accountCredentialIdOf, clusterIdOf, deriveId, orgIdOf, permissionIdOf } from './index.ts';

const nullifier = bytesOf('nullifier');

test('every kind of id has its documented form', () => {
  for (const prefix of Object.keys(idKinds) as IdPrefix[]) {
    const id = deriveId(prefix, nullifier);
    equal(isId(prefix, id), true, id);
    match(id, new RegExp(`^${prefix}-[0-9a-v]{5}-[0-9a-v]{5}-[0-9a-v]{16}$`));
  }
});

test('ids differ by prefix, by nullifier and by ordinal', () => {
  const ids = [
    deriveId('wa', nullifier),
    deriveId('key', nullifier),
    deriveId('wa', nullifier, 1),
    deriveId('wa', bytesOf('other')),
  ].map((id) => id.replace(/^[a-z]+-/, ''));

  equal(new Set(ids).size, ids.length);
  equal(deriveId('wa', nullifier), deriveId('wa', nullifier, 0));
});

test('are the first 130 bits in base 32, checked against another implementation', () => {
  const bits = [...fingerprint].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = Array.from({ length: 26 }, (_, k) => Number.parseInt(bits.slice(5 * k, 5 * k + 5), 2).toString(32));

  equal(clusterIdOf(fingerprint), `cl-${digits.join('')}`);
});

test('refuses anything but 32 bytes', () => {
  throws(() => deriveId('wa', new Uint8Array(31)), RangeError);
  throws(() => deriveId('wa', new Uint8Array(33)), RangeError);
});

test('an organisation and its permissions follow from its genesis', () => {
  match(orgIdOf(nullifier), /^or-/);
  notEqual(permissionIdOf(nullifier, 'A'), permissionIdOf(nullifier, 'B'));
  notEqual(permissionIdOf(nullifier, 'A'), permissionIdOf(bytesOf('other'), 'A'));
  equal(isId('pm', permissionIdOf(nullifier, 'A')), true);
});

test("a service account's credential id is base64url of a ci- id", () => {
  match(utf8Decode(fromBase64Url(accountCredentialIdOf(nullifier))), /^ci-[0-9a-v]{5}-[0-9a-v]{5}-[0-9a-v]{16}$/);
});
