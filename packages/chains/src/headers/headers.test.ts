import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetworksFile } from '../networks/index.ts';
import { openHeaders, sealHeaders } from './index.ts';

const secret = new Uint8Array(32).fill(7);
const place = { network: 'Cardano', origin: 'https://cardano-mainnet.blockfrost.io' };
const headers = { project_id: 'mainnetS3cretS3cret', 'x-other': 'a b' };
const iv = new Uint8Array(12).fill(9);
const sealed = sealHeaders(headers, { ...place, secret, iv });

test('what is sealed for a node opens for it, and does not show', () => {
  deepEqual(openHeaders(sealed, { ...place, secret }), headers);
  equal(Buffer.from(sealed.slice(3), 'base64url').includes('S3cret'), false);
});

for (const [what, text, of] of [
  ['for another network', sealed, { network: 'CardanoPreprod' }],
  ['for another origin', sealed, { origin: 'https://evil.example' }],
  ['under another secret', sealed, { secret: new Uint8Array(32).fill(8) }],
  ['altered', `${sealed.slice(0, 30)}${sealed[30] === 'A' ? 'B' : 'A'}${sealed.slice(31)}`, {}],
  ['cut off', sealed.slice(0, -4), {}],
  ['in the clear', 'mainnetS3cretS3cret', {}],
] as const)
  test(`headers ${what} are refused, and not repeated`, () => {
    throws(
      () => openHeaders(text, { ...place, secret, ...of }),
      (error: Error & { code: string }) => error.code === 'E_SETTINGS' && !/S3cret|v1\./.test(error.message),
    );
  });

for (const [what, bad] of [
  ['none', {}],
  ['nine', Object.fromEntries(Array.from({ length: 9 }, (_, k) => [`x-${k}`, '1']))],
  ["one that is the connection's", { host: 'evil.example' }],
  ['one with a line break', { 'x-a': 'S3cret\r\nx-b: 1' }],
  ['one without a value', { 'x-a': '' }],
  ['one with a space in its name', { 'x a': 'S3cret' }],
] as const)
  test(`refuses to seal ${what}`, () => {
    throws(
      () => sealHeaders(bad as Record<string, string>, { ...place, secret, iv }),
      (error: Error & { code: string }) => error.code === 'E_SETTINGS' && !error.message.includes('S3cret'),
    );
  });

test('the file takes sealed headers for the origins of its nodes, and nothing else', () => {
  const file = (origin: string, text: string) =>
    JSON.stringify({ Cardano: { rpc: [`${place.origin}/api/v0`], headers: { [origin]: text } } });

  equal(parseNetworksFile(file(place.origin, sealed))['Cardano']?.headers?.[place.origin], sealed);
  throws(() => parseNetworksFile(file('https://evil.example', sealed)), { code: 'E_SETTINGS' });
  throws(() => parseNetworksFile(file(place.origin, 'project_id')), { code: 'E_SETTINGS' });
});
