/** The scanner finds what is planted, in every form, wherever in a text it stands; else its silence says nothing. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secrets } from './scan.ts';

const secret = randomBytes(32);
const secrets = new Secrets();
secrets.add('canary', secret);
secrets.add('token', 'eyJhbGciOi.a-token_of.some-body');
const noise = () => randomBytes(200);

for (const [form, planted] of [
  ['raw', secret],
  ['raw, reversed', Buffer.from(secret).reverse()],
  ['hex', Buffer.from(secret.toString('hex'))],
  ['HEX', Buffer.from(secret.toString('hex').toUpperCase())],
  ['JSON list of bytes', Buffer.from(JSON.stringify([...secret]))],
] as const)
  test(`finds ${form} in the middle of other bytes`, () => {
    const hits = secrets.find(Buffer.concat([noise(), planted, noise()]), 'here');

    ok(hits.some((hit) => hit.form === form && hit.secret === 'canary' && hit.where === 'here'));
  });

for (const encoding of ['base64', 'base64url'] as const)
  for (let before = 0; before < 6; before += 1)
    test(`finds ${encoding} of a text that holds it after ${before} bytes`, () => {
      const encoded = Buffer.concat([randomBytes(before), secret, randomBytes(before)]).toString(encoding);

      equal(secrets.find(`{"x":"${encoded}"}`, 'here')[0]?.secret, 'canary');
    });

test('finds a token as it is and in what encodes it', () => {
  const token = 'eyJhbGciOi.a-token_of.some-body';

  equal(secrets.find(`authorization: Bearer ${token}\n`, 'log')[0]?.secret, 'token');
  equal(secrets.find(Buffer.from(`{"token":"${token}"}`).toString('base64'), 'log')[0]?.secret, 'token');
});

test('finds nothing in noise, and nothing in the files it is told to leave out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scan-'));
  writeFileSync(join(folder, 'kept'), secret);
  writeFileSync(join(folder, 'noise'), noise());

  deepEqual(secrets.find(noise(), 'here'), []);
  equal(secrets.findUnder(folder, () => false).length > 0, true);
  deepEqual(
    secrets.findUnder(folder, (path) => path === 'kept'),
    [],
  );
  throws(() => secrets.add('too short', 'abc'));
  rmSync(folder, { recursive: true });
});
